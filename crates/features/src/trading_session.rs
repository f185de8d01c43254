//! When a market trades: the hours of the exchanges' calendars.

use fluxo_core::{Calendar, UnixNanos};
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::grid::{DAY_NS, SECOND_NS, bucket};

static SAO_PAULO: TimeZone = jiff::tz::get!("America/Sao_Paulo");
static NEW_YORK: TimeZone = jiff::tz::get!("America/New_York");
static CHICAGO: TimeZone = jiff::tz::get!("America/Chicago");

/// A session of a market, by its calendar: the trading session of an exchange, the UTC day of a market
/// that never closes (FEATURES 14).
///
/// Holidays are not known: on one the session of that day is an empty one, and a shortened day ends
/// before its session does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TradingSession {
    /// When it opens. What happens at that very moment belongs to the session before (FEATURES 17.24).
    pub open: UnixNanos,
    /// When it closes.
    pub close: UnixNanos,
    /// When the next one opens.
    pub next_open: UnixNanos,
}

impl TradingSession {
    /// The last session that opened before `at`: what happens between a close and the next opening
    /// belongs to the session that closed.
    #[must_use]
    pub fn of(calendar: Calendar, at: UnixNanos) -> Self {
        let Some(hours) = hours(calendar) else {
            let day = bucket(at.get(), DAY_NS);
            let [open, close] =
                [day - 1, day].map(|day| UnixNanos::new(day.saturating_mul(DAY_NS)));
            return Self { open, close, next_open: close };
        };
        hours.session_before(at.get())
    }

    /// Whether [`Self::of`] that moment is this session.
    #[must_use]
    pub fn contains(&self, at: UnixNanos) -> bool {
        self.open < at && at <= self.next_open
    }
}

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

impl Hours {
    /// The last session that opened before `ts`.
    fn session_before(&self, ts: i64) -> TradingSession {
        // Sessions lie less than a week apart, and one may open on the evening before its day.
        const DAYS_AROUND: i32 = 8;
        let today = self.zone.to_datetime(timestamp(ts)).date();
        let days = (-DAYS_AROUND..=DAYS_AROUND).filter_map(|days| {
            let day = today.checked_add(SignedDuration::from_hours(24 * i64::from(days))).ok()?;
            let is_open = !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
            is_open
                .then(|| [self.open_min, self.close_min].map(|minutes| self.instant(day, minutes)))
        });
        let mut before = None;
        for [next_open, next_close] in days {
            if next_open.get() >= ts {
                // None lies before the first moment that there is.
                let [open, close] = before.unwrap_or([next_open, next_close]);
                return TradingSession { open, close, next_open };
            }
            before = Some([next_open, next_close]);
        }
        unreachable!("a session opens in the week after")
    }

    /// So many minutes after the local midnight that begins a day; the first or the last moment that
    /// there is for one beyond.
    fn instant(&self, day: Date, minutes: i32) -> UnixNanos {
        let midnight = day.to_datetime(jiff::civil::Time::midnight());
        let local = midnight.checked_add(SignedDuration::from_mins(i64::from(minutes)));
        let local = local.expect("within the years of 64-bit nanoseconds");
        let timestamp = self.zone.to_timestamp(local).expect("within the years of a calendar");
        let nanos = timestamp.as_nanosecond().clamp(i64::MIN.into(), i64::MAX.into());
        UnixNanos::new(i64::try_from(nanos).expect("clamped"))
    }

    /// Local time less UTC, in nanoseconds.
    fn offset_ns(&self, at: i64) -> i64 {
        i64::from(self.zone.to_offset(timestamp(at)).seconds()) * SECOND_NS
    }
}

/// Local time of the exchange less UTC, in nanoseconds; 0 for a market that never closes.
pub(crate) fn local_offset_ns(calendar: Calendar, at: i64) -> i64 {
    hours(calendar).map_or(0, |hours| hours.offset_ns(at))
}

fn timestamp(ts: i64) -> Timestamp {
    Timestamp::from_nanosecond(i128::from(ts)).expect("64-bit nanoseconds lie in its range")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> UnixNanos {
        let nanos = text.parse::<Timestamp>().unwrap().as_nanosecond();
        UnixNanos::new(i64::try_from(nanos).unwrap())
    }

    fn session(open: &str, close: &str, next_open: &str) -> TradingSession {
        TradingSession { open: at(open), close: at(close), next_open: at(next_open) }
    }

    #[test]
    fn a_day_that_never_closes_is_one_of_utc() {
        let day = session("2024-03-01T00:00:00Z", "2024-03-02T00:00:00Z", "2024-03-02T00:00:00Z");
        for inside in ["2024-03-01T00:00:00.000000001Z", "2024-03-02T00:00:00Z"] {
            assert_eq!(TradingSession::of(Calendar::AroundTheClock, at(inside)), day);
            assert!(day.contains(at(inside)));
        }
        assert!(!day.contains(day.open));
    }

    #[test]
    fn a_future_of_cme_opens_on_the_evening_before() {
        let of = |text| TradingSession::of(Calendar::Cme, at(text));
        // Chicago is six hours behind UTC in winter; Christmas Eve of 2023 was a Sunday.
        let monday =
            session("2023-12-24T23:00:00Z", "2023-12-25T22:00:00Z", "2023-12-25T23:00:00Z");
        assert_eq!(of("2023-12-24T23:00:01Z"), monday);
        assert_eq!(of("2023-12-25T22:30:00Z"), monday);
        // On a Saturday it is still the session of the Friday.
        let friday =
            session("2023-12-21T23:00:00Z", "2023-12-22T22:00:00Z", "2023-12-24T23:00:00Z");
        assert_eq!(of("2023-12-23T12:00:00Z"), friday);
        assert!(friday.contains(monday.open) && !monday.contains(monday.open));
    }

    #[test]
    fn the_ends_of_time_have_a_session() {
        let calendars = [Calendar::AroundTheClock, Calendar::B3, Calendar::Nasdaq, Calendar::Cme];
        for calendar in calendars {
            for at in [i64::MIN, i64::MIN + 1, i64::MAX - 1, i64::MAX] {
                let TradingSession { open, close, next_open } =
                    TradingSession::of(calendar, UnixNanos::new(at));
                assert!(open <= close && close <= next_open && next_open.get() >= at);
            }
        }
    }

    #[test]
    fn a_stock_trades_by_the_clock_of_new_york() {
        let of = |text| TradingSession::of(Calendar::Nasdaq, at(text));
        let summer =
            session("2012-06-21T13:30:00Z", "2012-06-21T20:00:00Z", "2012-06-22T13:30:00Z");
        assert_eq!(of("2012-06-21T15:00:00Z"), summer);
        let winter =
            session("2012-01-20T14:30:00Z", "2012-01-20T21:00:00Z", "2012-01-23T14:30:00Z");
        assert_eq!(of("2012-01-23T14:30:00Z"), winter);
    }
}
