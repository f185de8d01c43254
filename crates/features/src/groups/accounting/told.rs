//! Adds, cancels and hidden reserves where the feed tells every order (the L3 sentences of FEATURES 7.5
//! and 7.8): nothing is inferred.

use serde::{Deserialize, Serialize};

use crate::order_state::{OrderDeed, OrderFact};

/// An order that joins so soon after a full fill at its price is the next display of the same reserve.
const REENTRY_NS: i64 = 1_000_000;
/// So many of them show a reserve.
const REENTRIES: u32 = 2;

/// What the orders of a message said, until its batch tells whether the book was valid throughout.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Told {
    added: i64,
    cancelled: [i64; 2],
    reserves: [Reserve; 2],
}

/// A price of one side at which orders come back after they were filled.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Reserve {
    /// Price and time of the last full fill.
    filled: Option<(i64, i64)>,
    reentries: u32,
}

/// What counts of a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counted {
    pub(super) added: i64,
    pub(super) cancelled: [i64; 2],
}

impl Told {
    /// An order event; `is_near` says whether its price is among the ten best of its side. Returns
    /// whether it shows a hidden reserve.
    pub(super) fn on_order(&mut self, ts: i64, fact: &OrderFact, is_near: bool) -> bool {
        let side = fact.side.index();
        match fact.deed {
            OrderDeed::Add if is_near => self.added = self.added.saturating_add(fact.lots),
            OrderDeed::Cancel if is_near => {
                self.cancelled[side] = self.cancelled[side].saturating_add(fact.lots);
            }
            OrderDeed::Add | OrderDeed::Cancel | OrderDeed::Execute => {}
        }
        fact.excess > 0 || self.reserves[side].is_shown_by(ts, fact)
    }

    /// The message is over: what it said counts, or did not.
    pub(super) fn take(&mut self) -> Counted {
        let Self { added, cancelled, .. } = self;
        Counted { added: core::mem::take(added), cancelled: core::mem::take(cancelled) }
    }
}

impl Reserve {
    fn is_shown_by(&mut self, ts: i64, fact: &OrderFact) -> bool {
        let price = fact.price.ticks();
        match fact.deed {
            OrderDeed::Execute if fact.is_gone => {
                if self.filled.is_none_or(|(filled, _)| filled != price) {
                    self.reentries = 0;
                }
                self.filled = Some((price, ts));
            }
            OrderDeed::Add => {
                let is_reentry = self.filled.is_some_and(|(filled, at)| {
                    filled == price && ts.saturating_sub(at) <= REENTRY_NS
                });
                if is_reentry {
                    // One fill has one successor.
                    self.filled = Some((price, i64::MIN));
                    self.reentries += 1;
                }
            }
            OrderDeed::Execute | OrderDeed::Cancel => {}
        }
        let is_shown = self.reentries >= REENTRIES;
        if is_shown {
            *self = Self::default();
        }
        is_shown
    }
}

#[cfg(test)]
mod tests {
    use fluxo_core::{Price, Side};

    use super::*;

    const MS: i64 = 1_000_000;

    fn fact(deed: OrderDeed, price: i64, lots: i64) -> OrderFact {
        OrderFact {
            deed,
            side: Side::Bid,
            price: Price::from_ticks(price),
            lots,
            excess: 0,
            entered: None,
            is_gone: true,
        }
    }

    #[test]
    fn what_is_far_from_the_touch_does_not_count() {
        let mut told = Told::default();
        told.on_order(0, &fact(OrderDeed::Add, 100, 5), true);
        told.on_order(0, &fact(OrderDeed::Add, 50, 7), false);
        told.on_order(0, &fact(OrderDeed::Cancel, 100, 2), true);
        told.on_order(0, &fact(OrderDeed::Execute, 100, 3), true);
        assert_eq!(told.take(), Counted { added: 5, cancelled: [2, 0] });
        assert_eq!(told.take(), Counted::default());
    }

    #[test]
    fn an_order_that_comes_back_twice_shows_a_reserve() {
        let mut told = Told::default();
        let mut at = |ts, deed, price| told.on_order(ts, &fact(deed, price, 1), true);
        assert!(!at(0, OrderDeed::Execute, 100));
        assert!(!at(MS, OrderDeed::Add, 100));
        // The second order after the same fill is none of its own.
        assert!(!at(MS, OrderDeed::Add, 100));
        assert!(!at(5 * MS, OrderDeed::Execute, 100));
        assert!(!at(6 * MS + 1, OrderDeed::Add, 100), "too late");
        assert!(!at(7 * MS, OrderDeed::Execute, 100));
        assert!(at(7 * MS, OrderDeed::Add, 100));
        // Another price begins anew.
        assert!(!at(8 * MS, OrderDeed::Execute, 100));
        assert!(!at(8 * MS, OrderDeed::Add, 100));
        assert!(!at(9 * MS, OrderDeed::Execute, 99));
        assert!(!at(9 * MS, OrderDeed::Add, 99));
    }

    #[test]
    fn more_than_was_displayed_shows_a_reserve() {
        let hidden = OrderFact { excess: 4, ..fact(OrderDeed::Execute, 100, 9) };
        assert!(Told::default().on_order(0, &hidden, true));
    }
}
