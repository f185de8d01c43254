//! 45-48 and 58: what the best bid and ask say at the row.

use crate::book_state::Top;
use crate::catalogue::index;

use super::{Slots, imbalance};

/// Writes the features of the best levels; all are undefined without a valid book.
pub(crate) fn write_top(top: Option<Top>, slots: &mut Slots<'_>) {
    slots.put(index::SPREAD_ABS, top.map(|top| spread(&top)));
    slots.put(index::SPREAD_BPS, top.and_then(|top| spread_bps(&top)));
    slots.put(index::MID_PRICE, top.map(|top| mid(&top)));
    slots.put(index::IMBALANCE, top.map(|top| touch_imbalance(&top)));
    slots.put(index::WEIGHTED_MID_DEV, top.map(|top| 0.5 * spread(&top) * touch_imbalance(&top)));
}

fn spread(top: &Top) -> f64 {
    (top.ask - top.bid) as f64
}

fn mid(top: &Top) -> f64 {
    top.mid_half_ticks() as f64 / 2.0
}

/// A share of the mid has no meaning when the mid is not above zero.
fn spread_bps(top: &Top) -> Option<f64> {
    let mid = mid(top);
    (mid > 0.0).then(|| 1e4 * spread(top) / mid)
}

fn touch_imbalance(top: &Top) -> f64 {
    imbalance(i128::from(top.bid_lots), i128::from(top.ask_lots))
}
