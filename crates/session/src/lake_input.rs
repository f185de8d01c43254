//! One instrument of a lake, read as one stream.

use std::path::Path;

use fluxo_lake::archive::{Instrument, Item, Lake, LakeReader, Span};

use crate::RecordingError;
use crate::feed::Feed;
use crate::peek::Peek;

/// The messages that are still to be read.
#[derive(Debug)]
pub(crate) struct LakeInput<'l> {
    reader: LakeReader<'l>,
    pub(crate) path: &'l Path,
    pub(crate) messages: u64,
}

impl<'l> LakeInput<'l> {
    pub(crate) fn new(
        lake: &'l Lake,
        path: &'l Path,
        instrument: &'l Instrument,
    ) -> Result<Self, RecordingError> {
        Ok(Self { reader: lake.read(instrument, Span::default())?, path, messages: 0 })
    }

    /// Hands the next message to the feed; `false` when there is none left.
    pub(crate) fn advance(&mut self, feed: &mut Feed) -> Result<bool, RecordingError> {
        match self.reader.next_item()? {
            None => return Ok(false),
            Some(Item::Recording { .. }) => feed.boundary(),
            Some(Item::Message { ts_recv, message }) => {
                self.messages += 1;
                feed.on_message(ts_recv, &message);
            }
        }
        Ok(true)
    }
}

/// What the first messages say about the instrument.
pub(crate) fn peek(lake: &Lake, instrument: &Instrument) -> Result<Peek, RecordingError> {
    let mut reader = lake.read(instrument, Span::default())?;
    let mut peek = Peek::default();
    while !peek.is_enough() {
        match reader.next_item()? {
            None => break,
            Some(Item::Recording { .. }) => {}
            Some(Item::Message { ts_recv, message }) => peek.observe(ts_recv, &message),
        }
    }
    Ok(peek)
}
