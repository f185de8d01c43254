//! Which group of features takes how many nanoseconds of an event and of a row: a real capture is
//! replayed under a sampling profiler, and each sample is booked on the group that it falls into.
//!
//! A sample inside a shared primitive or a mathematical function belongs to the group that called it.
#![expect(clippy::unwrap_used, reason = "a bench fails by panicking")]
#![expect(clippy::print_stdout, reason = "a bench prints its table")]
#![expect(clippy::disallowed_methods, reason = "a bench reads the clock")]

mod recording;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use fluxo_features::{FeatureConfig, FeatureEngine};
use recording::{Recording, recording, replay};

/// How long it is sampled by `cargo bench`: some tens of thousands of samples.
const SAMPLED_FOR: Duration = Duration::from_secs(5);
/// A prime, so that it beats with nothing.
const SAMPLES_A_SECOND: i32 = 1_009;
/// What serves every group: a sample inside belongs to whoever called it.
const SHARED: [&str; 4] = ["primitives", "row", "grid", "catalogue"];

fn main() {
    let Some(recording) = recording() else { return };
    let is_bench = std::env::args().any(|argument| argument == "--bench");
    let sampled_for = if is_bench { SAMPLED_FOR } else { Duration::from_millis(200) };
    let new = || FeatureEngine::new(FeatureConfig::default(), &recording.spec).unwrap();
    let (events, rows) = (recording.events.len(), rows(new(), &recording));
    println!(
        "groups: {events} events, {rows} rows, checksum {:016x}",
        replay(&mut new(), &recording)
    );

    let guard = pprof::ProfilerGuardBuilder::default().frequency(SAMPLES_A_SECOND).build().unwrap();
    let (start, mut spent, mut passes) = (Instant::now(), Duration::ZERO, 0_u32);
    while start.elapsed() < sampled_for {
        let mut engine = new();
        let begun = Instant::now();
        std::hint::black_box(replay(&mut engine, &recording));
        spent += begun.elapsed();
        passes += 1;
    }
    let report = guard.report().build().unwrap();

    // Samples by place: in an event, in a row.
    let mut places: BTreeMap<String, [f64; 2]> = BTreeMap::new();
    for (frames, count) in &report.data {
        if let Some((place, is_row)) = place(frames.frames.iter().flatten()) {
            places.entry(place).or_default()[usize::from(is_row)] += *count as f64;
        }
    }
    let samples: f64 = places.values().flatten().sum();
    let ns = |share: f64, of: usize| {
        share / samples * spent.as_nanos() as f64 / f64::from(passes) / of as f64
    };
    let mut table: Vec<_> = places
        .iter()
        .map(|(place, [event, row])| {
            (ns(event + row, events), ns(*event, events), ns(*row, rows), place)
        })
        .collect();
    table.sort_by(|one, other| other.0.total_cmp(&one.0));
    println!("{samples} samples in {passes} passes");
    println!(
        "| group | ns an event, rows included | of it between rows | ns a row |\n|---|---|---|---|"
    );
    for (all, event, row, place) in &table {
        println!("| `{place}` | {all:.1} | {event:.1} | {row:.0} |");
    }
    let sum = |of: fn(&(f64, f64, f64, &String)) -> f64| table.iter().map(of).sum::<f64>();
    println!(
        "| together | {:.1} | {:.1} | {:.0} |",
        sum(|row| row.0),
        sum(|row| row.1),
        sum(|row| row.2)
    );
}

fn rows(mut engine: FeatureEngine, recording: &Recording) -> usize {
    let mut rows = 0;
    for (ts_recv, event) in &recording.events {
        let watermark = FeatureEngine::watermark_before(*ts_recv, event);
        while engine.next_row(watermark).is_some() {
            rows += 1;
        }
        engine.apply(*ts_recv, event);
    }
    rows
}

/// The module that a stack, innermost function first, is booked on, and whether a row was being written;
/// `None` outside of the engine.
fn place<'a>(stack: impl Iterator<Item = &'a pprof::Symbol>) -> Option<(String, bool)> {
    let (mut place, mut is_row, mut is_engine) = (None, false, false);
    for symbol in stack {
        let Some(path) = symbol.filename.as_ref().and_then(|path| path.to_str()) else { continue };
        let is_of_engine = path.ends_with("features/src/engine.rs");
        is_engine |= is_of_engine;
        is_row |= is_of_engine && symbol.name() == "next_row";
        place = place.or_else(|| module(path));
    }
    is_engine.then(|| (place.unwrap_or_else(|| "engine".to_owned()), is_row))
}

/// `groups/order_flow` of `…/features/src/groups/order_flow.rs`.
fn module(path: &str) -> Option<String> {
    if path.contains("market-data/src/") {
        return Some("the book itself".to_owned());
    }
    let (_, module) = path.split_once("features/src/")?;
    let parts: Vec<&str> = module.trim_end_matches(".rs").split('/').collect();
    let depth = if parts[0] == "groups" { 2 } else { 1 };
    (!SHARED.contains(&parts[0])).then(|| parts[..depth.min(parts.len())].join("/"))
}
