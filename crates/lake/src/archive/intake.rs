//! Takes the lines of one file into the lake: to disk first, then decoded and counted, then sealed.

use std::path::Path;

use fluxo_capture::Line;
use fluxo_core::UnixNanos;

use super::decode::FrameDecoder;
use super::feed::Feed;
use super::frame::Frame;
use super::gaps::NoticedGap;
use super::importer::{ImportConfig, Progress};
use super::layout::wal_folder;
use super::manifest::{Manifest, SourceState};
use super::seal::{SourceEnd, seal};
use super::source::{Place, SourceReader};
use super::survey::Survey;
use super::wal::{self, WalReader, WalWriter};
use crate::Error;
use crate::clock::Pace;

const DAY_NANOS: i64 = 86_400_000_000_000;
/// How many lines pass between two looks at the clock.
const LINES_PER_LOOK: u64 = 64;

/// One file on its way into the lake.
pub(super) struct Intake<'a> {
    lake: &'a Path,
    config: &'a ImportConfig,
    manifest: &'a mut Manifest,
    source: usize,
    survey: &'a Survey<'a>,
    wal: Option<WalWriter>,
    /// Frames that a killed import left: the file goes on with the same ones.
    waiting_before: u64,
    part: Part,
    gaps: Vec<NoticedGap>,
    ts_recv: UnixNanos,
    frames_new: u64,
    pace: Pace,
}

/// The frames that are not sealed yet.
#[derive(Clone, Copy, Debug, Default)]
struct Part {
    frames: u64,
    bytes: u64,
    day: i64,
}

impl<'a> Intake<'a> {
    pub(super) fn new(
        lake: &'a Path,
        config: &'a ImportConfig,
        manifest: &'a mut Manifest,
        source: usize,
        survey: &'a Survey<'a>,
    ) -> Result<Self, Error> {
        let sealed_bytes = manifest.sources[source].bytes;
        let mut waiting_before = 0;
        if let Some(mut waiting) = WalReader::open(&wal_folder(lake, source), sealed_bytes)? {
            while waiting.next_frame()?.is_some() {
                waiting_before += 1;
            }
        }
        Ok(Self {
            lake,
            config,
            manifest,
            source,
            survey,
            wal: None,
            waiting_before,
            part: Part::default(),
            gaps: Vec::new(),
            ts_recv: survey.first_ts_recv,
            frames_new: 0,
            pace: Pace::new(config.sync_every),
        })
    }

    /// How many frames the lake did not have before.
    pub(super) const fn frames_new(&self) -> u64 {
        self.frames_new
    }

    /// Takes every line of the file. Those behind the first `counted` bytes are counted.
    pub(super) fn take_all(
        &mut self,
        feed: &mut Feed,
        counted: &mut u64,
        progress: &mut dyn FnMut(&Progress<'_>),
    ) -> Result<(), Error> {
        let survey = self.survey;
        let mut file = SourceReader::open(survey.origin)?;
        let mut decoder = FrameDecoder::new();
        for read in 1..=survey.end.lines {
            let Some((line, before)) = file.next_line()? else {
                return Err(Error::SourceChanged { path: survey.origin.path().to_owned() });
            };
            let frame = self.frame(&line);
            let is_sealed = frame.offset < self.sealed_bytes();
            if !is_sealed {
                self.keep(&frame, before)?;
            }
            if frame.offset >= *counted {
                let (name, gaps) = (&self.manifest.sources[self.source].name, &mut self.gaps);
                decoder.decode(&frame, |result| {
                    feed.on_frame(name, &frame, result.as_ref().map_err(|what| *what), gaps);
                });
            }
            if is_sealed {
                self.gaps.clear();
            }
            if read.is_multiple_of(LINES_PER_LOOK) && self.pace.is_due() {
                self.sync()?;
                self.report(read, progress);
            }
        }
        *counted = survey.end.bytes.max(*counted);
        self.finish()?;
        self.report(survey.end.lines, progress);
        Ok(())
    }

    fn sealed_bytes(&self) -> u64 {
        self.manifest.sources[self.source].bytes
    }

    fn frame<'l>(&mut self, line: &Line<'l>) -> Frame<'l> {
        if let Some(stamp) = line.stamp() {
            self.ts_recv = stamp.ts_recv;
        }
        let Line { number, offset, bytes } = *line;
        Frame { ts_recv: self.ts_recv, line: number, offset, bytes }
    }

    /// Puts a frame with those that wait to be sealed, unless a killed import did so before.
    fn keep(&mut self, frame: &Frame<'_>, before: &Place) -> Result<(), Error> {
        let (day, bytes) = (frame.ts_recv.get().div_euclid(DAY_NANOS), frame.bytes.len() as u64);
        // What waits is sealed as a whole, so nothing is cut off before the file is behind it.
        if self.waiting_before == 0 && self.part.is_full(self.config, day, bytes) {
            self.seal(before, SourceState::Open)?;
        }
        self.part = Part { frames: self.part.frames + 1, bytes: self.part.bytes + bytes, day };
        if self.waiting_before > 0 {
            self.waiting_before -= 1;
            return Ok(());
        }
        if self.wal.is_none() {
            let folder = wal_folder(self.lake, self.source);
            self.wal = Some(WalWriter::open(&folder, self.config.segment)?);
        }
        self.frames_new += 1;
        self.wal.as_mut().expect("opened above").append(frame)
    }

    fn sync(&mut self) -> Result<(), Error> {
        self.wal.as_mut().map_or(Ok(()), WalWriter::sync)
    }

    fn report(&self, lines_kept: u64, progress: &mut dyn FnMut(&Progress<'_>)) {
        let (file, lines) = (self.survey.origin.path(), self.survey.end.lines);
        progress(&Progress { file, lines, lines_kept });
    }

    /// Seals what is left at the end of the file, and says how much of the source the lake holds.
    fn finish(&mut self) -> Result<(), Error> {
        let end = &self.survey.end;
        let held = &self.manifest.sources[self.source];
        // A copy that was cut says nothing about the source behind its end.
        if end.bytes < held.bytes || self.waiting_before > 0 {
            return Ok(());
        }
        let state = self.final_state();
        if self.part.frames > 0 {
            return self.seal(end, state);
        }
        if state == held.state || (end.bytes == held.bytes && state != SourceState::Complete) {
            return Ok(());
        }
        self.manifest.sources[self.source].state = state;
        self.manifest.write(self.lake)
    }

    const fn final_state(&self) -> SourceState {
        match (&self.survey.fault, self.survey.unfinished_line) {
            (Some(fluxo_capture::Error::Truncated { .. }), _) => SourceState::Cut,
            (Some(_), _) => SourceState::Damaged,
            (None, Some(_)) => SourceState::Open,
            (None, None) => SourceState::Complete,
        }
    }

    /// Seals everything that waits, up to a place in the file. The order is what makes a kill
    /// harmless: the files, then the manifest that lists them, then the end of the waiting.
    fn seal(&mut self, end: &Place, state: SourceState) -> Result<(), Error> {
        self.sync()?;
        let end = SourceEnd { bytes: end.bytes, sha256: end.sha256() };
        let parts = seal(self.lake, self.manifest, self.source, end, &self.gaps)?;
        let source = &mut self.manifest.sources[self.source];
        source.extend(parts);
        source.state = state;
        self.manifest.write(self.lake)?;
        self.wal = None;
        wal::remove(&wal_folder(self.lake, self.source))?;
        self.gaps.clear();
        self.part = Part::default();
        Ok(())
    }
}

impl Part {
    /// Whether a frame of that day and size begins another part.
    const fn is_full(&self, config: &ImportConfig, day: i64, bytes: u64) -> bool {
        self.frames > 0
            && (self.day != day
                || self.frames >= config.part_frames_max
                || self.bytes + bytes > config.part_bytes_max)
    }
}
