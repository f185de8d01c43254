//! Brings recordings into a lake: opens and locks it, recovers what a kill left, and imports.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use fluxo_capture::RecordingKind;
use fluxo_core::Nanos;

use super::feed::Feed;
use super::identity::{Identity, identify};
use super::intake::Intake;
use super::layout::{Instrument, MANIFEST, RETRACTED, wal_folder};
use super::manifest::{Manifest, Source};
use super::origin::{MadeRecording, Origin};
use super::report::{Counts, ImportReport, InstrumentReport, SourceReport};
use super::survey::{Survey, check_subject, survey};
use super::wal::{self, WalReader};
use crate::error::FolderKind;
use crate::lock::{FolderLock, is_unused};
use crate::segment::SegmentConfig;
use crate::{Error, disk};

/// The limits of an import. Other limits give other parts, and the same frames and events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImportConfig {
    /// The most frames of one part; a part that has them is sealed.
    pub part_frames_max: u64,
    /// The most bytes of the frames of one part, a longer single frame excepted.
    pub part_bytes_max: u64,
    /// How long a frame may wait until it is on the medium.
    pub sync_every: Nanos,
    /// The segments that frames wait in until they are sealed.
    pub segment: SegmentConfig,
}

impl Default for ImportConfig {
    fn default() -> Self {
        Self {
            part_frames_max: 1 << 19,
            part_bytes_max: 256 << 20,
            sync_every: Nanos::from_millis(100),
            segment: SegmentConfig::default(),
        }
    }
}

/// How far an import is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress<'a> {
    /// The file at hand, or the name of what is made.
    pub file: &'a Path,
    /// Its lines.
    pub lines: u64,
    /// Those that are read and are certain to survive a kill.
    pub lines_kept: u64,
}

/// The one writer of a lake.
#[derive(Debug)]
pub struct Importer {
    lake: PathBuf,
    config: ImportConfig,
    manifest: Manifest,
    _lock: FolderLock,
}

impl Importer {
    /// Opens a lake; a folder that does not exist or is empty becomes one.
    ///
    /// # Errors
    /// [`Error::OccupiedFolder`] when it holds something else; [`Error::Locked`],
    /// [`Error::ReadOnly`], [`Error::Damaged`], [`Error::Io`].
    pub fn open(lake: &Path, config: ImportConfig) -> Result<Self, Error> {
        disk::check_writable(lake)?;
        disk::create_folder(lake)?;
        check_is_ours(lake)?;
        let lock = FolderLock::exclusive(lake)?;
        if !lake.join(MANIFEST).exists() {
            Manifest::EMPTY.write(lake)?;
        }
        let mut importer =
            Self { lake: lake.to_owned(), config, manifest: Manifest::EMPTY, _lock: lock };
        importer.recover()?;
        importer.check_sealed()?;
        Ok(importer)
    }

    /// Makes sure that files can be imported, before anything is: each can be opened, is written as it
    /// is said to be, and says among its first lines what it is a recording of.
    ///
    /// # Errors
    /// [`Error::Source`], [`Error::OtherKind`], [`Error::NoInstrument`].
    pub fn check_files(files: &[PathBuf], kind: RecordingKind) -> Result<(), Error> {
        for path in files {
            let found = fluxo_capture::CaptureReader::open(path)?.kind();
            if found != kind {
                return Err(Error::OtherKind { path: path.clone(), found });
            }
        }
        in_order(files).map(drop)
    }

    /// Imports files, in the order in which their recordings begin. Those of one instrument are one
    /// run: its book goes on from file to file. What the lake has already is not added again; what a
    /// killed import left is continued. `progress` is told whenever something is certain to survive.
    ///
    /// A file that ends in a fault of its own does not stop the import: the report names it.
    ///
    /// # Errors
    /// What [`Self::check_files`] finds, before anything was imported; [`Error::NoRoom`],
    /// [`Error::Damaged`], [`Error::Io`]. Whatever was imported before stays.
    pub fn import(
        &mut self,
        files: &[PathBuf],
        progress: &mut dyn FnMut(&Progress<'_>),
    ) -> Result<ImportReport, Error> {
        let files = in_order(files)?;
        self.recover()?;
        let mut run = Run::default();
        for file in files {
            let survey = survey(Origin::File(file), &self.manifest)?;
            self.import_surveyed(survey, &mut run, progress)?;
        }
        Ok(run.report())
    }

    /// Imports a recording that is made while it is read, into a lake that holds nothing else. What a
    /// killed import of it left is continued; a lake that has it already stays as it is.
    ///
    /// # Errors
    /// [`Error::OtherRecording`] when the lake holds another one, or one of that name and another
    /// text: nothing is written then. Otherwise as [`Self::import`].
    pub fn import_made(
        &mut self,
        made: MadeRecording<'_>,
        progress: &mut dyn FnMut(&Progress<'_>),
    ) -> Result<ImportReport, Error> {
        self.recover()?;
        let survey = survey(Origin::Made(made), &self.manifest)?;
        if let Some(held) = self.manifest.sources.first() {
            let only_it = self.manifest.sources.len() == 1 && held.name == survey.name;
            let is_it = identify(&self.lake, &self.manifest, &survey)? != Identity::New;
            if !(only_it && is_it) {
                return Err(Error::OtherRecording {
                    path: self.lake.clone(),
                    held: held.name.clone(),
                    wanted: survey.name.clone(),
                });
            }
        }
        let mut run = Run::default();
        self.import_surveyed(survey, &mut run, progress)?;
        Ok(run.report())
    }

    fn import_surveyed(
        &mut self,
        survey: Survey<'_>,
        run: &mut Run,
        progress: &mut dyn FnMut(&Progress<'_>),
    ) -> Result<(), Error> {
        let source = self.source_of(&survey)?;
        let feed = feed_of(&mut run.feeds, &survey.instrument)?;
        let counted = run.counted.entry(source).or_insert(0);
        if *counted == 0 {
            feed.begin_recording();
        }
        let mut intake =
            Intake::new(&self.lake, &self.config, &mut self.manifest, source, &survey)?;
        intake.take_all(feed, counted, progress)?;
        let frames_new = intake.frames_new();
        let held = &self.manifest.sources[source];
        run.frames_new += frames_new;
        run.sources.push(SourceReport {
            name: held.name.clone(),
            instrument: survey.instrument.clone(),
            frames: survey.end.lines,
            frames_new,
            state: held.state,
            unsynchronised: !feed.is_live(),
            book_lost: feed.was_live() && !feed.is_live(),
            unfinished_line: survey.unfinished_line,
            fault: survey.fault,
        });
        Ok(())
    }

    /// The number of the source that a file is; a new one is entered in the manifest, and parts
    /// that came from a broken file and differ from this one are set aside.
    fn source_of(&mut self, survey: &Survey<'_>) -> Result<usize, Error> {
        match identify(&self.lake, &self.manifest, survey)? {
            Identity::New => {
                let (name, of) = (survey.name.clone(), survey.instrument.clone());
                self.manifest.sources.push(Source::new(name, of, survey.first_line_sha256));
                self.manifest.write(&self.lake)?;
                Ok(self.manifest.sources.len() - 1)
            }
            Identity::Known { source, parts } => {
                if parts < self.manifest.sources[source].parts.len() {
                    self.manifest.retracted = self.manifest.sources[source].retract(parts);
                    self.manifest.write(&self.lake)?;
                    self.recover()?;
                }
                Ok(source)
            }
        }
    }

    /// Refuses to go on in a lake that lost a sealed file: what is missing would stay missing, because
    /// its frames count as had.
    fn check_sealed(&self) -> Result<(), Error> {
        let mut paths = self.manifest.files().map(|file| self.lake.join(&file.path));
        match paths.find(|path| !path.exists()) {
            Some(path) => Err(Error::MissingFile { path }),
            None => Ok(()),
        }
    }

    /// Goes by what is on disk, and finishes what a kill or an error interrupted: sealed frames stop
    /// waiting, replaced parts are set aside.
    fn recover(&mut self) -> Result<(), Error> {
        self.manifest = Manifest::read(&self.lake)?;
        for (number, source) in self.manifest.sources.iter().enumerate() {
            let folder = wal_folder(&self.lake, number);
            if WalReader::open(&folder, source.bytes)?.is_none() {
                wal::remove(&folder)?;
            }
        }
        if self.manifest.retracted.is_empty() {
            return Ok(());
        }
        for path in &self.manifest.retracted {
            set_aside(&self.lake, path)?;
        }
        self.manifest.retracted.clear();
        self.manifest.write(&self.lake)
    }
}

/// The files by when their recordings begin; each can be imported.
fn in_order(files: &[PathBuf]) -> Result<Vec<&PathBuf>, Error> {
    for file in files {
        fluxo_capture::CaptureReader::open(file)?;
    }
    let mut files = files
        .iter()
        .map(|file| Ok((check_subject(Origin::File(file))?, file)))
        .collect::<Result<Vec<_>, Error>>()?;
    files.sort_by_key(|(begin, _)| *begin);
    Ok(files.into_iter().map(|(_, file)| file).collect())
}

/// Moves a file out of the way of the tables, under a name that is free there.
fn set_aside(lake: &Path, path: &str) -> Result<(), Error> {
    let from = lake.join(path);
    if !from.exists() {
        return Ok(());
    }
    let aside = lake.join(RETRACTED).join(path);
    let folder = aside.parent().expect("it lies in a folder");
    disk::create_folder(folder)?;
    let free = (0..)
        .map(|copy: u32| aside.with_added_extension(copy.to_string()))
        .find(|path| !path.exists());
    disk::rename(&from, &free.expect("fewer files than numbers"))?;
    disk::sync_folder(folder)?;
    disk::sync_folder(from.parent().expect("it lies in a folder"))
}

/// What one call of import has seen so far.
#[derive(Debug, Default)]
struct Run {
    feeds: Vec<Feed>,
    /// How many bytes of each source were counted: one that is named twice counts once.
    counted: BTreeMap<usize, u64>,
    sources: Vec<SourceReport>,
    frames_new: u64,
}

/// The feed of an instrument, a new one if need be.
fn feed_of<'a>(feeds: &'a mut Vec<Feed>, instrument: &Instrument) -> Result<&'a mut Feed, Error> {
    let known = feeds.iter().position(|feed| feed.instrument() == instrument);
    let at = match known {
        Some(at) => at,
        None => {
            feeds.push(Feed::new(instrument.clone())?);
            feeds.len() - 1
        }
    };
    Ok(&mut feeds[at])
}

impl Run {
    fn report(self) -> ImportReport {
        let mut report = ImportReport { frames_new: self.frames_new, ..ImportReport::default() };
        report.instruments = instrument_reports(&self.feeds);
        report.counts = total(&report.instruments);
        report.first_malformed = self.feeds.iter().find_map(Feed::first_malformed).cloned();
        report.sources = self.sources;
        report
    }
}

pub(super) fn instrument_reports(feeds: &[Feed]) -> Vec<InstrumentReport> {
    let report = |feed: &Feed| InstrumentReport {
        instrument: feed.instrument().clone(),
        counts: feed.counts(),
    };
    feeds.iter().map(report).collect()
}

pub(super) fn total(instruments: &[InstrumentReport]) -> Counts {
    let mut counts = Counts::default();
    instruments.iter().for_each(|report| counts.add(&report.counts));
    counts
}

/// Refuses a folder with anything in it that is not a lake's.
fn check_is_ours(lake: &Path) -> Result<(), Error> {
    if lake.join(MANIFEST).exists() || is_unused(lake)? {
        return Ok(());
    }
    Err(Error::OccupiedFolder { path: lake.to_owned(), wanted: FolderKind::Lake })
}
