//! Which session a row belongs to.

use fluxo_core::UnixNanos;
use jiff::Timestamp;
use jiff::tz::Offset;

/// The UTC day as yyyymmdd. Midnight belongs to the day that ends there (FEATURES 17.24).
#[must_use]
pub fn session_of(at: UnixNanos) -> i32 {
    let timestamp = Timestamp::from_nanosecond(i128::from(at.get()) - 1);
    let timestamp = timestamp.expect("64 bits of nanoseconds are years 1677 to 2262");
    let date = Offset::UTC.to_datetime(timestamp).date();
    i32::from(date.year()) * 10_000 + i32::from(date.month()) * 100 + i32::from(date.day())
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
