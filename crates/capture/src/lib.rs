//! Reads recorded capture files: one message per line, `<receive time> <payload>`, gzip or plain.
//!
//! It promises every line once, with its place in the uncompressed file, and it says so when a file
//! ends before its compression does. It does not look into the payload.

mod error;
mod line;
mod reader;

pub use error::Error;
pub use line::{Line, Stamp};
pub use reader::{CaptureReader, LINE_BYTES_MAX};
