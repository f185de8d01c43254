//! The session and the local day that a moment belongs to, from the calendar of the specification.

use fluxo_core::{Calendar, InstrumentSpec, Nanos};
use jiff::civil::{Date, DateTime, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::grid::{SECOND_NS, bucket};

const MINUTE_NS: i64 = 60 * SECOND_NS;
const DAY_NS: i64 = 1_440 * MINUTE_NS;
/// No zone changes its offset but at a quarter of an hour of UTC.
const OFFSET_HOLDS_NS: i64 = 15 * MINUTE_NS;

static SAO_PAULO: TimeZone = jiff::tz::get!("America/Sao_Paulo");
static NEW_YORK: TimeZone = jiff::tz::get!("America/New_York");
static CHICAGO: TimeZone = jiff::tz::get!("America/Chicago");

/// When an exchange trades, on the days on which it does.
#[derive(Clone, Copy, Debug)]
struct Hours {
    zone: &'static TimeZone,
    /// Minutes since the local midnight that begins the day of the session; negative where it opens on
    /// the evening before.
    open_min: i32,
    close_min: i32,
}

/// `None` for a market that never closes.
const fn hours(calendar: Calendar) -> Option<Hours> {
    match calendar {
        Calendar::AroundTheClock => None,
        // The dollar futures.
        Calendar::B3 => Some(Hours { zone: &SAO_PAULO, open_min: 9 * 60, close_min: 18 * 60 + 30 }),
        Calendar::Nasdaq => {
            Some(Hours { zone: &NEW_YORK, open_min: 9 * 60 + 30, close_min: 16 * 60 })
        }
        // It opens on the evening before.
        Calendar::Cme => Some(Hours { zone: &CHICAGO, open_min: -7 * 60, close_min: 16 * 60 }),
    }
}

/// The sessions of one instrument, followed in the order of time.
///
/// The session of a moment is the last one that opened before it: an event exactly at an opening still
/// belongs to the session before (FEATURES 17.24), and so does what happens between a close and the next
/// opening. Holidays are not known: on one the session of that day is an empty one.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Sessions {
    calendar: Calendar,
    /// How often funding is exchanged, counted from midnight UTC.
    funding_ns: Option<i64>,
    session: Span,
    next_open: i64,
    offset: Offset,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Span {
    start: i64,
    end: i64,
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
            session: Span { start: i64::MIN, end: i64::MIN },
            next_open: i64::MIN,
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
        if ts <= self.next_open {
            return false;
        }
        (self.session, self.next_open) = match hours(self.calendar) {
            None => {
                let day = bucket(ts, DAY_NS);
                let (start, end) = ((day - 1) * DAY_NS, day.saturating_mul(DAY_NS));
                (Span { start, end }, end)
            }
            Some(hours) => hours.session_before(ts),
        };
        true
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
        let Span { start, end } = self.session;
        ((end - at) as f64 / (end - start) as f64).clamp(0.0, 1.0)
    }

    fn offset_ns(&mut self, at: i64) -> i64 {
        let Some(hours) = hours(self.calendar) else { return 0 };
        let from = at - at.rem_euclid(OFFSET_HOLDS_NS);
        if from != self.offset.from {
            let ns = i64::from(hours.zone.to_offset(timestamp(at)).seconds()) * SECOND_NS;
            self.offset = Offset { ns, from };
        }
        self.offset.ns
    }
}

fn funding_ns(spec: &InstrumentSpec) -> Option<i64> {
    spec.units.funding_interval.map(Nanos::get).filter(|interval| *interval > 0)
}

impl Hours {
    /// The last session that opened before `ts`, and when the next one opens.
    fn session_before(&self, ts: i64) -> (Span, i64) {
        // Sessions lie less than a week apart, and one may open on the evening before its day.
        const DAYS_AROUND: i32 = 8;
        let today = self.zone.to_datetime(timestamp(ts)).date();
        let days = (-DAYS_AROUND..=DAYS_AROUND).filter_map(|days| {
            let day = today.checked_add(SignedDuration::from_hours(24 * i64::from(days))).ok()?;
            let is_open = !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
            is_open.then(|| self.session_on(day))
        });
        let mut before = None;
        for session in days {
            if session.start >= ts {
                let before = before.expect("a session opened in the week before");
                return (before, session.start);
            }
            before = Some(session);
        }
        unreachable!("a session opens in the week after")
    }

    fn session_on(&self, day: Date) -> Span {
        let [start, end] = [self.open_min, self.close_min].map(|minutes| {
            let local = day
                .to_datetime(jiff::civil::Time::midnight())
                .checked_add(SignedDuration::from_mins(i64::from(minutes)))
                .expect("within the years of 64-bit nanoseconds");
            self.instant(local)
        });
        Span { start, end }
    }

    fn instant(&self, local: DateTime) -> i64 {
        let timestamp = self.zone.to_timestamp(local).expect("within the years of a calendar");
        i64::try_from(timestamp.as_nanosecond()).expect("within 64-bit nanoseconds")
    }
}

fn timestamp(ts: i64) -> Timestamp {
    Timestamp::from_nanosecond(i128::from(ts)).expect("64-bit nanoseconds lie in its range")
}

#[cfg(test)]
mod tests {
    use fluxo_core::{Decimal, FeatureUnits, Lots, Market, SpecSource, UnixNanos};

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
        assert_eq!(b3.session, Span { start: open, end: close });
        let noon = at("2024-03-01T16:45:00Z");
        assert!(!b3.advance(noon));
        assert_eq!((b3.remaining(noon), b3.share_of_day(noon)), (0.5, 13.75 / 24.0));
        assert_eq!(Some(b3.remaining(close)), Some(0.0));
        // Until the Monday it is the session of the Friday.
        let monday = at("2024-03-04T12:00:00Z");
        assert!(!b3.advance(monday));
        assert_eq!((b3.remaining(monday), b3.next_open), (0.0, monday));
        assert!(b3.advance(monday + 1));
    }

    #[test]
    fn summer_time_moves_the_session() {
        let mut b3 = sessions(Calendar::B3, None);
        // Brazil kept summer time until February 2019.
        let noon = at("2019-01-15T12:00:00Z");
        assert!(b3.advance(noon));
        assert_eq!(b3.session.start, at("2019-01-15T11:00:00Z"));
        assert_eq!(Some(b3.share_of_day(noon)), Some(10.0 / 24.0));
        let winter = at("2019-03-15T13:00:00Z");
        assert!(b3.advance(winter));
        assert_eq!(b3.session.start, at("2019-03-15T12:00:00Z"));
        assert_eq!(Some(b3.share_of_day(winter)), Some(10.0 / 24.0));
    }
}
