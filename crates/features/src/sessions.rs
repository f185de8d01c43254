//! The session and the local day that a moment belongs to, from the calendar of the specification.

use fluxo_core::{Calendar, InstrumentSpec, Nanos, UnixNanos};
use serde::{Deserialize, Serialize};

use crate::grid::{DAY_NS, MINUTE_NS, SECOND_NS, bucket};
use crate::trading_session::{TradingSession, local_offset_ns};

/// No zone changes its offset but at a quarter of an hour of UTC.
const OFFSET_HOLDS_NS: i64 = 15 * MINUTE_NS;
/// A stream that begins so soon after the open has missed nothing of the session.
const SOON_NS: i64 = SECOND_NS;
/// Before every moment.
const NEVER: UnixNanos = UnixNanos::new(i64::MIN);

/// The sessions of one instrument, followed in the order of time.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Sessions {
    calendar: Calendar,
    /// How often funding is exchanged, counted from midnight UTC.
    funding_ns: Option<i64>,
    session: TradingSession,
    offset: Offset,
}

/// Local time less UTC.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Offset {
    ns: i64,
    from: i64,
}

impl Sessions {
    pub(crate) fn new(spec: &InstrumentSpec) -> Self {
        Self {
            calendar: spec.calendar,
            funding_ns: funding_ns(spec),
            session: TradingSession { open: NEVER, close: NEVER, next_open: NEVER },
            offset: Offset { ns: 0, from: i64::MIN },
        }
    }

    /// A new specification is in force; with another calendar another session begins.
    pub(crate) fn respecify(&mut self, spec: &InstrumentSpec) {
        if self.calendar == spec.calendar {
            self.funding_ns = funding_ns(spec);
        } else {
            *self = Self::new(spec);
        }
    }

    /// Goes on to the session of `ts`, and says whether that is a new one.
    pub(crate) fn advance(&mut self, ts: i64) -> bool {
        if ts <= self.session.next_open.get() {
            return false;
        }
        self.session = TradingSession::of(self.calendar, UnixNanos::new(ts));
        true
    }

    /// Whether the session had been open before the stream began, at its first event since the last
    /// break.
    pub(crate) fn is_partial(&self, first_event: Option<i64>) -> bool {
        let soon = self.session.open.get().saturating_add(SOON_NS);
        first_event.is_none_or(|first| first > soon)
    }

    /// Which share of the local day has passed.
    pub(crate) fn share_of_day(&mut self, at: i64) -> f64 {
        (at + self.offset_ns(at)).rem_euclid(DAY_NS) as f64 / DAY_NS as f64
    }

    /// Which share of the funding interval is left, or of the session where there is no funding, at a
    /// moment that the sessions have gone on to. A moment at which funding is exchanged ends its
    /// interval: nothing is left.
    pub(crate) fn remaining(&self, at: i64) -> f64 {
        if let Some(interval) = self.funding_ns {
            let end = bucket(at, interval) * interval;
            return (end - at) as f64 / interval as f64;
        }
        let TradingSession { open, close, .. } = self.session;
        ((close.get() - at) as f64 / (close - open).get() as f64).clamp(0.0, 1.0)
    }

    fn offset_ns(&mut self, at: i64) -> i64 {
        let from = at - at.rem_euclid(OFFSET_HOLDS_NS);
        if from != self.offset.from {
            self.offset = Offset { ns: local_offset_ns(self.calendar, at), from };
        }
        self.offset.ns
    }
}

fn funding_ns(spec: &InstrumentSpec) -> Option<i64> {
    spec.units.funding_interval.map(Nanos::get).filter(|interval| *interval > 0)
}

#[cfg(test)]
mod tests {
    use fluxo_core::{Decimal, FeatureUnits, Lots, Market, SpecSource};
    use jiff::Timestamp;

    use super::*;

    fn at(text: &str) -> i64 {
        i64::try_from(text.parse::<Timestamp>().unwrap().as_nanosecond()).unwrap()
    }

    fn spec(calendar: Calendar, funding_ns: Option<i64>) -> InstrumentSpec {
        let funding_interval = funding_ns.map(Nanos::new);
        InstrumentSpec {
            market: Market::BinanceUsdm,
            symbol: "X".into(),
            kind: Market::BinanceUsdm.kind(),
            base: "B".into(),
            quote: "Q".into(),
            settle: "Q".into(),
            tick_size: Decimal::ONE,
            lot_size: Decimal::ONE,
            multiplier: Decimal::ONE,
            maker_fee: Decimal::ZERO,
            taker_fee: Decimal::ZERO,
            size_unit_lots: Lots::new(1),
            units: FeatureUnits { funding_interval, ..FeatureUnits::UNKNOWN },
            calendar,
            valid_from: UnixNanos::new(0),
            source: SpecSource::Configured,
        }
    }

    fn sessions(calendar: Calendar, funding_ns: Option<i64>) -> Sessions {
        Sessions::new(&spec(calendar, funding_ns))
    }

    #[test]
    fn another_calendar_opens_another_session() {
        let mut days = sessions(Calendar::AroundTheClock, None);
        let noon = at("2024-03-01T15:00:00Z");
        assert!(days.advance(noon));
        days.respecify(&spec(Calendar::AroundTheClock, Some(8 * 60 * MINUTE_NS)));
        assert!(!days.advance(noon));
        assert_eq!(Some(days.remaining(noon)), Some(0.125));
        days.respecify(&spec(Calendar::B3, None));
        assert!(days.advance(noon));
        assert_eq!(Some(days.remaining(noon)), Some(6.5 / 9.5));
    }

    #[test]
    fn a_day_ends_at_midnight_and_the_next_begins_after_it() {
        let mut days = sessions(Calendar::AroundTheClock, None);
        let midnight = at("2024-03-01T00:00:00Z");
        assert!(days.advance(midnight - 1));
        assert!(!days.advance(midnight));
        assert_eq!((days.remaining(midnight), days.share_of_day(midnight)), (0.0, 0.0));
        assert!(days.advance(midnight + 1));
        let six = midnight + DAY_NS / 4;
        assert_eq!((days.remaining(six), days.share_of_day(six)), (0.75, 0.25));
        assert!(!days.advance(midnight + DAY_NS));
    }

    #[test]
    fn funding_is_exchanged_at_the_end_of_its_interval() {
        let mut days = sessions(Calendar::AroundTheClock, Some(8 * 60 * MINUTE_NS));
        let eight = at("2024-03-01T08:00:00Z");
        assert!(days.advance(eight));
        let ten = eight + 2 * 60 * MINUTE_NS;
        assert_eq!((days.remaining(eight), days.remaining(ten)), (0.0, 0.75));
        assert!(days.remaining(eight + 1) < 1.0 && days.remaining(eight + 1) > 0.999_999);
        // Funding opens no session.
        assert!(!days.advance(eight + 1));
    }

    #[test]
    fn an_exchange_opens_on_weekdays() {
        let mut b3 = sessions(Calendar::B3, None);
        // A Friday: 09:00 to 18:30 in Sao Paulo, three hours behind UTC.
        let (open, close) = (at("2024-03-01T12:00:00Z"), at("2024-03-01T21:30:00Z"));
        assert!(b3.advance(open));
        assert_eq!(Some(b3.remaining(open)), Some(0.0), "of the session before");
        assert!(b3.advance(open + 1));
        assert_eq!((b3.session.open.get(), b3.session.close.get()), (open, close));
        let noon = at("2024-03-01T16:45:00Z");
        assert!(!b3.advance(noon));
        assert_eq!((b3.remaining(noon), b3.share_of_day(noon)), (0.5, 13.75 / 24.0));
        assert_eq!(Some(b3.remaining(close)), Some(0.0));
        // Until the Monday it is the session of the Friday.
        let monday = at("2024-03-04T12:00:00Z");
        assert!(!b3.advance(monday));
        assert_eq!((b3.remaining(monday), b3.session.next_open.get()), (0.0, monday));
        assert!(b3.advance(monday + 1));
    }

    #[test]
    fn a_session_is_whole_where_the_stream_began_with_it() {
        let mut cme = sessions(Calendar::Cme, None);
        let open = at("2023-12-24T23:00:00Z");
        assert!(cme.advance(at("2023-12-25T12:00:00Z")));
        for (first, is_partial) in [
            (None, true),
            (Some(open - DAY_NS), false),
            (Some(open + SOON_NS), false),
            (Some(open + SOON_NS + 1), true),
        ] {
            assert_eq!(cme.is_partial(first), is_partial, "{first:?}");
        }
        // On the next day it is whole whenever that was.
        assert!(cme.advance(at("2023-12-26T12:00:00Z")));
        assert!(!cme.is_partial(Some(at("2023-12-25T12:00:00Z"))));
    }

    #[test]
    fn summer_time_moves_the_session() {
        let mut b3 = sessions(Calendar::B3, None);
        // Brazil kept summer time until February 2019.
        let noon = at("2019-01-15T12:00:00Z");
        assert!(b3.advance(noon));
        assert_eq!(b3.session.open.get(), at("2019-01-15T11:00:00Z"));
        assert_eq!(Some(b3.share_of_day(noon)), Some(10.0 / 24.0));
        let winter = at("2019-03-15T13:00:00Z");
        assert!(b3.advance(winter));
        assert_eq!(b3.session.open.get(), at("2019-03-15T12:00:00Z"));
        assert_eq!(Some(b3.share_of_day(winter)), Some(10.0 / 24.0));
    }
}
