//! Why a dataset cannot be written.

use std::io;
use std::path::{Path, PathBuf};

use fluxo_core::{Decimal, InstrumentSpec};
use fluxo_report::Failure;
use fluxo_session::{ConfigError, RecordingError};
use jiff::Timestamp;
use parquet::errors::ParquetError;

/// Why a dataset cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The recording cannot be read.
    #[error(transparent)]
    Recording(#[from] RecordingError),
    /// The configuration cannot be used.
    #[error(transparent)]
    Configuration(#[from] ConfigError),
    /// The feature engine refuses the configuration or the instrument.
    #[error(transparent)]
    Features(#[from] fluxo_features::Error),
    /// A file or a folder cannot be written or read.
    #[error("cannot {doing} {path}")]
    Disk {
        /// What was being done.
        doing: &'static str,
        /// To which file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file cannot be written as Parquet.
    #[error("cannot write {path} as Parquet")]
    Parquet {
        /// The file.
        path: PathBuf,
        /// Why.
        source: ParquetError,
    },
    /// Another process is writing the same dataset.
    #[error("{path} is being written by another process")]
    InUse {
        /// Where it is being written.
        path: PathBuf,
    },
    /// The folder holds something else.
    #[error("{path} holds {what}")]
    Taken {
        /// The folder.
        path: PathBuf,
        /// What.
        what: Occupant,
    },
    /// A file of a published dataset is not what its manifest says.
    #[error("{path} was changed: its hash is not the one in dataset.json")]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// The symbol cannot be the name of a folder.
    #[error("the symbol {symbol:?} cannot be the name of a folder")]
    Symbol {
        /// The symbol.
        symbol: String,
    },
    /// Nothing was traded in the sessions that are looked at.
    #[error("{instrument}: nothing was traded{}", until(*before))]
    NothingToFit {
        /// The instrument.
        instrument: String,
        /// The session, as yyyymmdd, that ends the look.
        before: Option<i32>,
    },
    /// Rows of one dataset would be in two units.
    #[error("{}the data is finer at {at} than the grid of the rows before it: {before} there, {after} from here", within(path.as_deref()))]
    Regridded {
        /// The file, or the lake.
        path: Option<PathBuf>,
        /// When, on the receive clock.
        at: Timestamp,
        /// The grid of the rows.
        before: GridOf,
        /// The grid of what comes.
        after: GridOf,
    },
    /// Rows that changes of the book make, of a recording that has none.
    #[error(
        "{instrument}: the recording has trades and no book, and book-change makes no row of those"
    )]
    NoBookChanges {
        /// The instrument.
        instrument: String,
    },
    /// A recording without a row is no dataset.
    #[error("{instrument}: the recording ends before the first row")]
    NoRows {
        /// The instrument.
        instrument: String,
    },
}

fn until(before: Option<i32>) -> String {
    before.map(|session| format!(" before the session {session}")).unwrap_or_default()
}

fn within(path: Option<&Path>) -> String {
    path.map(|path| format!("{}: ", path.display())).unwrap_or_default()
}

/// What prices and sizes are multiples of.
#[derive(Clone, Copy, Debug)]
pub struct GridOf {
    /// Of prices.
    pub tick_size: Decimal,
    /// Of sizes.
    pub lot_size: Decimal,
}

impl GridOf {
    /// Whether it is the same grid, however many digits say so.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.tick_size.multiple_of(other.tick_size) == Some(1)
            && self.lot_size.multiple_of(other.lot_size) == Some(1)
    }
}

impl std::fmt::Display for GridOf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "tick {} and lot {}", self.tick_size, self.lot_size)
    }
}

impl From<&InstrumentSpec> for GridOf {
    fn from(spec: &InstrumentSpec) -> Self {
        Self { tick_size: spec.tick_size, lot_size: spec.lot_size }
    }
}

/// What stands in the way of a dataset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Occupant {
    /// A dataset of something else: the first fact in which they differ.
    Dataset(&'static str),
    /// A file that no dataset has.
    File(PathBuf),
}

impl From<std::convert::Infallible> for Error {
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
}

impl std::fmt::Display for Occupant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Dataset(fact) => write!(f, "a dataset with another {fact}"),
            Self::File(name) => write!(f, "{}, which is no dataset", name.display()),
        }
    }
}

impl Error {
    pub(crate) fn disk(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Disk { doing, path, source }
    }

    pub(crate) fn parquet(path: &Path) -> impl FnOnce(ParquetError) -> Self {
        let path = path.to_owned();
        move |source| Self::Parquet { path, source }
    }

    /// Names the file that was read when the rows became of two units.
    pub(crate) fn while_reading(self, file: Option<&Path>) -> Self {
        match self {
            Self::Regridded { at, before, after, .. } => {
                Self::Regridded { path: file.map(Path::to_owned), at, before, after }
            }
            other => other,
        }
    }

    /// With the exit code that belongs to it, and what to do.
    #[must_use]
    pub fn into_failure(self) -> Failure {
        let full = |kind| matches!(kind, io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded);
        match self {
            Self::Recording(error) => error.into_failure(),
            Self::Configuration(error) => error.into_failure(),
            Self::Features(_) => Failure::usage(self).remedy("see [rows] in engine.toml"),
            Self::Disk { ref source, .. } if full(source.kind()) => {
                Failure::usage(self).remedy("free some space and run the same command again")
            }
            Self::Disk { .. } => {
                Failure::usage(self).remedy("choose another folder, or change its permissions")
            }
            Self::Parquet { source: ParquetError::External(_), .. } => {
                Failure::usage(self).remedy("free some space or choose another folder")
            }
            Self::Parquet { .. } => Failure::internal(self),
            Self::InUse { .. } => Failure::usage(self).remedy("wait for it to end"),
            Self::Taken { .. } => {
                Failure::usage(self).remedy("choose another --out, or delete that folder first")
            }
            Self::Changed { .. } => {
                Failure::damaged(self).remedy("delete that folder and run the same command again")
            }
            Self::Symbol { .. } => {
                Failure::damaged(self).remedy("no venue has such a symbol: check the recording")
            }
            Self::NothingToFit { before: Some(_), .. } => {
                Failure::usage(self).remedy("give recordings of earlier sessions")
            }
            Self::NothingToFit { before: None, .. } => {
                Failure::damaged(self).remedy("give a recording with trades")
            }
            Self::Regridded { after: GridOf { tick_size, lot_size }, .. } => Failure::usage(self)
                .remedy(format!(
                    "list tick_size = \"{tick_size}\" and lot_size = \"{lot_size}\" in a copy of \
                     configs/instruments.toml and name it with --instruments"
                )),
            Self::NoBookChanges { .. } => {
                Failure::usage(self).remedy("choose --clock time:MS or volume:LOTS")
            }
            Self::NoRows { .. } => Failure::damaged(self).remedy("give a longer recording"),
        }
    }
}
