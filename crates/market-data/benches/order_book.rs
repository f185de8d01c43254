//! Nanoseconds per order event with the queue order kept, on the events of a real session, alone and
//! with the level-2 book that its changes feed.
#![expect(clippy::unwrap_used, reason = "a bench fails by panicking")]
#![expect(clippy::print_stdout, reason = "a bench shows its checksum")]

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use fluxo_capture::CaptureReader;
use fluxo_core::{
    BatchKind, BookBatch, Calendar, Decimal, FeatureUnits, InstrumentId, InstrumentSpec,
    LevelUpdate, Lots, Market, MarketData, Side, SpecSource, UnixNanos,
};
use fluxo_market_data::{
    Book, BookConfig, Decoder, OrderBook, OrderBookConfig, SyncConfig, Synchroniser,
};
use fluxo_test_data::data_file;

/// The order events of a recording, with the batches that hold whole books.
fn events(place: &str, market: Market, symbol: &str, tick: &str) -> Option<Vec<MarketData>> {
    let path = data_file(place)?;
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
    let mut sync = Synchroniser::new(InstrumentId::new(0), spec, SyncConfig::DEFAULT).unwrap();
    let (mut lines, mut decoder) = (CaptureReader::open(&path).unwrap(), Decoder::new());
    let (mut made, mut events) = (Vec::new(), Vec::new());
    while let Some(line) = lines.next_line().unwrap() {
        let stamp = line.stamp().unwrap();
        let message = decoder.decode(stamp.payload).unwrap();
        sync.on_message(stamp.ts_recv, &message, &mut made).unwrap();
        events.extend(made.drain(..).map(|event| event.data).filter(is_of_orders));
    }
    Some(events)
}

fn is_of_orders(data: &MarketData) -> bool {
    match data {
        MarketData::OrderAdd(_)
        | MarketData::OrderReduce(_)
        | MarketData::OrderCancel(_)
        | MarketData::OrderExecute(_) => true,
        MarketData::Book(batch) => batch.kind == BatchKind::Snapshot,
        _ => false,
    }
}

/// Applies every event and folds the levels that they changed; where there is a book of levels, it
/// is kept with them and its best prices are read after each.
fn apply_all(orders: &mut OrderBook, mut levels: Option<&mut Book>, events: &[MarketData]) -> i64 {
    let mut batch = BookBatch { levels: Vec::with_capacity(1), ..BookBatch::default() };
    let mut sum = 0_i64;
    for (number, event) in (0_i64..).zip(events) {
        let change = match event {
            MarketData::OrderAdd(order) => orders.add(UnixNanos::new(number), order),
            MarketData::OrderReduce(order)
            | MarketData::OrderCancel(order)
            | MarketData::OrderExecute(order) => orders.take(order),
            MarketData::Book(whole) => {
                orders.set_levels(whole.levels.iter().map(|l| (l.side, l.price, l.lots)));
                continue;
            }
            _ => continue,
        };
        let change = change.level;
        sum = sum.wrapping_mul(1_000_003).wrapping_add(change.after.get());
        if let Some(book) = levels.as_deref_mut() {
            batch.levels.clear();
            let (side, price, lots) = (change.side, change.price, change.after);
            batch.levels.push(LevelUpdate { side, price, lots });
            book.apply(&batch, |_| ());
            let best = |side| book.best(side).map_or(0, |level| level.price.ticks());
            sum = sum.wrapping_add(best(Side::Bid) * 7 + best(Side::Ask));
        }
    }
    sum
}

fn order_book(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("order_book");
    let goog = "lobster/LOBSTER_SampleFile_GOOG_2012-06-21_10.zip";
    let future = "databento_mbo/esh4-glbx-mdp3-20231225.mbo.dbn.zst";
    for (name, events) in [
        ("nasdaq-goog", events(goog, Market::Nasdaq, "GOOG", "0.01")),
        ("cme-es", events(future, Market::CmeFutures, "ESH4", "0.25")),
    ] {
        let Some(events) = events else { continue };
        let empty = || (OrderBook::new(OrderBookConfig::DEFAULT), Book::new(BookConfig::DEFAULT));
        // Memory that was never touched would be measured too.
        let warm = || {
            let (mut orders, mut levels) = empty();
            apply_all(&mut orders, Some(&mut levels), &events);
            orders.clear();
            levels.clear();
            (orders, levels)
        };
        let (mut orders, mut levels) = empty();
        let checksum = apply_all(&mut orders, Some(&mut levels), &events);
        println!("order_book/{name}: {} events, checksum {checksum:016x}", events.len());
        group.throughput(Throughput::Elements(events.len() as u64));
        group.bench_function(name, |bench| {
            bench.iter_batched_ref(
                warm,
                |(orders, _)| black_box(apply_all(orders, None, &events)),
                BatchSize::PerIteration,
            );
        });
        group.bench_function(format!("{name}-with-levels"), |bench| {
            bench.iter_batched_ref(
                warm,
                |(orders, levels)| black_box(apply_all(orders, Some(levels), &events)),
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, order_book);
criterion_main!(benches);
