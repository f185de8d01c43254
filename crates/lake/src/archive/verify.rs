//! Checks a lake against itself: every file against the manifest, every event against its frame, and
//! the frames against each other. It writes nothing.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use fluxo_core::UnixNanos;
use fluxo_market_data::RawLevel;

use super::decode::{FrameDecoder, has_rows};
use super::events::EventsReader;
use super::feed::Feed;
use super::importer::{instrument_reports, total};
use super::layout::{Instrument, MANIFEST, RETRACTED, Table, WAL, part_start, wal_folder};
use super::manifest::{Manifest, Part, Source};
use super::merge::{Merge, PartReader};
use super::raw::RawReader;
use super::report::{IncompleteSource, VerifyReport};
use super::restate::restate;
use super::sealed;
use super::wal::WalReader;
use crate::lock::{FolderLock, LOCK_NAME};
use crate::{Damage, Error, disk};

/// Checks a lake, and counts what an import of all its recordings counts, in the order in which
/// they were received.
///
/// # Errors
/// The first thing that is not as it was sealed, by its file: [`Error::WrongDigest`],
/// [`Error::MissingFile`], [`Error::UnknownFile`], [`Error::EventsDiffer`], [`Error::Damaged`];
/// [`Error::Locked`] while somebody imports.
pub fn verify(lake: &Path) -> Result<VerifyReport, Error> {
    // Before the lock, so that a folder that is no lake is called that.
    Manifest::read(lake)?;
    let _lock = FolderLock::shared(lake)?;
    let manifest = Manifest::read(lake)?;
    let mut report = VerifyReport::default();
    let waiting = check_waiting(lake, &manifest, &mut report)?;
    report.leftover_files = check_names(lake, &manifest, &waiting)?;
    for file in
        manifest.sources.iter().flat_map(|source| &source.parts).filter_map(|p| p.gaps.as_ref())
    {
        sealed::load(lake, file)?;
    }
    let mut instruments: Vec<&Instrument> = Vec::new();
    for source in &manifest.sources {
        if !source.state.is_complete() {
            report.incomplete.push(IncompleteSource {
                name: source.name.clone(),
                instrument: source.instrument.clone(),
                state: source.state,
            });
        }
        if !instruments.contains(&&source.instrument) {
            instruments.push(&source.instrument);
        }
    }
    let mut feeds = Vec::with_capacity(instruments.len());
    for instrument in instruments {
        feeds.push(check_instrument(lake, &manifest, instrument)?);
    }
    report.incomplete_sources = report.incomplete.len() as u64;
    report.sealed_files = manifest.files().count() as u64;
    report.instruments = instrument_reports(&feeds);
    report.counts = total(&report.instruments);
    report.first_malformed = feeds.iter().find_map(Feed::first_malformed).cloned();
    Ok(report)
}

/// Frames that wait to be sealed: of which instrument, and from when on.
struct Waiting {
    instrument: Instrument,
    from: UnixNanos,
}

/// Reads everything that waits to be sealed.
fn check_waiting(
    lake: &Path,
    manifest: &Manifest,
    report: &mut VerifyReport,
) -> Result<Vec<Waiting>, Error> {
    let mut found = Vec::new();
    for (number, source) in manifest.sources.iter().enumerate() {
        let folder = wal_folder(lake, number);
        let Some(mut frames) = WalReader::open(&folder, source.bytes)? else { continue };
        let mut from: Option<UnixNanos> = None;
        while let Some(frame) = frames.next_frame()? {
            report.unsealed_frames += 1;
            from = Some(from.map_or(frame.ts_recv, |from| from.min(frame.ts_recv)));
        }
        report.recovered_bytes += frames.bytes().records;
        report.torn_bytes += frames.bytes().torn;
        if let Some(from) = from {
            found.push(Waiting { instrument: source.instrument.clone(), from });
        }
    }
    Ok(found)
}

/// Refuses missing and unknown files, and counts those that a killed import left.
fn check_names(lake: &Path, manifest: &Manifest, waiting: &[Waiting]) -> Result<u64, Error> {
    let sealed: BTreeSet<PathBuf> = manifest.files().map(|file| lake.join(&file.path)).collect();
    if let Some(missing) = sealed.iter().find(|path| !path.is_file()) {
        return Err(Error::MissingFile { path: missing.clone() });
    }
    let retracted: BTreeSet<PathBuf> =
        manifest.retracted.iter().map(|path| lake.join(path)).collect();
    let mut leftovers = 0;
    for path in disk::list(lake)? {
        let name = path.file_name().unwrap_or_default().to_owned();
        let is_table = Table::ALL.iter().any(|table| name == table.folder());
        if is_table {
            for file in files_below(&path)? {
                if sealed.contains(&file) {
                    continue;
                }
                if !retracted.contains(&file) && !is_leftover(&file, waiting) {
                    return Err(Error::UnknownFile { path: file });
                }
                leftovers += 1;
            }
        } else if name == WAL {
            check_waiting_names(lake, &path, manifest)?;
        } else if disk::is_unfinished(&path) {
            leftovers += 1;
        } else if ![MANIFEST, LOCK_NAME, RETRACTED].iter().any(|known| name == *known) {
            return Err(Error::UnknownFile { path });
        }
    }
    Ok(leftovers)
}

/// Refuses what waits for no source.
fn check_waiting_names(lake: &Path, wal: &Path, manifest: &Manifest) -> Result<(), Error> {
    let known: BTreeSet<PathBuf> =
        (0..manifest.sources.len()).map(|number| wal_folder(lake, number)).collect();
    match disk::list(wal)?.into_iter().find(|path| !known.contains(path)) {
        Some(path) => Err(Error::UnknownFile { path }),
        None => Ok(()),
    }
}

fn files_below(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut files = Vec::new();
    for path in disk::list(folder)? {
        if path.is_dir() {
            files.extend(files_below(&path)?);
        } else {
            files.push(path);
        }
    }
    Ok(files)
}

/// Whether a killed import was about to list a file, or to finish it: the frames in it still wait.
fn is_leftover(path: &Path, waiting: &[Waiting]) -> bool {
    let start = if disk::is_unfinished(path) {
        part_start(&path.with_extension(""))
    } else {
        part_start(path)
    };
    let is_of = |instrument: &Instrument| {
        let market = format!("venue={}", instrument.market);
        let symbol = format!("symbol={}", instrument.symbol);
        [market, symbol]
            .iter()
            .all(|folder| path.components().any(|part| part.as_os_str() == &**folder))
    };
    let may_be =
        |waits: &Waiting| is_of(&waits.instrument) && start.is_some_and(|s| s >= waits.from);
    waiting.iter().any(may_be)
}

/// A part as frames and as events, side by side.
struct Pair {
    frames: RawReader,
    events: EventsReader,
    events_path: PathBuf,
    decoder: FrameDecoder,
    instrument: Instrument,
    levels: Vec<RawLevel>,
}

impl PartReader for Pair {
    fn open(lake: &Path, source: &Source, part: &Part) -> Result<Self, Error> {
        let path = lake.join(&part.raw.path);
        let frames = RawReader::new(&path, sealed::load(lake, &part.raw)?)?;
        let events = EventsReader::open(lake, source, part)?;
        let counted = (frames.rows(), frames.rows(), events.rows());
        if counted != (part.frames, part.raw.rows, part.events.rows) {
            return Err(Error::damaged(&lake.join(MANIFEST), 0, Damage::Manifest));
        }
        Ok(Self {
            frames,
            events,
            events_path: lake.join(&part.events.path),
            decoder: FrameDecoder::new(),
            instrument: source.instrument.clone(),
            levels: Vec::new(),
        })
    }

    fn peek(&mut self) -> Result<Option<UnixNanos>, Error> {
        let next = self.frames.peek()?;
        if next.is_none()
            && let Some(event) = self.events.next_event()?
        {
            let (path, line) = (self.events_path.clone(), event.line);
            return Err(Error::EventsDiffer { path, line });
        }
        Ok(next)
    }
}

impl Pair {
    /// Takes the next frame, whose events must be the next ones.
    fn take(&mut self, source: &str, feed: &mut Feed) -> Result<(), Error> {
        let frame = self.frames.next_frame()?.expect("a lane that is due has a frame");
        let Self { events, events_path, decoder, instrument, levels, .. } = self;
        decoder.decode(&frame, |result| {
            feed.on_frame(source, &frame, result.as_ref().map_err(|what| *what), &mut Vec::new());
            let Ok(message) = result else { return Ok(()) };
            if !has_rows(&message, instrument) {
                return Ok(());
            }
            let expected = restate(&message, events.digits(), levels);
            let event = events.next_event()?;
            let same = event.is_some_and(|event| {
                let place = (event.ts_recv, event.line) == (frame.ts_recv, frame.line);
                place && Some(event.message) == expected
            });
            if same {
                return Ok(());
            }
            Err(Error::EventsDiffer { path: events_path.clone(), line: frame.line })
        })
    }
}

fn check_instrument(
    lake: &Path,
    manifest: &Manifest,
    instrument: &Instrument,
) -> Result<Feed, Error> {
    let mut feed = Feed::new(instrument.clone())?;
    let mut merge: Merge<'_, Pair> = Merge::new(lake, manifest, instrument, |_| true);
    while let Some(due) = merge.next_due()? {
        if due.begins {
            feed.begin_recording();
        }
        due.reader.take(&due.source.name, &mut feed)?;
    }
    Ok(feed)
}
