//! Frames as the venues send them, and as nobody should.

use fluxo_core::{Aggressor, Market, Side, TradeCondition, UnixNanos};

use super::*;
use crate::{Body, DepthUpdate, RawLevel, RawTicker, RawTrade};

const USDM_DEPTH: &str = r#"{"stream":"btcusdt@depth@0ms","data":{"e":"depthUpdate","E":1723161256299,"T":1723161256298,"s":"BTCUSDT","U":5123107832006,"u":5123107837557,"pu":5123107831937,"b":[["58710.20","0.014"],["61496.50","0.010"]],"a":[["61900.00","0.000"]]}}"#;
const SPOT_TICKER: &str = r#"{"stream":"btcusdt@bookTicker","data":{"u":50093239212,"s":"BTCUSDT","b":"61837.63000000","B":"3.78826000","a":"61837.64000000","A":"1.54698000"}}"#;
const SNAPSHOT: &str =
    r#"{"lastUpdateId": 50093239218, "bids": [["61837.63000000", "3.78826000"]], "asks": []}"#;

fn millis(millis: i64) -> Option<UnixNanos> {
    Some(UnixNanos::new(millis * 1_000_000))
}

/// The fault of a frame, for a decoder that has seen nothing.
fn fault(frame: &str) -> Error {
    Decoder::new().decode(frame.as_bytes()).unwrap_err()
}

fn market_of(frame: &str) -> Option<Market> {
    Decoder::new().decode(frame.as_bytes()).unwrap().market
}

fn is_other(frame: &str) -> bool {
    Decoder::new().decode(frame.as_bytes()).unwrap().body == Body::Other
}

/// A body without its levels, as the name of its kind.
fn kind(frame: &str) -> &'static str {
    match Decoder::new().decode(frame.as_bytes()).unwrap().body {
        Body::Depth(_) => "depth",
        Body::Snapshot(_) => "snapshot",
        Body::PartialDepth(_) => "partial",
        Body::Trade(_) => "trade",
        Body::AggTrade(_) => "aggTrade",
        Body::Ticker(_) => "ticker",
        Body::MarkPrice(_) => "mark",
        Body::Order(_) => "order",
        Body::Other => "other",
    }
}

#[test]
fn a_depth_update_is_read_in_full() {
    let mut decoder = Decoder::new();
    let message = decoder.decode(USDM_DEPTH.as_bytes()).unwrap();
    assert_eq!((message.market, message.symbol), (Some(Market::BinanceUsdm), Some("BTCUSDT")));
    assert_eq!(message.digits, Digits { price: 1, size: 3 });
    let update = DepthUpdate {
        first_id: 5_123_107_832_006,
        last_id: 5_123_107_837_557,
        previous_id: Some(5_123_107_831_937),
        ts_event: millis(1_723_161_256_298),
        ts_sent: millis(1_723_161_256_299),
        levels: &[
            RawLevel { side: Side::Bid, price: 587_102, size: 14 },
            RawLevel { side: Side::Bid, price: 614_965, size: 10 },
            RawLevel { side: Side::Ask, price: 619_000, size: 0 },
        ],
    };
    assert_eq!(message.body, Body::Depth(update));
}

#[test]
fn a_spot_ticker_has_no_kind_and_no_time() {
    let mut decoder = Decoder::new();
    let message = decoder.decode(SPOT_TICKER.as_bytes()).unwrap();
    assert_eq!(message.market, Some(Market::BinanceSpot));
    assert_eq!(message.digits, Digits { price: 2, size: 5 });
    let (ts_event, ts_sent) = (None, None);
    let ticker = RawTicker {
        update_id: 50_093_239_212,
        bid: 6_183_763,
        bid_size: 378_826,
        ask: 6_183_764,
        ask_size: 154_698,
        ts_event,
        ts_sent,
    };
    assert_eq!(message.body, Body::Ticker(ticker));
}

#[test]
fn a_bare_snapshot_is_a_snapshot_and_a_streamed_one_is_not() {
    assert_eq!(kind(SNAPSHOT), "snapshot");
    let streamed = format!("{{\"stream\":\"btcusdt@depth5\",\"data\":{SNAPSHOT}}}");
    assert_eq!(kind(&streamed), "partial");
    // Futures repeat their best levels in the words of an increment.
    let partial = USDM_DEPTH.replace("@depth@0ms", "@depth20@100ms");
    assert_eq!(kind(&partial), "partial");
    assert_eq!(kind(&USDM_DEPTH.replace("@depth@0ms", "@rpiDepth@500ms")), "other");
}

#[test]
fn trades_say_who_took_and_whether_they_met_the_book() {
    let frame = r#"{"e":"trade","E":1723161256322,"T":1723161256321,"s":"BTCUSDT","t":5266583935,"p":"61800.30","q":"0.006","X":"MARKET","m":true}"#;
    let mut decoder = Decoder::new();
    let trade = RawTrade {
        id: 5_266_583_935,
        price: 618_003,
        size: 6,
        aggressor: Aggressor::Seller,
        condition: TradeCondition::Market,
        ts_event: millis(1_723_161_256_321),
        ts_sent: millis(1_723_161_256_322),
    };
    assert_eq!(decoder.decode(frame.as_bytes()).unwrap().body, Body::Trade(trade));
    // Data trap 7.
    let insurance = frame.replace("MARKET", "INSURANCE_FUND").replace("true", "false");
    let (aggressor, condition) = (Aggressor::Buyer, TradeCondition::OffMarket);
    let off_market = RawTrade { aggressor, condition, ..trade };
    assert_eq!(decoder.decode(insurance.as_bytes()).unwrap().body, Body::Trade(off_market));
}

#[test]
fn an_aggregate_names_its_trades() {
    let frame = r#"{"e":"aggTrade","E":1633998523963,"s":"NKNUSDT","a":15683430,"p":"0.35280000","q":"58.00000000","f":19862790,"l":19862791,"T":1633998523962,"m":false,"M":true}"#;
    let mut decoder = Decoder::new();
    let message = decoder.decode(frame.as_bytes()).unwrap();
    assert_eq!(message.market, Some(Market::BinanceSpot));
    assert_eq!(message.digits, Digits { price: 4, size: 0 });
    let Body::AggTrade(aggregate) = message.body else { panic!("{message:?}") };
    assert_eq!(
        (aggregate.trade.id, aggregate.trade.price, aggregate.trade.size),
        (15_683_430, 3_528, 58)
    );
    assert_eq!((aggregate.first_trade_id, aggregate.last_trade_id), (19_862_790, 19_862_791));
}

#[test]
fn a_mark_price_may_have_no_index_and_no_funding() {
    let usdm = r#"{"e":"markPriceUpdate","E":1562305380000,"s":"BTCUSDT","p":"11794.15000001","i":"11784.62659091","P":"11784.25641265","r":"0.00038167","T":1562306400000}"#;
    let mut decoder = Decoder::new();
    let message = decoder.decode(usdm.as_bytes()).unwrap();
    assert_eq!(message.digits.price, 8);
    let Body::MarkPrice(mark) = message.body else { panic!("{message:?}") };
    assert_eq!((mark.mark, mark.index), (1_179_415_000_001, Some(1_178_462_659_091)));
    assert_eq!(
        (mark.next_funding, mark.ts_event),
        (millis(1_562_306_400_000), millis(1_562_305_380_000))
    );
    let coinm = r#"{"e":"markPriceUpdate","E":1596095725000,"s":"BTCUSD_201225","p":"10934.62615417","P":"10962.17178236","r":"","T":0}"#;
    let Body::MarkPrice(mark) = decoder.decode(coinm.as_bytes()).unwrap().body else { panic!() };
    assert_eq!((mark.index, mark.next_funding), (None, None));
}

#[test]
fn digits_only_grow_and_hold_for_the_whole_message() {
    let mut decoder = Decoder::new();
    assert_eq!(decoder.digits(), Digits::default());
    let ticker = |bid: &str, size: &str| {
        format!(r#"{{"u":1,"s":"X","b":"{bid}","B":"{size}","a":"3","A":"4.0"}}"#)
    };
    let mut read = |bid: &str, size: &str| {
        let frame = ticker(bid, size);
        let message = decoder.decode(frame.as_bytes()).unwrap();
        let Body::Ticker(ticker) = message.body else { panic!() };
        (message.digits, ticker.bid, ticker.bid_size, ticker.ask, ticker.ask_size)
    };
    assert_eq!(read("2", "1.00"), (Digits { price: 0, size: 0 }, 2, 1, 3, 4));
    assert_eq!(read("2.5", "1.00"), (Digits { price: 1, size: 0 }, 25, 1, 30, 4));
    assert_eq!(read("2", "0.001"), (Digits { price: 1, size: 3 }, 20, 1, 30, 4_000));
    assert_eq!(read("2.50000000", "7"), (Digits { price: 1, size: 3 }, 25, 7_000, 30, 4_000));
    assert_eq!(read("0", "0.00000"), (Digits { price: 1, size: 3 }, 0, 0, 30, 4_000));
}

#[test]
fn whole_sizes_may_be_long() {
    // Pairs of cheap tokens trade in hundreds of millions, without a point.
    for size in [1_i64, 12_345_678, 123_456_789, 1_234_567_890_123, 999_999_999_999_999_999] {
        let frame = format!(
            r#"{{"u":1,"s":"SHIBUSDT","b":"0.00001234","B":"{size}","a":"0.00001235","A":"{size}.00"}}"#
        );
        let mut decoder = Decoder::new();
        let message = decoder.decode(frame.as_bytes()).unwrap();
        let Body::Ticker(ticker) = message.body else { panic!("{message:?}") };
        assert_eq!((ticker.bid_size, ticker.ask_size, message.digits.size), (size, size, 0));
    }
}

#[test]
fn a_malformed_frame_leaves_the_digits_alone() {
    let mut decoder = Decoder::new();
    let frame = r#"{"u":1,"s":"X","b":"0.00000001","B":"-1","a":"3","A":"4.0"}"#;
    assert!(decoder.decode(frame.as_bytes()).is_err());
    let nameless = r#"{"u":1,"s":7,"b":"0.1","B":"1","a":"3","A":"4.0"}"#;
    let fault = Error::BadField { field: "s", at: 11 };
    assert_eq!(decoder.decode(nameless.as_bytes()), Err(fault));
    assert_eq!(decoder.digits(), Digits::default());
    // Values that nobody uses raise nothing either.
    assert!(is_other(r#"{"e":"24hrTicker","p":"0.0000001","b":"1.5","q":"99999999999999999999"}"#));
}

#[test]
fn what_we_do_not_use_is_no_fault() {
    for frame in [
        r#"{"result":null,"id":1}"#,
        r#"{"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1}}"#,
        r#"{"e":"kline","E":1633998523963,"s":"NKNUSDT","k":{"t":1633998480000,"o":"0.3","x":false}}"#,
        r#"{"stream":"!ticker@arr","data":[{"e":"24hrTicker","p":1}]}"#,
        r#"{"e":7,"b":{"deep":[1,[2]]},"a":null}"#,
        r#"{"e":"forceOrder","E":"x","p":12,"a":true,"s":{"t":1}}"#,
        "[]",
        "17",
        "\"text\"",
    ] {
        assert!(is_other(frame), "{frame}");
    }
}

#[test]
fn payloads_name_their_market_where_they_can() {
    let depth = |more: &str| format!(r#"{{"e":"depthUpdate","U":1,"u":2,{more}"b":[],"a":[]}}"#);
    assert_eq!(market_of(&depth("")), Some(Market::BinanceSpot));
    assert_eq!(market_of(&depth("\"pu\":1,")), Some(Market::BinanceUsdm));
    assert_eq!(market_of(&depth("\"pu\":1,\"ps\":\"BTCUSD\",")), Some(Market::BinanceCoinm));
    let migrated = depth("\"pu\":1,\"st\":1,\"ps\":\"BTCUSDT\",");
    assert_eq!(market_of(&migrated), Some(Market::BinanceUsdm));
    assert_eq!(market_of(&depth("\"pu\":1,\"st\":2,")), Some(Market::BinanceCoinm));
    let ticker = |more: &str| format!(r#"{{{more}"u":1,"b":"1","B":"1","a":"2","A":"1"}}"#);
    assert_eq!(market_of(&ticker("")), Some(Market::BinanceSpot));
    assert_eq!(market_of(&ticker("\"e\":\"bookTicker\",")), Some(Market::BinanceUsdm));
    let coinm = ticker("\"e\":\"bookTicker\",\"ps\":\"BTCUSD\",");
    assert_eq!(market_of(&coinm), Some(Market::BinanceCoinm));
    let trade = |more: &str| format!(r#"{{"e":"trade","t":1,"p":"1","q":"1",{more}"m":true}}"#);
    assert_eq!(market_of(&trade("\"M\":true,")), Some(Market::BinanceSpot));
    assert_eq!(market_of(&trade("")), None);
    assert_eq!(market_of(&trade("\"s\":\"BTCUSD_PERP\",")), Some(Market::BinanceCoinm));
    let usdm = trade("\"X\":\"MARKET\",\"s\":\"BTCUSDT\",");
    assert_eq!(market_of(&usdm), Some(Market::BinanceUsdm));
    assert_eq!(market_of(&trade("\"X\":\"MARKET\",\"st\":2,")), Some(Market::BinanceCoinm));
    let delivery = trade("\"X\":\"MARKET\",\"s\":\"BTCUSDT_240927\",");
    assert_eq!(market_of(&delivery), Some(Market::BinanceUsdm));
    let named = depth("\"pu\":1,\"s\":\"BTCUSD_PERP\",");
    assert_eq!(market_of(&named), Some(Market::BinanceCoinm), "the symbol alone tells");
    let named = depth("\"pu\":1,\"s\":\"ETHUSDT\",\"ps\":\"ETHUSDT\",");
    assert_eq!(market_of(&named), Some(Market::BinanceUsdm));
    assert_eq!(market_of(SNAPSHOT), None);
    let with_pair = |pair| SNAPSHOT.replace("\"bids\"", &format!("\"pair\":\"{pair}\",\"bids\""));
    assert_eq!(market_of(&with_pair("BTCUSD")), Some(Market::BinanceCoinm));
    assert_eq!(market_of(&with_pair("BTCUSDT")), None);
}

#[test]
fn what_all_instruments_send_does_not_name_the_recording() {
    let is_of_one =
        |frame: &str| Decoder::new().decode(frame.as_bytes()).unwrap().is_of_one_instrument();
    assert!(is_of_one(USDM_DEPTH));
    assert!(!is_of_one(r#"{"e":"kline","s":"BNBUSDT","k":{}}"#));
    assert!(!is_of_one(r#"{"e":"markPriceUpdate","E":1562305380000,"s":"BNBUSDT","p":"1.5"}"#));
}

#[test]
fn one_absurd_number_spoils_nothing_behind_it() {
    let mut decoder = Decoder::new();
    let absurd = r#"{"e":"trade","t":1,"p":"0.000000000000000001","q":"1","m":true}"#;
    let read = |decoder: &mut Decoder, frame: &str| {
        decoder.decode_with(frame.as_bytes(), |result| result.map(|message| message.digits))
    };
    assert_eq!(read(&mut decoder, absurd), Ok(Digits { price: 18, size: 0 }));
    assert_eq!(read(&mut decoder, USDM_DEPTH), Ok(Digits { price: 1, size: 3 }));
}

#[test]
fn times_are_milliseconds_or_microseconds() {
    let sent = |time: &str| {
        let frame = format!(r#"{{"e":"depthUpdate","E":{time},"U":1,"u":2,"b":[],"a":[]}}"#);
        match Decoder::new().decode(frame.as_bytes())?.body {
            Body::Depth(update) => Ok(update.ts_event),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(sent("1723161256299"), Ok(millis(1_723_161_256_299)));
    assert_eq!(sent("1723161256299001"), Ok(Some(UnixNanos::new(1_723_161_256_299_001_000))));
    for none in ["0", "1723161256", "1723161256299000001"] {
        assert_eq!(sent(none), Ok(None), "{none}");
    }
    for wrong in ["-1", "1.5", "\"1723161256299\""] {
        assert_eq!(sent(wrong), Err(Error::BadField { field: "E", at: 23 }), "{wrong}");
    }
}

#[test]
fn a_name_that_occurs_twice_has_its_last_value() {
    let frame = r#"{"e":"kline","U":7,"b":[["1","1"]],"a":[["5","1"]],"b":"9","e":"depthUpdate","u":2,"b":[["2","3"]],"U":1}"#;
    let mut decoder = Decoder::new();
    let Body::Depth(update) = decoder.decode(frame.as_bytes()).unwrap().body else { panic!() };
    let levels = [
        RawLevel { side: Side::Ask, price: 5, size: 1 },
        RawLevel { side: Side::Bid, price: 2, size: 3 },
    ];
    assert_eq!((update.first_id, update.levels), (1, &levels[..]));
    let twice =
        r#"{"data":{"e":"trade","b":[["1","1"]]},"stream":"x","data":{"result":null},"e":"trade"}"#;
    assert!(is_other(twice));
}

#[test]
fn names_and_words_may_be_escaped() {
    let frame = USDM_DEPTH
        .replace("\"pu\"", "\"\\u0070u\"")
        .replace("depthUpdate", "depth\\u0055pdate")
        .replace("BTCUSDT", "BTC\\u0055SDT");
    let mut decoder = Decoder::new();
    let message = decoder.decode(frame.as_bytes()).unwrap();
    assert_eq!((message.symbol, message.market), (Some("BTCUSDT"), Some(Market::BinanceUsdm)));
}

#[test]
fn a_field_that_its_kind_needs_must_be_right() {
    let swap = |from: &str, to: &str| fault(&USDM_DEPTH.replace(from, to));
    let bad = |field, at| Error::BadField { field, at };
    let at = |text: &str| USDM_DEPTH.find(text).unwrap();
    let end = USDM_DEPTH.len() - 1;
    assert_eq!(swap("\"U\"", "\"V\""), Error::MissingField { field: "U", at: end });
    assert_eq!(swap("\"b\"", "\"c\""), Error::MissingField { field: "b", at: end });
    assert_eq!(swap("5123107837557", "\"512310783755\""), bad("u", at("5123107837557")));
    assert_eq!(swap("5123107837557", "-123107837557"), bad("u", at("5123107837557")));
    assert_eq!(swap("\"0.010\"", "\"-.010\""), bad("b", at("\"0.010\"")));
    assert_eq!(swap("\"0.010\"", "0.01000"), bad("b", at("\"0.010\"")));
    assert_eq!(swap("\"0.010\"", "\"1e-20\""), bad("b", at("\"0.010\"")));
    assert_eq!(swap("\"61496.50\"", "\"0.000000\""), bad("b", at("\"61496.50\"")));
    assert_eq!(swap("[\"61496.50\",\"0.010\"]", "[]"), bad("b", at("[\"61496.50\"")));
    assert_eq!(swap("[\"61496.50\",\"0.010\"]", "[\"61496.50\"]"), bad("b", at("[\"61496.50\"")));
    assert_eq!(swap("[[\"61900.00\",\"0.000\"]]", "{}"), bad("a", at("[[\"61900.00\"")));
    let many = "\"0.0000000000000000001\"";
    assert_eq!(swap("\"0.010\"", many), Error::TooManyDigits { at: at("\"0.010\"") });
}

#[test]
fn a_third_entry_of_a_level_is_passed_over() {
    let frame = USDM_DEPTH.replace("\"0.010\"]", "\"0.010\",[] , {\"x\":[1]} ]");
    let mut decoder = Decoder::new();
    let Body::Depth(update) = decoder.decode(frame.as_bytes()).unwrap().body else { panic!() };
    assert_eq!(update.levels.len(), 3);
}

#[test]
fn broken_frames_are_refused_where_they_break() {
    assert_eq!(fault(""), Error::UnexpectedEnd { at: 0 });
    assert_eq!(fault(&USDM_DEPTH[..100]), Error::UnexpectedEnd { at: 100 });
    let (at, byte) = (USDM_DEPTH.len(), b'}');
    assert_eq!(fault(&format!("{USDM_DEPTH}}}")), Error::UnexpectedByte { at, byte });
    let latin = [b"{\"s\":\"".as_slice(), &[0xe9], b"\"}"].concat();
    assert_eq!(Decoder::new().decode(&latin), Err(Error::NotUtf8 { at: 6 }));
    let deep = format!("{{\"x\":{}", "[".repeat(10_000));
    assert_eq!(fault(&deep), Error::TooDeep { at: 5 + 64, limit: 64 });
}

#[test]
fn levels_need_a_comma_between_them() {
    let frame = USDM_DEPTH.replace("],[\"61496.50\"", "][\"61496.50\"");
    let at = USDM_DEPTH.find("],[\"61496.50\"").unwrap() + 1;
    assert_eq!(fault(&frame), Error::UnexpectedByte { at, byte: b'[' });
    let mut warm = Decoder::new();
    warm.decode(USDM_DEPTH.as_bytes()).unwrap();
    assert_eq!(warm.decode(frame.as_bytes()), Err(Error::UnexpectedByte { at, byte: b'[' }));
}

#[test]
fn every_prefix_of_a_frame_is_refused() {
    for frame in [USDM_DEPTH, SPOT_TICKER, SNAPSHOT] {
        for length in 0..frame.len() {
            let prefix = &frame.as_bytes()[..length];
            let end = Error::UnexpectedEnd { at: length };
            assert_eq!(Decoder::new().decode(prefix).unwrap_err(), end, "{length}");
        }
    }
}
