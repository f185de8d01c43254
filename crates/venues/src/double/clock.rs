//! The clock of the double: receive time of the recording, mapped to the wall.
//!
//! It is the one place of the double that reads a clock. Every moment is counted from the start, so
//! that nothing adds up to a drift.

use std::time::{Duration, Instant};

use fluxo_core::{Nanos, UnixNanos};

/// Now, on the wall.
#[expect(clippy::disallowed_methods, reason = "the one clock of the double")]
pub(super) fn wall_now() -> Instant {
    Instant::now()
}

/// A market's time: it stands still at its origin until it is started.
#[derive(Clone, Copy, Debug)]
pub(super) struct MarketClock {
    origin: UnixNanos,
    speed: f64,
    started: Option<Instant>,
}

impl MarketClock {
    pub(super) const fn new(origin: UnixNanos, speed: f64) -> Self {
        Self { origin, speed, started: None }
    }

    pub(super) const fn is_running(&self) -> bool {
        self.started.is_some()
    }

    /// Starts a clock that stands; `false` when it was running.
    pub(super) fn start(&mut self, at: Instant) -> bool {
        let stood = self.started.is_none();
        self.started.get_or_insert(at);
        stood
    }

    /// The market's time at a moment of the wall.
    pub(super) fn at(&self, wall: Instant) -> UnixNanos {
        let Some(started) = self.started else { return self.origin };
        let gone = wall.saturating_duration_since(started).as_secs_f64() * self.speed * 1e9;
        // A cast of a float ends at the largest integer, and so does the market's time.
        #[expect(clippy::cast_possible_truncation, reason = "it saturates")]
        let gone = Nanos::new(gone as i64);
        self.origin.checked_add(gone).unwrap_or(UnixNanos::new(i64::MAX))
    }

    /// When on the wall a moment of the recording is due; at once when it lies before the start, or
    /// when the clock stands; never when it lies beyond what the wall can count.
    pub(super) fn due(&self, moment: UnixNanos) -> Option<Instant> {
        let started = self.started?;
        #[expect(clippy::cast_precision_loss, reason = "exact for spans below a hundred days")]
        let ahead = moment.get().saturating_sub(self.origin.get()).max(0) as f64;
        let wait = Duration::try_from_secs_f64(ahead / 1e9 / self.speed).ok()?;
        started.checked_add(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORIGIN: i64 = 1_736_121_600_000_000_000;

    #[test]
    fn it_stands_until_it_is_started_once() {
        let mut clock = MarketClock::new(UnixNanos::new(ORIGIN), 60.0);
        let wall = wall_now();
        assert_eq!(clock.at(wall + Duration::from_secs(9)), UnixNanos::new(ORIGIN));
        assert_eq!(clock.due(UnixNanos::new(ORIGIN)), None);
        assert!(clock.start(wall));
        assert!(!clock.start(wall + Duration::from_secs(1)));
        let later = clock.at(wall + Duration::from_millis(250));
        assert_eq!(later, UnixNanos::new(ORIGIN + 15_000_000_000));
    }

    #[test]
    fn what_is_due_at_a_moment_of_the_wall_is_what_the_clock_says_then() {
        for speed in [0.25, 1.0, 60.0, 3_600.0] {
            let mut clock = MarketClock::new(UnixNanos::new(ORIGIN), speed);
            let wall = wall_now();
            clock.start(wall);
            for hours in [0, 1, 24] {
                let moment = UnixNanos::new(ORIGIN + hours * 3_600_000_000_000);
                let said = clock.at(clock.due(moment).unwrap());
                let off = said.get().abs_diff(moment.get());
                assert!(off < 10_000, "{off} ns off after {hours} h at {speed}");
            }
            assert_eq!(clock.due(UnixNanos::new(5)), Some(wall));
        }
    }
}
