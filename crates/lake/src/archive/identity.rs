//! Recognises a file that the lake holds already, wholly or in part, by its content alone: its name,
//! its compression and what it has grown by do not matter.

use std::path::Path;

use super::frame::Frame;
use super::layout::wal_folder;
use super::manifest::{Manifest, Source, SourceState};
use super::raw::RawReader;
use super::sealed;
use super::source::SourceReader;
use super::survey::Survey;
use super::wal::WalReader;
use crate::Error;

/// What the lake knows of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Identity {
    /// Nothing.
    New,
    /// It is this source, grown or not.
    Known {
        /// Its number.
        source: usize,
        /// How many of its parts the file agrees with: all of them, or fewer where an earlier file
        /// was broken.
        parts: usize,
    },
}

/// Looks a file up.
pub(super) fn identify(
    lake: &Path,
    manifest: &Manifest,
    survey: &Survey<'_>,
) -> Result<Identity, Error> {
    for (source, candidate) in manifest.sources_of(&survey.instrument) {
        if candidate.first_line_sha256 != survey.first_line_sha256 {
            continue;
        }
        if let Some(parts) = agreeing_parts(lake, source, candidate, survey)? {
            return Ok(Identity::Known { source, parts });
        }
    }
    Ok(Identity::New)
}

/// How many parts of a source the file agrees with; `None` when it is another source.
fn agreeing_parts(
    lake: &Path,
    number: usize,
    source: &Source,
    survey: &Survey<'_>,
) -> Result<Option<usize>, Error> {
    let agrees = |bytes, sha256| survey.known.get(&bytes) == Some(&sha256);
    let agreeing = source.parts.iter().rposition(|part| {
        part.source_sha256.is_some_and(|sha256| agrees(part.source_bytes, sha256))
    });
    let (all, agreeing) = (source.parts.len(), agreeing.map_or(0, |last| last + 1));
    if agreeing == all {
        return Ok(continues(lake, number, source, survey)?.then_some(all));
    }
    if survey.end.bytes < source.bytes && is_beginning(lake, source, survey)? {
        return Ok(Some(all));
    }
    // What a broken file gave before its fault may be wrong already; a file that begins alike and
    // goes on otherwise is then taken for the repaired one.
    let was_broken = matches!(source.state, SourceState::Cut | SourceState::Damaged);
    let waits = WalReader::open(&wal_folder(lake, number), source.bytes)?.is_some();
    Ok((was_broken && !waits).then_some(agreeing))
}

/// Whether the frames that wait to be sealed are what the file goes on with.
fn continues(
    lake: &Path,
    number: usize,
    source: &Source,
    survey: &Survey<'_>,
) -> Result<bool, Error> {
    let Some(mut waiting) = WalReader::open(&wal_folder(lake, number), source.bytes)? else {
        return Ok(true);
    };
    let mut file = SourceReader::open(survey.origin)?;
    let mut read = 0;
    while read < survey.end.lines {
        let Some((line, _)) = file.next_line()? else { break };
        read += 1;
        if line.offset < source.bytes {
            continue;
        }
        match waiting.next_frame()? {
            None => return Ok(true),
            Some(frame) if is_line(&frame, &line) => {}
            Some(_) => return Ok(false),
        }
    }
    Ok(true)
}

/// Whether the file is the beginning of what the lake holds: a copy that was cut.
fn is_beginning(lake: &Path, source: &Source, survey: &Survey<'_>) -> Result<bool, Error> {
    let mut file = SourceReader::open(survey.origin)?;
    let mut read = 0;
    for part in &source.parts {
        let mut frames =
            RawReader::new(&lake.join(&part.raw.path), sealed::load(lake, &part.raw)?)?;
        while let Some(frame) = frames.next_frame()? {
            if read == survey.end.lines {
                return Ok(true);
            }
            match file.next_line()? {
                Some((line, _)) if is_line(&frame, &line) => read += 1,
                _ => return Ok(false),
            }
        }
    }
    Ok(read == survey.end.lines)
}

fn is_line(frame: &Frame<'_>, line: &fluxo_capture::Line<'_>) -> bool {
    frame.offset == line.offset && frame.line == line.number && frame.bytes == line.bytes
}
