//! Sessions on recorded days of the real venue, one of each market.

use fluxo_core::{Event, Market, MarketData};
use fluxo_session::Instruments;
use fluxo_venues::double::{Captures, Config, Double};

use crate::support::{Bench, events, replayed};

fn check(capture: &str, market: Market, symbol: &str) {
    let Some(capture) = fluxo_test_data::capture(capture) else { return };
    let bench = Bench::new();
    let instruments = Instruments::load(None).unwrap();
    let spec = instruments.get(market, symbol).unwrap().clone();
    let config = Config { speed: 40.0, ..Config::new(spec) };
    let double = Double::start(config, Captures::new([capture])).unwrap();
    let more = ["--strategy", "maker", "--for", "150s"];
    let session = bench.session_on(&market.to_string(), symbol, double.address(), &more);
    let said = session.output();
    let summary = said.summary();
    assert!(summary["orders"].as_u64().unwrap() > 0, "{summary}");
    assert_eq!(summary["live"]["reconnects"], 0, "{summary}");
    assert!(summary["live"]["snapshots"].as_u64().unwrap() > 0, "{summary}");
    let events = events(&bench.journal());
    let trades = events
        .iter()
        .filter(|e| matches!(e, Event::Market(e) if matches!(e.data, MarketData::Trade(_))));
    // The captures of futures have single trades, and the client listens to aggregates.
    assert!(market != Market::BinanceSpot || trades.count() > 100);
    assert!(replayed(&bench.journal()).finished);
}

#[test]
fn spot() {
    check("spot_btcusdt_20240808.gz", Market::BinanceSpot, "BTCUSDT");
}

#[test]
fn usdm() {
    check("usdm_btcusdt_20240808.gz", Market::BinanceUsdm, "BTCUSDT");
}

#[test]
fn coinm() {
    check("cm_btcusd_perp_20240808.gz", Market::BinanceCoinm, "BTCUSD_PERP");
}
