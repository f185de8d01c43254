//! Recordings of other people's recorders: several symbols on one connection, aggregates instead of
//! prints, white space, times in seconds.

use std::collections::BTreeMap;

use fluxo_core::{Market, UnixNanos};
use fluxo_market_data::{Body, Decoder, Message, SpecInference, SyncState};
use fluxo_test_data::data_dir;

use crate::replay::{Frame, Outcome, Replay, inferred, replay};

#[test]
fn a_plain_file_with_white_space_in_its_snapshot() {
    let Some(folder) = data_dir() else { return };
    let files = [folder.join("binance_collect2022/usdm_btcusdt_20220811.dat")];
    let outcome = replay(&files, inferred(&files, usize::MAX));
    assert_eq!((outcome.frames, outcome.malformed, outcome.feed.gaps), (1_533, 0, 0));
    assert_eq!((outcome.state, outcome.audit.crossed), (SyncState::Live, 0));
    assert_eq!(outcome.feed.trades, 1_326);
}

/// A payload and when it was received, by `<seconds>: <payload>` behind an optional `<url> -> `.
fn dumped(line: &str) -> Option<(UnixNanos, &str)> {
    let (stamp, payload) = line.split_once(": ")?;
    let (_, seconds) = stamp.rsplit_once(' ').unwrap_or(("", stamp));
    let (whole, fraction) = seconds.split_once('.')?;
    let nanos = format!("{whole}{fraction:0<9}");
    Some((UnixNanos::new(nanos.parse().ok()?), payload))
}

/// The frames of a dump in order of time, each with the symbol that the request names where the
/// payload does not.
fn dump(names: &[&str]) -> Option<Vec<(UnixNanos, Option<String>, String)>> {
    let folder = data_dir()?.join("cryptofeed_raw");
    let mut frames = Vec::new();
    for name in names {
        let text = std::fs::read_to_string(folder.join(name)).unwrap();
        for line in text.lines() {
            let Some((time, payload)) = dumped(line) else { continue };
            let asked = line.split_once("?symbol=").and_then(|(_, rest)| rest.split_once('&'));
            frames.push((time, asked.map(|(symbol, _)| symbol.to_owned()), payload.to_owned()));
        }
    }
    frames.sort_by_key(|(time, ..)| *time);
    Some(frames)
}

/// Plays a dump once for each of its symbols.
fn replay_symbols(names: &[&str], market: Market) -> BTreeMap<String, Outcome> {
    let Some(frames) = dump(names) else { return BTreeMap::new() };
    let mut inferences: BTreeMap<String, SpecInference> = BTreeMap::new();
    let mut decoder = Decoder::new();
    for (_, asked, payload) in &frames {
        let message = named(decoder.decode(payload.as_bytes()).unwrap(), asked.as_deref(), market);
        if let Some(symbol) = message.symbol {
            inferences.entry(symbol.to_owned()).or_default().observe(&message);
        }
    }
    let mut outcomes = BTreeMap::new();
    for (symbol, inference) in inferences {
        let Some(spec) = inference.spec(UnixNanos::new(0)) else { continue };
        let mut replay = Replay::new(spec);
        let mut decoder = Decoder::new();
        for (ts_recv, asked, payload) in &frames {
            let message = decoder.decode(payload.as_bytes()).unwrap();
            let message = named(message, asked.as_deref(), market);
            let message = Some(&message);
            replay.on_frame(&Frame { ts_recv: *ts_recv, recording_ended: None, message });
        }
        outcomes.insert(symbol, replay.outcome());
    }
    outcomes
}

/// A message with what only its connection knows.
fn named<'a>(message: Message<'a>, asked: Option<&'a str>, market: Market) -> Message<'a> {
    Message { symbol: message.symbol.or(asked), market: message.market.or(Some(market)), ..message }
}

fn assert_live(outcomes: &BTreeMap<String, Outcome>, symbols: &[&str]) {
    for (symbol, outcome) in outcomes {
        let feed = &outcome.feed;
        assert_eq!((outcome.malformed, feed.gaps), (0, 0), "{symbol}");
        assert!(feed.foreign > 0 && feed.depth_updates > 0, "{symbol}: {feed:?}");
        assert_eq!(outcome.audit.crossed, 0, "{symbol}");
        assert_eq!(outcome.audit.equal, outcome.audit.compared, "{symbol}");
        let state =
            if symbols.contains(&symbol.as_str()) { SyncState::Live } else { SyncState::Buffering };
        assert_eq!(outcome.state, state, "{symbol}");
    }
}

#[test]
fn a_spot_connection_of_four_symbols() {
    let names = ["BINANCE.ws.1.0", "BINANCE.http.0.0"];
    let outcomes = replay_symbols(&names, Market::BinanceSpot);
    if outcomes.is_empty() {
        return;
    }
    assert_live(&outcomes, &["BLZETH", "LRCBTC", "NKNUSDT", "RUNEEUR"]);
    assert!(outcomes.values().map(|outcome| outcome.audit.compared).sum::<u64>() > 10);
    // Aggregates are all the prints that this recording has.
    assert_eq!(outcomes["NKNUSDT"].feed.trades, 1);
    // Finer than the venue's own list said two weeks before: old levels keep their prices.
    assert_eq!(outcomes["NKNUSDT"].spec.tick_size.to_string(), "0.00001");
}

#[test]
fn a_usdm_connection_of_four_symbols() {
    let names = ["BINANCE_FUTURES.ws.1.0", "BINANCE_FUTURES.http.0.0"];
    let outcomes = replay_symbols(&names, Market::BinanceUsdm);
    if outcomes.is_empty() {
        return;
    }
    assert_live(&outcomes, &["AKROUSDT", "CTKUSDT", "KEEPUSDT", "SUSHIUSDT"]);
    assert_eq!(outcomes.values().map(|outcome| outcome.feed.trades).sum::<u64>(), 91);
}

#[test]
fn a_coinm_connection_without_snapshots() {
    let outcomes = replay_symbols(&["BINANCE_DELIVERY.ws.1.0"], Market::BinanceCoinm);
    assert_live(&outcomes, &[]);
    assert!(outcomes.values().all(|outcome| outcome.books == 0));
}

#[test]
fn unknown_kinds_are_no_fault() {
    let Some(frames) = dump(&["BINANCE.ws.1.0", "BINANCE_DELIVERY.ws.1.0"]) else { return };
    let mut decoder = Decoder::new();
    let others = frames
        .iter()
        .filter(|(.., payload)| decoder.decode(payload.as_bytes()).unwrap().body == Body::Other)
        .count();
    assert_eq!(others, 35, "candles");
}
