//! Nanoseconds per level update of the book, on the synchronised batches of real captures, with both
//! best prices read after every message.
#![expect(clippy::unwrap_used, reason = "a bench fails by panicking")]
#![expect(clippy::print_stdout, reason = "a bench shows its checksum")]

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use fluxo_capture::CaptureReader;
use fluxo_core::{BookBatch, InstrumentId, MarketData, Side, UnixNanos};
use fluxo_market_data::{Book, BookConfig, Decoder, SpecInference, SyncConfig, Synchroniser};
use fluxo_test_data::capture;

/// The batches of a capture: the whole book first, then its updates.
fn batches(name: &str) -> Option<Vec<BookBatch>> {
    let path = capture(name)?;
    let mut inference = SpecInference::new();
    for_each_payload(&path, |_, payload, decoder| {
        inference.observe(&decoder.decode(payload).unwrap());
    });
    let spec = inference.spec(UnixNanos::new(0)).unwrap();
    let mut sync = Synchroniser::new(InstrumentId::new(0), spec, SyncConfig::DEFAULT).unwrap();
    let (mut events, mut batches) = (Vec::new(), Vec::new());
    for_each_payload(&path, |ts_recv, payload, decoder| {
        sync.on_message(ts_recv, &decoder.decode(payload).unwrap(), &mut events).unwrap();
        batches.extend(events.drain(..).filter_map(|event| match event.data {
            MarketData::Book(batch) => Some(batch),
            _ => None,
        }));
    });
    Some(batches)
}

fn for_each_payload(path: &std::path::Path, mut take: impl FnMut(UnixNanos, &[u8], &mut Decoder)) {
    let mut reader = CaptureReader::open(path).unwrap();
    let mut decoder = Decoder::new();
    while let Some(line) = reader.next_line().unwrap() {
        let stamp = line.stamp().unwrap();
        take(stamp.ts_recv, stamp.payload, &mut decoder);
    }
}

fn best_ticks(book: &Book, side: Side) -> i64 {
    book.best(side).map_or(0, |level| level.price.ticks())
}

/// Applies every batch and folds the best prices after each.
fn apply_all(book: &mut Book, batches: &[BookBatch]) -> i64 {
    batches.iter().fold(0_i64, |sum, batch| {
        book.apply(batch, |_| ());
        let (bid, ask) = (best_ticks(book, Side::Bid), best_ticks(book, Side::Ask));
        sum.wrapping_mul(1_000_003).wrapping_add(bid * 7 + ask)
    })
}

fn book(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("book");
    for (name, file) in [
        ("usdm-btcusdt", "usdm_btcusdt_20240808.gz"),
        ("usdm-ethusdt", "usdm_ethusdt_20240718.gz"),
        ("spot-btcusdt", "spot_btcusdt_20240808.gz"),
        ("coinm-btcusd", "cm_btcusd_perp_20240808.gz"),
    ] {
        let Some(batches) = batches(file) else {
            continue;
        };
        let (whole, updates) = batches.split_first().unwrap();
        let levels: usize = updates.iter().map(|batch| batch.levels.len()).sum();
        let mut seeded = Book::new(BookConfig::DEFAULT);
        seeded.apply(whole, |_| ());
        let checksum = apply_all(&mut seeded.clone(), updates);
        println!("book/{name}: {levels} level updates, checksum {checksum:016x}");
        group.throughput(Throughput::Elements(levels as u64));
        group.bench_function(name, |bench| {
            bench.iter_batched_ref(
                || seeded.clone(),
                |book| black_box(apply_all(book, updates)),
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, book);
criterion_main!(benches);
