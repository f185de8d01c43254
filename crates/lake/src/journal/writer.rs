//! Writes a journal, or repeats one that is there and goes on behind its end.

use std::path::{Path, PathBuf};

use fluxo_core::{Action, Forecast, Nanos, Stamped};

use super::record::{End, Header, RecordRef};
use crate::clock::Pace;
use crate::digest::Hasher;
use crate::error::FolderKind;
use crate::lock::{FolderLock, is_unused};
use crate::segment::{SegmentConfig, SegmentKind, SegmentReader, SegmentWriter};
use crate::{Damage, Digest, Error, disk};

/// How many records pass between two looks at the clock: a look costs as much as a small record.
const RECORDS_PER_LOOK: u64 = 64;

/// How a journal is written. Nothing here changes what a journal says or hashes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JournalConfig {
    /// The size at which a segment is closed and the next one begins.
    pub segment: SegmentConfig,
    /// How long a record may wait until it is on the medium. It is looked at every 64 records: a live
    /// session that falls silent calls [`JournalWriter::sync`].
    pub sync_every: Nanos,
}

impl Default for JournalConfig {
    fn default() -> Self {
        Self { segment: SegmentConfig::default(), sync_every: Nanos::from_millis(100) }
    }
}

/// What a finished journal holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JournalSummary {
    /// The SHA-256 over the payloads of all records, in order.
    pub journal_sha256: Digest,
    /// How many records there are, header and end included.
    pub records: u64,
    /// How many of them were there before: the run repeated them.
    pub repeated: u64,
}

/// Takes the records of a run, from the first. Where the folder already has a record, the new one
/// must be the same; where it has none, the new one is written.
#[derive(Debug)]
pub struct JournalWriter {
    folder: PathBuf,
    config: JournalConfig,
    state: State,
    buffer: Vec<u8>,
    hasher: Hasher,
    pace: Pace,
    records: u64,
    repeated: u64,
    _lock: FolderLock,
}

#[derive(Debug)]
enum State {
    /// Comparing with what an earlier run left.
    Repeating(SegmentReader),
    Writing(SegmentWriter),
}

impl JournalWriter {
    /// Opens `folder` for a run that begins with `header`: a folder that does not exist or is
    /// empty begins a journal, one with a journal of the same run continues it.
    ///
    /// # Errors
    /// [`Error::OtherRun`] when the journal there has another header; [`Error::OccupiedFolder`]
    /// when there is something else; [`Error::Locked`], [`Error::ReadOnly`], [`Error::Damaged`],
    /// [`Error::Io`].
    pub fn open(folder: &Path, header: &Header, config: JournalConfig) -> Result<Self, Error> {
        disk::check_writable(folder)?;
        disk::create_folder(folder)?;
        check_is_ours(folder)?;
        let lock = FolderLock::exclusive(folder)?;
        let reader = SegmentReader::open(folder, SegmentKind::Journal)?;
        let mut journal = Self {
            folder: folder.to_owned(),
            config,
            state: State::Repeating(reader),
            buffer: Vec::new(),
            hasher: Hasher::default(),
            pace: Pace::new(config.sync_every),
            records: 0,
            repeated: 0,
            _lock: lock,
        };
        journal.append(&RecordRef::Header(header))?;
        journal.sync()?;
        Ok(journal)
    }

    /// Adds what the engine was given.
    ///
    /// # Errors
    /// [`Error::RecordDiffers`] when the folder has another record in this place;
    /// [`Error::Damaged`], [`Error::NoRoom`], [`Error::Io`].
    pub fn append_event(&mut self, event: &Stamped) -> Result<(), Error> {
        self.append(&RecordRef::Event(event))
    }

    /// Adds what the models said at the event of that sequence. Without a forecast there is no record.
    ///
    /// # Errors
    /// As [`Self::append_event`].
    pub fn append_forecasts(&mut self, sequence: u64, forecasts: &[Forecast]) -> Result<(), Error> {
        if forecasts.is_empty() {
            return Ok(());
        }
        self.append(&RecordRef::Forecasts { sequence, forecasts })
    }

    /// Adds what the engine did on the event of that sequence. Without actions there is no record.
    ///
    /// # Errors
    /// As [`Self::append_event`].
    pub fn append_actions(&mut self, sequence: u64, actions: &[Action]) -> Result<(), Error> {
        if actions.is_empty() {
            return Ok(());
        }
        self.append(&RecordRef::Actions { sequence, actions })
    }

    /// Adds the end, and returns when the whole journal is on the medium. A journal that was
    /// finished before is left as it is.
    ///
    /// # Errors
    /// As [`Self::append_event`].
    pub fn finish(mut self, end: &End) -> Result<JournalSummary, Error> {
        self.append(&RecordRef::End(end))?;
        if let State::Repeating(reader) = &mut self.state {
            check_end(reader)?;
        }
        self.sync()?;
        Ok(JournalSummary {
            journal_sha256: self.hasher.digest(),
            records: self.records,
            repeated: self.repeated,
        })
    }

    /// Returns when every record so far is on the medium.
    ///
    /// # Errors
    /// [`Error::NoRoom`], [`Error::Io`].
    pub fn sync(&mut self) -> Result<(), Error> {
        match &mut self.state {
            State::Repeating(_) => Ok(()),
            State::Writing(segments) => segments.sync(),
        }
    }

    /// Keeps every record so far if it is time: for a moment in which nothing else is to be done.
    ///
    /// # Errors
    /// [`Error::NoRoom`], [`Error::Io`].
    pub fn sync_when_due(&mut self) -> Result<(), Error> {
        if self.pace.is_due() { self.sync() } else { Ok(()) }
    }

    /// How many records were taken, the header included.
    #[must_use]
    pub const fn records(&self) -> u64 {
        self.records
    }

    /// How many of them are certain to survive.
    #[must_use]
    pub const fn records_synced(&self) -> u64 {
        match &self.state {
            State::Repeating(_) => self.records,
            State::Writing(segments) => segments.records_synced(),
        }
    }

    fn append(&mut self, record: &RecordRef<'_>) -> Result<(), Error> {
        record
            .encode(&mut self.buffer)
            .map_err(|source| Error::Unencodable { path: self.folder.clone(), source })?;
        self.hasher.update(&self.buffer);
        let is_there = match &mut self.state {
            State::Repeating(reader) => repeat(reader, &self.buffer)?,
            State::Writing(_) => false,
        };
        self.records += 1;
        if is_there {
            self.repeated += 1;
            return Ok(());
        }
        self.state.writing(self.config.segment)?.append(&self.buffer)?;
        let looks = self.records.is_multiple_of(RECORDS_PER_LOOK);
        if looks && self.pace.is_due() { self.sync() } else { Ok(()) }
    }
}

impl State {
    /// The writer behind the last record, which is made when it is needed first.
    fn writing(&mut self, config: SegmentConfig) -> Result<&mut SegmentWriter, Error> {
        if let Self::Repeating(reader) = self {
            let writer = SegmentWriter::continue_after(reader, SegmentKind::Journal, config)?;
            *self = Self::Writing(writer);
        }
        match self {
            Self::Writing(writer) => Ok(writer),
            Self::Repeating(_) => unreachable!("replaced above"),
        }
    }
}

/// Whether the next record on disk is `payload`; `false` when there is none.
fn repeat(reader: &mut SegmentReader, payload: &[u8]) -> Result<bool, Error> {
    match reader.next_record()? {
        None => Ok(false),
        Some(entry) if entry.payload == payload => Ok(true),
        Some(entry) if entry.index == 0 => Err(Error::OtherRun { path: entry.path.to_owned() }),
        Some(entry) => Err(Error::RecordDiffers {
            path: entry.path.to_owned(),
            record: entry.index,
            byte: entry.byte,
        }),
    }
}

/// Refuses anything behind the end of a journal.
fn check_end(reader: &mut SegmentReader) -> Result<(), Error> {
    let at_end = reader.next_record()?.is_none();
    let tail = *reader.tail();
    if at_end && tail.torn_bytes == 0 {
        return Ok(());
    }
    Err(Error::damaged(reader.path(), tail.valid_bytes, Damage::Misplaced))
}

/// Refuses a folder with anything in it that is not a journal's.
fn check_is_ours(folder: &Path) -> Result<(), Error> {
    if !SegmentReader::open(folder, SegmentKind::Journal)?.is_empty() || is_unused(folder)? {
        return Ok(());
    }
    Err(Error::OccupiedFolder { path: folder.to_owned(), wanted: FolderKind::Journal })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::fuse;
    use crate::journal::{JournalReader, journal_sha256};
    use crate::testing;
    use fluxo_core::{Event, StrategyKind, TimerId, UnixNanos};

    /// Small segments, and everything kept as soon as it can be: many steps to be killed at.
    const MANY_STEPS: JournalConfig = JournalConfig {
        segment: SegmentConfig { segment_bytes_max: 500 },
        sync_every: Nanos::ZERO,
    };

    fn run(folder: &Path) -> Result<JournalSummary, Error> {
        let header = Header::new("test 1".to_owned(), "x = 1".to_owned(), StrategyKind::Maker);
        let mut journal = JournalWriter::open(folder, &header, MANY_STEPS)?;
        for sequence in 0..300 {
            let event = Event::Timer(TimerId::RowClock);
            let ts_recv = UnixNanos::new(1_000_000 * i64::try_from(sequence).unwrap());
            journal.append_event(&Stamped { ts_recv, sequence, event })?;
        }
        journal.finish(&End { events: 300, ..End::default() })
    }

    #[test]
    fn a_run_killed_at_any_step_goes_on_to_the_same_journal() {
        let whole = testing::folder();
        let expected = run(whole.path()).unwrap();
        for steps in 0.. {
            let folder = testing::folder();
            let (killed, left) = fuse::with_steps(steps, || run(folder.path()));
            if left > 0 {
                assert!(steps > 40, "the run is too short to be killed often");
                assert_eq!(killed.unwrap(), expected);
                break;
            }
            let again = run(folder.path()).unwrap();
            assert_eq!(again.journal_sha256, expected.journal_sha256, "killed at step {steps}");
            assert_eq!(again.records, expected.records);
            let ending = JournalReader::open(folder.path()).unwrap().ending().unwrap();
            assert_eq!((ending.records, ending.torn_bytes), (expected.records, 0));
        }
    }

    #[test]
    fn what_was_kept_is_there_after_a_kill() {
        for steps in 0..60 {
            let folder = testing::folder();
            let mut kept = 0;
            let (_, left) = fuse::with_steps(steps, || {
                let header = Header::new(String::new(), String::new(), StrategyKind::Maker);
                let mut journal = JournalWriter::open(folder.path(), &header, MANY_STEPS)?;
                loop {
                    kept = journal.records_synced();
                    let event = Event::Timer(TimerId::RowClock);
                    let ts_recv = UnixNanos::new(0);
                    journal.append_event(&Stamped { ts_recv, sequence: 0, event })?;
                    if journal.records() > 5_000 {
                        return Ok::<(), Error>(());
                    }
                }
            });
            assert_eq!(left, 0);
            if kept > 0 {
                let ending = JournalReader::open(folder.path()).unwrap().ending().unwrap();
                assert!(ending.records >= kept, "killed at step {steps}");
                assert_eq!(ending.end, None);
            }
        }
    }

    #[test]
    fn a_finished_journal_is_left_as_it_is() {
        let folder = testing::folder();
        let first = run(folder.path()).unwrap();
        let (second, left) = fuse::with_steps(1_000, || run(folder.path()));
        let second = second.unwrap();
        assert_eq!(left, 1_000, "nothing on the disk was changed");
        assert_eq!(second.journal_sha256, first.journal_sha256);
        assert_eq!((first.repeated, second.repeated), (0, first.records));
        assert_eq!(journal_sha256(folder.path()).unwrap(), first.journal_sha256);
    }
}
