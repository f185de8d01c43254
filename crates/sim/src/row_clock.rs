//! When a grid time of the feature rows must be closed.
//!
//! A row of grid time T holds everything up to and including T, so it can be closed 1 ns later. The
//! grid is the multiples of one period, from the first at or after the first event.

use fluxo_core::{Nanos, UnixNanos};

#[derive(Clone, Copy, Debug)]
pub(crate) struct RowClock {
    period: Nanos,
    /// The next grid time to close; `None` before the first event and past the end of time.
    next: Option<UnixNanos>,
}

impl RowClock {
    pub(crate) const fn new(period: Nanos) -> Self {
        Self { period, next: None }
    }

    /// The grid begins at or after `first`.
    pub(crate) fn start(&mut self, first: UnixNanos) {
        self.next = self.at_or_after(first);
    }

    /// When the timer fires next.
    #[inline]
    pub(crate) fn due(&self) -> Option<UnixNanos> {
        self.next?.checked_add(Nanos::new(1))
    }

    /// The timer fired.
    pub(crate) fn advance(&mut self) {
        self.next = self.next.and_then(|next| next.checked_add(self.period));
    }

    /// No grid time between `from` and `to` is closed; the grid goes on at or after `to`.
    pub(crate) fn skip(&mut self, from: UnixNanos, to: UnixNanos) {
        if self.next.is_some_and(|next| from < next && next < to) {
            self.next = self.at_or_after(to);
        }
    }

    fn at_or_after(&self, ts: UnixNanos) -> Option<UnixNanos> {
        let late_by = ts.get().rem_euclid(self.period.get());
        let wait = if late_by == 0 { 0 } else { self.period.get() - late_by };
        ts.checked_add(Nanos::new(wait))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(first: i64) -> RowClock {
        let mut clock = RowClock::new(Nanos::new(100));
        clock.start(UnixNanos::new(first));
        clock
    }

    fn due(clock: &RowClock) -> Option<i64> {
        clock.due().map(UnixNanos::get)
    }

    #[test]
    fn the_grid_begins_at_or_after_the_first_event() {
        assert_eq!(due(&RowClock::new(Nanos::new(100))), None);
        assert_eq!(due(&clock(0)), Some(1));
        assert_eq!(due(&clock(1)), Some(101));
        assert_eq!(due(&clock(-101)), Some(-99));
        assert_eq!(due(&clock(i64::MAX - 1)), None);
    }

    #[test]
    fn a_stretch_without_rows_is_left_out() {
        let mut clock = clock(100);
        clock.skip(UnixNanos::new(100), UnixNanos::new(250));
        assert_eq!(due(&clock), Some(101), "the last whole moment still has its row");
        clock.advance();
        clock.skip(UnixNanos::new(100), UnixNanos::new(300));
        assert_eq!(due(&clock), Some(301), "and so has the first of what follows");
        clock.skip(UnixNanos::new(400), UnixNanos::new(900));
        assert_eq!(due(&clock), Some(301));
    }
}
