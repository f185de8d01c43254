//! 29-31, 38 and 39: how parents follow each other.

use serde::{Deserialize, Serialize};

use crate::catalogue::index;
use crate::parents::{Parent, ParentEvent};
use crate::primitives::{EventDecayed, Ring, nearest};

use super::Slots;

/// Half-lives in parents, and how many values make a mean of them warm.
const PACE_HALF_LIFE: f64 = 20.0;
const PACE_MIN: u64 = 20;
const BURST_HALF_LIFE: f64 = 100.0;
const BURST_MIN: u64 = 50;
const SIZE_HALF_LIFE: f64 = 100.0;
const SIZE_MIN: u64 = 50;
/// How many products a serial mean has; it is undefined with fewer.
const PRODUCTS: u16 = 256;

/// Durations between the starts of parents; sizes, prices and sides of closed ones.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Tape {
    /// When the latest parent started.
    started: Option<i64>,
    pace: EventDecayed,
    burst: EventDecayed,
    size: EventDecayed,
    /// The latest closed parent.
    closed: Option<Parent>,
    /// How far its last price lay from that of the parent before it, in ticks.
    moved: Option<i128>,
    moves: Products,
    sides: Products,
}

/// The mean of the last 256 products of neighbours.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Products {
    sums: Ring,
    count: i64,
}

impl Tape {
    pub(crate) fn new() -> Self {
        Self {
            started: None,
            pace: EventDecayed::new(PACE_HALF_LIFE),
            burst: EventDecayed::new(BURST_HALF_LIFE),
            size: EventDecayed::new(SIZE_HALF_LIFE),
            closed: None,
            moved: None,
            moves: Products::new(),
            sides: Products::new(),
        }
    }

    /// Forgets everything: a break.
    pub(crate) fn clear(&mut self) {
        (self.started, self.closed, self.moved) = (None, None, None);
        for mean in [&mut self.pace, &mut self.burst, &mut self.size] {
            mean.clear();
        }
        for products in [&mut self.moves, &mut self.sides] {
            products.clear();
        }
    }

    pub(crate) fn on_parent(&mut self, event: &ParentEvent) {
        match event {
            ParentEvent::Started(parent) => self.start(parent.started),
            ParentEvent::Grew { .. } => {}
            ParentEvent::Closed { parent, .. } => self.close(parent),
        }
    }

    fn start(&mut self, ts: i64) {
        if let Some(before) = self.started.replace(ts) {
            let seconds = (ts - before) as f64 / 1e9;
            self.pace.step(seconds);
            self.burst.step(seconds);
        }
    }

    fn close(&mut self, parent: &Parent) {
        self.size.step(nearest(parent.lots));
        let Some(before) = self.closed.replace(*parent) else { return };
        self.sides.push(i128::from(parent.sign() * before.sign()));
        let move_before = self.moved.replace(i128::from(parent.price) - i128::from(before.price));
        if let Some((before, now)) = move_before.zip(self.moved) {
            self.moves.push(before * now);
        }
    }

    pub(crate) fn write(&self, slots: &mut Slots<'_>) {
        let warm = |mean: &EventDecayed, min: u64| mean.count() >= min;
        let pace = warm(&self.pace, PACE_MIN).then(|| self.pace.mean());
        slots.put(index::INTER_TRADE_TIME, pace);
        let burst = warm(&self.burst, BURST_MIN).then(|| burstiness(&self.burst));
        slots.put(index::INTER_TRADE_BURST, burst.flatten());
        let size = warm(&self.size, SIZE_MIN).then(|| self.size.mean());
        slots.put(index::TRADE_SIZE_EW, size);
        // A bounce makes neighbouring moves opposite: their mean product is minus its square.
        let bounce = |mean: f64| 2.0 * libm::sqrt((-mean).max(0.0));
        slots.put(index::ROLL_SPREAD, self.moves.mean().map(bounce));
        slots.put(index::SIGN_AUTOCORR, self.sides.mean());
    }
}

/// `(sd - mu) / (sd + mu)`; `None` when all durations are zero.
fn burstiness(durations: &EventDecayed) -> Option<f64> {
    let (mean, deviation) = (durations.mean(), libm::sqrt(durations.variance()));
    (deviation + mean > 0.0).then(|| (deviation - mean) / (deviation + mean))
}

impl Products {
    fn new() -> Self {
        Self { sums: Ring::new(&[PRODUCTS.into()]), count: 0 }
    }

    fn clear(&mut self) {
        self.sums.clear();
        self.count = 0;
    }

    fn push(&mut self, product: i128) {
        self.count += 1;
        self.sums.advance(self.count);
        self.sums.add(product);
    }

    fn mean(&self) -> Option<f64> {
        let is_full = self.count >= i64::from(PRODUCTS);
        is_full.then(|| nearest(self.sums.total(0)) / f64::from(PRODUCTS))
    }
}
