//! The parts of all recordings of an instrument, as one stream ordered by receive time.
//!
//! The frames of one recording stay in the order in which they were recorded, also where its clock
//! went back; recordings that overlap are merged. A recording is opened when its first frame is due
//! and dropped behind its last, so that only what overlaps is in memory.

use std::collections::VecDeque;
use std::path::Path;

use fluxo_core::UnixNanos;

use super::layout::Instrument;
use super::manifest::{Manifest, Part, Source};
use crate::Error;

/// Reads a part, item by item.
pub(super) trait PartReader: Sized {
    /// Opens a part.
    fn open(lake: &Path, source: &Source, part: &Part) -> Result<Self, Error>;

    /// The receive time of the next item; `None` behind the last.
    fn peek(&mut self) -> Result<Option<UnixNanos>, Error>;
}

/// A recording on its way through its parts.
pub(super) struct Lane<'m, R> {
    pub(super) source: &'m Source,
    /// Its place among the recordings: the one that began first is first.
    rank: usize,
    parts: VecDeque<&'m Part>,
    reader: Option<R>,
    /// The latest receive time so far: what has an earlier one is due at once.
    latest: UnixNanos,
    /// Whether an item of it was read.
    begun: bool,
}

/// When an item is due, and the rank of its lane: what is due together comes in the order of ranks.
type Key = (UnixNanos, usize);

/// All recordings of an instrument.
pub(super) struct Merge<'m, R> {
    lake: &'m Path,
    /// Those whose first frame is not due, the next one last.
    waiting: Vec<Lane<'m, R>>,
    open: Vec<Lane<'m, R>>,
    /// The one that is being read, and when another one is due.
    current: usize,
    until: Key,
    keys: Vec<Key>,
}

/// The next item lies in this lane.
pub(super) struct Due<'a, 'm, R> {
    pub(super) source: &'m Source,
    pub(super) reader: &'a mut R,
    /// It is the first item of its recording.
    pub(super) begins: bool,
}

const NEVER: Key = (UnixNanos::new(i64::MAX), usize::MAX);

impl<'m, R: PartReader> Merge<'m, R> {
    /// A stream of the parts that `wanted` lets pass.
    pub(super) fn new(
        lake: &'m Path,
        manifest: &'m Manifest,
        instrument: &'m Instrument,
        wanted: impl Fn(&Part) -> bool,
    ) -> Self {
        let sources = manifest.sources_of(instrument).map(|(_, source)| source);
        let mut waiting: Vec<Lane<'m, R>> = sources
            .filter_map(|source| Lane::new(source, source.parts.iter().filter(|part| wanted(part))))
            .collect();
        // Stable, so that of two that begin together the one that was imported first is first.
        waiting.sort_by_key(|lane| lane.latest);
        waiting.iter_mut().enumerate().for_each(|(rank, lane)| lane.rank = rank);
        waiting.reverse();
        Self { lake, waiting, open: Vec::new(), current: 0, until: NEVER, keys: Vec::new() }
    }

    /// Where the next item lies; `None` behind the last.
    pub(super) fn next_due(&mut self) -> Result<Option<Due<'_, 'm, R>>, Error> {
        let due = match self.open.get_mut(self.current) {
            Some(lane) => lane.due(self.lake)?.filter(|due| (*due, lane.rank) < self.until),
            None => None,
        };
        let due = match due {
            Some(due) => due,
            None => match self.choose()? {
                Some(due) => due,
                None => return Ok(None),
            },
        };
        let lane = &mut self.open[self.current];
        lane.latest = due;
        let begins = !std::mem::replace(&mut lane.begun, true);
        let reader = lane.reader.as_mut().expect("a lane with an item has a reader");
        Ok(Some(Due { source: lane.source, reader, begins }))
    }

    /// Makes the lane current whose item is due first, and says when that is.
    fn choose(&mut self) -> Result<Option<UnixNanos>, Error> {
        self.keys.clear();
        let mut at = 0;
        while let Some(lane) = self.open.get_mut(at) {
            match lane.due(self.lake)? {
                Some(due) => {
                    self.keys.push((due, lane.rank));
                    at += 1;
                }
                None => drop(self.open.remove(at)),
            }
        }
        let first_open = self.keys.iter().min().copied().unwrap_or(NEVER);
        let is_due = |lane: &Lane<'m, R>| (lane.latest, lane.rank) < first_open;
        if let Some(lane) = self.waiting.pop_if(|lane| is_due(lane)) {
            // It may be due later than it seemed, or have no items at all.
            self.open.push(lane);
            return self.choose();
        }
        let Some(first) = self.keys.iter().min().copied() else { return Ok(None) };
        self.current = self.keys.iter().position(|key| *key == first).expect("it is one of them");
        let others = self.keys.iter().filter(|key| **key != first).copied();
        let waiting = self.waiting.last().map(|lane| (lane.latest, lane.rank));
        self.until = others.chain(waiting).min().unwrap_or(NEVER);
        Ok(Some(first.0))
    }
}

impl<'m, R: PartReader> Lane<'m, R> {
    fn new(source: &'m Source, parts: impl Iterator<Item = &'m Part>) -> Option<Self> {
        let parts: VecDeque<_> = parts.collect();
        let latest = parts.front()?.from;
        Some(Self { source, rank: 0, parts, reader: None, latest, begun: false })
    }

    /// When the next item is due; `None` behind the last.
    fn due(&mut self, lake: &Path) -> Result<Option<UnixNanos>, Error> {
        loop {
            if let Some(reader) = &mut self.reader
                && let Some(ts_recv) = reader.peek()?
            {
                return Ok(Some(ts_recv.max(self.latest)));
            }
            let Some(part) = self.parts.pop_front() else { return Ok(None) };
            self.reader = Some(R::open(lake, self.source, part)?);
        }
    }
}
