//! The targets: what came after each row, for training and for the weights of models.
//!
//! A [`TargetEngine`] is a pass of its own over the events and the rows of one instrument; the feature
//! engine cannot see it. It promises a label only where nothing between the row and the label's end
//! makes it doubtful (FEATURES 11), that what a label takes from the past (its threshold, its barriers)
//! ends at or before the row, and that a longer recording never changes a label. Rows wait here until
//! their labels are decided, for the longest horizon and the silence after which a book is stale:
//! memory is bounded.
//!
//! A family of targets is a file like [`horizon`] and answers to [`family::Family`]: it opens a label at
//! a row, is told of time that passes, of batches that prove the book whole, and of trouble, and puts its
//! answers into [`decided::Decided`].

mod barrier;
mod bet;
mod config;
mod decided;
mod engine;
mod family;
mod future_spread;
mod future_volatility;
mod horizon;
mod label;
mod market;
mod min_tree;
#[cfg(test)]
mod oracles;
mod rows;
mod terms;
mod volatility;

pub use config::TargetConfig;
pub use engine::TargetEngine;
pub use label::{Label, Matured, Unlabelled};
pub use rows::{RowLabeller, RowLabels};
pub use terms::{Barrier, Clamp, RowTerms};

use crate::catalogue::TARGETS;

/// How many targets there are.
pub const TARGET_COUNT: usize = TARGETS.len();

/// The revision of a target's implementation: it grows by one whenever a label changes.
///
/// # Panics
/// When there is no such target.
#[must_use]
pub const fn target_revision(target: usize) -> u32 {
    assert!(target < TARGET_COUNT, "there is no such target");
    1
}
