//! 55-57 and 60-68: what the best ten levels say at the row.

use crate::catalogue::index;
use crate::near_book::{DEPTH_LEVELS, Depth, SideDepth};
use crate::primitives::nearest;

use super::{Slots, imbalance};

/// Writes the features of the levels; all are undefined without a valid book.
pub(crate) fn write_depth(valid: Option<&Depth>, slots: &mut Slots<'_>) {
    for (slot, side) in [(index::AVG_BID_QTY, 0), (index::AVG_ASK_QTY, 1)] {
        let average = |depth: &Depth| average_lots(&depth[side]);
        slots.put(slot, valid.map(average));
    }
    let balance = |[bid, ask]: &Depth| imbalance(bid.total, ask.total);
    slots.put(index::DEPTH_IMBALANCE, valid.map(balance));
    for level in 1..DEPTH_LEVELS {
        let slot = index::LEVEL_IMB_2 + level - 1;
        slots.put(slot, valid.map(|[bid, ask]| level_imbalance(bid, ask, level)));
    }
}

fn average_lots(side: &SideDepth) -> f64 {
    nearest(side.total) / side.count as f64
}

fn level_imbalance(bid: &SideDepth, ask: &SideDepth, level: usize) -> f64 {
    let (bid, ask) = (bid.lots[level], ask.lots[level]);
    match bid.checked_add(ask) {
        Some(0) => 0.0,
        Some(total) => (bid - ask) as f64 / total as f64,
        None => imbalance(bid.into(), ask.into()),
    }
}
