//! What one run was given and what it did, record by record.
//!
//! A journal can be replayed: it holds everything that the engine learned, in order, and the
//! actions to compare with. A run that was killed is computed again from its start, handed over
//! again from its first record, compared with what is on disk, and goes on where that ends; the
//! journal that comes out hashes like one that was never interrupted. What the records mean is the
//! engine's business.

mod reader;
mod record;
mod writer;

pub use reader::{Ending, JournalEntry, JournalReader, journal_sha256};
pub use record::{End, Header, JOURNAL_FORMAT, Record, SourceFile};
pub use writer::{JournalConfig, JournalSummary, JournalWriter};
