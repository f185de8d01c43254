//! Whether what counts from the open of a session was there from its open on (FEATURES 17.23).

use fluxo_core::{Calendar, Gap, GapReason, MarketData, Nanos, Phase, UnixNanos};
use fluxo_features::TradingSession;

/// A stream that begins so soon after the open has missed nothing of the session.
const SOON: Nanos = Nanos::SECOND;

/// From when on the stream is one: what counts from the open of a session counts from there where that
/// is later.
#[derive(Debug)]
pub(crate) struct SessionStart {
    calendar: Calendar,
    /// The first event since the features began anew.
    since: Option<UnixNanos>,
    is_closed: bool,
    /// The session of the last row.
    session: Option<TradingSession>,
}

impl SessionStart {
    pub(crate) const fn new(calendar: Calendar) -> Self {
        Self { calendar, since: None, is_closed: false, session: None }
    }

    /// An event, after the rows before it: another recording and another opening begin a stream.
    pub(crate) fn on_event(&mut self, ts_recv: UnixNanos, data: &MarketData) {
        match data {
            MarketData::Gap(Gap { reason: GapReason::RecordingBoundary, .. }) => self.since = None,
            MarketData::Status(Phase::Closed) => self.is_closed = true,
            MarketData::Status(_) if self.is_closed => {
                (self.is_closed, self.since) = (false, Some(ts_recv));
            }
            _ if self.is_closed => {}
            _ => {
                self.since.get_or_insert(ts_recv);
            }
        }
    }

    /// Goes on to a row: whether its session had been open before the stream began.
    pub(crate) fn is_partial(&mut self, at: UnixNanos) -> bool {
        let session = match self.session {
            Some(session) if session.contains(at) => session,
            _ => *self.session.insert(TradingSession::of(self.calendar, at)),
        };
        self.since.is_none_or(|since| since.get() > session.open.get().saturating_add(SOON.get()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Nanos = Nanos::from_millis(3_600_000);
    /// A Monday, 00:00 UTC.
    const MONDAY: UnixNanos = UnixNanos::new(1_703_462_400_000_000_000);

    fn boundary(from: UnixNanos) -> MarketData {
        MarketData::Gap(Gap { from, to: from, reason: GapReason::RecordingBoundary })
    }

    fn from(calendar: Calendar, first: UnixNanos) -> SessionStart {
        let mut start = SessionStart::new(calendar);
        start.on_event(first, &MarketData::Heartbeat);
        start
    }

    #[test]
    fn a_session_is_whole_where_the_stream_began_with_it() {
        let mut days = from(Calendar::AroundTheClock, MONDAY - HOUR);
        assert!(days.is_partial(MONDAY), "midnight belongs to the day that ends");
        assert!(!days.is_partial(MONDAY + Nanos::from_millis(100)));
        assert!(!days.is_partial(MONDAY + HOUR));
        assert!(!from(Calendar::AroundTheClock, MONDAY + Nanos::SECOND).is_partial(MONDAY + HOUR));
        // However late its first row is.
        assert!(from(Calendar::AroundTheClock, MONDAY + HOUR).is_partial(MONDAY + HOUR + HOUR));
    }

    #[test]
    fn a_session_lives_through_midnight() {
        // It opened at 23:00 UTC of the Sunday.
        assert!(!from(Calendar::Cme, MONDAY - HOUR).is_partial(MONDAY + HOUR));
        assert!(from(Calendar::Cme, MONDAY).is_partial(MONDAY + HOUR));
    }

    #[test]
    fn another_recording_begins_anew() {
        let mut days = from(Calendar::AroundTheClock, MONDAY - HOUR);
        assert!(!days.is_partial(MONDAY + HOUR));
        days.on_event(MONDAY + HOUR, &boundary(MONDAY + HOUR));
        days.on_event(MONDAY + HOUR, &MarketData::Heartbeat);
        assert!(days.is_partial(MONDAY + HOUR + HOUR));
        // At midnight it does no harm.
        let mut days = from(Calendar::AroundTheClock, MONDAY - HOUR);
        days.on_event(MONDAY, &boundary(MONDAY));
        days.on_event(MONDAY + Nanos::from_millis(3), &MarketData::Heartbeat);
        assert!(!days.is_partial(MONDAY + HOUR));
    }

    #[test]
    fn so_does_an_opening() {
        let open = MONDAY - HOUR;
        for (reopens, is_partial) in [(open, false), (open + HOUR, true)] {
            let mut start = from(Calendar::Cme, open - HOUR);
            start.on_event(open - HOUR, &MarketData::Status(Phase::Closed));
            start.on_event(open - Nanos::SECOND, &MarketData::Heartbeat);
            start.on_event(reopens, &MarketData::Status(Phase::Continuous));
            assert_eq!(start.is_partial(MONDAY + HOUR), is_partial);
        }
    }
}
