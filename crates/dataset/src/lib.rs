//! Rows and their labels as Parquet files for the cold path.
//!
//! [`write_dataset`] reads a recording through the very feature engine that trades, labels the rows in a
//! pass of its own, weighs the labels by how much they overlap, and publishes a folder of one file per
//! UTC day (docs/TRAINING.md describes it). It promises the same bytes for the same recording,
//! configuration and build, memory that does not grow with the recording, and that a folder with the
//! final name is whole. [`calibrate`](fn@calibrate) fits what rows take as given on sessions before. [`check_dataset`] reads such a folder again, and says whether its values are fit.

mod balance;
mod calibrate;
mod check;
mod class_balance;
mod code_version;
mod columns;
mod error;
mod facts;
mod folder;
mod manifest;
mod moment;
mod part;
mod pipeline;
mod row;
mod session_day;
mod uniqueness;
mod write;

pub use calibrate::{Calibrated, Calibrating, calibrate};
pub use check::{CheckError, ColumnCheck, Damage, DatasetCheck, Role, check_dataset};
pub use class_balance::Verdict;
pub use columns::{
    AUX_COLUMNS, Column, ColumnType, FEATURE_COLUMNS, GROUP_ROWS, KEY_COLUMNS, columns,
};
pub use error::{Error, GridOf};
pub use facts::Mode;
pub use manifest::{FileFacts, LabelCounts, Manifest};
pub use session_day::{session_named, session_of};
pub use uniqueness::Uniqueness;
pub use write::{Dataset, Progress, write_dataset, write_dataset_of};
