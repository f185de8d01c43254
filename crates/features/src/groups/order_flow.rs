//! 69-75: order-flow imbalance of the best levels (FEATURES 7.1).

use serde::{Deserialize, Serialize};

use crate::book_state::Top;
use crate::catalogue::index;
use crate::coverage::Coverage;
use crate::grid::SECOND_NS;
use crate::primitives::{TimeWeighted, WindowSums};

use super::Slots;

const WINDOWS_S: [i64; 7] = [1, 5, 15, 30, 60, 300, 900];
const SLOTS: [usize; 7] = [
    index::OFI_1S,
    index::OFI_5S,
    index::OFI_15S,
    index::OFI_30S,
    index::OFI_1M,
    index::OFI_5M,
    index::OFI_15M,
];
const QUEUE_HALF_LIFE_NS: i64 = 300 * SECOND_NS;
/// A mean as a denominator is defined once so much valid book has accrued (FEATURES 17.2).
const QUEUE_ACCRUED_MIN_NS: i64 = 30 * SECOND_NS;

/// The sums of e, and the average queue that they are measured in.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct OrderFlow {
    flow: WindowSums,
    /// `Dbar`: the average of the two best queues, in lots.
    queue: TimeWeighted,
}

impl OrderFlow {
    pub(crate) fn new() -> Self {
        Self { flow: WindowSums::new(&WINDOWS_S), queue: TimeWeighted::new(QUEUE_HALF_LIFE_NS) }
    }

    /// Forgets everything: a break.
    pub(crate) fn clear(&mut self) {
        self.flow.clear();
        self.queue.clear();
    }

    pub(crate) fn advance(&mut self, ts: i64) {
        self.flow.advance(ts);
    }

    /// The book is this from `ts` on, and is believed until `until` unless it is seen again.
    pub(crate) fn observe(&mut self, ts: i64, top: Option<Top>, until: i64) {
        let lots = |top: Top| (i128::from(top.bid_lots) + i128::from(top.ask_lots)) as f64;
        self.queue.observe(ts, top.map(|top| lots(top) / 2.0), until);
    }

    /// A batch led from one valid book to another.
    pub(crate) fn on_update(&mut self, before: &Top, after: &Top) {
        self.flow.add(pressure(before, after));
    }

    pub(crate) fn write(&self, at: i64, coverage: &Coverage, slots: &mut Slots<'_>) {
        // Above zero: a level that is in the book has lots.
        let queue = self.queue.read(at).filter(|mean| mean.accrued_ns >= QUEUE_ACCRUED_MIN_NS);
        for (window, (slot, seconds)) in SLOTS.into_iter().zip(WINDOWS_S).enumerate() {
            let value = queue.filter(|_| coverage.of_book(at, seconds));
            slots.put(slot, value.map(|queue| self.flow.total(window) as f64 / queue.value));
        }
    }
}

/// `e = [b>=b']qb - [b<=b']qb' - [a<=a']qa + [a>=a']qa'`: lots that joined the bids, less lots that
/// joined the asks.
fn pressure(before: &Top, after: &Top) -> i128 {
    let lots = |counts: bool, lots: i64| if counts { i128::from(lots) } else { 0 };
    lots(after.bid >= before.bid, after.bid_lots)
        - lots(after.bid <= before.bid, before.bid_lots)
        - lots(after.ask <= before.ask, after.ask_lots)
        + lots(after.ask >= before.ask, before.ask_lots)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_steps_have_their_published_pressure() {
        let top = |(bid, bid_lots, ask, ask_lots)| Top { bid, bid_lots, ask, ask_lots };
        let tops = [
            (100, 10, 101, 8),
            (100, 14, 101, 8),
            (101, 3, 102, 6),
            (101, 3, 102, 9),
            (100, 14, 102, 9),
        ]
        .map(top);
        let steps: Vec<i128> = tops.windows(2).map(|w| pressure(&w[0], &w[1])).collect();
        assert_eq!(steps, [4, 11, -3, -3]);
    }
}
