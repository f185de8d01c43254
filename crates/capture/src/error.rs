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
    #[error("{path} is cut: its compressed stream ends early, after byte {offset} of its text")]
    Truncated {
        /// The file.
        path: PathBuf,
        /// How much text came out.
        offset: u64,
    },
    /// The file is damaged: its compressed stream, or the two files of an archive do not fit.
    #[error("{path} is damaged behind byte {offset} of its text")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// How much text came out.
        offset: u64,
        /// What the decoder said.
        source: std::io::Error,
    },
    /// The file is of a kind that can hold a recording, and holds none that is read.
    #[error("{path} {what}")]
    NoRecording {
        /// The file.
        path: PathBuf,
        /// What it holds instead.
        what: NoRecording,
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

/// Why a file holds no recording that is read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoRecording {
    /// An archive whose list of members cannot be read.
    #[error("is no zip archive that can be read: it was cut, or is damaged")]
    Archive,
    /// An archive without a message file and the book file that belongs to it.
    #[error("holds no message file of LOBSTER with its book file")]
    NoSession,
    /// An archive with several sessions.
    #[error("holds {sessions} sessions of LOBSTER: unpack it and give one at a time")]
    Sessions {
        /// How many.
        sessions: usize,
    },
    /// A member that is packed in a way, or encrypted.
    #[error("packs its members otherwise than by deflate")]
    Packing,
    /// A file of Databento whose header cannot be read.
    #[error("is no DBN file that can be read")]
    Header,
    /// A file of Databento with other records.
    #[error("is a DBN file of schema `{schema}`: only `mbo` is read")]
    Schema {
        /// What its records are.
        schema: String,
    },
}

impl Error {
    /// Whether the file itself is at fault, rather than the path or the system.
    #[must_use]
    pub const fn is_damage(&self) -> bool {
        matches!(
            self,
            Self::Truncated { .. }
                | Self::Damaged { .. }
                | Self::NoRecording { .. }
                | Self::LineTooLong { .. }
        )
    }
}
