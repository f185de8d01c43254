//! What a feature row and a market event cost, on a real capture of USD-M BTCUSDT.
#![expect(clippy::unwrap_used, reason = "a bench fails by panicking")]
#![expect(clippy::print_stdout, reason = "a checksum shows that nothing was left out")]
#![expect(clippy::disallowed_methods, reason = "a bench reads the clock")]

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use fluxo_core::{
    BatchKind, BookBatch, InstrumentId, LevelUpdate, Lots, MarketData, MarketEvent, Nanos, Side,
    UnixNanos,
};
use fluxo_features::{FeatureConfig, FeatureEngine, SamplingClock};

mod recording;

use std::hint::black_box;
use std::time::{Duration, Instant};

use recording::{checksum, feed, recording, replay};

const ROWS: usize = 1_000;

/// Events that are read into the cache together.
const CHUNK: usize = 128;

/// Events, and the rows between them, from an empty engine to the end of the recording: as a session
/// meets them, decoded a moment before, and as they come out of memory; and events alone, by a clock
/// that no row is due by.
fn event(criterion: &mut Criterion) {
    let Some(recording) = recording() else { return };
    let new = || FeatureEngine::new(FeatureConfig::default(), &recording.spec).unwrap();
    println!(
        "event: {} events, checksum {:016x}",
        recording.events.len(),
        replay(&mut new(), &recording)
    );
    let mut group = criterion.benchmark_group("features");
    group.throughput(Throughput::Elements(recording.events.len() as u64));
    let pass = |mut engine: FeatureEngine| {
        let mut spent = Duration::ZERO;
        for events in recording.events.chunks(CHUNK) {
            black_box(events.iter().map(read).fold(0, i64::wrapping_add));
            let begun = Instant::now();
            feed(&mut engine, events, |row| {
                black_box(row);
            });
            spent += begun.elapsed();
        }
        spent
    };
    group.bench_function("event", |bencher| {
        bencher.iter_custom(|passes| (0..passes).map(|_| pass(new())).sum());
    });
    let seldom = FeatureConfig {
        clock: SamplingClock::Time { step: Nanos::from_millis(3_600_000) },
        ..FeatureConfig::default()
    };
    let without_rows = || FeatureEngine::new(seldom, &recording.spec).unwrap();
    group.bench_function("event_without_rows", |bencher| {
        bencher.iter_custom(|passes| (0..passes).map(|_| pass(without_rows())).sum());
    });
    group.bench_function("event_from_memory", |bencher| {
        let run = |mut engine: FeatureEngine| {
            feed(&mut engine, &recording.events, |row| {
                black_box(row);
            });
            engine
        };
        bencher.iter_batched(new, run, BatchSize::LargeInput);
    });
    group.finish();
}

/// Reads everything of an event, as whoever decoded it has just written it.
fn read((ts_recv, event): &(UnixNanos, MarketEvent)) -> i64 {
    let levels = match &event.data {
        MarketData::Book(batch) => &batch.levels[..],
        _ => &[],
    };
    let sums = levels.iter().map(|level| level.price.ticks() ^ level.lots.get());
    sums.fold(ts_recv.get(), i64::wrapping_add)
}

/// Rows of a warm engine, each after a depth update of one level, so that the book is fresh and its
/// levels have to be read anew. Only the rows are timed, each by itself: the clock's own time is in it.
fn row(criterion: &mut Criterion) {
    let Some(recording) = recording() else { return };
    let mut engine = FeatureEngine::new(FeatureConfig::default(), &recording.spec).unwrap();
    replay(&mut engine, &recording);
    let start = recording.events.last().unwrap().0;
    let updates = [1, 2].map(|lots| touch(&engine, Lots::new(lots)));
    let step = FeatureConfig::default().clock.step().unwrap();
    let rows = |engine: &mut FeatureEngine| {
        let (mut now, mut sum, mut spent) = (start, 0_u64, Duration::ZERO);
        // Rows that were due before the first update.
        while engine.next_row(now).is_some() {}
        for update in updates.iter().cycle().take(ROWS) {
            now = now + step;
            let begun = Instant::now();
            let row = engine.next_row(now).expect("the clock passed a row");
            spent += begun.elapsed();
            sum = sum.wrapping_add(checksum(row));
            engine.apply(now, update);
        }
        (spent, sum)
    };
    println!("row: {ROWS} rows, checksum {:016x}", rows(&mut engine.clone()).1);
    let mut group = criterion.benchmark_group("features");
    group.throughput(Throughput::Elements(ROWS as u64));
    group.bench_function("row", |bencher| {
        bencher.iter_custom(|passes| (0..passes).map(|_| rows(&mut engine.clone()).0).sum());
    });
    group.finish();
}

/// A depth update that puts `lots` at the best bid.
fn touch(engine: &FeatureEngine, lots: Lots) -> MarketEvent {
    let price = engine.book().best(Side::Bid).unwrap().price;
    let levels = vec![LevelUpdate { side: Side::Bid, price, lots }];
    let batch = BookBatch { kind: BatchKind::Update, update_id: 0, levels };
    let data = MarketData::Book(batch);
    MarketEvent { instrument: InstrumentId::new(0), ts_event: None, data }
}

criterion_group!(benches, event, row);
criterion_main!(benches);
