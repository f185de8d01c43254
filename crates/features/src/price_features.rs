//! Everything that is made of trade prices: the sampled price and the groups that it feeds.

use fluxo_core::Trade;
use serde::{Deserialize, Serialize};

use crate::coverage::Coverage;
use crate::grid::{FINE_NS, SECOND_NS, point};
use crate::groups::{BarShapes, Momentum, Realised, Serial, Slots, Vwap, write_trade_returns};
use crate::trade_price::TradePrice;

/// Rolls the grids of the trade price and hands each point to the groups.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct PriceFeatures {
    price: TradePrice,
    momentum: Momentum,
    realised: Realised,
    serial: Serial,
    bars: BarShapes,
    vwap: Vwap,
}

impl PriceFeatures {
    pub(crate) fn new() -> Self {
        Self {
            price: TradePrice::new(),
            momentum: Momentum::new(),
            realised: Realised::new(),
            serial: Serial::new(),
            bars: BarShapes::new(),
            vwap: Vwap::new(),
        }
    }

    /// Forgets everything: a break.
    pub(crate) fn clear(&mut self) {
        self.clear_returns();
        self.vwap.clear();
    }

    /// Forgets everything that is made of logarithms of single prices.
    fn clear_returns(&mut self) {
        self.price.clear();
        self.momentum.clear();
        self.realised.clear();
        self.serial.clear();
        self.bars.clear();
    }

    /// The sums of the session begin anew.
    pub(crate) fn open_session(&mut self) {
        self.vwap.open_session();
    }

    /// An event of any kind came: the first one decides where the bars begin.
    pub(crate) fn begin(&mut self, ts: i64) {
        self.bars.begin(ts);
    }

    /// Rolls the window of lots to `ts`: what is printed next happened then.
    pub(crate) fn advance(&mut self, ts: i64) {
        self.vwap.advance(ts);
    }

    /// Samples every grid point up to `fine`, a point of the 100 ms grid; what is printed next happened
    /// after it.
    pub(crate) fn sample_through(&mut self, fine: i64) {
        let (momentum, realised, serial) =
            (&mut self.momentum, &mut self.realised, &mut self.serial);
        self.price.sample_through(fine, |second| {
            momentum.on_second(second);
            realised.on_second(second);
            serial.on_second(second);
        });
        self.bars.end_through(point(fine, SECOND_NS / FINE_NS));
    }

    /// A price that is not above zero has no logarithm: no return spans it, and none is known until the
    /// next price above zero (ADR 0013). In the mean price of the lots it counts like any other.
    pub(crate) fn on_trade(&mut self, trade: &Trade) {
        let (price, lots) = (trade.price.ticks(), trade.lots.get());
        if price > 0 {
            self.price.on_print(price);
            self.bars.on_print(price, lots);
        } else if self.price.now().is_some() {
            self.clear_returns();
        }
        self.vwap.on_print(price, lots);
    }

    pub(crate) fn write(&mut self, at: i64, coverage: &Coverage, slots: &mut Slots<'_>) {
        write_trade_returns(&self.price, slots);
        self.momentum.write(slots);
        self.realised.write(slots);
        self.serial.write(slots);
        self.bars.write(slots);
        self.vwap.write(at, self.price.now(), coverage, slots);
    }
}
