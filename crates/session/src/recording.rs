//! A recording of one instrument as a source of events: capture files of one run, or a lake.

use std::path::{Path, PathBuf};

use fluxo_core::{InstrumentSpec, Market, MarketEvent, Nanos, UnixNanos};
use fluxo_lake::journal::SourceFile;
use fluxo_report::Failure;
use fluxo_sim::{MarketSource, Recorded};

use crate::capture_input::{self, CaptureInput};
use crate::feed::Feed;
use crate::inputs::{Inputs, Kind};
use crate::lake_input::{self, LakeInput};
use crate::peek::Peek;
use crate::recording_error::RecordingError;
use crate::source::{SessionSource, SourceCounts};
use crate::{Instruments, Selection};

/// The events of one instrument, in the order in which they were received.
#[derive(Debug)]
pub struct Recording<'l> {
    input: Input<'l>,
    feed: Feed,
    spec: InstrumentSpec,
    begins: Option<UnixNanos>,
    sources: Vec<SourceFile>,
    warnings: Vec<String>,
}

#[derive(Debug)]
enum Input<'l> {
    Capture(CaptureInput),
    Lake(LakeInput<'l>),
}

impl<'l> Recording<'l> {
    /// Opens what was found.
    ///
    /// # Errors
    /// Inputs that cannot be read, are of several instruments, or of none.
    pub fn open(inputs: &'l Inputs, instruments: &Instruments) -> Result<Self, RecordingError> {
        match &inputs.kind {
            Kind::Captures { paths, selection } => {
                Self::open_captures(paths, selection, instruments)
            }
            Kind::Lake { lake, path, instrument, warnings } => {
                let peek = lake_input::peek(lake, instrument)?;
                let input = Input::Lake(LakeInput::new(lake, path, instrument)?);
                // The manifest names the hash of every file of the lake.
                let sources = vec![capture_input::describe(&path.join("manifest.json"))?];
                let (market, symbol) = (instrument.market, instrument.symbol.as_str());
                let mut recording =
                    Self::new(input, (market, symbol), &peek, sources, instruments)?;
                recording.warnings.clone_from(warnings);
                Ok(recording)
            }
        }
    }

    /// The specification at the start.
    #[must_use]
    pub const fn spec(&self) -> &InstrumentSpec {
        &self.spec
    }

    /// When its first message was received.
    #[must_use]
    pub const fn begins(&self) -> Option<UnixNanos> {
        self.begins
    }

    /// The file that the last event came from, or the lake; `None` before the first event.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match &self.input {
            Input::Capture(input) => input.path(),
            Input::Lake(input) => Some(input.path),
        }
    }

    /// How long a print and its depth change may lie apart.
    #[must_use]
    pub const fn match_ttl(&self) -> Nanos {
        self.spec.units.match_ttl
    }

    /// The files, with their hashes.
    #[must_use]
    pub fn sources(&self) -> &[SourceFile] {
        &self.sources
    }

    /// Frames of captures, or messages of a lake, read so far.
    #[must_use]
    pub const fn frames(&self) -> u64 {
        match &self.input {
            Input::Capture(input) => input.frames,
            Input::Lake(input) => input.messages,
        }
    }

    /// Chains of update ids that broke.
    #[must_use]
    pub const fn gaps(&self) -> u64 {
        self.feed.counts().gaps
    }

    /// Depth updates read so far, whatever became of them.
    #[must_use]
    pub const fn depth_updates(&self) -> u64 {
        self.feed.counts().depth_updates
    }

    /// Frames that could not be decoded.
    #[must_use]
    pub const fn malformed(&self) -> u64 {
        match &self.input {
            Input::Capture(input) => input.malformed,
            // The lake's importer counted them; what is in its events was decoded.
            Input::Lake(_) => 0,
        }
    }

    /// Refuses a recording that never gave a whole book. To be asked at the end.
    ///
    /// # Errors
    /// [`RecordingError::NoBook`] or [`RecordingError::NoOrders`].
    pub fn check_book(&self) -> Result<(), RecordingError> {
        if self.feed.was_live() {
            return Ok(());
        }
        let instrument = label(self.spec.market, &self.spec.symbol);
        Err(if self.spec.market.is_order_by_order() {
            RecordingError::NoOrders { instrument }
        } else {
            RecordingError::NoBook { instrument }
        })
    }

    /// What a person should know about what was read.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let (counts, mut warnings) = (self.feed.counts(), self.warnings.clone());
        let orders = self.feed.order_counts();
        if let Input::Capture(CaptureInput { first_malformed: Some(first), malformed, .. }) =
            &self.input
        {
            warnings.push(format!(
                "{malformed} malformed frames, the first in {} line {} (byte {}): {}",
                first.path.display(),
                first.line,
                first.offset,
                first.what
            ));
        }
        let losses = [
            (counts.gaps, "gaps in the chain of depth updates; no book until the next snapshot"),
            (counts.boundary_gaps, "files do not continue the one before them"),
            (counts.missing_trades, "trades are missing by their identifiers"),
            (counts.void_trades, "prints have no price or no size and were left out"),
            (counts.foreign, "frames are of another instrument and were left out"),
            (counts.dropped_depth, "depth updates were dropped: too many waited for a snapshot"),
            (counts.out_of_range, "frames hold a value beyond the range of ticks and lots"),
            (orders.contradicted_levels, "levels are shown otherwise than their orders say"),
            (orders.orders.duplicate_adds, "orders joined under an identifier that rested already"),
            (orders.orders.unnamed_orders, "orders are beyond the most that are known one by one"),
            (orders.orders.lost_levels, "levels are beyond the most that a book of orders holds"),
            (orders.unexplained_fills, "fills are of orders that were never displayed"),
            (
                orders.rounded_prints,
                "prints lie between two ticks and count at the one where the taker pays less",
            ),
            (
                self.feed.doubted_times(),
                "receive times lie an hour or more from those around them and were not believed",
            ),
        ];
        let losses = losses.into_iter().filter(|(count, _)| *count > 0);
        warnings.extend(losses.map(|(count, what)| format!("{count} {what}")));
        warnings
    }

    fn open_captures(
        paths: &[PathBuf],
        selection: &Selection,
        instruments: &Instruments,
    ) -> Result<Self, RecordingError> {
        let mut first: Option<Peek> = None;
        let mut before: Option<(&PathBuf, UnixNanos)> = None;
        for path in paths {
            let peek = capture_input::peek(path)?;
            let found =
                peek.instrument().ok_or(RecordingError::NoInstrument { path: path.clone() })?;
            if !selection.matches(found.0, found.1) {
                let (path, found) = (path.clone(), vec![label(found.0, found.1)]);
                return Err(RecordingError::Choice { path, found });
            }
            match first.as_ref().and_then(Peek::instrument) {
                Some(expected) if expected != found => {
                    return Err(RecordingError::OtherInstrument {
                        path: path.clone(),
                        found: label(found.0, found.1),
                        expected: label(expected.0, expected.1),
                    });
                }
                _ => {}
            }
            if let Some((earlier, from)) = before
                && peek.first().is_some_and(|first| first < from)
            {
                return Err(RecordingError::Order { path: path.clone(), earlier: earlier.clone() });
            }
            before = peek.first().map(|from| (path, from)).or(before);
            first.get_or_insert(peek);
        }
        let first = first.ok_or(RecordingError::NoInstrument { path: PathBuf::new() })?;
        let sources: Vec<SourceFile> =
            paths.iter().map(|path| capture_input::describe(path)).collect::<Result<_, _>>()?;
        let is_twice = |at: &usize| sources[..*at].iter().any(|s| s.sha256 == sources[*at].sha256);
        if let Some(again) = (0..sources.len()).find(is_twice) {
            return Err(RecordingError::Twice { path: paths[again].clone() });
        }
        let instrument = first.instrument().expect("it was just found");
        let input = Input::Capture(CaptureInput::new(paths));
        Self::new(input, instrument, &first, sources, instruments)
    }

    fn new(
        input: Input<'l>,
        (market, symbol): (Market, &str),
        peek: &Peek,
        sources: Vec<SourceFile>,
        instruments: &Instruments,
    ) -> Result<Self, RecordingError> {
        let instrument = label(market, symbol);
        let spec = match instruments.get(market, symbol) {
            Some(listed) => listed.clone(),
            None => {
                let mut spec = peek.spec().ok_or_else(|| match peek.grid() {
                    Some(grid) => {
                        RecordingError::Unlisted { market, symbol: symbol.to_owned(), grid }
                    }
                    None => RecordingError::NoGrid { instrument: instrument.clone() },
                })?;
                spec.units.match_ttl = instruments.match_ttl(market);
                if let Some(unit) = instruments.size_unit(market, symbol) {
                    spec.size_unit_lots = unit;
                }
                spec
            }
        };
        let feed = Feed::new(spec.clone())
            .map_err(|source| RecordingError::Unusable { instrument, source })?;
        Ok(Self { input, feed, spec, begins: peek.first(), sources, warnings: Vec::new() })
    }
}

impl MarketSource for Recording<'_> {
    type Error = RecordingError;

    #[inline]
    fn next(&mut self) -> Result<Option<Recorded>, RecordingError> {
        loop {
            if let Some(recorded) = self.feed.pop() {
                return Ok(Some(recorded));
            }
            let more = match &mut self.input {
                Input::Capture(input) => input.advance(&mut self.feed)?,
                Input::Lake(input) => input.advance(&mut self.feed)?,
            };
            if !more {
                return Ok(None);
            }
        }
    }

    fn recycle(&mut self, event: MarketEvent) {
        self.feed.recycle(event);
    }
}

impl SessionSource for Recording<'_> {
    fn failure(error: RecordingError) -> Failure {
        error.into_failure()
    }

    fn spec(&self) -> &InstrumentSpec {
        self.spec()
    }

    fn match_ttl(&self) -> Nanos {
        self.match_ttl()
    }

    fn begins(&self) -> Option<UnixNanos> {
        self.begins()
    }

    fn sources(&self) -> &[SourceFile] {
        self.sources()
    }

    fn counts(&self) -> SourceCounts {
        SourceCounts { frames: self.frames(), gaps: self.gaps(), malformed: self.malformed() }
    }

    fn warnings(&self) -> Vec<String> {
        self.warnings()
    }

    fn check_book(&self) -> Result<(), RecordingError> {
        self.check_book()
    }
}

/// `binance-usdm BTCUSDT`
pub(crate) fn label(market: Market, symbol: &str) -> String {
    format!("{market} {symbol}")
}

#[cfg(test)]
mod tests {
    use fluxo_capture::{Error, NoRecording};

    use super::*;

    #[test]
    fn a_capture_that_cannot_be_read_is_answered_with_what_helps() {
        let damaged = |name: &str| {
            let source = std::io::Error::other("one of the two files has more rows than the other");
            RecordingError::Capture(Error::Damaged { path: name.into(), offset: 7, source })
        };
        let none = |what| RecordingError::Capture(Error::NoRecording { path: "x".into(), what });
        let schema = NoRecording::Schema { schema: "mbp-1".to_owned() };
        for (error, wanted) in [
            (damaged("a.gz"), "gunzip what is there"),
            (
                damaged("a.zip"),
                "one of the two files has more rows than the other; get a whole copy",
            ),
            (none(schema), "get the same market in schema mbo"),
            (none(NoRecording::Archive), "get a whole copy"),
            (none(NoRecording::NoSession), "with both files of a session"),
            (RecordingError::NoOrders { instrument: "nasdaq GOOG".to_owned() }, "empty"),
        ] {
            let line = error.into_failure().to_string();
            assert!(line.contains(wanted), "{line}");
            assert_eq!(line.contains("gunzip"), wanted.contains("gunzip"), "{line}");
        }
    }
}
