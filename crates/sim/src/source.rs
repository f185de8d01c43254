//! Where recorded events come from.

use fluxo_core::{MarketEvent, UnixNanos};

/// A recorded event and when the recorder received it.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    /// On the recorder's clock.
    pub ts_recv: UnixNanos,
    /// What it received.
    pub event: MarketEvent,
}

/// A recording of market events, in the order in which they were received.
pub trait MarketSource {
    /// Why the recording cannot be read on.
    type Error;

    /// The next event, or `None` at the end. It is not asked again after the end.
    ///
    /// # Errors
    /// When the recording cannot be read on.
    fn next(&mut self) -> Result<Option<Recorded>, Self::Error>;

    /// Takes back an event that nobody needs any more, so that its memory can be used again.
    fn recycle(&mut self, event: MarketEvent);
}
