//! A warm decoder and a warm synchroniser allocate nothing. A binary of its own, because it counts
//! every allocation of its thread.
#![expect(unsafe_code, reason = "an allocator that counts can only be written with it")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use fluxo_core::{
    Calendar, Decimal, FeatureUnits, InstrumentId, InstrumentSpec, Lots, Market, MarketData,
    SpecSource, UnixNanos,
};
use fluxo_market_data::{
    AuditConfig, BookAudit, Decoder, SpecInference, SyncConfig, SyncState, Synchroniser,
};

thread_local! {
    static CALLS: Cell<u64> = const { Cell::new(0) };
}

struct Counting;

// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        CALLS.with(|calls| calls.set(calls.get() + 1));
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        CALLS.with(|calls| calls.set(calls.get() + 1));
        // SAFETY: the caller's promises are passed on.
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn calls() -> u64 {
    CALLS.with(Cell::get)
}

/// A snapshot, then rounds of every kind of message, all about the same few levels. Some rounds miss
/// an update, and a snapshot heals them.
fn frames(rounds: u64) -> Vec<String> {
    let levels = |round: u64| {
        let level = |at: u64| format!("[\"{}.{}0\",\"{}.125\"]", 60_000 + at, at % 10, round % 7);
        (0..50).map(level).collect::<Vec<_>>().join(",")
    };
    let asks = "[\"70000.10\",\"1.000\"]";
    let snapshot =
        |id: u64| format!("{{\"lastUpdateId\":{id},\"bids\":[{}],\"asks\":[{asks}]}}", levels(id));
    let mut frames = vec![snapshot(0)];
    for round in 1..=rounds {
        if round % 16 == 0 {
            frames.push(snapshot(round));
            continue;
        }
        frames.push(format!(
            "{{\"stream\":\"x@depth\",\"data\":{{\"e\":\"depthUpdate\",\"s\":\"X\",\"U\":{round},\
             \"u\":{round},\"b\":[{}],\"a\":[{asks}]}}}}",
            levels(round)
        ));
        frames.push(format!(
            "{{\"u\":{round},\"s\":\"X\",\"b\":\"60049.90\",\"B\":\"{}.125\",\"a\":\"70000.10\",\
             \"A\":\"1.000\"}}",
            round % 7
        ));
        frames.push(format!(
            "{{\"e\":\"trade\",\"s\":\"X\",\"t\":{round},\"p\":\"60049.90\",\"q\":\"0.125\",\
             \"m\":true,\"M\":true}}"
        ));
        frames.push("{\"result\":null,\"id\":1}".to_owned());
    }
    frames
}

#[test]
fn a_warm_feed_allocates_nothing() {
    let frames = frames(400);
    let mut inference = SpecInference::new();
    let mut decoder = Decoder::new();
    for frame in &frames {
        inference.observe(&decoder.decode(frame.as_bytes()).unwrap());
    }
    let spec = inference.spec(UnixNanos::new(0)).unwrap();
    let mut audit = BookAudit::new(&spec, AuditConfig::DEFAULT);
    let mut sync = Synchroniser::new(InstrumentId::new(0), spec, SyncConfig::DEFAULT).unwrap();
    let (warm_up, steady) = frames.split_at(frames.len() / 2);
    let mut events = Vec::with_capacity(8);
    let mut books = 0;
    let mut feed = |frame: &String, now: usize| {
        let message = decoder.decode(frame.as_bytes()).unwrap();
        let now = UnixNanos::new(i64::try_from(now).unwrap());
        sync.on_message(now, &message, &mut events).unwrap();
        for event in events.drain(..) {
            audit.on_event(&event);
            books += u64::from(matches!(event.data, MarketData::Book(_)));
            sync.recycle(event);
        }
        sync.state()
    };
    for (now, frame) in warm_up.iter().enumerate() {
        feed(frame, now);
    }
    let before = calls();
    let mut state = SyncState::Unsynced;
    for (now, frame) in steady.iter().enumerate() {
        state = feed(frame, warm_up.len() + now);
    }
    assert_eq!(calls(), before);
    assert_ne!(state, SyncState::Unsynced);
    // The steady half has gaps and bridges in it, not only updates.
    assert!(sync.counts().resyncs >= 20 && books > 300, "{:?}", sync.counts());
    assert_eq!(audit.counts().crossed, 0);
    assert!(audit.counts().compared > 100 && audit.counts().equal == audit.counts().compared);
}

/// A specification for an order-by-order recording.
fn order_spec(market: Market, symbol: &str, tick: &str) -> InstrumentSpec {
    InstrumentSpec {
        market,
        symbol: symbol.into(),
        kind: market.kind(),
        base: symbol.into(),
        quote: "USD".into(),
        settle: "USD".into(),
        tick_size: tick.parse().expect("a decimal"),
        lot_size: Decimal::ONE,
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

#[test]
fn a_warm_feed_of_orders_allocates_nothing() {
    for (place, spec) in [
        (
            "lobster/LOBSTER_SampleFile_GOOG_2012-06-21_10.zip",
            order_spec(Market::Nasdaq, "GOOG", "0.01"),
        ),
        (
            "databento_mbo/esh4-glbx-mdp3-20231225.mbo.dbn.zst",
            order_spec(Market::CmeFutures, "ESH4", "0.25"),
        ),
    ] {
        let Some(path) = fluxo_test_data::data_file(place) else { continue };
        let mut reader = fluxo_capture::CaptureReader::open(&path).unwrap();
        let mut lines = Vec::new();
        while let Some(line) = reader.next_line().unwrap() {
            let stamp = line.stamp().unwrap();
            lines.push((stamp.ts_recv, stamp.payload.to_vec()));
        }
        let mut decoder = Decoder::new();
        let mut sync = Synchroniser::new(InstrumentId::new(0), spec, SyncConfig::DEFAULT).unwrap();
        let (mut events, mut orders) = (Vec::with_capacity(4_096), 0_u64);
        let mut feed = |(ts_recv, payload): &(UnixNanos, Vec<u8>)| {
            let message = decoder.decode(payload).unwrap();
            sync.on_message(*ts_recv, &message, &mut events).unwrap();
            for event in events.drain(..) {
                orders += u64::from(matches!(event.data, MarketData::OrderAdd(_)));
                sync.recycle(event);
            }
        };
        let (warm_up, steady) = lines.split_at(lines.len() / 2);
        warm_up.iter().for_each(&mut feed);
        let before = calls();
        steady.iter().for_each(&mut feed);
        assert_eq!(calls(), before, "{place}");
        assert!(orders > 20_000, "{orders}");
    }
}
