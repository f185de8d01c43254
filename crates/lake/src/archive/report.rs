//! What an import or a verification found, in numbers.

use serde::{Serialize, Serializer};

use super::decode::Malformed;
use super::layout::Instrument;
use super::manifest::SourceState;

/// What the frames of one or more recordings amount to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Lines.
    pub frames: u64,
    /// Depth updates of the instrument, whatever became of them.
    pub depth_updates: u64,
    /// Level changes of depth updates that were applied to a synchronised book.
    pub levels: u64,
    /// Prints.
    pub trades: u64,
    /// Lines that are no message.
    pub malformed: u64,
    /// Breaks of the chain of update ids within a recording.
    pub gaps: u64,
    /// How often the book was synchronised again.
    pub resyncs: u64,
    /// Batches after which the book was crossed.
    pub crossed: u64,
    /// Tickers that describe a state which the book was in.
    pub book_ticker_compared: u64,
    /// Those of them that agree with the book.
    pub book_ticker_equal: u64,
    /// Messages of another symbol or market.
    pub foreign: u64,
    /// Messages with a number beyond the range of ticks and lots.
    pub out_of_range: u64,
}

impl Counts {
    /// Adds the counts of another instrument.
    pub(super) fn add(&mut self, other: &Self) {
        self.frames += other.frames;
        self.depth_updates += other.depth_updates;
        self.levels += other.levels;
        self.trades += other.trades;
        self.malformed += other.malformed;
        self.gaps += other.gaps;
        self.resyncs += other.resyncs;
        self.crossed += other.crossed;
        self.book_ticker_compared += other.book_ticker_compared;
        self.book_ticker_equal += other.book_ticker_equal;
        self.foreign += other.foreign;
        self.out_of_range += other.out_of_range;
    }
}

/// The first line that is no message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FirstMalformed {
    /// The name of the recording.
    pub source: String,
    /// Its number, from 1.
    pub line: u64,
    /// Where it begins in the uncompressed recording, in bytes.
    pub offset: u64,
    /// Why it is none; offsets in it count from the payload.
    #[serde(serialize_with = "as_text")]
    pub what: Malformed,
}

/// The counts of one instrument.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InstrumentReport {
    /// Which.
    #[serde(flatten)]
    pub instrument: Instrument,
    /// Its counts.
    #[serde(flatten)]
    pub counts: Counts,
}

/// What an import did.
#[derive(Debug, Default, Serialize)]
pub struct ImportReport {
    /// Of all named files in full, whether or not the lake had them before.
    #[serde(flatten)]
    pub counts: Counts,
    /// Frames that the lake did not have before.
    pub frames_new: u64,
    /// The first line that is no message.
    pub first_malformed: Option<FirstMalformed>,
    /// By instrument, in the order in which they came.
    pub instruments: Vec<InstrumentReport>,
    /// By file, in the order in which their recordings begin.
    pub sources: Vec<SourceReport>,
}

/// What an import did with one file.
#[derive(Debug, Serialize)]
pub struct SourceReport {
    /// The name that the lake knows the recording by.
    pub name: String,
    /// What it is a recording of.
    #[serde(flatten)]
    pub instrument: Instrument,
    /// Its lines.
    pub frames: u64,
    /// Those that the lake did not have before.
    pub frames_new: u64,
    /// What the lake holds of it now.
    pub state: SourceState,
    /// No book could be put together at its end: it holds no usable snapshot, and no recording
    /// before it in the same import left a book that it continues.
    pub unsynchronised: bool,
    /// A book stood in it, or before it, and was lost: no snapshot came after the last gap.
    pub book_lost: bool,
    /// The last line has no end and is no message: the recorder was cut off in it, or still writes.
    /// It is not in the lake, and comes in when its rest is there.
    pub unfinished_line: Option<UnfinishedLine>,
    /// What ended the file before its end. Everything before it is in the lake; repair the file or
    /// fetch it again, and import it again.
    #[serde(serialize_with = "as_optional_text")]
    pub fault: Option<fluxo_capture::Error>,
}

/// The part of a line at the end of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct UnfinishedLine {
    /// Its number, from 1.
    pub line: u64,
    /// Where it begins in the uncompressed recording, in bytes.
    pub offset: u64,
    /// How much of it is there.
    pub bytes: u64,
}

impl ImportReport {
    /// The first fault of a file.
    #[must_use]
    pub fn fault(&self) -> Option<&fluxo_capture::Error> {
        self.sources.iter().find_map(|source| source.fault.as_ref())
    }
}

/// What a verification found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct VerifyReport {
    /// Of everything that is sealed.
    #[serde(flatten)]
    pub counts: Counts,
    /// The first line that is no message.
    pub first_malformed: Option<FirstMalformed>,
    /// By instrument.
    pub instruments: Vec<InstrumentReport>,
    /// Files whose content is the one that they were sealed with.
    pub sealed_files: u64,
    /// Recordings that are not sealed to their end.
    pub incomplete_sources: u64,
    /// Which ones these are, with their state.
    pub incomplete: Vec<IncompleteSource>,
    /// Frames that are on disk and not sealed yet: the import of their recording goes on with them.
    pub unsealed_frames: u64,
    /// The bytes of their records.
    pub recovered_bytes: u64,
    /// What a kill left behind them.
    pub torn_bytes: u64,
    /// Files that a killed import left and that the next one replaces or removes.
    pub leftover_files: u64,
}

/// A recording that the lake does not hold to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IncompleteSource {
    /// Its name.
    pub name: String,
    /// What it is a recording of.
    #[serde(flatten)]
    pub instrument: Instrument,
    /// What is wrong with it.
    pub state: SourceState,
}

fn as_text<S: Serializer>(what: &Malformed, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(what)
}

fn as_optional_text<S: Serializer>(
    fault: &Option<fluxo_capture::Error>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match fault {
        Some(fault) => serializer.collect_str(fault),
        None => serializer.serialize_none(),
    }
}
