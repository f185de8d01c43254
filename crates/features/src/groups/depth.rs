//! 49, 55-57 and 60-68: what the best ten levels say at the row.

use crate::book_state::{DEPTH_LEVELS, Depth, SideDepth};
use crate::catalogue::index;

use super::{Slots, imbalance};

/// How many levels press on the price.
const PRESSURE_LEVELS: usize = 5;

/// Writes the features of the levels; all are undefined without a valid book.
pub(crate) fn write_depth(valid: Option<&Depth>, slots: &mut Slots<'_>) {
    let lots = valid.map(|[bid, ask]| [total_lots(bid), total_lots(ask)]);
    slots.put(index::PRICE_PRESSURE, valid.map(price_pressure));
    for (slot, side) in [(index::AVG_BID_QTY, 0), (index::AVG_ASK_QTY, 1)] {
        let average = |depth: &Depth| average_lots(&depth[side]);
        slots.put(slot, valid.map(average));
    }
    slots.put(index::DEPTH_IMBALANCE, lots.map(|[bid, ask]| imbalance(bid, ask)));
    for level in 1..DEPTH_LEVELS {
        let slot = index::LEVEL_IMB_2 + level - 1;
        slots.put(slot, valid.map(|[bid, ask]| level_imbalance(bid, ask, level)));
    }
}

fn total_lots(side: &SideDepth) -> i128 {
    side.lots.iter().map(|lots| i128::from(*lots)).sum()
}

fn average_lots(side: &SideDepth) -> f64 {
    total_lots(side) as f64 / side.count as f64
}

fn level_imbalance(bid: &SideDepth, ask: &SideDepth, level: usize) -> f64 {
    imbalance(i128::from(bid.lots[level]), i128::from(ask.lots[level]))
}

/// Lots weigh by one over their distance to the mid, in ticks.
fn price_pressure(depth: &Depth) -> f64 {
    let mid_half_ticks = depth[0].prices[0] + depth[1].prices[0];
    let [bid, ask] = [&depth[0], &depth[1]].map(|side| pressure(side, mid_half_ticks));
    (bid - ask) / (bid + ask)
}

fn pressure(side: &SideDepth, mid_half_ticks: i64) -> f64 {
    let levels = side.prices.iter().zip(&side.lots).take(side.count.min(PRESSURE_LEVELS));
    levels
        .map(|(price, lots)| {
            let distance = (mid_half_ticks - 2 * price).unsigned_abs() as f64 / 2.0;
            *lots as f64 / distance
        })
        .sum()
}
