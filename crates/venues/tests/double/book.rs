//! A client that follows the venue's own rules ends with the venue's book.

use std::path::Path;
use std::time::Duration;

use fluxo_core::{InstrumentId, InstrumentSpec, MarketData, Side, UnixNanos};
use fluxo_market_data::{Book, BookConfig, Decoder, Level, SyncConfig, SyncState, Synchroniser};
use fluxo_venues::double::{Captures, Config, Double};

use crate::client::{Capture, Client, Heard, get, lines, spec};

/// Levels of a book that are compared: a snapshot has no more than a thousand of them, and prices
/// move.
const DEPTH: usize = 100;

/// What a client of ours is made of.
struct Own {
    decoder: Decoder,
    synchroniser: Synchroniser,
    book: Book,
}

impl Own {
    fn new(spec: InstrumentSpec) -> Self {
        let synchroniser = Synchroniser::new(InstrumentId::new(0), spec, SyncConfig::DEFAULT);
        Self {
            decoder: Decoder::new(),
            synchroniser: synchroniser.unwrap(),
            book: Book::new(BookConfig::DEFAULT),
        }
    }

    fn take(&mut self, ts_recv: i64, payload: &str) {
        let mut events = Vec::new();
        let message = self.decoder.decode(payload.as_bytes()).unwrap();
        let ts_recv = UnixNanos::new(ts_recv);
        self.synchroniser.on_message(ts_recv, &message, &mut events).unwrap();
        for event in events {
            match event.data {
                MarketData::Book(batch) => self.book.apply(&batch, |_| {}),
                MarketData::Spec(_) => panic!("the specification holds the whole capture"),
                _ => {}
            }
        }
    }

    fn levels(&self, side: Side) -> Vec<Level> {
        self.book.levels(side).take(DEPTH).collect()
    }
}

/// Listens first, asks for a snapshot while increments wait, and listens to the end.
fn check(capture: &Path, stream: &str, snapshot: &str, speed: f64) {
    let spec = spec(capture);
    let mut truth = Own::new(spec.clone());
    for line in lines(capture) {
        truth.take(line.ts_recv, &line.payload);
    }
    assert_eq!(truth.synchroniser.state(), SyncState::Live);
    let config = Config { speed, ..Config::new(spec.clone()) };
    let double = Double::start(config, Captures::new([capture.to_owned()])).unwrap();
    let mut client = Client::open(&double, stream);
    let mut own = Own::new(spec);
    let mut heard = 0;
    loop {
        match client.hear() {
            Heard::Text(text) => {
                heard += 1;
                own.take(heard, &text);
            }
            Heard::Closed(_) => break,
            other => panic!("{other:?}"),
        }
        if own.synchroniser.state() != SyncState::Live && heard % 20 == 3 {
            let (status, _, text) = get(&double, snapshot);
            match status {
                200 => own.take(heard, &text),
                503 => std::thread::sleep(Duration::from_millis(10)),
                other => panic!("{other}: {text}"),
            }
        }
    }
    let ended = double.wait();
    assert!(ended.fault.is_none() && ended.summary.slow == 0, "{ended:?}");
    assert_eq!(own.synchroniser.state(), SyncState::Live);
    assert_eq!((own.synchroniser.counts().gaps, own.synchroniser.counts().resyncs), (0, 0));
    assert_eq!(own.book.update_id(), truth.book.update_id());
    for side in Side::BOTH {
        assert_eq!(own.levels(side), truth.levels(side), "{side:?}");
    }
    assert!(Side::BOTH.iter().map(|side| own.levels(*side).len()).sum::<usize>() >= 10);
}

#[test]
fn of_an_invented_market() {
    let capture = Capture::synthetic(400);
    let path = "/public/ws/btcusdt@depth";
    check(&capture.path, path, "/fapi/v1/depth?symbol=BTCUSDT&limit=1000", 10.0);
}

#[test]
fn of_captures() {
    for (name, stream, snapshot) in [
        (
            "usdm_ethusdt_20240718.gz",
            "/public/stream?streams=ethusdt@depth@0ms",
            "/fapi/v1/depth?symbol=ETHUSDT&limit=1000",
        ),
        (
            "spot_btcusdt_20240808.gz",
            "/ws/btcusdt@depth@100ms",
            "/api/v3/depth?symbol=BTCUSDT&limit=5000",
        ),
        (
            "cm_btcusd_perp_20240808.gz",
            "/ws/btcusd_perp@depth",
            "/dapi/v1/depth?symbol=BTCUSD_PERP&limit=1000",
        ),
    ] {
        let Some(capture) = fluxo_test_data::capture(name) else { continue };
        check(&capture, stream, snapshot, 100.0);
    }
}
