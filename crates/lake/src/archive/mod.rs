//! The archive: what was received, as it was received, and what it says.
//!
//! An [`Importer`] brings recordings in, [`verify()`] checks a lake against itself, a [`LakeReader`]
//! gives the messages of an instrument back in the order in which they were received, a
//! [`FrameReader`] gives the frames themselves. docs/LAKE.md describes the files. Nothing here needs to know an instrument's tick or lot.

mod decode;
mod events;
mod feed;
mod frame;
mod frames;
mod gaps;
mod identity;
mod importer;
mod intake;
mod layout;
mod manifest;
mod merge;
mod origin;
mod raw;
mod reader;
mod report;
mod restate;
mod seal;
mod sealed;
mod source;
mod survey;
mod table;
mod verify;
mod wal;

pub use decode::Malformed;
pub use frames::{FrameReader, RawItem};
pub use importer::{ImportConfig, Importer, Progress};
pub use layout::Instrument;
pub use manifest::SourceState;
pub use origin::MadeRecording;
pub use reader::{Holding, Item, Lake, LakeReader, Span};
pub use report::{
    Counts, FirstMalformed, ImportReport, IncompleteSource, InstrumentReport, SourceReport,
    UnfinishedLine, VerifyReport,
};
pub use survey::INSTRUMENT_LINES_MAX;
pub use verify::verify;

#[cfg(test)]
mod tests;
