//! The features, one file per group. A group owns the state of its features, learns what the engine
//! tells it, and writes its slots; it knows of no other group.

mod absorption;
mod accounting;
mod band;
mod bars;
mod clock;
mod depletion;
mod depth;
mod footprint;
mod hawkes;
mod impact;
mod liquidity;
mod microprice;
mod mid_returns;
mod momentum;
mod multi_level;
#[cfg(test)]
mod oracles;
mod order_flow;
mod orders;
mod profile;
mod realised;
mod resiliency;
mod serial;
mod shape;
mod spreads;
mod sweep;
mod tape;
mod top_of_book;
mod trade_flow;
mod trade_returns;
mod vpin;
mod vwap;

pub(crate) use absorption::Absorption;
pub(crate) use accounting::Accounting;
pub(crate) use band::Band;
pub(crate) use bars::BarShapes;
pub(crate) use clock::write_clock;
pub(crate) use depletion::Depletion;
pub(crate) use depth::write_depth;
pub(crate) use footprint::Footprint;
pub(crate) use hawkes::Hawkes;
pub(crate) use impact::Impact;
pub(crate) use liquidity::Liquidity;
pub(crate) use microprice::write_microprice;
pub(crate) use mid_returns::MidReturns;
pub(crate) use momentum::Momentum;
pub(crate) use multi_level::MultiLevel;
pub(crate) use order_flow::OrderFlow;
pub(crate) use orders::Orders;
pub(crate) use profile::Profile;
pub(crate) use realised::Realised;
pub(crate) use resiliency::Resiliency;
pub(crate) use serial::Serial;
pub(crate) use shape::write_shape;
pub(crate) use spreads::Spreads;
pub(crate) use sweep::Sweep;
pub(crate) use tape::Tape;
pub(crate) use top_of_book::write_top;
pub(crate) use trade_flow::TradeFlow;
pub(crate) use trade_returns::write_trade_returns;
pub(crate) use vpin::Vpin;
pub(crate) use vwap::Vwap;

use crate::primitives::nearest;
use crate::row::Exact;

/// The features that are being written, before they are narrowed to those of a row.
#[derive(Debug)]
pub(crate) struct Slots<'a> {
    pub(crate) exact: &'a mut Exact,
    /// Counts values that were no numbers: a defect.
    pub(crate) defects: &'a mut u64,
}

impl Slots<'_> {
    #[inline]
    pub(crate) fn put(&mut self, slot: usize, value: Option<f64>) {
        if !self.exact.set(slot, value) {
            *self.defects += 1;
        }
    }
}

/// `(bid - ask) / (bid + ask)`, and 0 by symmetry when there is nothing on either side.
fn imbalance(bid: i128, ask: i128) -> f64 {
    let total = bid + ask;
    if total == 0 { 0.0 } else { nearest(bid - ask) / nearest(total) }
}
