//! 83 and 84: how fast the book gets deeper away from the mid.

use crate::catalogue::index;
use crate::near_book::{DEPTH_LEVELS, Depth};

use super::Slots;

/// Writes the slopes; both are undefined without a valid book.
pub(crate) fn write_shape(valid: Option<&Depth>, slots: &mut Slots<'_>) {
    let slopes = valid.map(slopes);
    slots.put(index::BOOK_SLOPE, slopes.map(|[bid, ask]| (bid + ask) / 2.0));
    slots.put(index::SLOPE_ASYM, slopes.map(|[bid, ask]| (bid - ask) / (bid + ask)));
}

/// Cumulative lots per tick of distance: the lines through the mid that fit the levels best.
fn slopes(depth: &Depth) -> [f64; 2] {
    let mid_half_ticks = depth[0].prices[0] + depth[1].prices[0];
    let (mut lots, mut product, mut square) = ([0.0; 2], [0.0; 2], [0.0; 2]);
    for level in 0..DEPTH_LEVELS {
        // Both sides in one step, which the compiler turns into one instruction; where there is no
        // level there is no distance, and nothing is added.
        for side in 0..2 {
            let away = (mid_half_ticks - 2 * depth[side].prices[level]) as f64;
            let distance = if level < depth[side].count { away.abs() / 2.0 } else { 0.0 };
            lots[side] += depth[side].lots[level] as f64;
            product[side] += distance * lots[side];
            square[side] += distance * distance;
        }
    }
    [product[0] / square[0], product[1] / square[1]]
}
