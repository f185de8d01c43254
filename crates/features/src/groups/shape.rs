//! 83 and 84: how fast the book gets deeper away from the mid.

use crate::catalogue::index;
use crate::near_book::{Depth, SideDepth};

use super::Slots;

/// Writes the slopes; both are undefined without a valid book.
pub(crate) fn write_shape(valid: Option<&Depth>, slots: &mut Slots<'_>) {
    let slopes = valid.map(|depth| {
        let mid_half_ticks = depth[0].prices[0] + depth[1].prices[0];
        [slope(&depth[0], mid_half_ticks), slope(&depth[1], mid_half_ticks)]
    });
    slots.put(index::BOOK_SLOPE, slopes.map(|[bid, ask]| (bid + ask) / 2.0));
    slots.put(index::SLOPE_ASYM, slopes.map(|[bid, ask]| (bid - ask) / (bid + ask)));
}

/// Cumulative lots per tick of distance: the line through the mid that fits the levels best.
fn slope(side: &SideDepth, mid_half_ticks: i64) -> f64 {
    let (mut lots, mut product, mut square) = (0.0, 0.0, 0.0);
    for level in 0..side.count {
        lots += side.lots[level] as f64;
        let distance = ((mid_half_ticks - 2 * side.prices[level]) as f64).abs() / 2.0;
        product += distance * lots;
        square += distance * distance;
    }
    product / square
}
