//! 0-6: returns of the trade price.

use serde::{Deserialize, Serialize};

use crate::catalogue::index;
use crate::primitives::return_bps;
use crate::trade_price::TradePrice;

use super::Slots;

const RETURNS: [(usize, usize); 6] = [
    (index::TRET_1S, 1),
    (index::TRET_5S, 5),
    (index::TRET_10S, 10),
    (index::TRET_30S, 30),
    (index::TRET_60S, 60),
    (index::TRET_300S, 300),
];

/// The last return of each kind: in most rows neither of its ends has moved.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct TradeReturns {
    returns: [Return; RETURNS.len()],
    /// From 20 s to 10 s before.
    earlier: Return,
}

/// A return between two prices, computed once.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Return {
    from: i64,
    to: i64,
    bps: f64,
}

impl Return {
    const NONE: Self = Self { from: 1, to: 1, bps: 0.0 };

    fn of(&mut self, from: Option<i64>, to: Option<i64>) -> Option<f64> {
        let (from, to) = from.zip(to)?;
        if (from, to) != (self.from, self.to) {
            *self = Self { from, to, bps: return_bps(from, to) };
        }
        Some(self.bps)
    }
}

impl TradeReturns {
    pub(crate) const fn new() -> Self {
        Self { returns: [Return::NONE; RETURNS.len()], earlier: Return::NONE }
    }

    pub(crate) fn write(&mut self, price: &TradePrice, slots: &mut Slots<'_>) {
        let now = price.now();
        let mut over_10s = None;
        for ((slot, seconds), known) in RETURNS.into_iter().zip(&mut self.returns) {
            let value = known.of(price.before(seconds), now);
            slots.put(slot, value);
            if seconds == 10 {
                over_10s = value;
            }
        }
        let earlier = self.earlier.of(price.before(20), price.before(10));
        slots.put(index::MOMENTUM_ACCEL, over_10s.zip(earlier).map(|(late, early)| late - early));
    }
}
