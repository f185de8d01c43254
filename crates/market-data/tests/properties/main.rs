//! What holds for every input: exactness, agreement with simpler models, and that no bytes hurt.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod book;
mod bytes;
mod decoding;
mod model;
mod synchroniser;

use fluxo_core::{
    Calendar, Decimal, FeatureUnits, InstrumentKind, InstrumentSpec, Lots, Market, Side,
    SpecSource, UnixNanos,
};
use proptest::prelude::*;

fn spec(market: Market, tick_size: Decimal, lot_size: Decimal) -> InstrumentSpec {
    InstrumentSpec {
        market,
        symbol: "BTCUSDT".into(),
        kind: InstrumentKind::Linear,
        base: "BTC".into(),
        quote: "USDT".into(),
        settle: "USDT".into(),
        tick_size,
        lot_size,
        multiplier: Decimal::ONE,
        maker_fee: Decimal::ZERO,
        taker_fee: Decimal::ZERO,
        size_unit_lots: Lots::new(1),
        units: FeatureUnits::UNKNOWN,
        calendar: Calendar::AroundTheClock,
        valid_from: UnixNanos::new(0),
        source: SpecSource::Configured,
    }
}

fn side() -> impl Strategy<Value = Side> {
    prop_oneof![Just(Side::Bid), Just(Side::Ask)]
}
