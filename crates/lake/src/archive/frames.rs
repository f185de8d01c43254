//! Gives the received frames of one instrument back, as they were received, from every recording in
//! the lake, as one stream.
//!
//! It promises the payload of every sealed line that says when it was received, also of those that
//! could not be decoded. It does not look into a payload.

use std::path::Path;

use fluxo_core::UnixNanos;

use super::layout::Instrument;
use super::manifest::{Part, Source};
use super::merge::{Merge, PartReader};
use super::raw::RawReader;
use super::reader::Lake;
use super::sealed;
use crate::Error;

/// What a stream of frames gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RawItem<'a> {
    /// The next frames are of another recording than those before: see
    /// [`Item::Recording`](super::Item::Recording).
    Recording {
        /// Its name.
        name: &'a str,
    },
    /// A frame.
    Frame {
        /// When it was received, on the recorder's clock.
        ts_recv: UnixNanos,
        /// What was received.
        payload: &'a [u8],
    },
}

/// The frames of one instrument, ordered by receive time; those of one recording in the order in
/// which they were recorded.
pub struct FrameReader<'l> {
    merge: Merge<'l, RawReader>,
}

impl Lake {
    /// The frames of an instrument.
    ///
    /// # Errors
    /// [`Error::UnknownInstrument`].
    pub fn frames<'l>(&'l self, instrument: &'l Instrument) -> Result<FrameReader<'l>, Error> {
        Ok(FrameReader { merge: self.merge(instrument, |_| true)? })
    }
}

impl FrameReader<'_> {
    /// The next item; `None` behind the last.
    ///
    /// # Errors
    /// [`Error::WrongDigest`] and [`Error::MissingFile`] when a file is not the one that was
    /// sealed: nothing of it is given; [`Error::Io`].
    pub fn next_item(&mut self) -> Result<Option<RawItem<'_>>, Error> {
        loop {
            let Some(due) = self.merge.next_due()? else { return Ok(None) };
            if due.begins {
                return Ok(Some(RawItem::Recording { name: &due.source.name }));
            }
            if due.reader.next_has_payload()? {
                break;
            }
            due.reader.next_frame()?;
        }
        let due = self.merge.next_due()?.expect("a frame was found");
        let frame = due.reader.next_frame()?.expect("a frame was found");
        let payload = frame.payload().expect("it was just seen");
        Ok(Some(RawItem::Frame { ts_recv: frame.ts_recv, payload }))
    }
}

impl PartReader for RawReader {
    fn open(lake: &Path, _: &Source, part: &Part) -> Result<Self, Error> {
        Self::new(&lake.join(&part.raw.path), sealed::load(lake, &part.raw)?)
    }

    fn peek(&mut self) -> Result<Option<UnixNanos>, Error> {
        self.peek()
    }
}

impl core::fmt::Debug for FrameReader<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("FrameReader").finish_non_exhaustive()
    }
}
