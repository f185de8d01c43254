//! How long ago something was read: from a socket, or off the clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use fluxo_core::{Event, Stamped, UnixNanos};
use fluxo_venues::client::SessionClock;

/// The session's clock, and the receive time of what the source gave last.
#[derive(Clone, Debug)]
pub(crate) struct Pulse {
    clock: SessionClock,
    last: Arc<AtomicI64>,
}

impl Pulse {
    pub(crate) fn new(clock: SessionClock) -> Self {
        let last = Arc::new(AtomicI64::new(clock.t0().get()));
        Self { clock, last }
    }

    pub(crate) fn gave(&self, ts_recv: UnixNanos) {
        self.last.store(ts_recv.get(), Ordering::Relaxed);
    }

    /// Wall time since what led to this event was read: the event's own frame, or else what moved
    /// time on so that a timer ran out or an answer came.
    pub(crate) fn nanos_since_read(&self, stamped: &Stamped) -> u64 {
        let read = match stamped.event {
            Event::Market(_) => stamped.ts_recv,
            _ => UnixNanos::new(self.last.load(Ordering::Relaxed)),
        };
        self.clock.wall_nanos_since(read).max(1)
    }
}
