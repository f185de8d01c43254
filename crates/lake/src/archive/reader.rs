//! Gives the messages of one instrument back, from every recording in the lake, as one stream.

use std::path::{Path, PathBuf};

use fluxo_core::UnixNanos;
use fluxo_market_data::Message;

use super::events::EventsReader;
use super::layout::{Instrument, wal_folder};
use super::manifest::{Manifest, Part, Source};
use super::merge::{Merge, PartReader};
use super::sealed;
use super::wal::WalReader;
use crate::Error;
use crate::lock::FolderLock;

/// A lake as it was when it was opened. Sealed files never change, so readers do not hold up an
/// import, nor an import readers; what is sealed later is there for those who open it later.
#[derive(Debug)]
pub struct Lake {
    path: PathBuf,
    manifest: Manifest,
    /// The frames of each source that wait to be sealed; `None` while somebody imports.
    unsealed: Option<Vec<u64>>,
}

/// What a lake holds of one instrument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holding {
    /// Which instrument.
    pub instrument: Instrument,
    /// The earliest sealed receive time; `None` when nothing is sealed.
    pub from: Option<UnixNanos>,
    /// The latest sealed receive time.
    pub to: Option<UnixNanos>,
    /// How many frames are sealed.
    pub frames: u64,
    /// How many rows of events that is.
    pub rows: u64,
    /// Frames of killed imports that are on disk and in no stream yet: to import their recordings
    /// again seals them. `None` while somebody imports: then frames come and go.
    pub unsealed_frames: Option<u64>,
    /// Recordings that are not sealed to their end.
    pub incomplete_sources: u64,
}

/// The moments of a stream; the default is all of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// The first receive time.
    pub from: Option<UnixNanos>,
    /// The last receive time.
    pub to: Option<UnixNanos>,
}

/// What a stream gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item<'a> {
    /// The next messages are of another recording than those before: their book need not go on from
    /// the one before. It comes before the first recording too, and once for each.
    Recording {
        /// Its name.
        name: &'a str,
    },
    /// A message.
    Message {
        /// When it was received.
        ts_recv: UnixNanos,
        /// What it said.
        message: Message<'a>,
    },
}

/// The messages of one instrument, ordered by receive time. Messages that nothing uses are not
/// among them, nor those of other instruments, nor malformed frames.
pub struct LakeReader<'l> {
    merge: Merge<'l, EventsReader>,
    span: Span,
}

/// What comes next.
enum Next<'l> {
    Recording(&'l str),
    Message,
    End,
}

impl Lake {
    /// Opens a lake to read it.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is none; [`Error::Damaged`] when the manifest, or a frame that
    /// waits to be sealed, is not the one that was written; [`Error::Io`].
    pub fn open(path: &Path) -> Result<Self, Error> {
        let manifest = Manifest::read(path)?;
        let unsealed = match FolderLock::shared(path) {
            Ok(_lock) => Some(unsealed(path, &manifest)?),
            Err(Error::Locked { .. }) => None,
            Err(error) => return Err(error),
        };
        Ok(Self { path: path.to_owned(), manifest, unsealed })
    }

    /// What it holds, by instrument.
    #[must_use]
    pub fn holdings(&self) -> Vec<Holding> {
        let mut instruments: Vec<&Instrument> =
            self.manifest.sources.iter().map(|source| &source.instrument).collect();
        instruments.sort();
        instruments.dedup();
        instruments.into_iter().map(|instrument| self.holding(instrument)).collect()
    }

    fn holding(&self, instrument: &Instrument) -> Holding {
        let sources = || self.manifest.sources_of(instrument);
        let parts = || sources().flat_map(|(_, source)| &source.parts);
        let unsealed = self.unsealed.as_ref();
        Holding {
            instrument: instrument.clone(),
            from: parts().map(|part| part.from).min(),
            to: parts().map(|part| part.to).max(),
            frames: parts().map(|part| part.frames).sum(),
            rows: parts().map(|part| part.events.rows).sum(),
            unsealed_frames: unsealed.map(|frames| sources().map(|(at, _)| frames[at]).sum()),
            incomplete_sources: sources().filter(|(_, s)| !s.state.is_complete()).count() as u64,
        }
    }

    /// The messages of an instrument.
    ///
    /// # Errors
    /// [`Error::UnknownInstrument`].
    pub fn read<'l>(
        &'l self,
        instrument: &'l Instrument,
        span: Span,
    ) -> Result<LakeReader<'l>, Error> {
        let merge = self.merge(instrument, |part| {
            span.from.is_none_or(|from| part.to >= from) && span.to.is_none_or(|to| part.from <= to)
        })?;
        Ok(LakeReader { merge, span })
    }

    /// The parts of an instrument that `wanted` lets pass, as one stream.
    pub(super) fn merge<'l, R: PartReader>(
        &'l self,
        instrument: &'l Instrument,
        wanted: impl Fn(&Part) -> bool,
    ) -> Result<Merge<'l, R>, Error> {
        if self.manifest.sources_of(instrument).next().is_none() {
            let (path, instrument) = (self.path.clone(), instrument.clone());
            return Err(Error::UnknownInstrument { path, instrument });
        }
        Ok(Merge::new(&self.path, &self.manifest, instrument, wanted))
    }
}

/// How many frames of each source wait to be sealed.
fn unsealed(lake: &Path, manifest: &Manifest) -> Result<Vec<u64>, Error> {
    let mut counts = Vec::with_capacity(manifest.sources.len());
    for (number, source) in manifest.sources.iter().enumerate() {
        let mut frames = 0;
        if let Some(mut waiting) = WalReader::open(&wal_folder(lake, number), source.bytes)? {
            while waiting.next_frame()?.is_some() {
                frames += 1;
            }
        }
        counts.push(frames);
    }
    Ok(counts)
}

impl Span {
    fn holds(&self, moment: UnixNanos) -> bool {
        self.from.is_none_or(|from| moment >= from) && self.to.is_none_or(|to| moment <= to)
    }
}

impl<'l> LakeReader<'l> {
    /// The next item; `None` behind the last.
    ///
    /// # Errors
    /// [`Error::WrongDigest`] and [`Error::MissingFile`] when a file is not the one that was
    /// sealed: nothing of it is given; [`Error::Io`].
    pub fn next_item(&mut self) -> Result<Option<Item<'_>>, Error> {
        match self.seek()? {
            Next::End => Ok(None),
            Next::Recording(name) => Ok(Some(Item::Recording { name })),
            Next::Message => {
                let due = self.merge.next_due()?.expect("a message was found");
                let event = due.reader.next_event()?.expect("a message was found");
                Ok(Some(Item::Message { ts_recv: event.ts_recv, message: event.message }))
            }
        }
    }

    /// Passes over what lies outside the span.
    fn seek(&mut self) -> Result<Next<'l>, Error> {
        loop {
            let Some(due) = self.merge.next_due()? else { return Ok(Next::End) };
            if due.begins {
                return Ok(Next::Recording(&due.source.name));
            }
            let ts_recv = due.reader.peek()?.expect("a lane that is due has a message");
            if self.span.holds(ts_recv) {
                return Ok(Next::Message);
            }
            due.reader.next_event()?;
        }
    }
}

impl PartReader for EventsReader {
    fn open(lake: &Path, source: &Source, part: &Part) -> Result<Self, Error> {
        let file = &part.events;
        Self::new(&lake.join(&file.path), sealed::load(lake, file)?, &source.instrument)
    }

    fn peek(&mut self) -> Result<Option<UnixNanos>, Error> {
        self.peek()
    }
}

impl core::fmt::Debug for LakeReader<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("LakeReader").field("span", &self.span).finish_non_exhaustive()
    }
}
