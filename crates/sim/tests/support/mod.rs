//! The instrument and the configuration that the tests of this crate share.

use fluxo_core::{
    Calendar, FeatureUnits, InstrumentSpec, Lots, Market, Nanos, SpecSource, UnixNanos,
};
use fluxo_market_data::BookConfig;
use fluxo_sim::{SimConfig, VenueConfig};

/// A linear instrument with a tick of 0.1, a lot of 0.001, and fees of 2 and 5 bps.
pub(crate) fn spec() -> InstrumentSpec {
    InstrumentSpec {
        market: Market::BinanceUsdm,
        symbol: "BTCUSDT".into(),
        kind: Market::BinanceUsdm.kind(),
        base: "BTC".into(),
        quote: "USDT".into(),
        settle: "USDT".into(),
        tick_size: "0.1".parse().unwrap(),
        lot_size: "0.001".parse().unwrap(),
        multiplier: "1".parse().unwrap(),
        maker_fee: "0.0002".parse().unwrap(),
        taker_fee: "0.0005".parse().unwrap(),
        size_unit_lots: Lots::new(100),
        units: FeatureUnits::UNKNOWN,
        calendar: Calendar::AroundTheClock,
        valid_from: UnixNanos::new(0),
        source: SpecSource::Configured,
    }
}

/// 5 ms each way, rows of 100 ms, small limits everywhere else.
pub(crate) fn config() -> SimConfig {
    SimConfig {
        order_latency: Nanos::from_millis(5),
        response_latency: Nanos::from_millis(5),
        row_clock: Nanos::from_millis(100),
        look_ahead_max: 256,
        messages_in_flight_max: 64,
        venue: VenueConfig {
            match_ttl: Nanos::from_millis(250),
            open_orders_max: 16,
            consumed_levels_max: 16,
            id_ranges_max: 64,
            book: BookConfig { window_ticks: BookConfig::WINDOW_TICKS_MIN },
        },
    }
}
