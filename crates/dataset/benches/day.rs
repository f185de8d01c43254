//! What a dataset of a whole busy day takes: fifty million events of a synthetic market in, Parquet out;
//! how long, and how much memory at most.
#![expect(clippy::unwrap_used, reason = "a bench fails by panicking")]
#![expect(clippy::print_stdout, reason = "a bench prints its figures")]
#![expect(clippy::disallowed_methods, reason = "a bench reads the clock")]

use std::time::Instant;

use fluxo_core::Nanos;
use fluxo_dataset::{Mode, write_dataset_of};
use fluxo_lake::Digest;
use fluxo_session::EngineFile;
use fluxo_sim::synthetic::{
    FIRST_STEP, STEP, SyntheticConfig, SyntheticKind, SyntheticStream, instrument,
};
use fluxo_sim::{MarketSource, Recorded};

const EVENTS: u64 = 50_000_000;
/// When every bench only runs once.
const EVENTS_ONCE: u64 = 500_000;
const DAY_NS: i64 = 86_400_000_000_000;

fn main() {
    let is_bench = std::env::args().any(|argument| argument == "--bench");
    let events = if is_bench { EVENTS } else { EVENTS_ONCE };
    let config = SyntheticConfig::new(SyntheticKind::Planted, 1);
    let mut stream = SyntheticStream::new(&config, pace(&config), events);
    let engine = EngineFile::load(None, &[]).unwrap();
    let out = tempfile::tempdir().unwrap();
    let facts = (Mode::BookEnhanced, &instrument(), Digest::of(b"synthetic"));
    let begun = Instant::now();
    let dataset = write_dataset_of(&mut stream, facts, &engine, out.path(), &mut |_| ()).unwrap();
    let seconds = begun.elapsed().as_secs_f64();
    let rows: u64 = dataset.manifest.files.values().map(|file| file.rows).sum();
    println!(
        "day: {} events, {rows} rows in {} files, {seconds:.1} s, {:.2} M events/s, {} MB at most",
        dataset.events,
        dataset.manifest.files.len(),
        dataset.events as f64 / seconds / 1e6,
        peak_kb() / 1000
    );
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
