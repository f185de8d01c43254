//! What the first messages of a recording say about its instrument.

use fluxo_core::{InstrumentSpec, Market, UnixNanos};
use fluxo_market_data::{Body, InferredGrid, Message, SpecInference};

/// Lines after which a file without an instrument is no recording.
const LINES_MAX: u64 = 100_000;
/// Messages after which a recording without a snapshot has shown its grid.
const MESSAGES_MAX: u64 = 20_000;
/// Messages that are looked at even when a snapshot came at once: a snapshot shows the grid of
/// resting orders, prints can be finer.
const MESSAGES_MIN: u64 = 2_000;

/// A look at the first messages.
#[derive(Debug, Default)]
pub(crate) struct Peek {
    inference: SpecInference,
    first: Option<UnixNanos>,
    lines: u64,
    messages: u64,
    saw_snapshot: bool,
}

impl Peek {
    /// A message. What is of no or of another instrument does not count: a lake does not hold it, and
    /// its recording must look the same.
    pub(crate) fn observe(&mut self, ts_recv: UnixNanos, message: &Message<'_>) {
        if self.inference.observe(message) {
            self.messages += 1;
            self.first = self.first.or(Some(ts_recv));
            self.saw_snapshot |= matches!(message.body, Body::Snapshot(_));
        }
    }

    /// A line of a file, whatever it says.
    pub(crate) fn count_line(&mut self) {
        self.lines += 1;
    }

    /// Whether more messages would not change the picture.
    pub(crate) fn is_enough(&self) -> bool {
        if self.instrument().is_none() {
            return self.lines >= LINES_MAX;
        }
        self.messages >= if self.saw_snapshot { MESSAGES_MIN } else { MESSAGES_MAX }
    }

    /// The instrument, once both its market and its symbol were said.
    pub(crate) fn instrument(&self) -> Option<(Market, &str)> {
        self.inference.market().zip(self.inference.symbol())
    }

    /// When the first message was received.
    pub(crate) const fn first(&self) -> Option<UnixNanos> {
        self.first
    }

    /// The specification that the messages suggest.
    pub(crate) fn spec(&self) -> Option<InstrumentSpec> {
        self.inference.spec(self.first?)
    }
    /// The grid alone that the messages suggest.
    pub(crate) fn grid(&self) -> Option<InferredGrid> {
        self.inference.grid()
    }
}
