//! When rows are due: at grid times of the continuous phase once nothing more can belong to them, or
//! at once after what completes a row.

use fluxo_core::UnixNanos;
use serde::{Deserialize, Serialize};

use crate::SamplingClock;

/// Row times and the watermark, both on the receive clock.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct RowClock {
    kind: Kind,
    /// No event counts as earlier than this.
    watermark: i64,
    /// Whether rows have begun: not before the first event, and not outside the continuous phase.
    is_open: bool,
    /// The time of the event that completed a row, until that is taken.
    completed: Option<i64>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
enum Kind {
    /// `next` is the time of the next row while the clock is open.
    Time {
        step: i64,
        next: i64,
    },
    BookChange,
    Volume {
        bucket: i64,
        filled: i64,
    },
}

/// A row that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DueRow {
    pub(crate) at: i64,
    /// Whether every event of that time has been seen.
    pub(crate) is_over: bool,
}

impl RowClock {
    pub(crate) const fn new(clock: SamplingClock) -> Self {
        let kind = match clock {
            SamplingClock::Time { step } => Kind::Time { step: step.get(), next: i64::MIN },
            SamplingClock::BookChange => Kind::BookChange,
            SamplingClock::Volume { lots } => Kind::Volume { bucket: lots.get(), filled: 0 },
        };
        Self { kind, watermark: i64::MIN, is_open: false, completed: None }
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

    /// When the row at `at` was known: with the watermark that passed it, or at once.
    pub(crate) const fn known_at(&self, at: i64) -> i64 {
        match self.kind {
            Kind::Time { .. } => self.watermark,
            Kind::BookChange | Kind::Volume { .. } => at,
        }
    }

    /// Whether the row of a moment before `ts` was not taken: the next event would be peeked at.
    pub(crate) const fn is_behind(&self, ts: i64) -> bool {
        match self.kind {
            Kind::Time { next, .. } => self.is_open && next < ts,
            Kind::BookChange | Kind::Volume { .. } => self.completed.is_some(),
        }
    }

    /// Takes the next row when it is due.
    pub(crate) fn take_due(&mut self) -> Option<DueRow> {
        let watermark = self.watermark;
        match &mut self.kind {
            Kind::Time { step, next } => {
                let at = *next;
                if !self.is_open || at >= watermark {
                    return None;
                }
                *next = at + *step;
                Some(DueRow { at, is_over: true })
            }
            Kind::BookChange | Kind::Volume { .. } => {
                self.completed.take().map(|at| DueRow { at, is_over: at < watermark })
            }
        }
    }

    /// Rows begin at the first grid time at or after `ts`, unless they have begun.
    pub(crate) fn open(&mut self, ts: i64) {
        if self.is_open {
            return;
        }
        self.is_open = true;
        if let Kind::Time { step, next } = &mut self.kind {
            *next = (ts - 1).div_euclid(*step) * *step + *step;
        }
    }

    /// No row until the next [`RowClock::open`].
    pub(crate) fn close(&mut self) {
        self.is_open = false;
        if let Kind::Volume { filled, .. } = &mut self.kind {
            *filled = 0;
        }
    }

    /// Whether a change of the best levels completes a row.
    pub(crate) const fn is_of_book(&self) -> bool {
        matches!(self.kind, Kind::BookChange)
    }

    /// Counts a print, and says whether it fills a bucket.
    pub(crate) fn fills(&mut self, lots: i64) -> bool {
        let Kind::Volume { bucket, filled } = &mut self.kind else { return false };
        *filled = filled.saturating_add(lots);
        let is_full = *filled >= *bucket;
        if is_full {
            *filled = 0;
        }
        is_full
    }

    /// A lot became `factor` of the finer ones.
    pub(crate) fn rescale(&mut self, factor: i64) {
        if let Kind::Volume { bucket, filled } = &mut self.kind {
            *bucket = bucket.saturating_mul(factor);
            *filled = filled.saturating_mul(factor);
        }
    }

    /// The event at `ts` completed a row, if rows have begun.
    pub(crate) fn complete(&mut self, ts: i64) {
        self.completed = self.is_open.then_some(ts);
    }
}

#[cfg(test)]
mod tests {
    use fluxo_core::{Lots, Nanos};

    use super::*;

    fn due(clock: &mut RowClock, watermark: i64) -> Vec<i64> {
        clock.raise(UnixNanos::new(watermark));
        core::iter::from_fn(|| clock.take_due().map(|due| due.at)).collect()
    }

    #[test]
    fn a_row_is_due_when_time_has_passed_it() {
        let mut clock = RowClock::new(SamplingClock::Time { step: Nanos::new(100) });
        assert_eq!(due(&mut clock, 950), Vec::<i64>::new());
        clock.open(1_000);
        assert_eq!(due(&mut clock, 1_000), Vec::<i64>::new());
        assert_eq!(due(&mut clock, 1_001), [1_000]);
        clock.open(1_001);
        assert_eq!(due(&mut clock, 1_250), [1_100, 1_200]);
        clock.close();
        assert_eq!(due(&mut clock, 5_000), Vec::<i64>::new());
        clock.open(5_001);
        assert!(clock.is_behind(5_101) && !clock.is_behind(5_100));
        assert_eq!(clock.admit(UnixNanos::new(7)), 5_000);
    }

    #[test]
    fn a_print_fills_a_bucket_whole() {
        let mut clock = RowClock::new(SamplingClock::Volume { lots: Lots::new(10) });
        clock.open(1);
        assert_eq!(
            [9, 7, 9, 10, 1].map(|lots| clock.fills(lots)),
            [false, true, false, true, false]
        );
        clock.complete(5);
        assert!(clock.is_behind(6));
        clock.raise(UnixNanos::new(5));
        assert_eq!(clock.take_due(), Some(DueRow { at: 5, is_over: false }));
        clock.complete(6);
        clock.raise(UnixNanos::new(9));
        assert_eq!(clock.take_due(), Some(DueRow { at: 6, is_over: true }));
        assert_eq!(clock.take_due(), None);
        clock.close();
        clock.complete(7);
        assert_eq!(clock.take_due(), None, "outside the continuous phase there are no rows");
    }
}
