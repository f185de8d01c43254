//! The one door from floats to prices.

use crate::{PRICE_TICKS_MAX, Price, Side};

/// The nearest price no more aggressive than `wanted_ticks`: bids round down, asks round up.
/// `None` for NaN, infinities, and anything beyond [`PRICE_TICKS_MAX`].
#[must_use]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "the one door from floats to prices; its range is checked first"
)]
pub fn passive_price(side: Side, wanted_ticks: f64) -> Option<Price> {
    let rounded = match side {
        Side::Bid => wanted_ticks.floor(),
        Side::Ask => wanted_ticks.ceil(),
    };
    // NaN fails the comparison.
    (rounded.abs() <= PRICE_TICKS_MAX as f64).then(|| Price::from_ticks(rounded as i64))
}
