//! Which build wrote a dataset.

use fluxo_lake::Digest;
use serde::Serialize;

/// The lock file that this crate was built with.
const CARGO_LOCK: &[u8] = include_bytes!("../../../Cargo.lock");

/// What can change the numbers of a dataset besides the sources: part of its hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct CodeVersion {
    pub(crate) cargo_lock_sha256: Digest,
    pub(crate) rustc: &'static str,
}

/// The state of the sources: beside the hash, because a commit that changes no number must not change
/// a dataset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct SourceState {
    /// Whether files that git tracks differed from the commit.
    pub(crate) dirty: bool,
    /// The commit, where the build could find one.
    pub(crate) git: Option<&'static str>,
}

impl CodeVersion {
    pub(crate) fn of_this_build() -> Self {
        Self { cargo_lock_sha256: Digest::of(CARGO_LOCK), rustc: env!("FLUXO_RUSTC") }
    }
}

impl SourceState {
    pub(crate) fn of_this_build() -> Self {
        let commit = env!("FLUXO_GIT_COMMIT");
        Self {
            dirty: env!("FLUXO_GIT_DIRTY") == "true",
            git: (!commit.is_empty()).then_some(commit),
        }
    }
}
