//! Parent trades: the prints that one aggressive order made.

use fluxo_core::{Side, Trade};
use serde::{Deserialize, Serialize};

/// A print of a known side, as far as it decides about parents.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Print {
    /// When it counts, on the receive clock.
    pub(crate) ts: i64,
    /// When it was matched, on the venue's clock, where the feed says it.
    pub(crate) ts_event: Option<i64>,
    /// The side of the book that it hit.
    pub(crate) hit: Side,
    pub(crate) price: i64,
    pub(crate) lots: i64,
    /// The match it belongs to, where the feed names it.
    pub(crate) match_id: Option<u64>,
}

impl Print {
    /// A print without a known side is part of no parent (FEATURES 17.16).
    pub(crate) fn of(ts: i64, ts_event: Option<i64>, trade: &Trade) -> Option<Self> {
        let hit = trade.aggressor.hit_side()?;
        let (price, lots, match_id) = (trade.price.ticks(), trade.lots.get(), trade.match_id);
        Some(Self { ts, ts_event, hit, price, lots, match_id })
    }
}

/// What is known of a parent after one of its prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Parent {
    /// The side of the book that it hits.
    pub(crate) hit: Side,
    /// When its first print counts, and where all its volume is booked.
    pub(crate) started: i64,
    /// When its last print counts.
    pub(crate) last_ts: i64,
    /// The price of its last print, in ticks.
    pub(crate) price: i64,
    /// Lots of all its prints.
    pub(crate) lots: i128,
}

impl Parent {
    /// +1 for a buyer, -1 for a seller.
    pub(crate) const fn sign(&self) -> i64 {
        -self.hit.sign()
    }
}

/// What happened to a parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ParentEvent {
    /// Its first print.
    Started(Parent),
    /// A print joined it, and made it larger by so many lots.
    Grew { parent: Parent, by: i64 },
    /// No print can join it any more, from `at` on.
    Closed { parent: Parent, at: i64 },
}

/// Puts prints together into parents (FEATURES 2 and 17.3).
///
/// A parent closes with the print that does not join it, at the time of that print, or else at the
/// first nanosecond later than its last print by more than `close`. That moment is like an event of
/// its own: the engine rolls its grids up to it before it tells anyone. A closing thus lies in the
/// bucket of its own time, however late an event, a row or a timer makes us notice.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Parents {
    gap_ns: i64,
    close_ns: i64,
    open: Option<Open>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Open {
    parent: Parent,
    last: Print,
    /// When time closes it.
    closes_at: i64,
}

impl Parents {
    pub(crate) const fn new(gap_ns: i64, close_ns: i64) -> Self {
        Self { gap_ns, close_ns, open: None }
    }

    /// Forgets the open parent: it never closes.
    pub(crate) fn clear(&mut self) {
        self.open = None;
    }

    /// Closes the open parent if time has done so by `now`.
    #[inline]
    pub(crate) fn close_by(&mut self, now: i64) -> Option<(i64, ParentEvent)> {
        if self.open.as_ref().is_none_or(|open| now < open.closes_at) {
            return None;
        }
        let Open { parent, closes_at: at, .. } = self.open.take()?;
        Some((at, ParentEvent::Closed { parent, at }))
    }

    /// Takes the next print: what it closes, and what it starts or makes grow.
    ///
    /// # Panics
    /// When [`Parents::close_by`] was not asked about its time first.
    pub(crate) fn take(&mut self, print: Print) -> (Option<ParentEvent>, ParentEvent) {
        let Print { ts, hit, price, lots, .. } = print;
        let closes_at = ts.saturating_add(self.close_ns).saturating_add(1);
        let before = self.open;
        assert!(before.is_none_or(|open| ts < open.closes_at), "time closes parents first");
        if let Some(Open { parent, .. }) = before.filter(|open| self.joins(&open.last, &print)) {
            let lots = parent.lots + i128::from(print.lots);
            let parent = Parent { last_ts: ts, price, lots, ..parent };
            self.open = Some(Open { parent, last: print, closes_at });
            return (None, ParentEvent::Grew { parent, by: print.lots });
        }
        let parent = Parent { hit, started: ts, last_ts: ts, price, lots: i128::from(lots) };
        self.open = Some(Open { parent, last: print, closes_at });
        let closed = before.map(|Open { parent, .. }| ParentEvent::Closed { parent, at: ts });
        (closed, ParentEvent::Started(parent))
    }

    fn joins(&self, last: &Print, print: &Print) -> bool {
        if print.hit != last.hit {
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

    fn print((ts, ts_event, sign, match_id): (i64, Option<i64>, i64, Option<u64>)) -> Print {
        let hit = if sign > 0 { Side::Ask } else { Side::Bid };
        Print { ts, ts_event, hit, price: 100 + sign, lots: 3, match_id }
    }

    /// Which of the prints start a parent.
    fn starts(prints: &[(i64, Option<i64>, i64, Option<u64>)]) -> Vec<bool> {
        let mut parents = Parents::new(MS, 10 * MS);
        let mut starts = |print: Print| {
            parents.close_by(print.ts);
            matches!(parents.take(print).1, ParentEvent::Started(_))
        };
        prints.iter().map(|p| starts(print(*p))).collect()
    }

    #[test]
    fn a_parent_closes_with_time_or_with_the_print_that_does_not_join() {
        let mut parents = Parents::new(MS, 10 * MS);
        assert_eq!(parents.close_by(i64::MAX), None);
        let first = Parent { hit: Side::Ask, started: 5, last_ts: 5, price: 101, lots: 3 };
        assert_eq!(parents.take(print((5, None, 1, None))), (None, ParentEvent::Started(first)));
        let grown = Parent { last_ts: 6, lots: 6, ..first };
        let grew = ParentEvent::Grew { parent: grown, by: 3 };
        assert_eq!(parents.take(print((6, None, 1, None))), (None, grew));
        let (closed, started) = parents.take(print((7, None, -1, None)));
        assert_eq!(closed, Some(ParentEvent::Closed { parent: grown, at: 7 }));
        let ParentEvent::Started(sold) = started else { panic!("{started:?}") };
        assert_eq!((grown.sign(), sold.sign()), (1, -1));
        assert_eq!(parents.close_by(7 + 10 * MS), None);
        let at = 8 + 10 * MS;
        let closed = ParentEvent::Closed { parent: sold, at };
        assert_eq!(parents.close_by(at + 99), Some((at, closed)));
        assert_eq!(parents.close_by(at + 99), None);
    }

    #[test]
    fn a_cleared_parent_never_closes() {
        let mut parents = Parents::new(MS, 10 * MS);
        parents.take(print((5, None, 1, None)));
        parents.clear();
        assert_eq!(parents.close_by(i64::MAX), None);
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
