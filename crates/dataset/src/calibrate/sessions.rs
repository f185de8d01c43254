//! How much was traded in each session.

use std::collections::BTreeMap;

use fluxo_core::{Calendar, UnixNanos};
use fluxo_features::TradingSession;
use fluxo_session::VolumeBucketFit;

use crate::session_day::session_of;

/// Sessions, the last ones, whose volume makes a bucket (FEATURES 7.6).
const SESSIONS_MAX: usize = 20;
/// Buckets of a session.
const BUCKETS: i128 = 50;
/// A session whose first and last event lie this close to its ends was recorded whole.
const EDGE_NS: i64 = 300_000_000_000;
/// In between there is no longer pause: no market that is open says nothing for so long.
const PAUSE_NS: i64 = 1_800_000_000_000;

/// What was recorded of a session.
#[derive(Clone, Copy, Debug)]
struct Recorded {
    session: TradingSession,
    first: UnixNanos,
    last: UnixNanos,
    /// The longest pause between two events while the market was open, in nanoseconds.
    pause: i64,
    lots: i128,
}

impl Recorded {
    fn on_event(&mut self, at: UnixNanos) {
        let TradingSession { open, close, .. } = self.session;
        let pause = at.min(close).get().saturating_sub(self.last.max(open).get());
        self.pause = self.pause.max(pause);
        self.first = self.first.min(at);
        self.last = self.last.max(at);
    }

    fn is_whole(&self) -> bool {
        let TradingSession { open, close, .. } = self.session;
        self.pause <= PAUSE_NS
            && self.first.get() <= open.get().saturating_add(EDGE_NS)
            && self.last.get() >= close.get().saturating_sub(EDGE_NS)
    }
}

#[derive(Debug)]
pub(super) struct Sessions {
    calendar: Calendar,
    /// The session of the last event, and its date.
    now: Option<(TradingSession, i32)>,
    /// By their date, as yyyymmdd.
    by_date: BTreeMap<i32, Recorded>,
}

impl Sessions {
    pub(super) const fn new(calendar: Calendar) -> Self {
        Self { calendar, now: None, by_date: BTreeMap::new() }
    }

    /// The date of the session that a moment belongs to: of the day on which that closes.
    pub(super) fn date_of(&mut self, at: UnixNanos) -> i32 {
        self.go_to(at).1
    }

    pub(super) fn on_event(&mut self, ts_recv: UnixNanos) {
        let (session, date) = self.go_to(ts_recv);
        let new = Recorded { session, first: ts_recv, last: ts_recv, pause: 0, lots: 0 };
        self.by_date.entry(date).or_insert(new).on_event(ts_recv);
    }

    /// After [`Self::on_event`] of the same trade.
    pub(super) fn on_trade(&mut self, lots: i64) {
        if let Some(recorded) = self.now.and_then(|(_, date)| self.by_date.get_mut(&date)) {
            recorded.lots += i128::from(lots);
        }
    }

    fn go_to(&mut self, at: UnixNanos) -> (TradingSession, i32) {
        match self.now {
            Some(now) if now.0.contains(at) => now,
            _ => {
                let session = TradingSession::of(self.calendar, at);
                // Every session closes on the UTC day that it is named after.
                *self.now.insert((session, session_of(session.close)))
            }
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

    fn traded(&self) -> impl DoubleEndedIterator<Item = (&i32, &Recorded)> {
        self.by_date.iter().filter(|(_, session)| session.lots > 0)
    }

    /// The bucket: of whole sessions where there is one, else of what there is. `None` when nothing was
    /// traded.
    pub(super) fn volume_bucket(&self) -> Option<VolumeBucketFit> {
        let last = |are_whole: bool| {
            let sessions = self.traded().map(|(_, session)| session).rev();
            sessions.filter(move |session| !are_whole || session.is_whole()).take(SESSIONS_MAX)
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
}

#[cfg(test)]
mod tests {
    use fluxo_core::Nanos;

    use super::*;

    const DAY: Nanos = Nanos::from_millis(86_400_000);
    const NOON: Nanos = Nanos::from_millis(43_200_000);
    const MINUTE: Nanos = Nanos::from_millis(60_000);

    /// Both ends, and every half an hour between them.
    fn for_each_moment(from: UnixNanos, until: UnixNanos, mut f: impl FnMut(UnixNanos)) {
        let mut at = from;
        while at < until {
            f(at);
            at = at + Nanos::new(30 * MINUTE.get());
        }
        f(until);
    }

    /// Days of a market that never closes: from, to and lots.
    fn bucket(days: &[(Nanos, Nanos, i64)]) -> Option<VolumeBucketFit> {
        let mut all = Sessions::new(Calendar::AroundTheClock);
        let mut midnight = UnixNanos::new(0);
        for (first, last, lots) in days {
            for_each_moment(midnight + *first, midnight + *last, |at| all.on_event(at));
            all.on_trade(*lots);
            midnight = midnight + DAY;
        }
        all.volume_bucket()
    }

    /// A session of Nasdaq, by the minutes of New York between its first and its last event.
    fn of_nasdaq(from: i64, until: i64) -> VolumeBucketFit {
        // In summer, four hours behind UTC.
        let midnight = UnixNanos::new(1_340_251_200_000_000_000);
        let mut all = Sessions::new(Calendar::Nasdaq);
        let at = |minute| midnight + Nanos::new(MINUTE.get() * minute);
        for_each_moment(at(from), at(until), |at| all.on_event(at));
        all.on_trade(500);
        all.volume_bucket().unwrap()
    }

    #[test]
    fn a_bucket_is_a_fiftieth_of_the_last_twenty_sessions() {
        let sessions: Vec<_> = (0..25).map(|day| (MINUTE, DAY, 1_000 * (day + 1))).collect();
        let found = bucket(&sessions).unwrap();
        // Days 6 to 25: 310 000 lots over 20 * 50.
        assert_eq!((found.lots, found.sessions, found.volume_lots), (310, 20, 310_000));
        assert!(found.are_whole);
    }

    #[test]
    fn halves_are_rounded_up_and_a_bucket_has_a_lot() {
        assert_eq!(bucket(&[(MINUTE, DAY, 75)]).unwrap().lots, 2);
        assert_eq!(bucket(&[(MINUTE, DAY, 74)]).unwrap().lots, 1);
        assert_eq!(bucket(&[(MINUTE, DAY, 3)]).unwrap().lots, 1);
        assert_eq!(bucket(&[(MINUTE, DAY, 0)]), None);
        assert_eq!(bucket(&[]), None);
    }

    #[test]
    fn whole_sessions_count_alone_where_there_are_any() {
        let found = bucket(&[(MINUTE, DAY, 500), (NOON, DAY, 9_999)]).unwrap();
        assert_eq!((found.lots, found.sessions, found.are_whole), (10, 1, true));
        let found = bucket(&[(NOON, DAY, 500)]).unwrap();
        assert_eq!((found.lots, found.sessions, found.are_whole), (10, 1, false));
    }

    #[test]
    fn an_exchange_was_recorded_whole_from_its_open_to_its_close() {
        // 09:30 to 16:00.
        for (from, until, is_whole) in [
            (571, 960, true),
            (575, 955, true),
            (576, 960, false),
            (571, 954, false),
            (571, 1_020, true), // With what came after the close.
        ] {
            assert_eq!(of_nasdaq(from, until).are_whole, is_whole, "{from} to {until}");
        }
    }

    #[test]
    fn a_session_with_a_hole_is_not_whole() {
        let of = |pause: i64| {
            let mut all = Sessions::new(Calendar::AroundTheClock);
            let resumes = UnixNanos::new(0) + NOON + Nanos::new(pause);
            for_each_moment(UnixNanos::new(1), UnixNanos::new(0) + NOON, |at| all.on_event(at));
            for_each_moment(resumes, UnixNanos::new(0) + DAY, |at| all.on_event(at));
            all.on_trade(500);
            all.volume_bucket().unwrap().are_whole
        };
        assert!(of(30 * MINUTE.get()));
        assert!(!of(30 * MINUTE.get() + 1));
    }

    #[test]
    fn an_evening_belongs_to_the_session_that_it_opens() {
        let mut all = Sessions::new(Calendar::Cme);
        let open = UnixNanos::new(1_703_458_800_000_000_000);
        assert_eq!(all.date_of(open), 20_231_222);
        assert_eq!(all.date_of(open + MINUTE), 20_231_225);
        assert_eq!(all.date_of(open + NOON), 20_231_225);
        assert_eq!(all.date_of(open), 20_231_222);
    }

    #[test]
    fn a_session_without_a_trade_is_none() {
        let mut all = Sessions::new(Calendar::Cme);
        // A Sunday: the book as it rests before the opening, and then trades of the Monday's session.
        let open = UnixNanos::new(1_703_458_800_000_000_000);
        all.on_event(open);
        for_each_moment(open + MINUTE, open + NOON + NOON, |at| all.on_event(at));
        all.on_trade(9_900);
        let found = all.volume_bucket().unwrap();
        assert_eq!((found.lots, found.sessions, found.are_whole), (198, 1, true));
        assert_eq!((all.count(), all.span()), (1, Some((20_231_225, 20_231_225))));
    }

    #[test]
    fn a_finer_lot_scales_what_was_traded() {
        let mut all = Sessions::new(Calendar::AroundTheClock);
        all.on_event(UnixNanos::new(1));
        all.on_trade(500);
        all.rescale(Some(10));
        assert_eq!(all.volume_bucket().unwrap().volume_lots, 5_000);
        all.rescale(None);
        assert_eq!(all.volume_bucket(), None);
    }
}
