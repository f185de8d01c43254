//! Reads the records of a folder in order, in bounded memory.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use super::format::{
    FRAME_BYTES, HEADER_BYTES, Header, SegmentKind, record_crc, segment_number, segment_path,
    u32_at,
};
use super::{RECORD_BYTES_MAX, tail};
use crate::error::Doing;
use crate::{Damage, Error, disk};

const BUFFER_BYTES: usize = 256 << 10;

/// A record, in a buffer that the next one reuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Its place among all records of the folder, from 0.
    pub index: u64,
    /// The segment that holds it.
    pub path: &'a Path,
    /// Where it begins in that segment.
    pub byte: u64,
    /// What it says.
    pub payload: &'a [u8],
}

/// Where the valid records of a folder end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tail {
    /// The number of the last segment; 0 when there is none.
    pub segment: u32,
    /// How many valid records there are.
    pub records: u64,
    /// How many bytes all of them have together, without their frames.
    pub payload_bytes: u64,
    /// Where they end in the last segment.
    pub valid_bytes: u64,
    /// What a kill left behind that.
    pub torn_bytes: u64,
    /// The checksum of the last record.
    pub(super) crc: u32,
}

/// Walks over the segments of a folder. It changes nothing.
#[derive(Debug)]
pub struct SegmentReader {
    folder: PathBuf,
    kind: SegmentKind,
    segments: u32,
    path: PathBuf,
    file: Option<BufReader<File>>,
    /// Of the open segment.
    bytes: u64,
    payload: Vec<u8>,
    tail: Tail,
}

impl SegmentReader {
    /// Opens a folder. One without segments has no records.
    ///
    /// # Errors
    /// [`Error::Damaged`] when a segment between others is missing; [`Error::Io`].
    pub fn open(folder: &Path, kind: SegmentKind) -> Result<Self, Error> {
        let numbers: Vec<u32> =
            disk::list(folder)?.iter().filter_map(|path| segment_number(path)).collect();
        let mut segments = 0;
        for number in numbers {
            segments += 1;
            if number != segments {
                let missing = segment_path(folder, segments);
                return Err(Error::damaged(&missing, 0, Damage::SegmentMissing));
            }
        }
        Ok(Self {
            folder: folder.to_owned(),
            kind,
            segments,
            path: PathBuf::new(),
            file: None,
            bytes: 0,
            payload: Vec::new(),
            tail: Tail::default(),
        })
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The segment that was read last.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the folder has no segment at all.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.segments == 0
    }

    /// The next record, or `None` behind the last valid one. Then [`Self::tail`] says where that is.
    ///
    /// # Errors
    /// [`Error::Damaged`] where bytes are not those that were written; [`Error::Io`].
    pub fn next_record(&mut self) -> Result<Option<Entry<'_>>, Error> {
        let frame = loop {
            if self.file.is_some()
                && let Some(frame) = self.read_frame()?
            {
                break frame;
            }
            if self.tail.segment == self.segments {
                return Ok(None);
            }
            self.open_next()?;
        };
        let index = self.tail.records;
        let byte = self.tail.valid_bytes;
        self.tail.records += 1;
        self.tail.payload_bytes += self.payload.len() as u64;
        self.tail.valid_bytes += (FRAME_BYTES + self.payload.len()) as u64;
        self.tail.crc = frame;
        Ok(Some(Entry { index, path: &self.path, byte, payload: &self.payload }))
    }

    /// Where the records end that were read so far.
    #[must_use]
    pub const fn tail(&self) -> &Tail {
        &self.tail
    }

    fn open_next(&mut self) -> Result<(), Error> {
        self.path = segment_path(&self.folder, self.tail.segment + 1);
        let failed = |source| Error::io(Doing::Open, &self.path, source);
        let file = File::open(&self.path).map_err(failed)?;
        self.bytes = file.metadata().map_err(failed)?.len();
        let mut file = BufReader::with_capacity(BUFFER_BYTES, file);
        let mut header = [0; HEADER_BYTES];
        if self.bytes < HEADER_BYTES as u64 {
            return Err(Error::damaged(&self.path, 0, Damage::SegmentHeader));
        }
        file.read_exact(&mut header).map_err(|e| Error::io(Doing::Read, &self.path, e))?;
        let expected = Header {
            kind: self.kind,
            number: self.tail.segment + 1,
            first_record: self.tail.records,
            previous_crc: self.tail.crc,
        };
        if Header::decode(&header, &self.path)? != expected {
            return Err(Error::damaged(&self.path, 0, Damage::SegmentOrder));
        }
        self.tail.segment += 1;
        self.tail.valid_bytes = HEADER_BYTES as u64;
        self.file = Some(file);
        Ok(())
    }

    /// Reads one record into the buffer and returns its checksum; `None` at the end of the segment.
    fn read_frame(&mut self) -> Result<Option<u32>, Error> {
        let file = self.file.as_mut().expect("a segment is open");
        let failed = |source| Error::io(Doing::Read, &self.path, source);
        let left = self.bytes - self.tail.valid_bytes;
        let mut frame = [0; FRAME_BYTES];
        if left >= FRAME_BYTES as u64 {
            file.read_exact(&mut frame).map_err(failed)?;
            let (length, crc) = (u32_at(&frame, 0), u32_at(&frame, 4));
            let fits = u64::from(length) <= left - FRAME_BYTES as u64;
            if fits && length as usize <= RECORD_BYTES_MAX {
                self.payload.resize(length as usize, 0);
                file.read_exact(&mut self.payload).map_err(failed)?;
                if record_crc(length, &self.payload) == crc {
                    return Ok(Some(crc));
                }
            }
        }
        self.file = None;
        if left > 0 {
            self.judge_tail(left)?;
        }
        Ok(None)
    }

    /// Decides what an invalid record is: the end of a segment that a kill cut, or damage.
    fn judge_tail(&mut self, left: u64) -> Result<(), Error> {
        let at = self.tail.valid_bytes;
        let whole = disk::read(&self.path)?;
        let start = usize::try_from(at).expect("a file in memory has a length in memory");
        let damage = tail::damage_of(whole.get(start..).unwrap_or_default(), RECORD_BYTES_MAX);
        // A writer closes a segment before it begins the next one: there a cut is damage too.
        let is_last = self.tail.segment == self.segments;
        match damage.or((!is_last).then_some(Damage::SegmentCut)) {
            Some(damage) => Err(Error::damaged(&self.path, at, damage)),
            None => {
                self.tail.torn_bytes = left;
                Ok(())
            }
        }
    }
}
