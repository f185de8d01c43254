//! The one clock of this crate: it paces `fsync`, and nothing that is written depends on it.

use std::time::{Duration, Instant};

use fluxo_core::Nanos;

/// Says when the next `fsync` is due.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    every: Duration,
    last: Instant,
}

impl Pace {
    /// An `fsync` every `every`; zero or less means after every record.
    pub(crate) fn new(every: Nanos) -> Self {
        let every = Duration::from_nanos(u64::try_from(every.get()).unwrap_or(0));
        Self { every, last: now() }
    }

    /// Whether it is time; if so, the next span begins.
    pub(crate) fn is_due(&mut self) -> bool {
        let now = now();
        let due = now.duration_since(self.last) >= self.every;
        if due {
            self.last = now;
        }
        due
    }
}

#[expect(clippy::disallowed_methods, reason = "the crate's one clock")]
fn now() -> Instant {
    Instant::now()
}
