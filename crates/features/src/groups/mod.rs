//! The features, one file per group. A group owns the state of its features, learns what the engine
//! tells it, and writes its slots; it knows of no other group.

mod depth;
mod mid_returns;
mod order_flow;
#[cfg_attr(not(test), expect(dead_code, reason = "the engine does not feed orders yet"))]
mod orders;
mod top_of_book;
mod trade_flow;

pub(crate) use depth::write_depth;
pub(crate) use mid_returns::MidReturns;
pub(crate) use order_flow::OrderFlow;
#[expect(unused_imports, reason = "the engine does not feed orders yet")]
pub(crate) use orders::Orders;
pub(crate) use top_of_book::write_top;
pub(crate) use trade_flow::TradeFlow;

use crate::FeatureRow;

/// The row that is being written.
#[derive(Debug)]
pub(crate) struct Slots<'a> {
    pub(crate) row: &'a mut FeatureRow,
    /// Counts values that were not finite: a defect.
    pub(crate) defects: &'a mut u64,
}

impl Slots<'_> {
    #[inline]
    pub(crate) fn put(&mut self, slot: usize, value: Option<f64>) {
        *self.defects += u64::from(!self.row.set(slot, value));
    }
}

/// `(bid - ask) / (bid + ask)`, and 0 by symmetry when there is nothing on either side.
fn imbalance(bid: i128, ask: i128) -> f64 {
    let total = bid + ask;
    if total == 0 { 0.0 } else { (bid - ask) as f64 / total as f64 }
}
