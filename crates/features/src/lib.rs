//! Turns the market events of one instrument into the row that models, agents and rules read.
//!
//! [`FeatureEngine`] is fed events and gives rows on the receive clock; the catalogue (generated
//! from `features.toml` and `targets.toml`) names every slot. It promises that a row holds what was
//! known at its time and nothing later, that a slot is finite or undefined, and that the same
//! events give the same bits on every machine; [`schema_text`] says what each of them means.
//! [`TargetEngine`] is a second pass over the same events that
//! says what came after each row; the feature engine knows nothing of it. It reads no clock and no file.

mod batch_changes;
mod book_features;
mod book_means;
mod book_state;
mod book_view;
mod calibration;
pub mod catalogue;
mod config;
pub mod consensus;
mod counts;
mod coverage;
mod engine;
mod error;
mod feature;
mod grid;
mod groups;
mod micro_price;
mod near_book;
pub mod nsmi;
#[cfg(test)]
mod oracles;
mod order_state;
mod out_of_view;
mod parents;
mod price_features;
mod primitives;
mod print_features;
mod regime;
mod row;
mod row_clock;
mod sampling;
mod schema;
mod segments;
mod sessions;
mod snapshot;
mod targets;
mod trade_price;
mod trading_session;

pub use calibration::{Calibration, IMBALANCE_BUCKETS, MicroPriceTable};
pub use config::FeatureConfig;
pub use counts::FeatureCounts;
pub use engine::FeatureEngine;
pub use error::Error;
pub use feature::{
    FeatureInfo, FeatureSet, Parity, Range, TargetInfo, TargetKind, Transform, Undefined,
    VectorInfo,
};
/// The vocabulary of events and units, for a crate that names nothing else of ours.
pub use fluxo_core;
pub use micro_price::MicroPriceCounts;
pub use row::{CONSENSUS_START, FEATURE_COUNT, FeatureRow, REGIME_START, ROW_SLOTS, slot_name};
pub use sampling::{SamplingClock, UnknownClock};
pub use schema::{canonical_line, instrument_settings, revision, schema_text};
pub use segments::SegmentBreaks;
pub use snapshot::SnapshotError;
pub use targets::{
    Barrier, Clamp, Label, Matured, RowLabeller, RowLabels, RowTerms, TARGET_COUNT, TargetConfig,
    TargetEngine, Unlabelled, target_revision,
};
pub use trading_session::TradingSession;
