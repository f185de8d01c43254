//! How many bytes the engine of one instrument holds, at first and after a capture: a binary of its own,
//! because it installs an allocator that counts what each thread holds. What the books of levels and of
//! orders hold is said apart: it is measured on books of the same events.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::path::{Path, PathBuf};

use fluxo_capture::CaptureReader;
use fluxo_core::{
    BatchKind, BookBatch, Calendar, Decimal, FeatureUnits, InstrumentId, InstrumentSpec, Lots,
    Market, MarketData, MarketEvent, SpecSource, UnixNanos,
};
use fluxo_features::{
    Calibration, FeatureConfig, FeatureEngine, IMBALANCE_BUCKETS, MicroPriceTable,
};
use fluxo_market_data::{
    Book, Decoder, Message, OrderBook, OrderBookConfig, SpecInference, SyncConfig, Synchroniser,
};
use fluxo_test_data::{data_file, synchronised_runs};

struct Holding;

thread_local! {
    static HELD: Cell<i64> = const { Cell::new(0) };
}

fn hold(bytes: usize, sign: i64) {
    let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
    // A thread that is going away has nothing left to count.
    let _ = HELD.try_with(|held| held.set(held.get() + sign * bytes));
}

#[expect(
    unsafe_code,
    reason = "an allocator cannot be written without; it only counts and forwards"
)]
// SAFETY: every call goes to the system's allocator with the arguments it came with.
unsafe impl GlobalAlloc for Holding {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        hold(layout.size(), 1);
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        hold(layout.size(), -1);
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        hold(layout.size(), -1);
        hold(size, 1);
        // SAFETY: the caller keeps the contract of `realloc`.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Holding = Holding;

/// Something in a box of its own, and how many bytes that and all it owns take.
struct Weighed<T> {
    thing: Box<T>,
    bytes: i64,
}

impl<T> Weighed<T> {
    fn new(make: impl FnOnce() -> T) -> Self {
        let before = HELD.get();
        let thing = Box::new(make());
        Self { thing, bytes: HELD.get() - before }
    }

    fn change(&mut self, change: impl FnOnce(&mut T)) {
        let before = HELD.get();
        change(&mut self.thing);
        self.bytes += HELD.get() - before;
    }
}

/// An engine with everything on, and its books once more.
struct Scale {
    engine: Weighed<FeatureEngine>,
    levels: Weighed<Book>,
    orders: Option<Weighed<OrderBook>>,
    rows: u64,
}

impl Scale {
    fn new(spec: &InstrumentSpec) -> Self {
        let config = FeatureConfig::default();
        let table = MicroPriceTable { rows: vec![[0.0; IMBALANCE_BUCKETS]; 3] };
        let calibration = Calibration { micro_price: Some(table), ..Calibration::default() };
        let orders = || Weighed::new(|| OrderBook::new(OrderBookConfig::DEFAULT));
        Self {
            engine: Weighed::new(|| FeatureEngine::calibrated(config, spec, &calibration).unwrap()),
            levels: Weighed::new(|| Book::new(config.book)),
            orders: spec.market.is_order_by_order().then(orders),
            rows: 0,
        }
    }

    fn take(&mut self, ts: UnixNanos, event: &MarketEvent) {
        let rows = &mut self.rows;
        self.engine.change(|engine| {
            while engine.next_row(FeatureEngine::watermark_before(ts, event)).is_some() {
                *rows += 1;
            }
            engine.apply(ts, event);
        });
        match &event.data {
            MarketData::Book(batch) => {
                self.levels.change(|book| book.apply(batch, |_| ()));
                if let Some(orders) = &mut self.orders {
                    orders.change(|orders| set_levels(orders, batch));
                }
            }
            MarketData::OrderAdd(order) => {
                self.orders.as_mut().unwrap().change(|orders| _ = orders.add(ts, order));
            }
            MarketData::OrderReduce(order)
            | MarketData::OrderCancel(order)
            | MarketData::OrderExecute(order) => {
                self.orders.as_mut().unwrap().change(|orders| _ = orders.take(order));
            }
            _ => {}
        }
    }

    /// What the features hold beyond the books, which are held apart.
    fn check(&self, when: &str) {
        let orders = self.orders.as_ref().map_or(0, |orders| orders.bytes);
        let (engine, levels) = (self.engine.bytes, self.levels.bytes);
        let features = engine - levels - orders;
        let said = format!(
            "{when}: the engine holds {engine} bytes: {levels} of levels, {orders} of orders, and \
             {features} of features; {} rows",
            self.rows
        );
        assert!((STATE_BYTES_MIN..=STATE_BYTES_MAX).contains(&features), "{said}");
        assert!((1..=LEVELS_BYTES_MAX).contains(&levels), "{said}");
        assert!(orders <= ORDERS_BYTES_MAX, "{said}");
    }
}

const STATE_BYTES_MAX: i64 = 512 << 10;
/// Below, something is not counted: the profile alone takes this much.
const STATE_BYTES_MIN: i64 = 64 << 10;
const LEVELS_BYTES_MAX: i64 = 7 << 18;
const ORDERS_BYTES_MAX: i64 = 7 << 20;

fn set_levels(orders: &mut OrderBook, batch: &BookBatch) {
    let levels = batch.levels.iter().map(|level| (level.side, level.price, level.lots));
    if batch.kind == BatchKind::Snapshot {
        orders.set_levels(levels);
    } else {
        for (side, price, lots) in levels {
            orders.set_level(side, price, lots);
        }
    }
}

fn for_each_message(file: &Path, mut f: impl FnMut(UnixNanos, &Message<'_>)) {
    let (mut reader, mut decoder) = (CaptureReader::open(file).unwrap(), Decoder::new());
    while let Some(line) = reader.next_line().unwrap() {
        let stamp = line.stamp().unwrap();
        f(stamp.ts_recv, &decoder.decode(stamp.payload).unwrap());
    }
}

fn weigh(name: &str, spec: InstrumentSpec, files: &[PathBuf]) {
    let mut scale = Scale::new(&spec);
    scale.check(&format!("{name}, new"));
    let mut sync = Synchroniser::new(InstrumentId::new(0), spec, SyncConfig::DEFAULT).unwrap();
    let (mut events, mut last) = (Vec::new(), None);
    for (at, file) in files.iter().enumerate() {
        if let Some(last) = last.filter(|_| at > 0) {
            sync.recording_boundary(last);
        }
        for_each_message(file, |ts_recv, message| {
            sync.on_message(ts_recv, message, &mut events).unwrap();
            events.drain(..).for_each(|event| scale.take(ts_recv, &event));
            last = Some(ts_recv);
        });
    }
    assert!(scale.rows > 600, "{} rows", scale.rows);
    scale.check(&format!("{name}, at its end"));
}

#[test]
fn the_state_of_an_instrument_has_its_size() {
    for run in synchronised_runs() {
        let mut inference = SpecInference::new();
        for file in &run.files {
            for_each_message(file, |_, message| {
                inference.observe(message);
            });
        }
        weigh(&run.name(), inference.spec(UnixNanos::new(0)).unwrap(), &run.files);
    }
}

#[test]
fn the_state_of_an_instrument_with_orders_has_its_size() {
    for (place, symbol, market, tick) in [
        ("lobster/LOBSTER_SampleFile_GOOG_2012-06-21_10.zip", "GOOG", Market::Nasdaq, "0.01"),
        ("databento_mbo/esh4-glbx-mdp3-20231225.mbo.dbn.zst", "ESH4", Market::CmeFutures, "0.25"),
    ] {
        let Some(file) = data_file(place) else { continue };
        let spec = InstrumentSpec {
            market,
            symbol: symbol.into(),
            kind: market.kind(),
            base: symbol.into(),
            quote: "USD".into(),
            settle: "USD".into(),
            tick_size: tick.parse().unwrap(),
            lot_size: Decimal::ONE,
            multiplier: Decimal::ONE,
            maker_fee: Decimal::ZERO,
            taker_fee: Decimal::ZERO,
            size_unit_lots: Lots::new(1),
            units: FeatureUnits::UNKNOWN,
            calendar: Calendar::AroundTheClock,
            valid_from: UnixNanos::new(0),
            source: SpecSource::Configured,
        };
        weigh(place, spec, &[file]);
    }
}
