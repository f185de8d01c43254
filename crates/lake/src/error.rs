//! What can be wrong with a folder that we keep, and with the system below it.

use std::io;
use std::path::{Path, PathBuf};

use crate::archive::Instrument;
use crate::{Damage, Digest};

/// Why something could not be kept, or not be read back.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The system refused.
    #[error("cannot {doing} {path}")]
    Io {
        /// What was tried.
        doing: Doing,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// No room is left for `path`: free some and run the same command again.
    #[error("no room left to {doing} {path}: free some space and run the same command again")]
    NoRoom {
        /// What was tried.
        doing: Doing,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The folder or file may not be written.
    #[error("{path} is read-only: make it writable or choose another folder")]
    ReadOnly {
        /// The folder or file.
        path: PathBuf,
    },
    /// Another process works on the folder.
    #[error("{path} is in use by another process: wait for it to end or choose another folder")]
    Locked {
        /// The folder.
        path: PathBuf,
    },
    /// The folder holds other things, so nothing was written to it.
    #[error("{path} is not empty and is no {wanted}: choose an empty folder")]
    OccupiedFolder {
        /// The folder.
        path: PathBuf,
        /// What it should have been.
        wanted: FolderKind,
    },
    /// There is nothing of that kind to read.
    #[error("{path} is no {wanted}: check the path")]
    NotFound {
        /// The folder.
        path: PathBuf,
        /// What it should have been.
        wanted: FolderKind,
    },
    /// Bytes on disk are not the ones that were written.
    #[error("{path} is damaged at byte {byte}: {damage}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where the damaged unit begins.
        byte: u64,
        /// What is wrong with it.
        damage: Damage,
    },
    /// A file was written by a version that this one does not know.
    #[error("{path} has format {found}, and this version reads format {known}")]
    UnknownFormat {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// Ours.
        known: u32,
    },
    /// A record is larger than any that is kept.
    #[error("a record of {bytes} bytes does not fit {path}, which takes at most {limit}")]
    RecordTooLarge {
        /// Where it should have gone.
        path: PathBuf,
        /// Its size.
        bytes: usize,
        /// The largest.
        limit: usize,
    },
    /// The journal in the folder begins with another header: it is the journal of another run.
    #[error("{path} begins the journal of another run: choose an empty folder")]
    OtherRun {
        /// Its first segment.
        path: PathBuf,
    },
    /// A run that should repeat a journal does not.
    #[error(
        "record {record} of {path}, at byte {byte}, is not what the run gives now: \
         give it the same input, or choose an empty folder"
    )]
    RecordDiffers {
        /// The segment.
        path: PathBuf,
        /// Which record, from 0.
        record: u64,
        /// Where it begins.
        byte: u64,
    },
    /// A value has no form on disk.
    #[error("a record for {path} cannot be encoded")]
    Unencodable {
        /// Where it should have gone.
        path: PathBuf,
        /// What the encoder said.
        source: postcard::Error,
    },
    /// A file does not have the content that it was sealed with.
    #[error("{path} is damaged: its SHA-256 is {found}, and it was sealed with {sealed}")]
    WrongDigest {
        /// The file.
        path: PathBuf,
        /// What it has now.
        found: Digest,
        /// What it had.
        sealed: Digest,
    },
    /// A recording cannot be read.
    #[error(transparent)]
    Source(#[from] fluxo_capture::Error),
    /// No line of a file says what it is a recording of.
    #[error(
        "{path} does not say what it is a recording of: no market and symbol in {lines} lines; \
         give a capture with lines of `<receive time> <JSON>`"
    )]
    NoInstrument {
        /// The file.
        path: PathBuf,
        /// How many lines were looked at.
        lines: u64,
    },
    /// A file is written otherwise than was said.
    #[error("{path} is {found}")]
    OtherKind {
        /// The file.
        path: PathBuf,
        /// What it is.
        found: fluxo_capture::RecordingKind,
    },
    /// A file became shorter while it was imported.
    #[error("{path} changed while it was read: import it again when nobody writes to it")]
    SourceChanged {
        /// The file.
        path: PathBuf,
    },
    /// No book can be kept of a market.
    #[error("cannot count what {instrument} did")]
    Unsupported {
        /// Which instrument.
        instrument: Instrument,
        /// Why.
        source: fluxo_market_data::Error,
    },
    /// A lake that may hold one recording only holds another.
    #[error("{path} holds {held}, and {wanted} wants a lake of its own: choose an empty folder")]
    OtherRecording {
        /// The lake.
        path: PathBuf,
        /// The name of the recording in it.
        held: String,
        /// The name of the one that was to come.
        wanted: String,
    },
    /// A sealed file is not there.
    #[error("{path} is missing: the manifest lists it")]
    MissingFile {
        /// The file.
        path: PathBuf,
    },
    /// A file lies among the sealed ones that the manifest does not list.
    #[error("{path} is no file of this lake: the manifest does not list it; move it elsewhere")]
    UnknownFile {
        /// The file.
        path: PathBuf,
    },
    /// The events of a part are not what its frames decode to.
    #[error("{path} does not say what line {line} of its recording says")]
    EventsDiffer {
        /// The file of events.
        path: PathBuf,
        /// The first line that differs.
        line: u64,
    },
    /// The lake holds nothing of that instrument.
    #[error("{path} holds nothing of {instrument}")]
    UnknownInstrument {
        /// The lake.
        path: PathBuf,
        /// What was asked for.
        instrument: Instrument,
    },
    /// A Parquet file cannot be made or read.
    #[error("{path} cannot be made or read as the table that it should be")]
    Parquet {
        /// The file.
        path: PathBuf,
        /// What the format's library said.
        source: parquet::errors::ParquetError,
    },
}

/// What was tried on a file or folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    /// Making it.
    Create,
    /// Opening it.
    Open,
    /// Reading it.
    Read,
    /// Writing it.
    Write,
    /// Waiting until it is on the medium.
    Sync,
    /// Giving it its final name.
    Rename,
    /// Cutting it at its last valid byte.
    Truncate,
    /// Deleting it.
    Remove,
    /// Locking it.
    Lock,
}

/// The kinds of folders that are kept here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FolderKind {
    /// Of a run's journal.
    Journal,
    /// Of an archive.
    Lake,
}

impl core::fmt::Display for Doing {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Create => "create",
            Self::Open => "open",
            Self::Read => "read",
            Self::Write => "write",
            Self::Sync => "sync",
            Self::Rename => "rename",
            Self::Truncate => "truncate",
            Self::Remove => "remove",
            Self::Lock => "lock",
        })
    }
}

impl core::fmt::Display for FolderKind {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Journal => "journal",
            Self::Lake => "lake",
        })
    }
}

impl Error {
    /// What the system said of `path`, sorted by what a person can do about it.
    pub(crate) fn io(doing: Doing, path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::StorageFull
            | io::ErrorKind::QuotaExceeded
            | io::ErrorKind::FileTooLarge => Self::NoRoom { doing, path, source },
            io::ErrorKind::ReadOnlyFilesystem => Self::ReadOnly { path },
            io::ErrorKind::PermissionDenied if doing.writes() => Self::ReadOnly { path },
            _ => Self::Io { doing, path, source },
        }
    }

    pub(crate) fn parquet(path: &Path, source: parquet::errors::ParquetError) -> Self {
        Self::Parquet { path: path.to_owned(), source }
    }

    pub(crate) fn damaged(path: &Path, byte: u64, damage: Damage) -> Self {
        Self::Damaged { path: path.to_owned(), byte, damage }
    }

    /// Whether data that was kept is no longer what it was, or an input cannot be used.
    #[must_use]
    pub const fn is_damage(&self) -> bool {
        match self {
            Self::Source(error) => error.is_damage(),
            Self::Damaged { .. }
            | Self::UnknownFormat { .. }
            | Self::WrongDigest { .. }
            | Self::NoInstrument { .. }
            | Self::MissingFile { .. }
            | Self::UnknownFile { .. }
            | Self::EventsDiffer { .. }
            | Self::Parquet { .. } => true,
            _ => false,
        }
    }

    /// Whether a person mends it by changing the command, the folder or the installation.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        match self {
            Self::Io { source, .. } => matches!(
                source.kind(),
                io::ErrorKind::NotADirectory
                    | io::ErrorKind::AlreadyExists
                    | io::ErrorKind::IsADirectory
                    | io::ErrorKind::NotFound
                    | io::ErrorKind::PermissionDenied
            ),
            Self::Source(fluxo_capture::Error::Open { .. })
            | Self::OtherKind { .. }
            | Self::NoRoom { .. }
            | Self::ReadOnly { .. }
            | Self::Locked { .. }
            | Self::OccupiedFolder { .. }
            | Self::NotFound { .. }
            | Self::UnknownInstrument { .. }
            | Self::OtherRun { .. }
            | Self::OtherRecording { .. }
            | Self::RecordDiffers { .. }
            | Self::SourceChanged { .. } => true,
            _ => false,
        }
    }
}

impl Error {
    /// What a person can do about it, where the error does not say so itself.
    #[must_use]
    pub fn remedy(&self) -> Option<&'static str> {
        match self {
            Self::Io { doing, .. } if self.is_usage() => Some(if doing.writes() {
                "choose another folder, or change its permissions"
            } else {
                "check the path and its permissions"
            }),
            Self::Source(fluxo_capture::Error::Open { .. }) => Some("check the path"),
            Self::Source(error) if error.is_damage() => Some("get a whole copy"),
            Self::UnknownFormat { .. } => {
                Some("read it with the version that wrote it, or make it again from the recording")
            }
            Self::Damaged { .. }
            | Self::WrongDigest { .. }
            | Self::MissingFile { .. }
            | Self::EventsDiffer { .. } => {
                Some("put a whole copy back, or make it again from the recording: docs/LAKE.md")
            }
            _ => None,
        }
    }
}

impl Doing {
    const fn writes(self) -> bool {
        !matches!(self, Self::Open | Self::Read)
    }
}
