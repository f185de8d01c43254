//! Why a dataset cannot be looked at.

use std::io;
use std::path::{Path, PathBuf};

use fluxo_report::Failure;
use parquet::errors::ParquetError;

/// Why a dataset cannot be looked at.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// There is none.
    #[error("{path} holds no dataset")]
    None {
        /// The folder.
        path: PathBuf,
    },
    /// There are several.
    #[error("{path} holds several datasets, {one} and {other} among them")]
    Several {
        /// The folder.
        path: PathBuf,
        /// One of them.
        one: PathBuf,
        /// Another one.
        other: PathBuf,
    },
    /// A file or a folder cannot be read.
    #[error("cannot read {path}")]
    Disk {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The manifest is none.
    #[error("{path} is no manifest of a dataset")]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
    /// A file that the manifest names is not there.
    #[error("{path} is missing")]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// A file that the manifest does not name.
    #[error("{path} is not listed in dataset.json")]
    Unlisted {
        /// The file.
        path: PathBuf,
    },
    /// A file is not what the manifest says.
    #[error("{path} was changed: its hash is not the one in dataset.json")]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// A file is no Parquet, or breaks off.
    #[error("{path} is damaged")]
    Parquet {
        /// The file.
        path: PathBuf,
        /// Why.
        source: ParquetError,
    },
    /// A column is missing, or is of another type.
    #[error("{path} has no column {name} of the type that it must have")]
    Column {
        /// The file.
        path: PathBuf,
        /// The column.
        name: String,
    },
    /// The columns do not have the rows that they must have.
    #[error("{path} has {found} rows where there must be {stated}")]
    Rows {
        /// The file.
        path: PathBuf,
        /// How many there must be.
        stated: u64,
        /// How many there are.
        found: u64,
    },
}

impl CheckError {
    pub(super) fn disk(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Disk { path, source }
    }

    pub(super) fn parquet(path: &Path) -> impl Fn(ParquetError) -> Self {
        let path = path.to_owned();
        move |source| Self::Parquet { path: path.clone(), source }
    }

    /// With the exit code that belongs to it, and what to do.
    #[must_use]
    pub fn into_failure(self) -> Failure {
        match self {
            Self::None { .. } => {
                Failure::usage(self).remedy("make one with `trainer-bridge dataset`")
            }
            Self::Several { .. } => Failure::usage(self).remedy("name one of them"),
            Self::Disk { .. } => Failure::usage(self).remedy("check the path"),
            _ => Failure::damaged(self).remedy("make the dataset again"),
        }
    }
}
