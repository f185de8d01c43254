//! What a run asks of its source, whether that is a recording or a live feed.

use fluxo_core::{InstrumentSpec, Nanos, UnixNanos};
use fluxo_lake::journal::SourceFile;
use fluxo_report::{Failure, LiveSummary};
use fluxo_sim::MarketSource;

use crate::live::{Asked, Pulse};

/// What came from a source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct SourceCounts {
    /// Frames of captures or of a live feed, or messages of a lake.
    pub(crate) frames: u64,
    /// Chains of update ids that broke, and live feeds that were lost.
    pub(crate) gaps: u64,
    /// Frames that could not be decoded.
    pub(crate) malformed: u64,
}

/// A source of the events of one instrument. What only a live feed has is nothing by default.
pub(crate) trait SessionSource: MarketSource {
    /// A failure of the source, with its exit code and what to do.
    fn failure(error: Self::Error) -> Failure;
    /// The specification at the start.
    fn spec(&self) -> &InstrumentSpec;
    /// How long a print and its depth change may lie apart.
    fn match_ttl(&self) -> Nanos;
    /// The files that are read, with their hashes.
    fn sources(&self) -> &[SourceFile];
    /// What came so far.
    fn counts(&self) -> SourceCounts;
    /// What a person should know about what came.
    fn warnings(&self) -> Vec<String>;
    /// Refuses a source that never gave a whole book. To be asked at the end.
    fn check_book(&self) -> Result<(), Self::Error>;

    /// When a recording begins; a live feed is always later than all that was known before it.
    fn begins(&self) -> Option<UnixNanos> {
        None
    }
    /// What else a journal should say of the source, by name.
    fn facts(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
    /// What a person asked for meanwhile.
    fn take_asked(&mut self) -> Option<Asked> {
        None
    }
    /// Whether nothing came for a while, so that there is time for other work.
    fn is_idle(&self) -> bool {
        false
    }
    /// Says how long ago something was read, where that means anything.
    fn pulse(&self) -> Option<Pulse> {
        None
    }
    /// The run is over.
    fn end(&mut self) -> Option<LiveSummary> {
        None
    }
}
