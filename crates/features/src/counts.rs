//! What the engine counts of what should seldom or never happen.

use serde::{Deserialize, Serialize};

/// What the engine had to cope with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeatureCounts {
    /// Events that came with a receive time before the watermark, and counted as at the watermark.
    pub late_events: u64,
    /// Book updates without a snapshot before them, ignored.
    pub orphan_updates: u64,
    /// Specifications that are no refinement of the one before: the book was lost.
    pub foreign_specs: u64,
    /// Prints outside the rows of their footprint bar, counted in its end rows.
    pub footprint_clipped: u64,
    /// Prints and depth changes that were dropped unmatched because too many waited for each other.
    pub dropped_credits: u64,
    /// Values that were not finite, written as undefined: each is a defect.
    pub not_finite: u64,
}
