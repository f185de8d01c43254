//! What can be wrong with a capture file.

use std::path::PathBuf;

/// Why a capture file could not be read to its end.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file could not be opened.
    #[error("cannot open {path}")]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file could be opened, and then not read.
    #[error("cannot read {path} after byte {offset} of its text")]
    Read {
        /// The file.
        path: PathBuf,
        /// How much text had been read.
        offset: u64,
        /// What the system said.
        source: std::io::Error,
    },
    /// The compressed stream ends in its middle: the file was cut.
    #[error("{path} is cut: its gzip stream ends early, after byte {offset} of its text")]
    Truncated {
        /// The file.
        path: PathBuf,
        /// How much text came out.
        offset: u64,
    },
    /// The compressed stream is damaged.
    #[error("{path} is damaged: its gzip stream cannot be decoded after byte {offset} of its text")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// How much text came out.
        offset: u64,
        /// What the decoder said.
        source: std::io::Error,
    },
    /// A line is longer than any message: this is not a capture file.
    #[error("{path} has a line of over {limit} bytes at byte {offset}: not a capture file")]
    LineTooLong {
        /// The file.
        path: PathBuf,
        /// Where the line begins.
        offset: u64,
        /// The most bytes of a line.
        limit: usize,
    },
}

impl Error {
    /// Whether the file itself is at fault, rather than the path or the system.
    #[must_use]
    pub const fn is_damage(&self) -> bool {
        matches!(self, Self::Truncated { .. } | Self::Damaged { .. } | Self::LineTooLong { .. })
    }
}
