//! The list of everything that is sealed: what is not in it is not in the lake.
//!
//! It is one JSON file that covers itself with a checksum, and it changes as a whole or not at all.
//! It holds no time, host or random number of the import, so equal imports give equal manifests.

use std::path::Path;

use fluxo_core::UnixNanos;
use serde::{Deserialize, Serialize};

use super::layout::{Instrument, MANIFEST, Table};
use crate::error::FolderKind;
use crate::{Damage, Digest, Error, disk};

const FORMAT: u32 = 1;

/// The content of `manifest.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manifest {
    format: u32,
    /// In the order in which they came.
    pub(super) sources: Vec<Source>,
    /// Files that were replaced and may not have been set aside yet.
    pub(super) retracted: Vec<String>,
    /// The SHA-256 of this file with an empty string in this place.
    checksum: String,
}

/// A recording, and what the lake holds of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Source {
    /// The name of the file when it first came, without its folder.
    pub(super) name: String,
    #[serde(flatten)]
    pub(super) instrument: Instrument,
    pub(super) state: SourceState,
    /// Of its first line: tells at a glance what cannot be this source.
    pub(super) first_line_sha256: Digest,
    /// How much of its uncompressed bytes is sealed.
    pub(super) bytes: u64,
    /// The SHA-256 of those bytes.
    pub(super) sha256: Digest,
    /// How many frames that is.
    pub(super) frames: u64,
    pub(super) parts: Vec<Part>,
}

/// Whether a source is sealed to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceState {
    /// An import is at it, or was killed.
    Open,
    /// All that the file held.
    Complete,
    /// All that came before the place where the file was cut.
    Cut,
    /// All that came before the place where the file was found damaged. What came shortly before
    /// it may be wrong too, so a repaired file replaces the parts that differ.
    Damaged,
}

/// Consecutive frames of one source and one UTC day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Part {
    /// The earliest and the latest receive time.
    pub(super) from: UnixNanos,
    pub(super) to: UnixNanos,
    pub(super) frames: u64,
    /// Where it ends in the uncompressed source.
    pub(super) source_bytes: u64,
    /// The SHA-256 of the source up to there, where the part's end was chosen by the source.
    pub(super) source_sha256: Option<Digest>,
    pub(super) raw: SealedFile,
    pub(super) events: SealedFile,
    pub(super) gaps: Option<SealedFile>,
}

/// A file that never changes again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SealedFile {
    /// Below the lake.
    pub(super) path: String,
    pub(super) bytes: u64,
    pub(super) rows: u64,
    pub(super) sha256: Digest,
}

impl SourceState {
    /// Whether nothing is missing that the file held.
    #[must_use]
    pub const fn is_complete(self) -> bool {
        matches!(self, Self::Complete)
    }
}

impl core::fmt::Display for SourceState {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Open => "not finished",
            Self::Complete => "complete",
            Self::Cut => "cut",
            Self::Damaged => "damaged",
        })
    }
}

impl Part {
    pub(super) fn files(&self) -> impl Iterator<Item = &SealedFile> {
        [Some(&self.raw), Some(&self.events), self.gaps.as_ref()].into_iter().flatten()
    }
}

impl Source {
    /// A source of which nothing is sealed yet.
    pub(super) fn new(name: String, instrument: Instrument, first_line_sha256: Digest) -> Self {
        Self {
            name,
            instrument,
            state: SourceState::Open,
            first_line_sha256,
            bytes: 0,
            sha256: Digest::of(b""),
            frames: 0,
            parts: Vec::new(),
        }
    }

    /// Adds parts that were sealed together.
    pub(super) fn extend(&mut self, parts: Vec<Part>) {
        self.parts.extend(parts);
        self.recount();
    }

    /// Takes back every part behind the first `parts`, and returns their files.
    pub(super) fn retract(&mut self, parts: usize) -> Vec<String> {
        let retracted = self.parts.split_off(parts);
        self.recount();
        retracted.iter().flat_map(Part::files).map(|file| file.path.clone()).collect()
    }

    fn recount(&mut self) {
        self.frames = self.parts.iter().map(|part| part.frames).sum();
        self.bytes = self.parts.last().map_or(0, |part| part.source_bytes);
        let sha256 = self.parts.last().map(|part| part.source_sha256);
        self.sha256 = sha256.map_or(Digest::of(b""), |sha256| {
            sha256.expect("parts that are sealed together end where the source was hashed")
        });
    }
}

impl Manifest {
    pub(super) const EMPTY: Self = Self {
        format: FORMAT,
        sources: Vec::new(),
        retracted: Vec::new(),
        checksum: String::new(),
    };

    /// Reads the manifest of a lake.
    pub(super) fn read(lake: &Path) -> Result<Self, Error> {
        let path = lake.join(MANIFEST);
        if !path.is_file() {
            return Err(Error::NotFound { path: lake.to_owned(), wanted: FolderKind::Lake });
        }
        let bytes = disk::read(&path)?;
        Self::decode(&bytes, &path)
    }

    fn decode(bytes: &[u8], path: &Path) -> Result<Self, Error> {
        let damaged = |at| Error::damaged(path, at, Damage::Manifest);
        let manifest: Self = serde_json::from_slice(bytes)
            .map_err(|error| damaged(byte_of(bytes, error.line(), error.column())))?;
        if manifest.format != FORMAT {
            let (path, found) = (path.to_owned(), manifest.format);
            return Err(Error::UnknownFormat { path, found, known: FORMAT });
        }
        // Equal values could be spelled in other bytes; only ours are the ones that were written.
        if manifest.encode() == bytes { Ok(manifest) } else { Err(damaged(0)) }
    }

    fn encode(&self) -> Vec<u8> {
        let text = |manifest: &Self| {
            let mut text = serde_json::to_vec_pretty(manifest).expect("plain data has a JSON form");
            text.push(b'\n');
            text
        };
        let unsigned = text(&Self { checksum: String::new(), ..self.clone() });
        text(&Self { checksum: Digest::of(&unsigned).to_string(), ..self.clone() })
    }

    /// Puts this manifest in the place of the one before; when it returns, the change is kept.
    pub(super) fn write(&self, lake: &Path) -> Result<(), Error> {
        disk::write_whole(&lake.join(MANIFEST), &self.encode())
    }

    /// The sources of one instrument, with their numbers.
    pub(super) fn sources_of<'a>(
        &'a self,
        instrument: &'a Instrument,
    ) -> impl Iterator<Item = (usize, &'a Source)> {
        let sources = self.sources.iter().enumerate();
        sources.filter(move |(_, source)| source.instrument == *instrument)
    }

    /// Whether a file of that path is sealed.
    pub(super) fn lists(&self, path: &str) -> bool {
        self.files().any(|file| file.path == path)
    }

    /// Every sealed file.
    pub(super) fn files(&self) -> impl Iterator<Item = &SealedFile> {
        self.sources.iter().flat_map(|source| &source.parts).flat_map(Part::files)
    }
}

/// Where a line and column, both counted from 1, lie in a text.
fn byte_of(text: &[u8], line: usize, column: usize) -> u64 {
    let before: usize = text
        .split_inclusive(|byte| *byte == b'\n')
        .take(line.saturating_sub(1))
        .map(<[u8]>::len)
        .sum();
    (before + column.saturating_sub(1)) as u64
}

/// The path of a file that is not there yet, for a part of this instrument that begins at `first`.
pub(super) fn free_copy(manifest: &Manifest, of: &Instrument, first: UnixNanos) -> u32 {
    let taken = |copy| manifest.lists(&super::layout::part_path(Table::Raw, of, first, copy));
    (0..).find(|copy| !taken(*copy)).expect("fewer parts than numbers")
}

#[cfg(test)]
mod tests {
    use super::*;
    use fluxo_core::Market;

    fn manifest() -> Manifest {
        let instrument = Instrument { market: Market::BinanceSpot, symbol: "BTCUSDT".into() };
        let mut source = Source::new("a.gz".into(), instrument, Digest::of(b"line"));
        let file = |name: &str| SealedFile {
            path: name.into(),
            bytes: 10,
            rows: 2,
            sha256: Digest::of(name.as_bytes()),
        };
        source.extend(vec![Part {
            from: UnixNanos::new(1),
            to: UnixNanos::new(2),
            frames: 2,
            source_bytes: 99,
            source_sha256: Some(Digest::of(b"99 bytes")),
            raw: file("raw"),
            events: file("events"),
            gaps: None,
        }]);
        Manifest { sources: vec![source], ..Manifest::EMPTY }
    }

    #[test]
    fn every_flipped_byte_is_found() {
        let path = Path::new("manifest.json");
        let bytes = manifest().encode();
        let read = Manifest::decode(&bytes, path).unwrap();
        assert_eq!(read.sources, manifest().sources);
        for at in 0..bytes.len() {
            for mask in [0x01, 0x20, 0x80] {
                let mut flipped = bytes.clone();
                flipped[at] ^= mask;
                let error = Manifest::decode(&flipped, path).unwrap_err();
                assert!(error.is_damage(), "byte {at}: {error}");
            }
        }
    }

    #[test]
    fn parts_that_are_taken_back_are_gone() {
        let mut manifest = manifest();
        let source = &mut manifest.sources[0];
        assert_eq!((source.bytes, source.frames), (99, 2));
        assert_eq!(source.retract(0), ["raw", "events"]);
        assert_eq!((source.bytes, source.frames, source.sha256), (0, 0, Digest::of(b"")));
    }
}
