//! The instruments that hostile frames are about.

use fluxo_core::{
    Calendar, Decimal, FeatureUnits, InstrumentSpec, Lots, Market, Nanos, SpecSource, UnixNanos,
};

/// The instrument of a name: `spot`, `usdm`, `coinm`, `nasdaq` or `cme`.
pub(crate) fn named(name: &[u8]) -> Option<InstrumentSpec> {
    match name {
        b"spot" => Some(spec(Market::BinanceSpot, "BTCUSDT", ("0.01", "0.00001"))),
        b"usdm" => Some(spec(Market::BinanceUsdm, "BTCUSDT", ("0.1", "0.001"))),
        b"coinm" => Some(spec(Market::BinanceCoinm, "BTCUSD_PERP", ("0.1", "1"))),
        b"nasdaq" => Some(spec(Market::Nasdaq, "GOOG", ("0.01", "1"))),
        b"cme" => Some(spec(Market::CmeFutures, "ESH4", ("0.25", "1"))),
        _ => None,
    }
}

fn spec(market: Market, symbol: &str, (tick, lot): (&str, &str)) -> InstrumentSpec {
    let decimal = |text: &str| text.parse::<Decimal>().expect("the grids above are decimals");
    let is_perpetual = matches!(market, Market::BinanceUsdm | Market::BinanceCoinm);
    let is_one_feed = market.is_order_by_order();
    InstrumentSpec {
        market,
        symbol: symbol.to_owned(),
        kind: market.kind(),
        base: "BTC".to_owned(),
        quote: "USDT".to_owned(),
        settle: "USDT".to_owned(),
        tick_size: decimal(tick),
        lot_size: decimal(lot),
        multiplier: Decimal::ONE,
        maker_fee: Decimal::ZERO,
        taker_fee: Decimal::ZERO,
        size_unit_lots: Lots::new(100),
        units: FeatureUnits {
            profile_row_ticks: 100,
            footprint_row_ticks: 10,
            match_ttl: if is_one_feed { Nanos::ZERO } else { FeatureUnits::UNKNOWN.match_ttl },
            funding_interval: is_perpetual.then_some(Nanos::from_millis(28_800_000)),
            ..FeatureUnits::UNKNOWN
        },
        calendar: Calendar::AroundTheClock,
        valid_from: UnixNanos::new(0),
        source: SpecSource::Configured,
    }
}
