//! Append-only records in numbered files: what everything that must survive a kill is written to.
//!
//! Every byte is covered by a checksum. A record that a kill cut short is told from one that was
//! changed later: the first is an ordinary end, the second an error that names file and byte. What
//! a record says is not known here.
//!
//! A folder holds `00000001.seg`, `00000002.seg`, …, each a header of 32 bytes and then records:
//!
//! ```text
//! header: magic[8] version u16 kind u16 number u32 first_record u64 previous_crc u32 crc32c u32
//! record: length u32, crc32c u32 over the length and the payload, payload[length]
//! ```
//!
//! All numbers are little-endian. `first_record` and `previous_crc` (the checksum of the record
//! before) tie a segment to the one before it.

mod format;
mod reader;
mod tail;
mod writer;

pub use format::SegmentKind;
pub use reader::{Entry, SegmentReader, Tail};
pub use writer::{SegmentConfig, SegmentWriter};

/// The largest payload of a record: more than the longest line of a capture.
pub const RECORD_BYTES_MAX: usize = 80 << 20;
