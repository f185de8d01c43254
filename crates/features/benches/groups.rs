//! Which group of features takes how many nanoseconds of an event and of a row: a real capture is
//! replayed under Linux's `perf`, and each sample is booked on the group that it falls into.
//!
//! A sample inside a shared primitive or a mathematical function belongs to the group that called it.
#![expect(clippy::unwrap_used, reason = "a bench fails by panicking")]
#![expect(clippy::print_stdout, reason = "a bench prints its table")]
#![expect(clippy::disallowed_methods, reason = "a bench reads the clock")]

mod recording;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use fluxo_features::{FeatureConfig, FeatureEngine};
use recording::{Recording, recording, replay};

/// How long it is sampled by `cargo bench`, and when every bench only runs once.
const SECONDS: u64 = 20;
const SECONDS_ONCE: u64 = 1;
/// A prime, so that it beats with nothing.
const SAMPLES_A_SECOND: &str = "997";
/// The argument with which it samples itself.
const REPLAY: &str = "--replay-seconds";
/// What serves every group: a sample inside belongs to whoever called it.
const SHARED: [&str; 4] = ["primitives", "row", "grid", "catalogue"];

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(at) = arguments.iter().position(|argument| argument == REPLAY) {
        return replay_for(Duration::from_secs(arguments[at + 1].parse().unwrap()));
    }
    let Some(recording) = recording() else { return };
    let is_bench = arguments.iter().any(|argument| argument == "--bench");
    let seconds = if is_bench { SECONDS } else { SECONDS_ONCE }.to_string();
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("perf.data");
    let mut perf = Command::new("perf");
    perf.args(["record", "--quiet", "-F", SAMPLES_A_SECOND, "--call-graph", "dwarf,4096", "-o"]);
    perf.arg(&data).arg("--").arg(&arguments[0]).args([REPLAY, &seconds]);
    match perf.stderr(Stdio::null()).output() {
        Ok(sampled) if sampled.status.success() => {
            print_table(&samples(&data), pass_ns(&recording, is_bench), &recording);
        }
        _ => println!(
            "groups: NOT MEASURED, because perf cannot sample here: install linux-perf, and allow it \
             (kernel.perf_event_paranoid <= 1)"
        ),
    }
}

/// Replays the recording for so long.
fn replay_for(span: Duration) {
    let recording = recording().unwrap();
    let start = Instant::now();
    while start.elapsed() < span {
        std::hint::black_box(replay(&mut new(&recording), &recording));
    }
}

/// The median of what a pass takes.
fn pass_ns(recording: &Recording, is_bench: bool) -> f64 {
    let mut passes: Vec<Duration> = (0..if is_bench { 101 } else { 3 })
        .map(|_| {
            let mut engine = new(recording);
            let begun = Instant::now();
            std::hint::black_box(replay(&mut engine, recording));
            begun.elapsed()
        })
        .collect();
    passes.sort();
    passes[passes.len() / 2].as_nanos() as f64
}

fn new(recording: &Recording) -> FeatureEngine {
    FeatureEngine::new(FeatureConfig::default(), &recording.spec).unwrap()
}

/// What perf says of its samples: a stack each, innermost first, lines of functions that were inlined
/// included.
fn samples(data: &Path) -> String {
    let mut perf = Command::new("perf");
    perf.args(["script", "-F", "ip,sym,srcline", "--full-source-path", "-i"]).arg(data);
    String::from_utf8_lossy(&perf.stderr(Stdio::null()).output().unwrap().stdout).into_owned()
}

/// `pass_ns` is what a pass takes when nobody samples it.
fn print_table(samples: &str, pass_ns: f64, recording: &Recording) {
    // Samples by place: between rows, and in a row.
    let mut places: BTreeMap<String, [f64; 2]> = BTreeMap::new();
    for (place, is_row) in samples.split("\n\n").filter_map(place) {
        places.entry(place).or_default()[usize::from(is_row)] += 1.0;
    }
    let count: f64 = places.values().flatten().sum();
    let mut engine = new(recording);
    let (events, rows) = (recording.events.len(), rows(&mut engine, recording));
    let checksum = replay(&mut new(recording), recording);
    println!("groups: {events} events, {rows} rows, checksum {checksum:016x}");
    println!("{count} samples");
    let ns = |samples: f64, of: usize| samples / count * pass_ns / of as f64;
    let mut table: Vec<(f64, f64, f64, &str)> = places
        .iter()
        .map(|(place, [event, row])| {
            (ns(event + row, events), ns(*event, events), ns(*row, rows), place.as_str())
        })
        .collect();
    table.sort_by(|one, other| other.0.total_cmp(&one.0));
    let sum = |of: fn(&(f64, f64, f64, &str)) -> f64| table.iter().map(of).sum::<f64>();
    table.push((sum(|row| row.0), sum(|row| row.1), sum(|row| row.2), "together"));
    println!("| group | ns an event, rows included | of it between rows | ns a row |");
    println!("|---|---|---|---|");
    for (all, event, row, place) in table {
        println!("| {place} | {all:.1} | {event:.1} | {row:.0} |");
    }
}

fn rows(engine: &mut FeatureEngine, recording: &Recording) -> usize {
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

/// The module that a stack is booked on, and whether a row was being written; `None` outside of the
/// engine.
fn place(stack: &str) -> Option<(String, bool)> {
    let in_engine = |name: &str| {
        stack.lines().any(|line| line.trim_end().ends_with(&format!("FeatureEngine::{name}")))
    };
    let is_row = in_engine("next_row") || in_engine("fill_row");
    if !is_row && !in_engine("apply") {
        return None;
    }
    let place = stack.lines().find_map(module);
    Some((place.unwrap_or_else(|| "`engine`".to_owned()), is_row))
}

/// `` `groups/order_flow` `` of `…/features/src/groups/order_flow.rs:54`.
fn module(line: &str) -> Option<String> {
    let (path, _) = line.split_once(".rs:")?;
    if path.contains("market-data/src/") {
        return Some("the book itself".to_owned());
    }
    let (_, module) = path.split_once("features/src/")?;
    let parts: Vec<&str> = module.split('/').collect();
    let depth = if parts[0] == "groups" { 2 } else { 1 };
    let is_shared = SHARED.contains(&parts[0]);
    (!is_shared).then(|| format!("`{}`", parts[..depth.min(parts.len())].join("/")))
}
