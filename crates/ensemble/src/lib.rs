//! Bundles of models, verified before they count, and the forecast that they form on a row.
//!
//! A [`Bundle`] is verified as a whole from bytes that an edge read: hashes, schema, shapes, opsets.
//! With a [`Runtime`] it becomes a [`ModelEnsemble`], once its golden vectors agree on this machine.
//! It promises that no model speaks that was not verified, that a failing model is left out and
//! never guessed for, and that a warm forecast allocates nothing on the Rust side. It reads no file
//! and no clock; ONNX Runtime is one module of it, behind the [`Scorer`] trait.

mod bundle;
mod ensemble;
mod error;
mod files;
mod hash;
mod input;
mod manifest;
mod npy;
mod onnx;
mod onnx_file;
mod parity;
mod recorded;
mod runtime;
mod scorer;
pub mod weights;

pub use bundle::{Bundle, Expectations};
pub use ensemble::{FAILURES_IN_A_ROW_MAX, ModelCounts, ModelEnsemble};
pub use error::{Claim, End, Error, Golden, NpyError, Part, Place, RuntimeError};
pub use files::{
    BUNDLE_BYTES_MAX, BundleFiles, FILE_BYTES_MAX, FILES_MAX, MANIFEST, PROVENANCE, SUMS,
};
pub use hash::Hash;
pub use input::{FeatureSetName, InputSet, ROW_WIDTH};
pub use manifest::{
    DatasetEntry, Decision, Dimension, Dtype, Family, GoldenInputs, InputEntry, Manifest,
    ModelDecision, ModelEntry, OutputEntry, ParityEntry, Record, Role,
};
pub use parity::{ModelParity, PARITY_TOLERANCE};
pub use recorded::{Forecaster, RecordedForecasts};
pub use runtime::{RUNTIME_VERSION, Runtime};
pub use scorer::{ScoreError, Scorer};
