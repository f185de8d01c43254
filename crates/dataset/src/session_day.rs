//! Which session a row belongs to, and how a moment is written for people.

use fluxo_core::UnixNanos;
use jiff::Timestamp;
use jiff::tz::Offset;

/// The UTC day as yyyymmdd. Midnight belongs to the day that ends there (FEATURES 17.24).
#[must_use]
pub fn session_of(at: UnixNanos) -> i32 {
    let date = Offset::UTC.to_datetime(nanoseconds(i128::from(at.get()) - 1)).date();
    i32::from(date.year()) * 10_000 + i32::from(date.month()) * 100 + i32::from(date.day())
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
}
