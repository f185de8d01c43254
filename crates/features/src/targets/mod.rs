//! The targets: what came after each row, for training alone.
//!
//! A [`TargetEngine`] is a pass of its own over the events of one instrument and the times of its
//! rows; the feature engine cannot see it. It promises a label only where nothing between the row and
//! the label's end makes it doubtful (FEATURES 11), that what a label takes from the past (its
//! threshold) ends at or before the row, and that a longer recording never changes a label. Rows wait
//! here until all their labels are decided, for the longest horizon and the silence after which a book
//! is stale: memory is bounded.
//!
//! A family of targets is a file like [`horizon`]: it opens a label at a row, is told of time that
//! passes, of batches that prove the book whole, and of trouble, and puts its answers into
//! [`rows::OpenRows`]. Targets that no family builds yet are [`Unlabelled::NotBuilt`].

mod engine;
mod horizon;
mod market;
mod rows;
mod volatility;

pub use engine::TargetEngine;
pub use rows::{Label, RowLabels, Unlabelled};

use crate::catalogue::TARGETS;

/// How many targets there are.
pub const TARGET_COUNT: usize = TARGETS.len();

/// The revision of a target's implementation: 0 is not built, so no row has a label of it; it grows
/// by one whenever a label changes.
#[must_use]
pub const fn target_revision(target: usize) -> u32 {
    if target < FIRST_NOT_BUILT { 1 } else { 0 }
}

/// The forward returns and directions come before it.
const FIRST_NOT_BUILT: usize = 8;
