//! When rows are due: one per grid time of the continuous phase, once nothing more can belong to it.

use serde::{Deserialize, Serialize};

use fluxo_core::{Nanos, UnixNanos};

/// Row times and the watermark, both on the receive clock.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct RowClock {
    step: i64,
    /// No event counts as earlier than this.
    watermark: i64,
    /// The time of the next row; `None` before the first event and outside the continuous phase.
    next: Option<i64>,
}

impl RowClock {
    pub(crate) const fn new(step: Nanos) -> Self {
        Self { step: step.get(), watermark: i64::MIN, next: None }
    }

    /// The time at which an event counts: its own, or the watermark when it is late.
    pub(crate) fn admit(&mut self, ts_recv: UnixNanos) -> i64 {
        self.raise(ts_recv);
        self.watermark
    }

    /// The watermark is at least `to`.
    pub(crate) fn raise(&mut self, to: UnixNanos) {
        self.watermark = self.watermark.max(to.get());
    }

    pub(crate) const fn watermark(&self) -> i64 {
        self.watermark
    }

    /// The time of the next row, due or not.
    pub(crate) const fn next(&self) -> Option<i64> {
        self.next
    }

    /// Takes the time of the next row when it is due: everything up to it has been seen.
    pub(crate) fn take_due(&mut self) -> Option<i64> {
        let due = self.next.filter(|next| *next < self.watermark)?;
        self.next = Some(due + self.step);
        Some(due)
    }

    /// Rows begin at the first grid time at or after `ts`, unless they have begun.
    pub(crate) fn open(&mut self, ts: i64) {
        let first = || (ts - 1).div_euclid(self.step) * self.step + self.step;
        self.next = Some(self.next.unwrap_or_else(first));
    }

    /// No row until the next [`RowClock::open`].
    pub(crate) fn close(&mut self) {
        self.next = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due(clock: &mut RowClock, watermark: i64) -> Vec<i64> {
        clock.raise(UnixNanos::new(watermark));
        core::iter::from_fn(|| clock.take_due()).collect()
    }

    #[test]
    fn a_row_is_due_when_time_has_passed_it() {
        let mut clock = RowClock::new(Nanos::new(100));
        assert_eq!(due(&mut clock, 950), []);
        clock.open(1_000);
        assert_eq!(due(&mut clock, 1_000), []);
        assert_eq!(due(&mut clock, 1_001), [1_000]);
        clock.open(1_001);
        assert_eq!(due(&mut clock, 1_250), [1_100, 1_200]);
        clock.close();
        assert_eq!(due(&mut clock, 5_000), []);
        clock.open(5_001);
        assert_eq!((clock.next(), clock.admit(UnixNanos::new(7))), (Some(5_100), 5_000));
    }
}
