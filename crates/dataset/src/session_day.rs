//! Which session a row belongs to, and how a moment is written for people.

use fluxo_core::UnixNanos;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;

/// The UTC day as yyyymmdd. Midnight belongs to the day that ends there (FEATURES 17.24).
#[must_use]
pub fn session_of(at: UnixNanos) -> i32 {
    session_of_date(Offset::UTC.to_datetime(nanoseconds(i128::from(at.get()) - 1)).date())
}

fn session_of_date(date: Date) -> i32 {
    i32::from(date.year()) * 10_000 + i32::from(date.month()) * 100 + i32::from(date.day())
}

/// A session as people spell it, yyyymmdd.
///
/// # Errors
/// What is no day of the calendar since 1970, in words.
pub fn session_named(text: &str) -> Result<i32, String> {
    let is_spelt_so = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_spelt_so {
        return Err("a date is eight digits, YYYYMMDD, as in 20240809".to_owned());
    }
    let date = Date::strptime("%Y%m%d", text);
    let date = date.map_err(|error| format!("it is no day of the calendar, YYYYMMDD: {error}"))?;
    if date.year() < 1970 {
        return Err("no recording is from before 1970".to_owned());
    }
    Ok(session_of_date(date))
}

/// A moment as people read it.
pub(crate) fn timestamp(at: UnixNanos) -> Timestamp {
    nanoseconds(at.get().into())
}

fn nanoseconds(since_1970: i128) -> Timestamp {
    let timestamp = Timestamp::from_nanosecond(since_1970);
    timestamp.expect("64 bits of nanoseconds are years 1677 to 2262")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn midnight_belongs_to_the_day_that_ends() {
        let midnight = 1_723_161_600_000_000_000;
        assert_eq!(session_of(UnixNanos::new(midnight)), 20_240_808);
        assert_eq!(session_of(UnixNanos::new(midnight + 1)), 20_240_809);
    }

    #[test]
    fn a_session_is_named_by_a_day_of_the_calendar() {
        assert_eq!(session_named("20240229"), Ok(20_240_229));
        for (text, part) in [
            ("2024-02-29", "eight digits"),
            ("+2024022", "eight digits"),
            ("20129999", "no day of the calendar"),
            ("20230229", "no day of the calendar"),
            ("20240431", "no day of the calendar"),
            ("19691231", "before 1970"),
        ] {
            let refused = session_named(text).unwrap_err();
            assert!(refused.contains(part), "{refused}");
        }
    }
}
