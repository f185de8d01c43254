//! Turns the waiting frames of a source into sealed files.
//!
//! The bytes that come out depend on the frames alone (and the gap ledger on the run), so doing it
//! again after a kill makes the same files again. Nothing of it counts before the manifest lists it.

use std::path::Path;

use fluxo_core::UnixNanos;

use super::decode::{FrameDecoder, Run, has_rows};
use super::events::EventsWriter;
use super::frame::Frame;
use super::gaps::{self, NoticedGap};
use super::layout::{Table, part_path, wal_folder};
use super::manifest::{Manifest, Part, SealedFile, free_copy};
use super::raw::RawWriter;
use super::wal::WalReader;
use crate::{Digest, Error, disk};

/// Where the waiting frames end in their source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SourceEnd {
    pub(super) bytes: u64,
    pub(super) sha256: Digest,
}

/// Writes the files of all waiting frames of a source and returns their parts: one, or several
/// where the numbers of the frames do not fit one pair of digits.
pub(super) fn seal(
    lake: &Path,
    manifest: &Manifest,
    source: usize,
    end: SourceEnd,
    gaps: &[NoticedGap],
) -> Result<Vec<Part>, Error> {
    let sealed_bytes = manifest.sources[source].bytes;
    let folder = wal_folder(lake, source);
    let open = || WalReader::open(&folder, sealed_bytes);
    let (Some(mut survey), Some(mut frames)) = (open()?, open()?) else { return Ok(Vec::new()) };
    let runs = runs(&mut survey, manifest, source)?;
    let mut sealer = Sealer { lake, manifest: manifest.clone(), source };
    let mut parts: Vec<Part> = Vec::with_capacity(runs.len());
    for run in &runs {
        let part = sealer.part(run, &mut frames, gaps)?;
        // The end of a part between two runs is where the next one begins.
        if let Some(before) = parts.last_mut() {
            before.source_bytes = part.source_bytes;
        }
        sealer.manifest.sources[source].parts.push(part.clone());
        parts.push(part);
    }
    if let Some(last) = parts.last_mut() {
        last.source_bytes = end.bytes;
        last.source_sha256 = Some(end.sha256);
    }
    Ok(parts)
}

/// How the waiting frames have to be divided.
fn runs(frames: &mut WalReader, manifest: &Manifest, source: usize) -> Result<Vec<Run>, Error> {
    let instrument = &manifest.sources[source].instrument;
    let mut runs = vec![Run::new()];
    while let Some(frame) = frames.next_frame()? {
        let run = runs.last_mut().expect("never empty");
        if !run.add(&frame, instrument) {
            let mut next = Run::new();
            assert!(next.add(&frame, instrument), "a frame fits its own digits");
            runs.push(next);
        }
    }
    Ok(runs)
}

struct Sealer<'a> {
    lake: &'a Path,
    /// With the parts that this sealing has made already: their names are taken.
    manifest: Manifest,
    source: usize,
}

/// The tables of a part, and what its frames turned out to span.
struct Tables {
    raw: RawWriter,
    events: EventsWriter,
    span: Span,
}

struct Span {
    first: Frame<'static>,
    from: UnixNanos,
    to: UnixNanos,
    last_line: u64,
}

impl Sealer<'_> {
    /// Writes the files of one part. Its end in the source is not known yet: its start stands there.
    fn part(&self, run: &Run, frames: &mut WalReader, gaps: &[NoticedGap]) -> Result<Part, Error> {
        let Tables { raw, events, span } = self.tables(run, frames)?;
        let source = &self.manifest.sources[self.source];
        let of = &source.instrument;
        let first = span.first.ts_recv;
        let copy = free_copy(&self.manifest, of, first);
        let path = |table| part_path(table, of, first, copy);
        let rows = events.rows();
        let raw = self.write(path(Table::Raw), run.frames, &raw.finish()?)?;
        let events = self.write(path(Table::Events), rows, &events.finish()?)?;
        let lines = span.first.line..=span.last_line;
        let gaps: Vec<NoticedGap> =
            gaps.iter().filter(|noticed| lines.contains(&noticed.line)).copied().collect();
        let gaps = if gaps.is_empty() {
            None
        } else {
            let bytes = gaps::encode(self.lake, of, &source.name, &gaps)?;
            Some(self.write(path(Table::Gaps), gaps.len() as u64, &bytes)?)
        };
        Ok(Part {
            from: span.from,
            to: span.to,
            frames: run.frames,
            source_bytes: span.first.offset,
            source_sha256: None,
            raw,
            events,
            gaps,
        })
    }

    /// Fills the tables of one part. Their errors name the lake: the names of the files follow from
    /// the first frame.
    fn tables(&self, run: &Run, frames: &mut WalReader) -> Result<Tables, Error> {
        let source = &self.manifest.sources[self.source];
        let of = &source.instrument;
        let mut raw = RawWriter::new(self.lake, of, &source.name)?;
        let mut events = EventsWriter::new(self.lake, of, &source.name, run.digits)?;
        let mut decoder = FrameDecoder::new();
        let mut span: Option<Span> = None;
        for _ in 0..run.frames {
            let frame = frames.next_frame()?.expect("as many frames as were counted");
            raw.push(&frame)?;
            decoder.decode(&frame, |result| match result {
                Ok(message) if has_rows(&message, of) => {
                    events.push(frame.ts_recv, frame.line, &message)
                }
                _ => Ok(()),
            })?;
            Span::extend(&mut span, &frame);
        }
        Ok(Tables { raw, events, span: span.expect("a run has frames") })
    }

    fn write(&self, path: String, rows: u64, bytes: &[u8]) -> Result<SealedFile, Error> {
        let full = self.lake.join(&path);
        disk::create_folder(full.parent().expect("a part lies in a folder"))?;
        disk::write_whole(&full, bytes)?;
        Ok(SealedFile { path, bytes: bytes.len() as u64, rows, sha256: Digest::of(bytes) })
    }
}

impl Span {
    fn extend(span: &mut Option<Self>, frame: &Frame<'_>) {
        let ts_recv = frame.ts_recv;
        let span = span.get_or_insert(Self {
            first: Frame { bytes: b"", ..*frame },
            from: ts_recv,
            to: ts_recv,
            last_line: 0,
        });
        span.from = span.from.min(ts_recv);
        span.to = span.to.max(ts_recv);
        span.last_line = frame.line;
    }
}
