//! The usual size and tightness of the book over the last minutes, which several groups measure in.

use serde::{Deserialize, Serialize};

use crate::book_state::Top;
use crate::grid::SECOND_NS;
use crate::near_book::{DEPTH_LEVELS, Depth};
use crate::primitives::{TimeWeighted, nearest};

const HALF_LIFE_NS: i64 = 300 * SECOND_NS;
/// A mean as a denominator is defined once so much valid book has accrued (FEATURES 17.2).
const ACCRUED_MIN_NS: i64 = 30 * SECOND_NS;
/// Places in the means.
const QUEUE: usize = 0;
const DEPTH: usize = 1;
const SPREAD: usize = 2;

/// `Dbar`, `Dm` and the mean spread, over the time in which the book was valid.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct BookMeans {
    means: TimeWeighted<3>,
}

/// The means at one moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BookMeansAt {
    /// `Dbar`: the mean of the two best queues, in lots.
    pub(crate) queue: f64,
    /// `Dm`: the lots of the ten best levels of both sides.
    pub(crate) depth: f64,
    /// The spread, in ticks.
    pub(crate) spread: f64,
    accrued_ns: i64,
}

impl BookMeansAt {
    /// `Qbar`: the mean level, in lots. A missing level counts as one of no lots, so it is a share of
    /// the depth.
    pub(crate) fn level(&self) -> f64 {
        self.depth / (2 * DEPTH_LEVELS) as f64
    }

    /// Whether the means have so much weight that they are features themselves: a half.
    pub(crate) const fn is_heavy(&self) -> bool {
        self.accrued_ns >= HALF_LIFE_NS
    }
}

impl BookMeans {
    pub(crate) const fn new() -> Self {
        Self { means: TimeWeighted::new(HALF_LIFE_NS) }
    }

    /// Forgets everything: a break.
    pub(crate) fn clear(&mut self) {
        self.means.clear();
    }

    /// The valid book is this from `ts` on, and is believed until `until` unless it is seen again.
    pub(crate) fn observe(&mut self, ts: i64, book: Option<(&Top, &Depth)>, until: i64) {
        let values = book.map(|(top, [bids, asks])| {
            let queues = i128::from(top.bid_lots) + i128::from(top.ask_lots);
            let (depth, spread) = (bids.total + asks.total, top.ask - top.bid);
            [nearest(queues) / 2.0, nearest(depth), spread as f64]
        });
        self.means.observe(ts, values, until);
    }

    /// At `ts` the book is what it was, and is believed until `until`.
    #[inline]
    pub(crate) fn confirm(&mut self, ts: i64, until: i64) {
        self.means.confirm(ts, until);
    }

    /// The means at `ts`, once they may be a denominator. All are above zero: a level that is in the
    /// book has lots.
    pub(crate) fn read(&self, ts: i64) -> Option<BookMeansAt> {
        let means = self.means.read(ts).filter(|means| means.accrued_ns >= ACCRUED_MIN_NS)?;
        let [queue, depth, spread] = [QUEUE, DEPTH, SPREAD].map(|of| means.values[of]);
        Some(BookMeansAt { queue, depth, spread, accrued_ns: means.accrued_ns })
    }
}
