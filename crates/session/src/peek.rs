//! What the first messages of a recording say about its instrument.

use fluxo_core::{InstrumentSpec, Market, UnixNanos};
use fluxo_market_data::{Body, Message, SpecInference};

/// Messages after which a recording without an instrument is none.
const MESSAGES_MAX: u64 = 20_000;
/// Messages that are looked at even when a snapshot came at once: a snapshot shows the grid of
/// resting orders, prints can be finer.
const MESSAGES_MIN: u64 = 2_000;

/// A look at the first messages.
#[derive(Debug, Default)]
pub(crate) struct Peek {
    inference: SpecInference,
    first: Option<UnixNanos>,
    messages: u64,
    saw_snapshot: bool,
}

impl Peek {
    pub(crate) fn observe(&mut self, ts_recv: UnixNanos, message: &Message<'_>) {
        self.messages += 1;
        self.first = self.first.or(Some(ts_recv));
        self.saw_snapshot |= matches!(message.body, Body::Snapshot(_));
        self.inference.observe(message);
    }

    /// A frame that says nothing.
    pub(crate) fn skip(&mut self) {
        self.messages += 1;
    }

    /// Whether more messages would not change the picture.
    pub(crate) fn is_enough(&self) -> bool {
        let complete = self.instrument().is_some() && self.saw_snapshot;
        self.messages >= if complete { MESSAGES_MIN } else { MESSAGES_MAX }
    }

    /// The instrument, once both its market and its symbol were said.
    pub(crate) fn instrument(&self) -> Option<(Market, &str)> {
        self.inference.market().zip(self.inference.symbol())
    }

    /// The specification that the messages suggest.
    pub(crate) fn spec(&self) -> Option<InstrumentSpec> {
        self.inference.spec(self.first?)
    }
}
