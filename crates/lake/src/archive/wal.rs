//! The frames of one source that are on disk and not sealed yet.

use std::path::Path;

use super::frame::Frame;
use crate::segment::{SegmentConfig, SegmentKind, SegmentReader, SegmentWriter};
use crate::{Damage, Error, disk};

/// Reads the frames of a folder.
#[derive(Debug)]
pub(super) struct WalReader(SegmentReader);

impl WalReader {
    /// Opens a folder; `None` when it holds nothing behind `sealed_bytes` of the source. Frames are
    /// sealed all together, so those before that place are what a kill left of a folder that was
    /// being removed.
    pub(super) fn open(folder: &Path, sealed_bytes: u64) -> Result<Option<Self>, Error> {
        let open = || SegmentReader::open(folder, SegmentKind::Frames).map(Self);
        if !folder.is_dir() {
            return Ok(None);
        }
        let waits = open()?.next_frame()?.is_some_and(|frame| frame.offset >= sealed_bytes);
        waits.then(open).transpose()
    }

    pub(super) fn next_frame(&mut self) -> Result<Option<Frame<'_>>, Error> {
        let Some(entry) = self.0.next_record()? else { return Ok(None) };
        let undecodable = || Error::damaged(entry.path, entry.byte, Damage::Undecodable);
        Frame::decode(entry.payload).ok_or_else(undecodable).map(Some)
    }

    /// The bytes of all records read so far, and what a kill left behind the last of them.
    pub(super) fn bytes(&self) -> WalBytes {
        let tail = self.0.tail();
        WalBytes { records: tail.payload_bytes, torn: tail.torn_bytes }
    }
}

/// How much a folder holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct WalBytes {
    pub(super) records: u64,
    pub(super) torn: u64,
}

/// Appends frames to a folder.
#[derive(Debug)]
pub(super) struct WalWriter {
    segments: SegmentWriter,
    buffer: Vec<u8>,
}

impl WalWriter {
    /// Goes on behind the frames that are there; a folder that is not there is made.
    pub(super) fn open(folder: &Path, config: SegmentConfig) -> Result<Self, Error> {
        disk::create_folder(folder)?;
        let mut reader = SegmentReader::open(folder, SegmentKind::Frames)?;
        while reader.next_record()?.is_some() {}
        let segments = SegmentWriter::continue_after(&mut reader, SegmentKind::Frames, config)?;
        Ok(Self { segments, buffer: Vec::new() })
    }

    pub(super) fn append(&mut self, frame: &Frame<'_>) -> Result<(), Error> {
        frame.encode(&mut self.buffer);
        self.segments.append(&self.buffer)
    }

    pub(super) fn sync(&mut self) -> Result<(), Error> {
        self.segments.sync()
    }
}

/// Removes a folder. Its segments go from the last to the first, so that what a kill leaves of
/// them can still be read.
pub(super) fn remove(folder: &Path) -> Result<(), Error> {
    if !folder.is_dir() {
        return Ok(());
    }
    for path in disk::list(folder)?.iter().rev() {
        disk::remove(path)?;
    }
    disk::remove_folder(folder)
}
