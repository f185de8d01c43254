//! Whether a recorded receive time can be believed: one flipped digit must not make everybody wait.
//!
//! A time far from the one before is taken for that one until the next frame agrees with it.

use fluxo_core::{Nanos, UnixNanos};

/// How far a receive time may lie from the one before it and still be believed at once.
const DOUBT: Nanos = Nanos::from_millis(3_600_000);

/// The receive times of recordings that are read one after the other.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ReceiveTimes {
    last: Option<UnixNanos>,
    doubted: Option<UnixNanos>,
}

impl ReceiveTimes {
    /// Another recording begins, at any time. Returns the last time so far.
    pub(super) fn begin_recording(&mut self) -> Option<UnixNanos> {
        self.doubted = None;
        self.last.take()
    }

    /// The time of a frame, as far as it is believed.
    pub(super) fn observe(&mut self, ts_recv: UnixNanos) -> UnixNanos {
        if let Some(last) = self.last
            && !are_near(ts_recv, last)
            && !self.doubted.is_some_and(|doubted| are_near(ts_recv, doubted))
        {
            self.doubted = Some(ts_recv);
            return last;
        }
        (self.last, self.doubted) = (Some(ts_recv), None);
        ts_recv
    }
}

fn are_near(one: UnixNanos, other: UnixNanos) -> bool {
    one.get().abs_diff(other.get()) <= DOUBT.get().unsigned_abs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_absurd_time_is_not_believed_and_two_are_a_pause() {
        const HOUR: i64 = 3_600_000_000_000;
        let mut times = ReceiveTimes::default();
        let mut observe = |at| times.observe(UnixNanos::new(at)).get();
        assert_eq!([5, 900 * HOUR, 7, 9 * HOUR].map(&mut observe), [5, 5, 7, 7]);
        assert_eq!([9 * HOUR + 1, 9 * HOUR + 2].map(observe), [9 * HOUR + 1, 9 * HOUR + 2]);
        assert_eq!(times.begin_recording(), Some(UnixNanos::new(9 * HOUR + 2)));
        assert_eq!(times.observe(UnixNanos::new(3)), UnixNanos::new(3));
    }
}
