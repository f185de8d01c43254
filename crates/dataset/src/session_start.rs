//! Whether what counts from the open of a session was there from its open on (FEATURES 17.23).

use fluxo_core::{Calendar, Nanos, UnixNanos};
use fluxo_features::{SamplingClock, TradingSession};

/// Rows that events make begin with the session where the first comes so soon. An exchange takes about
/// as long to open: there is no row before its first price.
const SOON: Nanos = Nanos::SECOND;

/// The session of the last row, and how it began.
#[derive(Debug)]
pub(crate) struct SessionStart {
    calendar: Calendar,
    /// The first row of a session that is there from its open on comes at most so long after that.
    delay: Nanos,
    session: Option<TradingSession>,
    is_partial: bool,
}

impl SessionStart {
    pub(crate) fn new(calendar: Calendar, clock: SamplingClock) -> Self {
        let step = clock.step().unwrap_or(SOON);
        let delay = if calendar == Calendar::AroundTheClock { step } else { step.max(SOON) };
        Self { calendar, delay, session: None, is_partial: false }
    }

    /// Goes on to a row: whether the first row of its session came late.
    pub(crate) fn is_partial(&mut self, at: UnixNanos) -> bool {
        if !self.session.is_some_and(|session| session.contains(at)) {
            let session = TradingSession::of(self.calendar, at);
            self.is_partial = at - session.open > self.delay;
            self.session = Some(session);
        }
        self.is_partial
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Nanos = Nanos::from_millis(3_600_000);
    /// A Monday, 00:00 UTC.
    const MONDAY: UnixNanos = UnixNanos::new(1_703_462_400_000_000_000);

    fn start(calendar: Calendar) -> SessionStart {
        SessionStart::new(calendar, SamplingClock::Time { step: Nanos::from_millis(100) })
    }

    #[test]
    fn a_session_is_what_its_first_row_says() {
        let mut days = start(Calendar::AroundTheClock);
        assert!(days.is_partial(MONDAY - HOUR));
        assert!(days.is_partial(MONDAY), "midnight belongs to the day that ends");
        assert!(!days.is_partial(MONDAY + Nanos::from_millis(100)));
        assert!(!days.is_partial(MONDAY + HOUR));
        assert!(start(Calendar::AroundTheClock).is_partial(MONDAY + Nanos::from_millis(101)));
    }

    #[test]
    fn a_session_lives_through_midnight() {
        // It opened at 23:00 UTC of the Sunday.
        let open = MONDAY - HOUR;
        let mut whole = start(Calendar::Cme);
        assert!(!whole.is_partial(open + Nanos::SECOND), "the exchange took a second to open");
        assert!(!whole.is_partial(MONDAY + HOUR));
        assert!(start(Calendar::Cme).is_partial(MONDAY + HOUR));
    }
}
