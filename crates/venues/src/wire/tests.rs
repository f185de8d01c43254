//! What is written is what the decoder reads, and what the venue would have written.

use fluxo_core::{
    Aggressor, Calendar, Decimal, FeatureUnits, Lots, Price, Side, SpecSource, TradeCondition,
    UnixNanos,
};
use fluxo_market_data::{Body, Decoder, Digits, Level, Message, RawLevel};
use proptest::prelude::*;

use super::*;

const MARKETS: [Market; 3] = [Market::BinanceSpot, Market::BinanceUsdm, Market::BinanceCoinm];

fn spec(market: Market, tick: &str, lot: &str) -> InstrumentSpec {
    let inverse = market == Market::BinanceCoinm;
    InstrumentSpec {
        market,
        symbol: if inverse { "BTCUSD_PERP" } else { "BTCUSDT" }.into(),
        kind: market.kind(),
        base: "BTC".into(),
        quote: if inverse { "USD" } else { "USDT" }.into(),
        settle: if inverse { "BTC" } else { "USDT" }.into(),
        tick_size: tick.parse().unwrap(),
        lot_size: lot.parse().unwrap(),
        multiplier: Decimal::new(if inverse { 100 } else { 1 }, 0),
        maker_fee: Decimal::ZERO,
        taker_fee: Decimal::ZERO,
        size_unit_lots: Lots::new(1),
        units: FeatureUnits::UNKNOWN,
        calendar: Calendar::AroundTheClock,
        valid_from: UnixNanos::new(0),
        source: SpecSource::Configured,
    }
}

fn wire(market: Market) -> Wire {
    Wire::new(&spec(market, "0.1", if market == Market::BinanceCoinm { "1" } else { "0.001" }))
        .unwrap()
}

fn level((ticks, lots): (i64, i64)) -> Level {
    Level { price: Price::from_ticks(ticks), lots: Lots::new(lots) }
}

fn levels(pairs: &[(i64, i64)]) -> impl Iterator<Item = Level> {
    pairs.iter().copied().map(level)
}

fn millis(ms: i64) -> UnixNanos {
    UnixNanos::new(ms * 1_000_000)
}

const TIMES: Times = Times {
    event: UnixNanos::new(1_723_161_256_298_999_999),
    sent: UnixNanos::new(1_723_161_256_299_000_000),
};

fn written(write: impl FnOnce(&mut String)) -> String {
    let mut text = String::new();
    write(&mut text);
    text
}

fn print() -> Print {
    let (price, lots) = (Price::from_ticks(618_003), Lots::new(6));
    Print { id: 77, price, lots, aggressor: Aggressor::Seller, times: TIMES }
}

#[test]
fn messages_look_as_the_venue_prints_them() {
    let usdm = wire(Market::BinanceUsdm);
    let ids = DepthIds { first: 11, last: 13, previous: 9 };
    let depth = written(|out| {
        combined(out, &usdm.stream(Channel::Depth { every_ms: Some(0) }), |out| {
            usdm.depth_update(out, ids, TIMES, levels(&[(618_002, 14), (618_001, 0)]), []);
        });
    });
    assert_eq!(
        depth,
        r#"{"stream":"btcusdt@depth@0ms","data":{"e":"depthUpdate","E":1723161256299,"T":1723161256298,"s":"BTCUSDT","U":11,"u":13,"pu":9,"b":[["61800.2","0.014"],["61800.1","0.000"]],"a":[]}}"#
    );
    assert_eq!(
        written(|out| usdm.trade(out, &print())),
        r#"{"e":"trade","E":1723161256299,"T":1723161256298,"s":"BTCUSDT","t":77,"p":"61800.3","q":"0.006","X":"MARKET","m":true}"#
    );
    assert_eq!(
        written(|out| usdm.agg_trade(out, &print(), AggregatedIds { first: 5, last: 6 })),
        r#"{"e":"aggTrade","E":1723161256299,"s":"BTCUSDT","a":77,"p":"61800.3","q":"0.006","f":5,"l":6,"T":1723161256298,"m":true}"#
    );
    let spot = wire(Market::BinanceSpot);
    let best = BestPrices { update_id: 3, bid: Some(level((5, 7))), ask: None, times: TIMES };
    assert_eq!(
        written(|out| spot.book_ticker(out, &best)),
        r#"{"u":3,"s":"BTCUSDT","b":"0.50000000","B":"0.00700000","a":"0.00000000","A":"0.00000000"}"#
    );
    assert_eq!(
        written(|out| spot.trade(out, &print())),
        r#"{"e":"trade","E":1723161256299,"s":"BTCUSDT","t":77,"p":"61800.30000000","q":"0.00600000","T":1723161256298,"m":true,"M":true}"#
    );
    let coinm = wire(Market::BinanceCoinm);
    assert_eq!(
        written(|out| coinm.depth_snapshot(out, 4, TIMES, levels(&[(5, 7)]), levels(&[(6, 8)]))),
        r#"{"lastUpdateId":4,"E":1723161256299,"T":1723161256298,"symbol":"BTCUSD_PERP","pair":"BTCUSD","bids":[["0.5","7"]],"asks":[["0.6","8"]]}"#
    );
    assert_eq!(written(|out| server_time(out, TIMES.sent)), r#"{"serverTime":1723161256299}"#);
    assert_eq!(written(|out| subscription_result(out, 1)), r#"{"result":null,"id":1}"#);
    assert_eq!(
        written(|out| refusal(out, -1121, "Invalid symbol.")),
        r#"{"code":-1121,"msg":"Invalid symbol."}"#
    );
}

#[test]
fn the_exchange_tells_ticks_and_lots() {
    for market in MARKETS {
        let (first, other) = (wire(market), Wire::new(&spec(market, "0.05", "10")).unwrap());
        let text = written(|out| exchange_info(out, TIMES.sent, [&first, &other]));
        let info: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(info["serverTime"], 1_723_161_256_299_i64);
        for (at, tick, lot) in [
            (0, "0.1", if market == Market::BinanceCoinm { "1" } else { "0.001" }),
            (1, "0.05", "10"),
        ] {
            let symbol = &info["symbols"][at];
            assert_eq!(symbol["symbol"], first.symbol());
            assert_eq!(symbol["baseAsset"], "BTC");
            let filter = |kind: &str, key: &str| -> Decimal {
                let filters = symbol["filters"].as_array().unwrap();
                let filter = filters.iter().find(|filter| filter["filterType"] == kind).unwrap();
                filter[key].as_str().unwrap().parse().unwrap()
            };
            assert_eq!(filter("PRICE_FILTER", "tickSize"), tick.parse().unwrap());
            assert_eq!(filter("LOT_SIZE", "stepSize"), lot.parse().unwrap());
            assert_eq!(filter("LOT_SIZE", "minQty"), lot.parse().unwrap());
        }
        let info = &info["symbols"][0];
        assert_eq!(info["contractSize"] == 100, market == Market::BinanceCoinm);
        assert_eq!(info["pricePrecision"] == 1, market != Market::BinanceSpot);
    }
}

#[test]
fn what_cannot_be_spoken_of_is_refused() {
    let refused = |change: fn(&mut InstrumentSpec)| {
        let mut spec = spec(Market::BinanceUsdm, "0.1", "0.001");
        change(&mut spec);
        Wire::new(&spec).unwrap_err()
    };
    assert_eq!(
        refused(|spec| spec.market = Market::B3Futures),
        Error::Market { market: Market::B3Futures }
    );
    assert_eq!(refused(|spec| spec.symbol = "A\"B".into()), Error::Name { name: "A\"B".into() });
    assert_eq!(refused(|spec| spec.base.clear()), Error::Name { name: String::new() });
    assert_eq!(refused(|spec| spec.lot_size = Decimal::ZERO), Error::Grid { unit: Decimal::ZERO });
}

/// Decodes a text and hands the message to `check`, with the factors from its mantissas to ours.
fn decoded(
    text: &str,
    spec: &InstrumentSpec,
    check: impl FnOnce(&Message<'_>, &dyn Fn(i64, i64) -> RawLevel),
) {
    let mut decoder = Decoder::new();
    let message = decoder.decode(text.as_bytes()).unwrap_or_else(|e| panic!("{text}: {e}"));
    let Digits { price, size } = message.digits;
    // The decoder takes the digits that values need, which may be fewer than the grid has.
    let mantissa = |count: i64, unit: Decimal, digits: u8| {
        let wanted = Decimal::new(count * unit.mantissa(), unit.exponent());
        wanted.mantissa_at(digits).unwrap()
    };
    let raw = |ticks: i64, lots: i64| RawLevel {
        side: Side::Bid,
        price: mantissa(ticks, spec.tick_size, price),
        size: mantissa(lots, spec.lot_size, size),
    };
    check(&message, &raw);
}

proptest! {
    #[test]
    fn the_decoder_reads_back_what_was_written(
        market in prop::sample::select(MARKETS.to_vec()),
        (tick, lot) in prop::sample::select(vec![("0.1", "0.001"), ("0.05", "1"), ("25", "0.000001")]),
        bids in prop::collection::vec((1..1_000_000_000_i64, 0..1_000_000_i64), 0..12),
        asks in prop::collection::vec((1..1_000_000_000_i64, 0..1_000_000_i64), 0..12),
        ids in (0..u64::MAX, 0..u64::MAX, 0..u64::MAX),
        (event, sent) in (1_000_000_000_000..9_000_000_000_000_i64, 1_000_000_000_000..9_000_000_000_000_i64),
        buys in any::<bool>(),
        enveloped in any::<bool>(),
    ) {
        let spec = spec(market, tick, lot);
        let wire = Wire::new(&spec).unwrap();
        let times = Times { event: millis(event), sent: millis(sent) };
        let is_spot = market == Market::BinanceSpot;
        let say = |channel, data: &dyn Fn(&mut String)| written(|out| {
            if enveloped { combined(out, &wire.stream(channel), data) } else { data(out) }
        });
        let told = |raw: &dyn Fn(i64, i64) -> RawLevel| -> Vec<RawLevel> {
            let side = |pairs: &[(i64, i64)], side| -> Vec<RawLevel> {
                pairs.iter().map(|(ticks, lots)| RawLevel { side, ..raw(*ticks, *lots) }).collect()
            };
            [side(&bids, Side::Bid), side(&asks, Side::Ask)].concat()
        };

        let depth_ids = DepthIds { first: ids.0, last: ids.1, previous: ids.2 };
        let text = say(Channel::Depth { every_ms: None }, &|out| {
            wire.depth_update(out, depth_ids, times, levels(&bids), levels(&asks));
        });
        decoded(&text, &spec, |message, raw| {
            assert_eq!((message.market, message.symbol), (Some(market), Some(wire.symbol())));
            let Body::Depth(depth) = message.body else { panic!("{text}") };
            assert_eq!((depth.first_id, depth.last_id), (ids.0, ids.1));
            assert_eq!(depth.previous_id, (!is_spot).then_some(ids.2));
            assert_eq!(depth.ts_event, Some(if is_spot { times.sent } else { times.event }));
            assert_eq!(depth.ts_sent, Some(times.sent));
            assert_eq!(depth.levels, told(raw));
        });

        let text = written(|out| wire.depth_snapshot(out, ids.0, times, levels(&bids), levels(&asks)));
        decoded(&text, &spec, |message, raw| {
            let Body::Snapshot(snapshot) = message.body else { panic!("{text}") };
            assert_eq!(snapshot.last_id, ids.0);
            assert_eq!(snapshot.ts_event, (!is_spot).then_some(times.event));
            assert_eq!(snapshot.levels, told(raw));
        });

        let (ticks, lots) = bids.first().copied().unwrap_or((7, 9));
        let aggressor = if buys { Aggressor::Buyer } else { Aggressor::Seller };
        let print = Print {
            id: ids.0, price: Price::from_ticks(ticks), lots: Lots::new(lots), aggressor, times,
        };
        let same = |trade: &fluxo_market_data::RawTrade, raw: &dyn Fn(i64, i64) -> RawLevel| {
            assert_eq!((trade.price, trade.size), (raw(ticks, lots).price, raw(ticks, lots).size));
            assert_eq!((trade.id, trade.aggressor), (ids.0, aggressor));
            assert_eq!(trade.condition, TradeCondition::Market);
            assert_eq!((trade.ts_event, trade.ts_sent), (Some(times.event), Some(times.sent)));
        };
        let text = say(Channel::Trade, &|out| wire.trade(out, &print));
        decoded(&text, &spec, |message, raw| {
            assert_eq!(message.market, Some(market));
            let Body::Trade(trade) = message.body else { panic!("{text}") };
            same(&trade, raw);
        });
        let trades = AggregatedIds { first: ids.1, last: ids.2 };
        let text = say(Channel::AggTrade, &|out| wire.agg_trade(out, &print, trades));
        decoded(&text, &spec, |message, raw| {
            assert_eq!((message.market, message.symbol), (Some(market), Some(wire.symbol())));
            let Body::AggTrade(aggregate) = message.body else { panic!("{text}") };
            assert_eq!((aggregate.first_trade_id, aggregate.last_trade_id), (ids.1, ids.2));
            same(&aggregate.trade, raw);
        });

        let best = BestPrices {
            update_id: ids.1,
            bid: bids.first().copied().map(level),
            ask: asks.first().copied().map(level),
            times,
        };
        let text = say(Channel::BookTicker, &|out| wire.book_ticker(out, &best));
        decoded(&text, &spec, |message, raw| {
            assert_eq!(message.market, Some(market));
            let Body::Ticker(ticker) = message.body else { panic!("{text}") };
            let (bid, ask) = (bids.first().copied().unwrap_or_default(), asks.first().copied().unwrap_or_default());
            let (bid, ask) = (raw(bid.0, bid.1), raw(ask.0, ask.1));
            assert_eq!((ticker.bid, ticker.bid_size), (bid.price, bid.size));
            assert_eq!((ticker.ask, ticker.ask_size), (ask.price, ask.size));
            assert_eq!(ticker.update_id, ids.1);
            assert_eq!(ticker.ts_event, (!is_spot).then_some(times.event));
        });
    }
}
