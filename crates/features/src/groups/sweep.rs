//! 93: an order that traded through several prices (FEATURES 7.7).

use serde::{Deserialize, Serialize};

use crate::catalogue::index;
use crate::coverage::Coverage;
use crate::grid::SECOND_NS;
use crate::parents::{Parent, ParentEvent};

use super::Slots;

/// At so many distinct prices a parent is a sweep.
const PRICES: u32 = 3;

/// The prices of the open parent, and the latest sweep.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Sweep {
    /// The price of the open parent's last print and how many distinct ones there were; `None` once
    /// it traded at a better price than before, which no sweep does.
    path: Option<Path>,
    latch: Option<Latch>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Path {
    price: i64,
    distinct: u32,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Latch {
    sign: i64,
    ts: i64,
}

impl Sweep {
    pub(crate) const fn new() -> Self {
        Self { path: None, latch: None }
    }

    /// Forgets everything: a break.
    pub(crate) fn clear(&mut self) {
        *self = Self::new();
    }

    pub(crate) fn on_parent(&mut self, event: &ParentEvent) {
        match event {
            ParentEvent::Started(Parent { price, .. }) => {
                self.path = Some(Path { price: *price, distinct: 1 });
            }
            ParentEvent::Grew { parent, .. } => self.follow(parent),
            ParentEvent::Closed { .. } => {}
        }
    }

    fn follow(&mut self, parent: &Parent) {
        let Some(path) = &mut self.path else { return };
        if parent.price == path.price {
            return;
        }
        if (parent.price > path.price) != (parent.sign() > 0) {
            self.path = None;
            return;
        }
        *path = Path { price: parent.price, distinct: path.distinct.saturating_add(1) };
        if path.distinct == PRICES {
            self.latch = Some(Latch { sign: parent.sign(), ts: parent.last_ts });
        }
    }

    pub(crate) fn write(&self, at: i64, coverage: &Coverage, slots: &mut Slots<'_>) {
        let latched = self.latch.filter(|latch| at - latch.ts < SECOND_NS);
        let sign = latched.map_or(0, |latch| latch.sign);
        slots.put(index::SWEEP_DETECTED, coverage.of_trades(at, 0).then_some(sign as f64));
    }
}

#[cfg(test)]
mod tests {
    use fluxo_core::Side;

    use super::*;

    /// The sign of the latch after prints at those prices.
    fn swept(hit: Side, prices: &[i64]) -> Option<i64> {
        let mut sweep = Sweep::new();
        for (at, price) in prices.iter().enumerate() {
            let parent = Parent { hit, started: 0, last_ts: 7, price: *price, lots: 1 };
            sweep.on_parent(&match at {
                0 => ParentEvent::Started(parent),
                _ => ParentEvent::Grew { parent, by: 1 },
            });
        }
        sweep.latch.map(|latch| latch.sign)
    }

    #[test]
    fn three_prices_in_its_direction_make_a_sweep() {
        assert_eq!(swept(Side::Ask, &[101, 102, 102, 103]), Some(1));
        assert_eq!(swept(Side::Bid, &[103, 102, 102, 90, 80]), Some(-1));
        assert_eq!(swept(Side::Ask, &[101, 102, 102]), None);
        assert_eq!(swept(Side::Ask, &[101, 103, 102, 104, 105, 106]), None);
        assert_eq!(swept(Side::Ask, &[101, 102, 103, 102]), Some(1), "it was one by then");
    }
}
