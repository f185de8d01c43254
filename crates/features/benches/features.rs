//! What a feature row and a market event cost, on a real capture of USD-M BTCUSDT.
#![expect(clippy::unwrap_used, reason = "a bench fails by panicking")]
#![expect(clippy::print_stdout, reason = "a checksum shows that nothing was left out")]
#![expect(clippy::disallowed_methods, reason = "a bench reads the clock")]

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use fluxo_core::{
    BatchKind, BookBatch, InstrumentId, LevelUpdate, Lots, MarketData, MarketEvent, Side,
};
use fluxo_features::{FeatureConfig, FeatureEngine};

mod recording;

use std::time::{Duration, Instant};

use recording::{checksum, recording, replay};

const ROWS: usize = 1_000;

/// Events, and the rows between them, from an empty engine to the end of the recording.
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
    group.bench_function("event_hot", |bencher| {
        bencher.iter_custom(|passes| {
            let mut spent = Duration::ZERO;
            for _ in 0..passes {
                let mut engine = new();
                let mut sum = 0u64;
                for chunk in recording.events.chunks(128) {
                    let touched: i64 = chunk.iter().map(|(ts, e)| ts.get() ^ match &e.data { MarketData::Book(b) => b.levels.iter().map(|l| l.price.ticks() ^ l.lots.get()).sum::<i64>(), _ => 0 }).fold(0, |a, b| a ^ b);
                    std::hint::black_box(touched);
                    let begun = Instant::now();
                    for (ts_recv, event) in chunk {
                        let watermark = FeatureEngine::watermark_before(*ts_recv, event);
                        while let Some(row) = engine.next_row(watermark) {
                            sum = sum.wrapping_add(checksum(row));
                        }
                        engine.apply(*ts_recv, event);
                    }
                    spent += begun.elapsed();
                }
                std::hint::black_box(sum);
            }
            spent
        });
    });
    group.bench_function("event", |bencher| {
        let run = |mut engine: FeatureEngine| {
            let sum = replay(&mut engine, &recording);
            (sum, engine)
        };
        bencher.iter_batched(new, run, BatchSize::LargeInput);
    });
    group.finish();
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
