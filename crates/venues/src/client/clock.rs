//! The session clock: receive times on the venue's axis of time, faster than the wall where the
//! venue is a double that plays a recording at speed. The only place where the client reads a clock.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use fluxo_core::UnixNanos;

/// What a double of a venue says of its clock.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ServerClock {
    /// How much faster than the wall it runs: 60 is a minute a second.
    pub speed: f64,
    /// Its time when it answered.
    pub now: UnixNanos,
    /// Whether it stands until the first subscription.
    pub is_waiting: bool,
}

/// Faster than this no recording can be played.
const SPEED_MAX: f64 = 100_000.0;

impl ServerClock {
    /// Reads the headers; `None` unless speed and time are there and make sense.
    pub(super) fn from_headers(
        speed: Option<&str>,
        now: Option<&str>,
        state: Option<&str>,
    ) -> Option<Self> {
        let (speed, now) = (speed?.trim().parse::<f64>().ok()?, now?.trim().parse::<i64>().ok()?);
        let is_waiting = state == Some("waiting");
        let clock = Self { speed, now: UnixNanos::new(now), is_waiting };
        (speed > 0.0 && speed <= SPEED_MAX).then_some(clock)
    }
}

/// `t0 + speed * (wall - wall0)`, where the wall is this machine's monotonic clock, so that it never
/// goes back. Where the server's clock stands until somebody subscribes, so does this one, at `t0`.
#[derive(Clone, Debug)]
pub struct SessionClock {
    speed: f64,
    t0: UnixNanos,
    wall0: UnixNanos,
    /// When the session was made: patience counts from here.
    made: Instant,
    /// When it began to run.
    start: Arc<OnceLock<Instant>>,
}

impl SessionClock {
    /// A clock that begins now: with the server's clock where it says one, else with this machine's.
    #[must_use]
    pub fn begin(server: Option<ServerClock>) -> Self {
        let wall0 = wall();
        let server = server.unwrap_or(ServerClock { speed: 1.0, now: wall0, is_waiting: false });
        let ServerClock { speed, now: t0, is_waiting } = server;
        let clock = Self { speed, t0, wall0, made: instant(), start: Arc::default() };
        if !is_waiting {
            clock.run();
        }
        clock
    }

    /// The server's clock runs from now on, if it did not before.
    pub fn run(&self) {
        self.start.get_or_init(instant);
    }

    /// Now, on the session's axis.
    #[must_use]
    pub fn now(&self) -> UnixNanos {
        self.at(self.elapsed())
    }

    /// The session's time when so much wall time had passed since the session was made.
    pub(super) fn at(&self, elapsed: Duration) -> UnixNanos {
        let Some(start) = self.start.get() else { return self.t0 };
        let wall = (self.made + elapsed).saturating_duration_since(*start);
        #[expect(clippy::cast_possible_truncation, reason = "saturates after 292 years")]
        let nanos = if self.speed.to_bits() == 1.0_f64.to_bits() {
            i64::try_from(wall.as_nanos()).unwrap_or(i64::MAX)
        } else {
            (wall.as_secs_f64() * self.speed * 1e9) as i64
        };
        UnixNanos::new(self.t0.get().saturating_add(nanos))
    }

    /// Wall time since the session was made.
    pub(super) fn elapsed(&self) -> Duration {
        self.made.elapsed()
    }

    /// Wall time in nanoseconds since a moment of the session.
    #[must_use]
    pub fn wall_nanos_since(&self, moment: UnixNanos) -> u64 {
        let span = self.now().get().saturating_sub(moment.get()).max(0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a latency for a report"
        )]
        let wall = (span as f64 / self.speed) as u64;
        wall
    }

    /// How much faster than the wall it runs.
    #[must_use]
    pub const fn speed(&self) -> f64 {
        self.speed
    }

    /// The session's time at its beginning.
    #[must_use]
    pub const fn t0(&self) -> UnixNanos {
        self.t0
    }

    /// This machine's time at its beginning.
    #[must_use]
    pub const fn wall0(&self) -> UnixNanos {
        self.wall0
    }

    pub(super) fn tokio_made(&self) -> tokio::time::Instant {
        tokio::time::Instant::from_std(self.made)
    }
}

#[expect(clippy::disallowed_methods, reason = "the client's one clock")]
fn instant() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "the client's one clock")]
fn wall() -> UnixNanos {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixNanos::new(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_clock_that_makes_sense_is_taken() {
        let read = |speed, now| ServerClock::from_headers(speed, now, None);
        let expected = ServerClock { speed: 60.0, now: UnixNanos::new(5), is_waiting: false };
        assert_eq!(read(Some("60"), Some("5")), Some(expected));
        assert_eq!(read(Some("60"), None), None);
        for speed in ["0", "-1", "NaN", "inf", "1e9", "fast"] {
            assert_eq!(read(Some(speed), Some("5")), None, "{speed}");
        }
    }

    #[test]
    fn a_fast_clock_is_ahead_of_the_wall_and_never_goes_back() {
        let t0 = UnixNanos::new(1_700_000_000_000_000_000);
        let server = ServerClock { speed: 1_000.0, now: t0, is_waiting: true };
        let clock = SessionClock::begin(Some(server));
        assert_eq!((clock.now(), clock.now()), (t0, t0));
        clock.run();
        let mut last = clock.now();
        assert!(last >= t0);
        for _ in 0..1_000 {
            let now = clock.now();
            assert!(now >= last);
            last = now;
        }
        std::thread::sleep(Duration::from_millis(2));
        assert!(clock.now() - t0 >= fluxo_core::Nanos::from_millis(2_000));
        let real = SessionClock::begin(None);
        assert_eq!(real.t0(), real.wall0());
    }
}
