//! Whether a window has been observed: since the first events of its inputs, and without too much
//! of it lost in gaps.

use serde::{Deserialize, Serialize};

use crate::grid::SECOND_NS;
use crate::primitives::WindowSums;

/// Every window, in seconds, of a feature that reads the book.
const BOOK_WINDOWS_S: [i64; 11] = [1, 5, 10, 15, 25, 30, 60, 300, 900, 1800, 3600];
/// A gap may take up one part in fifty of a window: 2 %.
const GAP_SHARE: i128 = 50;

/// `cov(W)` of FEATURES 17.14 and the gap rule of FEATURES 2, since the start or the last break.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Coverage {
    first_event: Option<i64>,
    first_trade: Option<i64>,
    first_batch: Option<i64>,
    /// Nanoseconds inside gaps.
    gap_time: WindowSums,
    /// Whether anything was lost: until then there is no bucket to roll and no window to ask.
    has_lost: bool,
    in_gap: bool,
    /// Gap time up to here is counted.
    counted_to: i64,
}

impl Coverage {
    pub(crate) fn new() -> Self {
        Self {
            first_event: None,
            first_trade: None,
            first_batch: None,
            gap_time: WindowSums::new(&BOOK_WINDOWS_S),
            has_lost: false,
            in_gap: false,
            counted_to: i64::MIN,
        }
    }

    /// Forgets everything: a break.
    pub(crate) fn clear(&mut self) {
        (self.first_event, self.first_trade, self.first_batch) = (None, None, None);
        self.gap_time.clear();
        self.has_lost = false;
        (self.in_gap, self.counted_to) = (false, i64::MIN);
    }

    /// Anything happened but the passing of time.
    pub(crate) fn on_event(&mut self, ts: i64) {
        self.first_event.get_or_insert(ts);
    }

    /// Since when the stream has been observed. What makes a break is the first event after it.
    pub(crate) fn first_event(&self) -> Option<i64> {
        self.first_event
    }

    pub(crate) fn on_trade(&mut self, ts: i64) {
        self.first_trade.get_or_insert(ts);
    }

    pub(crate) fn on_valid_batch(&mut self, ts: i64) {
        self.first_batch.get_or_insert(ts);
    }

    /// Rolls the buckets of gap time; call it before [`Coverage::count_gap_to`] the same moment.
    pub(crate) fn advance(&mut self, ts: i64) {
        if self.has_lost {
            self.gap_time.advance(ts);
        }
    }

    /// From `from` on, noticed now, the book is lost.
    pub(crate) fn begin_gap(&mut self, from: i64, now: i64) {
        self.count_gap_to(now);
        if !self.in_gap {
            // No nanosecond is lost twice.
            self.counted_to = from.clamp(self.counted_to.min(now), now);
            self.in_gap = true;
        }
        self.count_gap_to(now);
    }

    /// A snapshot brought the book back, if it was lost.
    pub(crate) fn end_gap(&mut self, now: i64) {
        self.count_gap_to(now);
        self.in_gap = false;
    }

    /// Counts the time of an open gap up to `now`.
    pub(crate) fn count_gap_to(&mut self, now: i64) {
        if self.in_gap && now > self.counted_to {
            if !self.has_lost {
                self.has_lost = true;
                self.gap_time.advance(now);
            }
            self.gap_time.add_span(self.counted_to, now);
            self.counted_to = now;
        }
    }

    /// Whether trades have been observed for the window that ends at `at`.
    pub(crate) fn of_trades(&self, at: i64, window_s: i64) -> bool {
        spans(self.first_trade, at, window_s)
    }

    /// Whether the book has been observed for the window that ends at `at`, nearly without gaps.
    pub(crate) fn of_book(&self, at: i64, window_s: i64) -> bool {
        spans(self.first_batch, at, window_s) && self.is_nearly_whole(window_s)
    }

    /// Whether at most 2 % of the window lie in gaps; [`Coverage::count_gap_to`] its end first.
    ///
    /// # Panics
    /// When no feature has that window.
    pub(crate) fn is_nearly_whole(&self, window_s: i64) -> bool {
        if !self.has_lost {
            return true;
        }
        let window = BOOK_WINDOWS_S.iter().position(|w| *w == window_s).expect("a known window");
        self.gap_time.total(window) * GAP_SHARE <= i128::from(window_s * SECOND_NS)
    }
}

fn spans(first: Option<i64>, at: i64, window_s: i64) -> bool {
    first.is_some_and(|first| at - first >= window_s * SECOND_NS)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: i64 = 1_000_000;

    #[test]
    fn two_per_cent_of_a_window_may_be_lost() {
        let mut coverage = Coverage::new();
        let start = 1_000 * SECOND_NS;
        coverage.on_valid_batch(start - 20 * SECOND_NS);
        coverage.advance(start);
        coverage.begin_gap(start - 10 * MS, start);
        coverage.advance(start + 10 * MS);
        coverage.end_gap(start + 10 * MS);
        assert!(coverage.of_book(start + 10 * MS, 1));
        coverage.begin_gap(start, start + 10 * MS + 1);
        // Already counted up to 10 ms: one nanosecond more is too much.
        assert!(!coverage.of_book(start + 10 * MS + 1, 1));
        assert!(coverage.of_book(start + 10 * MS + 1, 5));
        assert!(!coverage.of_book(start + 10 * MS + 1, 30), "not observed for so long");
        coverage.advance(start + SECOND_NS);
        coverage.end_gap(start + 10 * MS + 1);
        assert!(coverage.of_book(start + SECOND_NS + 10 * MS, 1));
    }
}
