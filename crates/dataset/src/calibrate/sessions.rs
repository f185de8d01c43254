//! How much was traded in each session.

use std::collections::BTreeMap;

use fluxo_core::{Calendar, UnixNanos};
use fluxo_session::VolumeBucketFit;

/// Sessions, the last ones, whose volume makes a bucket (FEATURES 7.6).
const SESSIONS_MAX: usize = 20;
/// Buckets of a session.
const BUCKETS: i128 = 50;
/// A session whose first and last event lie this close to its ends was recorded whole.
const EDGE_NS: i64 = 300_000_000_000;
const DAY_NS: i64 = 86_400_000_000_000;

#[derive(Clone, Copy, Debug)]
struct Session {
    /// Time of day of the first and of the last event: above 0, at most a day.
    first: i64,
    last: i64,
    lots: i128,
}

#[derive(Debug)]
pub(super) struct Sessions {
    calendar: Calendar,
    /// By their date, as yyyymmdd.
    by_date: BTreeMap<i32, Session>,
}

impl Sessions {
    pub(super) const fn new(calendar: Calendar) -> Self {
        Self { calendar, by_date: BTreeMap::new() }
    }

    pub(super) fn on_event(&mut self, ts_recv: UnixNanos, date: i32) {
        let of_day = (ts_recv.get() - 1).rem_euclid(DAY_NS) + 1;
        let session = self.by_date.entry(date);
        let session = session.or_insert(Session { first: of_day, last: of_day, lots: 0 });
        (session.first, session.last) = (session.first.min(of_day), session.last.max(of_day));
    }

    /// After [`Self::on_event`] of the same trade.
    pub(super) fn on_trade(&mut self, date: i32, lots: i64) {
        if let Some(session) = self.by_date.get_mut(&date) {
            session.lots += i128::from(lots);
        }
    }

    /// One lot became `factor` lots; `None` where the new ones do not divide the old ones, and what was
    /// counted means nothing.
    pub(super) fn rescale(&mut self, factor: Option<i64>) {
        for session in self.by_date.values_mut() {
            session.lots *= i128::from(factor.unwrap_or(0));
        }
    }

    /// How many sessions were traded in: what rests at midnight belongs to the session that ends then,
    /// and is none.
    pub(super) fn count(&self) -> u32 {
        u32::try_from(self.traded().count()).unwrap_or(u32::MAX)
    }

    /// The first and the last date.
    pub(super) fn span(&self) -> Option<(i32, i32)> {
        let mut dates = self.traded().map(|(date, _)| *date);
        let first = dates.next()?;
        Some((first, dates.next_back().unwrap_or(first)))
    }

    fn traded(&self) -> impl DoubleEndedIterator<Item = (&i32, &Session)> {
        self.by_date.iter().filter(|(_, session)| session.lots > 0)
    }

    /// The bucket: of whole sessions where there is one, else of what there is. `None` when nothing was
    /// traded.
    pub(super) fn volume_bucket(&self) -> Option<VolumeBucketFit> {
        let last = |are_whole: bool| {
            let sessions = self.traded().map(|(_, session)| session).rev();
            sessions.filter(move |session| !are_whole || self.is_whole(session)).take(SESSIONS_MAX)
        };
        let are_whole = last(true).next().is_some();
        let lots: i128 = last(are_whole).map(|session| session.lots).sum();
        let sessions = last(are_whole).count();
        if sessions == 0 {
            return None;
        }
        let parts = sessions as i128 * BUCKETS;
        // Half a lot is rounded up.
        let bucket = ((2 * lots + parts) / (2 * parts)).max(1);
        Some(VolumeBucketFit {
            are_whole,
            lots: i64::try_from(bucket).ok()?,
            sessions: u32::try_from(sessions).ok()?,
            volume_lots: i64::try_from(lots).ok()?,
        })
    }

    fn is_whole(&self, session: &Session) -> bool {
        match self.calendar {
            Calendar::AroundTheClock => {
                session.first <= EDGE_NS && session.last >= DAY_NS - EDGE_NS
            }
            // A recording of an exchange's day begins and ends with it.
            Calendar::B3 | Calendar::Nasdaq | Calendar::Cme => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sessions of one trade each: from, to and lots.
    fn bucket(sessions: &[(i64, i64, i64)]) -> Option<VolumeBucketFit> {
        let mut all = Sessions::new(Calendar::AroundTheClock);
        for (date, (first, last, lots)) in (0..).zip(sessions) {
            for of_day in [first, last] {
                all.on_event(UnixNanos::new(i64::from(date) * DAY_NS + of_day), date);
            }
            all.on_trade(date, *lots);
        }
        all.volume_bucket()
    }

    #[test]
    fn a_bucket_is_a_fiftieth_of_the_last_twenty_sessions() {
        let sessions: Vec<_> = (0..25).map(|day| (1, DAY_NS, 1_000 * (day + 1))).collect();
        let found = bucket(&sessions).unwrap();
        // Days 6 to 25: 310 000 lots over 20 * 50.
        assert_eq!((found.lots, found.sessions, found.volume_lots), (310, 20, 310_000));
        assert!(found.are_whole);
    }

    #[test]
    fn halves_are_rounded_up_and_a_bucket_has_a_lot() {
        assert_eq!(bucket(&[(1, DAY_NS, 75)]).unwrap().lots, 2);
        assert_eq!(bucket(&[(1, DAY_NS, 74)]).unwrap().lots, 1);
        assert_eq!(bucket(&[(1, DAY_NS, 3)]).unwrap().lots, 1);
        assert_eq!(bucket(&[(1, DAY_NS, 0)]), None);
        assert_eq!(bucket(&[]), None);
    }

    #[test]
    fn whole_sessions_count_alone_where_there_are_any() {
        let found = bucket(&[(1, DAY_NS, 500), (DAY_NS / 2, DAY_NS, 9_999)]).unwrap();
        assert_eq!((found.lots, found.sessions, found.are_whole), (10, 1, true));
        let found = bucket(&[(DAY_NS / 2, DAY_NS, 500)]).unwrap();
        assert_eq!((found.lots, found.sessions, found.are_whole), (10, 1, false));
    }

    #[test]
    fn a_session_without_a_trade_is_none() {
        let mut all = Sessions::new(Calendar::Cme);
        // The book as it rests at midnight, and then a day of trades.
        all.on_event(UnixNanos::new(DAY_NS), 1);
        all.on_event(UnixNanos::new(DAY_NS + 1), 2);
        all.on_trade(2, 9_900);
        let found = all.volume_bucket().unwrap();
        assert_eq!((found.lots, found.sessions, found.are_whole), (198, 1, true));
        assert_eq!((all.count(), all.span()), (1, Some((2, 2))));
    }

    #[test]
    fn a_finer_lot_scales_what_was_traded() {
        let mut all = Sessions::new(Calendar::AroundTheClock);
        all.on_event(UnixNanos::new(1), 1);
        all.on_trade(1, 500);
        all.rescale(Some(10));
        assert_eq!(all.volume_bucket().unwrap().volume_lots, 5_000);
        all.rescale(None);
        assert_eq!(all.volume_bucket(), None);
    }
}
