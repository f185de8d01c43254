//! 99: volume on one side that does not move the price.

use fluxo_core::Trade;
use serde::{Deserialize, Serialize};

use crate::catalogue::index;
use crate::coverage::Coverage;
use crate::grid::{FINE_NS, FINE_PER_SECOND, SECOND_NS, bucket, point};
use crate::primitives::{GridDecayed, Lag, WindowSums, grid_decay, nearest};

use super::Slots;

const WINDOW_S: i64 = 10;
const WARM_S: i64 = 60;
const HALF_LIFE_S: i64 = 300;
const CLIP: f64 = 10.0;

/// Signed volume against its usual size, and how far the price followed it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Absorption {
    delta: WindowSums,
    /// `Dabs`: the usual `|delta|`, on the 1 s grid.
    usual: GridDecayed<1>,
    /// The last grid point that `usual` has seen.
    sampled: i64,
    /// The last trade price in ticks, and what it was on the 100 ms grid.
    price: Option<i64>,
    prices: Lag,
}

impl Absorption {
    pub(crate) fn new() -> Self {
        Self {
            delta: WindowSums::new(&[WINDOW_S]),
            usual: GridDecayed::new(grid_decay(1, HALF_LIFE_S)),
            sampled: i64::MIN,
            price: None,
            prices: Lag::new(10 * FINE_PER_SECOND),
        }
    }

    /// Forgets everything: a break.
    pub(crate) fn clear(&mut self) {
        self.delta.clear();
        self.usual.clear();
        self.price = None;
        self.prices.clear();
    }

    /// Takes every grid point before `ts`: a row exactly at one compares with those before it.
    pub(crate) fn advance(&mut self, ts: i64, coverage: &Coverage) {
        let last = bucket(ts, SECOND_NS) - 1;
        if coverage.of_trades(last * SECOND_NS, WINDOW_S) {
            while self.sampled < last {
                self.sampled += 1;
                self.sample(self.sampled * SECOND_NS, coverage);
            }
        }
        self.sampled = last;
        self.delta.advance(ts);
        self.prices.hold(bucket(ts, FINE_NS) - 1, self.price);
    }

    fn sample(&mut self, at: i64, coverage: &Coverage) {
        self.delta.advance(at);
        if coverage.of_trades(at, WINDOW_S) {
            self.usual.step([nearest(self.delta.total(0)).abs()]);
        }
    }

    pub(crate) fn on_print(&mut self, trade: &Trade) {
        self.price = Some(trade.price.ticks());
        self.delta.add(i128::from(trade.aggressor.sign()) * i128::from(trade.lots.get()));
    }

    pub(crate) fn write(&self, at: i64, coverage: &Coverage, slots: &mut Slots<'_>) {
        let value = if coverage.of_trades(at, WARM_S) { self.value(at) } else { None };
        slots.put(index::ABSORPTION, value);
    }

    fn value(&self, at: i64) -> Option<f64> {
        let (delta, usual) = (self.delta.total(0), self.usual.mean(0));
        let before = self.prices.at(point(at - WINDOW_S * SECOND_NS, FINE_NS))?;
        let moved = self.price? - before;
        let (size, sign) = (delta.unsigned_abs() as f64, delta.signum() as f64);
        if delta == 0 || usual == 0.0 {
            return Some(0.0);
        }
        let followed = (sign * moved as f64).max(0.0);
        let excess = (size / usual - 1.0).max(0.0);
        Some(-sign * (excess / (1.0 + followed)).min(CLIP))
    }
}
