//! Appends records to a folder.

use std::fs::File;
use std::path::{Path, PathBuf};

use super::format::{FRAME_BYTES, HEADER_BYTES, Header, SegmentKind, record_crc, segment_path};
use super::{RECORD_BYTES_MAX, SegmentReader, Tail};
use crate::{Error, disk};

/// How many bytes are collected before they go to the system.
const BUFFER_BYTES: usize = 256 << 10;

/// The limits of a folder of segments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentConfig {
    /// A segment that has reached this size is closed, and the next one begins.
    pub segment_bytes_max: u64,
}

impl Default for SegmentConfig {
    fn default() -> Self {
        Self { segment_bytes_max: 64 << 20 }
    }
}

/// Appends to the segments of a folder. Nothing is kept before [`Self::sync`] has returned; what
/// was not kept when the writer is dropped is lost, as it is when the process is killed.
#[derive(Debug)]
pub struct SegmentWriter {
    folder: PathBuf,
    kind: SegmentKind,
    config: SegmentConfig,
    /// The open segment; none before the first record.
    file: Option<File>,
    path: PathBuf,
    /// Of the open segment, with what is still in the buffer.
    bytes: u64,
    buffer: Vec<u8>,
    end: Tail,
    records_synced: u64,
    /// A change to the disk failed: what lies there is a kill's leftovers, for the next process.
    failed: bool,
}

impl SegmentWriter {
    /// Begins in a folder that exists and has no segments.
    #[must_use]
    pub fn create(folder: &Path, kind: SegmentKind, config: SegmentConfig) -> Self {
        Self::at(folder, kind, config, Tail::default())
    }

    /// Goes on behind everything that `reader` has read, in a new segment; what a kill left there
    /// is cut off first.
    ///
    /// # Errors
    /// [`Error::Io`] and its relatives when the cut fails.
    ///
    /// # Panics
    /// When `reader` did not reach the last record: appending in the middle is a bug.
    pub fn continue_after(
        reader: &mut SegmentReader,
        kind: SegmentKind,
        config: SegmentConfig,
    ) -> Result<Self, Error> {
        let at_end = reader.next_record()?.is_none();
        assert!(at_end, "appending before the last record");
        let end = *reader.tail();
        if end.torn_bytes > 0 {
            disk::truncate(&segment_path(reader.folder(), end.segment), end.valid_bytes)?;
        }
        Ok(Self::at(reader.folder(), kind, config, end))
    }

    fn at(folder: &Path, kind: SegmentKind, config: SegmentConfig, end: Tail) -> Self {
        Self {
            folder: folder.to_owned(),
            kind,
            config,
            file: None,
            path: PathBuf::new(),
            bytes: 0,
            buffer: Vec::with_capacity(BUFFER_BYTES + (64 << 10)),
            end,
            records_synced: end.records,
            failed: false,
        }
    }

    /// Adds a record at the end; it is kept once [`Self::sync`] has returned.
    ///
    /// # Errors
    /// [`Error::RecordTooLarge`] beyond [`RECORD_BYTES_MAX`]; [`Error::NoRoom`], [`Error::Io`].
    ///
    /// # Panics
    /// After an error: a writer that failed is dropped, and the next one recovers.
    pub fn append(&mut self, payload: &[u8]) -> Result<(), Error> {
        assert!(!self.failed, "a writer that failed is used again");
        if payload.len() > RECORD_BYTES_MAX {
            return Err(Error::RecordTooLarge {
                path: self.folder.clone(),
                bytes: payload.len(),
                limit: RECORD_BYTES_MAX,
            });
        }
        if self.file.is_none() || self.bytes >= self.config.segment_bytes_max {
            self.begin_segment()?;
        }
        let length = u32::try_from(payload.len()).expect("RECORD_BYTES_MAX fits 32 bits");
        let crc = record_crc(length, payload);
        self.buffer.extend_from_slice(&length.to_le_bytes());
        self.buffer.extend_from_slice(&crc.to_le_bytes());
        self.buffer.extend_from_slice(payload);
        self.bytes += (FRAME_BYTES + payload.len()) as u64;
        self.end.records += 1;
        self.end.payload_bytes += payload.len() as u64;
        self.end.crc = crc;
        if self.buffer.len() >= BUFFER_BYTES { self.flush() } else { Ok(()) }
    }

    /// Returns when every record so far is on the medium.
    ///
    /// # Errors
    /// [`Error::NoRoom`], [`Error::Io`].
    ///
    /// # Panics
    /// After an error: a writer that failed is dropped, and the next one recovers.
    pub fn sync(&mut self) -> Result<(), Error> {
        assert!(!self.failed, "a writer that failed is used again");
        if self.records_synced < self.end.records {
            self.flush()?;
            self.failed = true;
            if let Some(file) = &self.file {
                disk::sync(file, &self.path)?;
            }
            self.failed = false;
            self.records_synced = self.end.records;
        }
        Ok(())
    }

    /// How many records the folder holds, with those that are not kept yet.
    #[must_use]
    pub const fn records(&self) -> u64 {
        self.end.records
    }

    /// How many records are certain to survive.
    #[must_use]
    pub const fn records_synced(&self) -> u64 {
        self.records_synced
    }

    /// How many bytes all payloads have together.
    #[must_use]
    pub const fn payload_bytes(&self) -> u64 {
        self.end.payload_bytes
    }

    fn flush(&mut self) -> Result<(), Error> {
        self.failed = true;
        if let Some(file) = &mut self.file {
            disk::write(file, &self.path, &self.buffer)?;
        }
        self.buffer.clear();
        self.failed = false;
        Ok(())
    }

    /// Closes the open segment for good and begins the next one, whose header is on the medium
    /// before its name is: a segment without a valid header is damage, never an accident.
    fn begin_segment(&mut self) -> Result<(), Error> {
        self.sync()?;
        self.failed = true;
        let number = self.end.segment + 1;
        let path = segment_path(&self.folder, number);
        let unfinished = disk::unfinished_name(&path);
        let header = Header {
            kind: self.kind,
            number,
            first_record: self.end.records,
            previous_crc: self.end.crc,
        };
        let mut file = disk::create(&unfinished)?;
        disk::write(&mut file, &unfinished, &header.encode())?;
        disk::sync(&file, &unfinished)?;
        disk::rename(&unfinished, &path)?;
        disk::sync_folder(&self.folder)?;
        self.file = Some(file);
        self.path = path;
        self.bytes = HEADER_BYTES as u64;
        self.end.segment = number;
        self.failed = false;
        Ok(())
    }
}
