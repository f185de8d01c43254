//! A warm engine allocates nothing: a binary of its own, because it installs an allocator that
//! counts each thread's calls. Levels far from the touch are not part of the promise, so the market
//! here stays within the book's window.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use fluxo_core::{
    Aggressor, BatchKind, BookBatch, Calendar, Decimal, FeatureUnits, Gap, GapReason, InstrumentId,
    InstrumentSpec, LevelUpdate, Lots, Market, MarketData, MarketEvent, Phase, Price, Side,
    SpecSource, Trade, TradeCondition, UnixNanos,
};
use fluxo_features::{FeatureConfig, FeatureEngine, TargetConfig, TargetEngine};

struct Counting;

thread_local! {
    static CALLS: Cell<u64> = const { Cell::new(0) };
}

fn count() {
    // A thread that is going away has nothing left to count.
    let _ = CALLS.try_with(|calls| calls.set(calls.get() + 1));
}

#[expect(
    unsafe_code,
    reason = "an allocator cannot be written without; it only counts and forwards"
)]
// SAFETY: every call goes to the system's allocator with the arguments it came with.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: the caller keeps the contract of `realloc`.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const EVENTS: usize = 1_000_000;
const CYCLE: usize = 20_000;
const MS: i64 = 1_000_000;

fn spec() -> InstrumentSpec {
    InstrumentSpec {
        market: Market::BinanceUsdm,
        symbol: "TESTUSDT".into(),
        kind: Market::BinanceUsdm.kind(),
        base: "TEST".into(),
        quote: "USDT".into(),
        settle: "USDT".into(),
        tick_size: Decimal::new(1, 1),
        lot_size: Decimal::new(1, 3),
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

/// A cycle of events that begins with a snapshot, so that it can follow itself.
fn cycle() -> Vec<MarketEvent> {
    let mut state = 1_u64;
    let mut next = |n: u64| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        i64::try_from((state >> 33) % n).unwrap()
    };
    let mut events = vec![book(BatchKind::Snapshot, &mut next, 40)];
    while events.len() < CYCLE {
        let at = events.len() % 5_000;
        events.push(match at {
            1_000 => event(gap(GapReason::Sequence { expected: 1, got: 2 })),
            2_000 => event(MarketData::Status(Phase::Closed)),
            2_001 => event(MarketData::Status(Phase::Continuous)),
            3_000 => event(gap(GapReason::RecordingBoundary)),
            1_001 | 3_001 => book(BatchKind::Snapshot, &mut next, 40),
            _ if next(2) == 0 => book(BatchKind::Update, &mut next, 4),
            _ => event(MarketData::Trade(Trade {
                price: Price::from_ticks(1_000_000),
                lots: Lots::new(1 + next(50)),
                aggressor: if next(2) == 0 { Aggressor::Buyer } else { Aggressor::Seller },
                condition: TradeCondition::Market,
                trade_id: 0,
                match_id: None,
            })),
        });
    }
    events
}

fn event(data: MarketData) -> MarketEvent {
    MarketEvent { instrument: InstrumentId::new(0), ts_event: None, data }
}

fn gap(reason: GapReason) -> MarketData {
    MarketData::Gap(Gap { from: UnixNanos::new(0), to: UnixNanos::new(0), reason })
}

fn book(kind: BatchKind, next: &mut impl FnMut(u64) -> i64, levels: usize) -> MarketEvent {
    let level = |_| {
        let side = if next(2) == 0 { Side::Bid } else { Side::Ask };
        let price = Price::from_ticks(1_000_000 - side.sign() * (1 + next(60)));
        LevelUpdate { side, price, lots: Lots::new(next(30)) }
    };
    let levels = (0..levels).map(level).collect();
    event(MarketData::Book(BookBatch { kind, update_id: 0, levels }))
}

/// Feeds `count` events, 7 ms apart, and sums the bits of the masks so that no row is left out.
fn feed(engine: &mut FeatureEngine, events: &[MarketEvent], count: usize, now: &mut i64) -> u32 {
    let mut defined = 0;
    for event in events.iter().cycle().take(count) {
        *now += 7 * MS;
        let ts = UnixNanos::new(*now);
        while let Some(row) = engine.next_row(FeatureEngine::watermark_before(ts, event)) {
            defined += row.mask().count_ones();
        }
        engine.apply(ts, event);
    }
    defined
}

#[test]
fn a_warm_engine_allocates_nothing() {
    let (events, mut now) = (cycle(), 1_700_000_000_000 * MS);
    let mut engine = FeatureEngine::new(FeatureConfig::default(), &spec()).unwrap();
    assert!(feed(&mut engine, &events, CYCLE, &mut now) > 0);
    let before = CALLS.get();
    assert!(before > 0, "the counter counts");
    let defined = feed(&mut engine, &events, EVENTS, &mut now);
    assert_eq!(CALLS.get(), before);
    assert!(defined > 1_000_000, "the rows held {defined} values");
}

/// As [`feed`], with the targets of the rows; counts the labels.
fn feed_targets(
    (features, targets): (&mut FeatureEngine, &mut TargetEngine),
    events: &[MarketEvent],
    count: usize,
    now: &mut i64,
) -> [usize; 2] {
    let mut labels = [0; 2];
    for event in events.iter().cycle().take(count) {
        *now += 7 * MS;
        let ts = UnixNanos::new(*now);
        while let Some(row) = features.next_row(FeatureEngine::watermark_before(ts, event)) {
            targets.on_row(row);
        }
        features.apply(ts, event);
        targets.apply(ts, event);
        while let Some(matured) = targets.next_matured() {
            labels[usize::from(matured.label.is_ok())] += 1;
        }
    }
    labels
}

#[test]
fn warm_targets_allocate_nothing() {
    // A cycle without trouble, so that barriers stand; then one gap, which ends them all at once.
    let (mut events, mut now) = (cycle(), 1_700_000_000_000 * MS);
    events.retain(|event| !matches!(event.data, MarketData::Status(_) | MarketData::Gap(_)));
    let mut features = FeatureEngine::new(FeatureConfig::default(), &spec()).unwrap();
    let costs = TargetConfig { slip_bps: 200.0, ..TargetConfig::default() };
    let mut targets = TargetEngine::new(FeatureConfig::default(), costs, &spec()).unwrap();
    feed_targets((&mut features, &mut targets), &events, 200_000, &mut now);
    let before = CALLS.get();
    let [_, labelled] = feed_targets((&mut features, &mut targets), &events, 200_000, &mut now);
    let gap = [event(gap(GapReason::Sequence { expected: 1, got: 2 }))];
    let [unlabelled, _] = feed_targets((&mut features, &mut targets), &gap, 1, &mut now);
    assert_eq!(CALLS.get(), before);
    assert!(labelled > 100_000, "{labelled} labels");
    assert!(unlabelled > 15_000, "{unlabelled} rows with standing barriers");
}
