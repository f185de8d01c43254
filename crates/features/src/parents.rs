//! Parent trades: the prints that one aggressive order made.

use serde::{Deserialize, Serialize};

/// What decides whether a print belongs to the parent before it.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Print {
    /// When it counts, on the receive clock.
    pub(crate) ts: i64,
    /// When it was matched, on the venue's clock, where the feed says it.
    pub(crate) ts_event: Option<i64>,
    /// +1 for a buyer, -1 for a seller; never 0.
    pub(crate) sign: i64,
    /// The match it belongs to, where the feed names it.
    pub(crate) match_id: Option<u64>,
}

/// Tells the first print of a parent from those that join it (FEATURES 2 and 17.3).
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Parents {
    gap_ns: i64,
    close_ns: i64,
    last: Option<Print>,
}

impl Parents {
    pub(crate) const fn new(gap_ns: i64, close_ns: i64) -> Self {
        Self { gap_ns, close_ns, last: None }
    }

    /// Forgets the open parent.
    pub(crate) fn clear(&mut self) {
        self.last = None;
    }

    /// Takes the next print of a known side, and says whether it starts a parent.
    pub(crate) fn starts(&mut self, print: Print) -> bool {
        let joins = self.last.is_some_and(|last| self.joins(&last, &print));
        self.last = Some(print);
        !joins
    }

    fn joins(&self, last: &Print, print: &Print) -> bool {
        // Once the watermark has passed `last.ts + close` the parent is closed for good, whatever
        // the match id of a later print says.
        if print.sign != last.sign || print.ts - last.ts > self.close_ns {
            return false;
        }
        if let (Some(before), Some(now)) = (last.match_id, print.match_id) {
            return before == now;
        }
        let apart = match (last.ts_event, print.ts_event) {
            // The venue's time may step back; two matches are as close as their times are.
            (Some(before), Some(now)) => now.abs_diff(before),
            _ => print.ts.abs_diff(last.ts),
        };
        apart <= self.gap_ns.unsigned_abs()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: i64 = 1_000_000;

    /// Which of the prints start a parent.
    fn starts(prints: &[(i64, Option<i64>, i64, Option<u64>)]) -> Vec<bool> {
        let mut parents = Parents::new(MS, 10 * MS);
        let print = |&(ts, ts_event, sign, match_id)| Print { ts, ts_event, sign, match_id };
        prints.iter().map(|p| parents.starts(print(p))).collect()
    }

    #[test]
    fn the_time_of_the_match_joins_prints() {
        // Received 9 ms apart, matched within 1 ms.
        assert_eq!(starts(&[(0, Some(0), 1, None), (9 * MS, Some(MS), 1, None)]), [true, false]);
        // Matched 2 ms apart, received together.
        assert_eq!(starts(&[(0, Some(0), 1, None), (0, Some(2 * MS), 1, None)]), [true, true]);
        assert_eq!(starts(&[(0, Some(5 * MS), 1, None), (0, Some(0), 1, None)]), [true, true]);
    }

    #[test]
    fn without_it_the_receive_time_does() {
        assert_eq!(starts(&[(0, None, 1, None), (MS, None, 1, None)]), [true, false]);
        assert_eq!(starts(&[(0, Some(0), 1, None), (MS + 1, None, 1, None)]), [true, true]);
    }

    #[test]
    fn a_match_id_decides_alone() {
        assert_eq!(starts(&[(0, Some(0), 1, Some(1)), (0, Some(0), 1, Some(2))]), [true, true]);
        assert_eq!(
            starts(&[(0, Some(0), 1, Some(1)), (9 * MS, Some(8 * MS), 1, Some(1))]),
            [true, false]
        );
    }

    #[test]
    fn the_other_side_and_time_close_a_parent() {
        assert_eq!(starts(&[(0, None, 1, None), (0, None, -1, None)]), [true, true]);
        let late = 10 * MS + 1;
        assert_eq!(starts(&[(0, Some(0), 1, Some(1)), (late, Some(0), 1, Some(1))]), [true, true]);
        assert_eq!(
            starts(&[(0, Some(0), 1, Some(1)), (late - 1, Some(0), 1, Some(1))]),
            [true, false]
        );
    }
}
