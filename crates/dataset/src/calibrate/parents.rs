//! How big parent trades are: the size unit is the median one, rounded to 1, 2 or 5 times a power of
//! ten lots, nearest in ratio.
//!
//! The rule is a choice: a unit that is the typical trade makes `small` what is below five of them, and
//! `whale` a hundred and more, on every instrument.

use fluxo_core::{Aggressor, Trade};
use fluxo_session::SizeUnitFit;

/// Decades of 64 bits, three steps each.
const STEPS: usize = 3 * 19;

/// Counts parents by their rounded size. Rounding keeps the order, so that the median of rounded sizes
/// is the rounded median.
#[derive(Debug)]
pub(super) struct ParentSizes {
    gap_ns: i64,
    open: Option<Parent>,
    counts: [u64; STEPS],
}

/// Prints that belong together (FEATURES 2 and 17.3).
#[derive(Clone, Copy, Debug)]
struct Parent {
    side: Aggressor,
    match_id: Option<u64>,
    last_ns: i64,
    lots: i64,
}

impl ParentSizes {
    pub(super) const fn new(gap_ns: i64) -> Self {
        Self { gap_ns, open: None, counts: [0; STEPS] }
    }

    /// A print, at the time of its match.
    pub(super) fn on_trade(&mut self, ts: i64, trade: &Trade) {
        let (side, match_id, lots) = (trade.aggressor, trade.match_id, trade.lots.get());
        if side == Aggressor::Unknown || lots <= 0 {
            return;
        }
        if let Some(parent) = &mut self.open {
            let is_same_match = match (parent.match_id, match_id) {
                (Some(open), Some(next)) => open == next,
                _ => ts.abs_diff(parent.last_ns) <= self.gap_ns.unsigned_abs(),
            };
            if side == parent.side && is_same_match {
                (parent.last_ns, parent.lots) = (ts, parent.lots.saturating_add(lots));
                parent.match_id = parent.match_id.or(match_id);
                return;
            }
        }
        self.close();
        self.open = Some(Parent { side, match_id, last_ns: ts, lots });
    }

    /// The parent at hand is over.
    pub(super) fn close(&mut self) {
        if let Some(parent) = self.open.take() {
            self.counts[step_of(parent.lots)] += 1;
        }
    }

    /// Sizes mean something else from here on.
    pub(super) fn clear(&mut self) {
        *self = Self::new(self.gap_ns);
    }

    /// The lower median; `None` without a parent.
    pub(super) fn median(&self) -> Option<SizeUnitFit> {
        let parents: u64 = self.counts.iter().sum();
        let mut below = 0;
        let step = self.counts.iter().position(|count| {
            below += count;
            2 * below >= parents && parents > 0
        })?;
        Some(SizeUnitFit { lots: lots_of(step), parents })
    }
}

/// The step nearest to a size in ratio: the border of two steps is their geometric mean.
fn step_of(lots: i64) -> usize {
    (1..STEPS)
        .take_while(|step| {
            let (below, above) = (i128::from(lots_of(step - 1)), i128::from(lots_of(*step)));
            i128::from(lots) * i128::from(lots) >= below * above
        })
        .count()
}

/// 1, 2, 5, 10, 20, 50, …
fn lots_of(step: usize) -> i64 {
    const DIGITS: [i64; 3] = [1, 2, 5];
    (0..step / 3).fold(DIGITS[step % 3], |lots, _| lots.saturating_mul(10))
}

#[cfg(test)]
mod tests {
    use fluxo_core::{Lots, Price, TradeCondition};

    use super::*;

    fn trade(aggressor: Aggressor, lots: i64, match_id: Option<u64>) -> Trade {
        let (price, lots) = (Price::from_ticks(100), Lots::new(lots));
        let condition = TradeCondition::Market;
        Trade { price, lots, aggressor, condition, trade_id: 0, match_id }
    }

    #[test]
    fn sizes_are_rounded_to_one_two_or_five_in_ratio() {
        let rounded = |lots| lots_of(step_of(lots));
        for (lots, unit) in [
            (1, 1),
            (2, 2),
            (3, 2),
            (4, 5),
            (7, 5),
            (8, 10),
            (14, 10),
            (15, 20),
            (31, 20),
            (32, 50),
            (70, 50),
            (71, 100),
            (1_000, 1_000),
        ] {
            assert_eq!(rounded(lots), unit, "{lots}");
        }
        assert_eq!(step_of(i64::MAX), STEPS - 1);
    }

    #[test]
    fn prints_of_one_side_and_moment_are_one_parent() {
        let mut sizes = ParentSizes::new(1_000_000);
        let (buy, sell) = (Aggressor::Buyer, Aggressor::Seller);
        for (ts, side, lots) in [
            (0, buy, 30),
            (1_000_000, buy, 20), // 50 together.
            (1_000_000, Aggressor::Unknown, 999),
            (1_500_000, sell, 5),
            (3_000_000, sell, 5), // Another one.
        ] {
            sizes.on_trade(ts, &trade(side, lots, None));
        }
        sizes.close();
        assert_eq!(sizes.median(), Some(SizeUnitFit { lots: 5, parents: 3 }));
        assert_eq!(sizes.counts[step_of(50)], 1);
    }

    #[test]
    fn a_match_id_decides_where_there_is_one() {
        let mut sizes = ParentSizes::new(0);
        for (ts, id) in [(0, 1), (9, 1), (9, 2)] {
            sizes.on_trade(ts, &trade(Aggressor::Buyer, 10, Some(id)));
        }
        sizes.close();
        assert_eq!((sizes.counts[step_of(20)], sizes.counts[step_of(10)]), (1, 1));
        assert_eq!(ParentSizes::new(0).median(), None);
    }
}
