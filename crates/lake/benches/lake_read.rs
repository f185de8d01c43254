//! How fast an archived recording is given back as ordered messages: rows of events per second, on
//! one thread, files and checksums included.
#![expect(clippy::unwrap_used, reason = "a bench fails by panicking")]
#![expect(clippy::print_stdout, reason = "a bench says what it measured")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use fluxo_core::Side;
use fluxo_lake::archive::{ImportConfig, Importer, Item, Lake, Span};
use fluxo_market_data::{Body, Message};
use fluxo_test_data::capture;

const CAPTURE: &str = "usdm_btcusdt_20240808.gz";

fn lake_read(criterion: &mut Criterion) {
    let Some(file) = capture(CAPTURE) else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut importer = Importer::open(folder.path(), ImportConfig::default()).unwrap();
    importer.import(&[file], &mut |_| ()).unwrap();
    drop(importer);

    let lake = Lake::open(folder.path()).unwrap();
    let holding = lake.holdings().remove(0);
    println!("{CAPTURE}: {} frames, {} rows of events", holding.frames, holding.rows);
    println!("checksum {:016x}", read_all(&lake, &holding.instrument));
    let mut group = criterion.benchmark_group("lake_read");
    group.throughput(Throughput::Elements(holding.rows));
    group.bench_function("events", |bencher| {
        bencher.iter(|| black_box(read_all(&lake, &holding.instrument)));
    });
    group.finish();
}

/// Reads every message and looks at every number of it.
fn read_all(lake: &Lake, instrument: &fluxo_lake::archive::Instrument) -> u64 {
    let mut reader = lake.read(instrument, Span::default()).unwrap();
    let mut sum = 0_u64;
    while let Some(item) = reader.next_item().unwrap() {
        if let Item::Message { ts_recv, message } = item {
            sum = sum.rotate_left(1) ^ ts_recv.get().cast_unsigned() ^ sum_of(&message);
        }
    }
    sum
}

fn sum_of(message: &Message<'_>) -> u64 {
    let (levels, id) = match &message.body {
        Body::Depth(update) => (update.levels, update.last_id),
        Body::Snapshot(book) | Body::PartialDepth(book) => (book.levels, book.last_id),
        Body::Trade(trade) => return trade.id ^ trade.price.cast_unsigned(),
        Body::Ticker(ticker) => return ticker.update_id ^ ticker.bid.cast_unsigned(),
        _ => return 0,
    };
    let level_sum = levels.iter().fold(0_i64, |sum, level| {
        let sign = if level.side == Side::Bid { 1 } else { -1 };
        sum.wrapping_add(level.price.wrapping_mul(level.size).wrapping_mul(sign))
    });
    id ^ level_sum.cast_unsigned()
}

criterion_group!(benches, lake_read);
criterion_main!(benches);
