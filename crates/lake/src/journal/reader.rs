//! Reads a journal, record by record, and checks its form as it goes.

use std::path::Path;

use super::record::{End, Header, JOURNAL_FORMAT, Record, format_of};
use crate::digest::Hasher;
use crate::error::FolderKind;
use crate::lock::FolderLock;
use crate::segment::{SegmentKind, SegmentReader};
use crate::{Damage, Digest, Error};

/// A record and where it stands.
#[derive(Debug, PartialEq)]
pub struct JournalEntry<'a> {
    /// Its place in the journal: the header is 0.
    pub index: u64,
    /// The segment that holds it.
    pub path: &'a Path,
    /// Where it begins in that segment.
    pub byte: u64,
    /// Its bytes, as they are hashed.
    pub payload: &'a [u8],
    /// What it says.
    pub record: Record,
}

/// How a journal ends, once it was read to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// The last record of a run that was finished; `None` for one that was not.
    pub end: Option<End>,
    /// How many records there are, header and end included.
    pub records: u64,
    /// What a kill left behind the last of them.
    pub torn_bytes: u64,
    /// The SHA-256 over the payloads of all records, in order, however they lie in segments.
    pub journal_sha256: Digest,
}

/// Reads the journal of a folder. It changes nothing, and keeps writers away while it lives.
#[derive(Debug)]
pub struct JournalReader {
    segments: SegmentReader,
    header: Header,
    hasher: Hasher,
    end: Option<End>,
    _lock: FolderLock,
}

impl JournalReader {
    /// Opens a journal and reads its header.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is no journal, or not even a whole header;
    /// [`Error::UnknownFormat`], [`Error::Locked`] while it is written, [`Error::Damaged`],
    /// [`Error::Io`].
    pub fn open(folder: &Path) -> Result<Self, Error> {
        let none = || Error::NotFound { path: folder.to_owned(), wanted: FolderKind::Journal };
        if !folder.is_dir() {
            return Err(none());
        }
        let lock = FolderLock::shared(folder)?;
        let mut segments = SegmentReader::open(folder, SegmentKind::Journal)?;
        let mut hasher = Hasher::default();
        let entry = segments.next_record()?.ok_or_else(none)?;
        hasher.update(entry.payload);
        let undecodable = || Error::damaged(entry.path, entry.byte, Damage::Undecodable);
        // Of another format nothing else can be read.
        let found = format_of(entry.payload).ok_or_else(undecodable)?;
        if found != JOURNAL_FORMAT {
            let path = entry.path.to_owned();
            return Err(Error::UnknownFormat { path, found, known: JOURNAL_FORMAT });
        }
        let header = match Record::decode(entry.payload) {
            Some(Record::Header(header)) => *header,
            _ => return Err(undecodable()),
        };
        if header.config_sha256 != Digest::of(header.config.as_bytes()) {
            return Err(undecodable());
        }
        Ok(Self { segments, header, hasher, end: None, _lock: lock })
    }

    /// How the run was set up.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// The next record behind the header, or `None` behind the last.
    ///
    /// # Errors
    /// [`Error::Damaged`], with the file and the byte; [`Error::Io`].
    pub fn next_entry(&mut self) -> Result<Option<JournalEntry<'_>>, Error> {
        let Some(entry) = self.segments.next_record()? else { return Ok(None) };
        let damaged = |damage| Error::damaged(entry.path, entry.byte, damage);
        let record = Record::decode(entry.payload).ok_or_else(|| damaged(Damage::Undecodable))?;
        if self.end.is_some() || matches!(record, Record::Header(_)) {
            return Err(damaged(Damage::Misplaced));
        }
        if let Record::End(end) = &record {
            self.end = Some(end.clone());
        }
        self.hasher.update(entry.payload);
        Ok(Some(JournalEntry {
            index: entry.index,
            path: entry.path,
            byte: entry.byte,
            payload: entry.payload,
            record,
        }))
    }

    /// Reads on to the end and says how the journal ends.
    ///
    /// # Errors
    /// As [`Self::next_entry`].
    pub fn ending(mut self) -> Result<Ending, Error> {
        while self.next_entry()?.is_some() {}
        let tail = self.segments.tail();
        if self.end.is_some() && tail.torn_bytes > 0 {
            let path = self.segments.path();
            return Err(Error::damaged(path, tail.valid_bytes, Damage::Misplaced));
        }
        Ok(Ending {
            end: self.end,
            records: tail.records,
            torn_bytes: tail.torn_bytes,
            journal_sha256: self.hasher.digest(),
        })
    }
}

/// The SHA-256 over the payloads of all records of a journal, finished or not.
///
/// # Errors
/// As [`JournalReader::open`] and [`JournalReader::next_entry`].
pub fn journal_sha256(folder: &Path) -> Result<Digest, Error> {
    Ok(JournalReader::open(folder)?.ending()?.journal_sha256)
}
