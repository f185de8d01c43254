//! Reads recordings line by line, `<receive time> <payload>`: captures (gzip or plain), archives of
//! LOBSTER and market-by-order files of Databento, whose rows and records become such lines.
//!
//! It promises every line once, with its place in the uncompressed text, and it says so when a file
//! ends before its compression does. It does not look into the payload.

mod error;
mod line;
mod lobster;
mod lobster_archive;
mod made;
mod market_by_order;
mod reader;

pub use error::{Error, NoRecording};
pub use line::{Line, Stamp};
pub use reader::{CaptureReader, LINE_BYTES_MAX, RecordingKind};
