//! 94: a best price that trades more than it shows (FEATURES 7.8).

use fluxo_core::Side;
use serde::{Deserialize, Serialize};

use crate::grid::SECOND_NS;

const REFILLS_MIN: u32 = 2;
const HOLD_NS: i64 = 5 * SECOND_NS;

/// What was traded at the best price of a side and never left its display.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(super) struct Iceberg {
    best: Option<Best>,
}

/// The best price, while it is.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Best {
    price: i64,
    lots: i64,
    /// The largest size that it showed.
    lots_max: i64,
    hidden: i128,
    refills: u32,
    last_refill: Option<i64>,
}

impl Best {
    const fn new(price: i64, lots: i64) -> Self {
        Self { price, lots, lots_max: lots, hidden: 0, refills: 0, last_refill: None }
    }
}

impl Iceberg {
    /// The side shows this best level, or none that can be believed. Returns the price that stopped
    /// being the best.
    pub(super) fn observe(&mut self, level: Option<(i64, i64)>) -> Option<i64> {
        match (&mut self.best, level) {
            (Some(best), Some((price, lots))) if best.price == price => {
                (best.lots, best.lots_max) = (lots, best.lots_max.max(lots));
                None
            }
            _ => {
                let left = self.best.map(|best| best.price);
                self.best = level.map(|(price, lots)| Best::new(price, lots));
                left
            }
        }
    }

    pub(super) fn is_best(&self, price: i64) -> bool {
        self.best.is_some_and(|best| best.price == price)
    }

    /// Lots that were printed at the best price did not leave its display in time. Says whether that
    /// detects an iceberg; then everything about it is forgotten.
    pub(super) fn on_hidden(&mut self, at: i64, lots: i64, refill_apart_ns: i64) -> bool {
        let Some(best) = &mut self.best else { return false };
        best.hidden += i128::from(lots);
        if best.last_refill.is_some_and(|last| at - last <= refill_apart_ns) {
            return false;
        }
        (best.refills, best.last_refill) = (best.refills + 1, Some(at));
        let detected = best.refills >= REFILLS_MIN && best.hidden >= i128::from(best.lots_max);
        if detected {
            *best = Best::new(best.price, best.lots);
        }
        detected
    }
}

/// The last detection on either side.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(super) struct Latch {
    last: Option<(i64, Side)>,
}

impl Latch {
    pub(super) const fn set(&mut self, at: i64, side: Side) {
        self.last = Some((at, side));
    }

    pub(super) const fn clear(&mut self) {
        self.last = None;
    }

    /// +1 for the bids, -1 for the asks, 0 when nothing was detected lately.
    pub(super) fn value(&self, at: i64) -> f64 {
        let shown = self.last.filter(|(since, _)| at - since < HOLD_NS);
        shown.map_or(0.0, |(_, side)| side.sign() as f64)
    }
}
