//! How fast a run is journaled: records per second, on one thread, checksums, hashes and the waits
//! for the medium included.
#![expect(clippy::unwrap_used, reason = "a bench fails by panicking")]
#![expect(clippy::print_stdout, reason = "a bench says what it measured")]

use std::path::Path;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use fluxo_capture::CaptureReader;
use fluxo_core::{Event, InstrumentId, Stamped, StrategyKind, UnixNanos};
use fluxo_lake::journal::{
    End, Header, JournalConfig, JournalSummary, JournalWriter, journal_sha256,
};
use fluxo_market_data::{Decoder, SpecInference, SyncConfig, Synchroniser};
use fluxo_test_data::capture;

const CAPTURE: &str = "usdm_btcusdt_20240808.gz";

fn journal_append(criterion: &mut Criterion) {
    let Some(file) = capture(CAPTURE) else { return };
    let events = events(&file);
    let folder = tempfile::tempdir().unwrap();
    let summary = write(folder.path(), &events);
    let bytes: u64 = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().metadata().unwrap().len())
        .sum();
    println!("{CAPTURE}: {} records, {bytes} bytes", summary.records);
    println!("checksum {}", summary.journal_sha256);
    let mut group = criterion.benchmark_group("journal");
    group.throughput(Throughput::Elements(summary.records)).sample_size(20);
    group.bench_function("append", |bencher| {
        bencher.iter_batched(
            || tempfile::tempdir().unwrap(),
            |folder| {
                write(folder.path(), &events);
                folder
            },
            BatchSize::PerIteration,
        );
    });
    group.bench_function("read", |bencher| {
        bencher.iter(|| journal_sha256(folder.path()).unwrap());
    });
    group.finish();
}

fn write(folder: &Path, events: &[Stamped]) -> JournalSummary {
    let header = Header::new("bench".to_owned(), String::new(), StrategyKind::Imbalance);
    let mut journal = JournalWriter::open(folder, &header, JournalConfig::default()).unwrap();
    for event in events {
        journal.append_event(event).unwrap();
    }
    journal.finish(&End { events: events.len() as u64, ..End::default() }).unwrap()
}

/// What an engine would be given.
fn events(file: &Path) -> Vec<Stamped> {
    let (mut decoder, mut inference) = (Decoder::new(), SpecInference::new());
    let mut reader = CaptureReader::open(file).unwrap();
    while let Some(line) = reader.next_line().unwrap() {
        inference.observe(&decoder.decode(line.stamp().unwrap().payload).unwrap());
    }
    let spec = inference.spec(UnixNanos::new(0)).unwrap();
    let mut sync = Synchroniser::new(InstrumentId::new(0), spec, SyncConfig::DEFAULT).unwrap();
    let (mut out, mut events) = (Vec::new(), Vec::new());
    let mut reader = CaptureReader::open(file).unwrap();
    while let Some(line) = reader.next_line().unwrap() {
        let stamp = line.stamp().unwrap();
        let message = decoder.decode(stamp.payload).unwrap();
        sync.on_message(stamp.ts_recv, &message, &mut out).unwrap();
        for event in out.drain(..) {
            let sequence = events.len() as u64;
            events.push(Stamped { ts_recv: stamp.ts_recv, sequence, event: Event::Market(event) });
        }
    }
    events
}

criterion_group!(benches, journal_append);
criterion_main!(benches);
