//! What a dataset of a whole busy day takes: fifty million events of a synthetic market in, Parquet out;
//! how long, and how much memory at most.
#![expect(clippy::unwrap_used, reason = "a bench fails by panicking")]
#![expect(clippy::print_stdout, reason = "a bench prints its figures")]
#![expect(clippy::disallowed_methods, reason = "a bench reads the clock")]

use std::time::Instant;

use fluxo_core::{Decimal, InstrumentSpec, Nanos};
use fluxo_dataset::{Mode, write_dataset_of};
use fluxo_lake::Digest;
use fluxo_session::EngineFile;
use fluxo_sim::synthetic::{
    FIRST_STEP, STEP, SyntheticConfig, SyntheticKind, SyntheticStream, instrument,
};
use fluxo_sim::{MarketSource, Recorded};
use serde_json::Value;

const EVENTS: u64 = 50_000_000;
/// When every bench only runs once.
const EVENTS_ONCE: u64 = 500_000;
/// How much calmer than the shipped market, for a second.
const CALM: f64 = 10.0;
const DAY_NS: i64 = 86_400_000_000_000;

const NAME: &str = "dataset/day";

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let is_bench = arguments.iter().any(|argument| argument == "--bench");
    let filter = arguments.iter().find(|argument| !argument.starts_with('-'));
    if !filter.is_none_or(|filter| NAME.contains(filter.trim_matches(['^', '/']))) {
        return;
    }
    let events = if is_bench { EVENTS } else { EVENTS_ONCE };
    let shipped = SyntheticConfig::new(SyntheticKind::Planted, 1);
    let pace = pace(&shipped);
    let per_second = STEP.get() as f64 / pace.get() as f64;
    // Calm, and dear to trade: barriers stand for most of a quarter of an hour, and nearly as many rows
    // wait for their labels as can.
    let volatility = shipped.volatility / per_second.sqrt() / CALM;
    let config = SyntheticConfig { volatility, ..shipped };
    let mut stream = SyntheticStream::new(&config, pace, events);
    let engine = EngineFile::load(None, &[]).unwrap();
    let out = tempfile::tempdir().unwrap();
    let spec = InstrumentSpec { taker_fee: Decimal::new(5, 4), ..instrument() };
    let facts = (Mode::BookEnhanced, &spec, Digest::of(b"synthetic"));
    let begun = Instant::now();
    let dataset = write_dataset_of(&mut stream, facts, &engine, out.path(), &mut |_| ()).unwrap();
    let seconds = begun.elapsed().as_secs_f64();
    let rows: u64 = dataset.manifest.files.values().map(|file| file.rows).sum();
    let balance = std::fs::read(dataset.path.join("class_balance.json")).unwrap();
    let balance: Value = serde_json::from_slice(&balance).unwrap();
    println!(
        "{NAME}: {} events, {rows} rows in {} files, barriers of {:.0} s, {seconds:.1} s, {:.2} M events/s, {} MB at most, sha256 {}",
        dataset.events,
        dataset.manifest.files.len(),
        balance["all"]["tb_label"]["span_s_mean"].as_f64().unwrap_or_default(),
        dataset.events as f64 / seconds / 1e6,
        peak_kb() / 1000,
        dataset.manifest.sha256(),
    );
    if !is_bench {
        println!("Success");
    }
}

/// How far apart steps of the market lie, so that a day has so many events.
fn pace(config: &SyntheticConfig) -> Nanos {
    const PROBED: u64 = 200_000;
    let mut probe = SyntheticStream::new(config, STEP, PROBED);
    let mut last = FIRST_STEP;
    while let Some(Recorded { ts_recv, event }) = probe.next().unwrap() {
        last = ts_recv;
        probe.recycle(event);
    }
    let steps = (last - FIRST_STEP).get() / STEP.get();
    Nanos::new(DAY_NS / (EVENTS / PROBED).cast_signed() / steps)
}

/// The most memory that this process has held, as Linux counts it.
fn peak_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
