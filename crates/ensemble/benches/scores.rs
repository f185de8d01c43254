//! Asks the models of a bundle for one row, as the engine does, and has Python's onnxruntime ask the
//! same graphs in the same run. The bundle is `trained/demo`, or the fixtures of the tests where that
//! is not there. Every call is timed by itself: median and 99th percentile are those of calls.
#![expect(clippy::unwrap_used, reason = "a bench fails by panicking")]
#![expect(clippy::print_stdout, reason = "a bench prints its figures")]
#![expect(clippy::disallowed_methods, reason = "a bench measures time")]

use std::collections::BTreeMap;
use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use fluxo_core::{InstrumentId, Nanos, UnixNanos};
use fluxo_ensemble::{Bundle, BundleFiles, Expectations, ModelEnsemble, ROW_WIDTH, Runtime};
use fluxo_test_data::TestBundle;

/// Calls before the first one that counts, and those that count.
const WARM_UP: usize = 2_000;
const CALLS: usize = 20_000;
/// Rows that are asked in turn: one alone would sit in the processor's memory of branches.
const ROWS: usize = 512;

/// The same questions in Python: graphs as files, rows as numbers, options as ours.
const PYTHON: &str = r#"
import json, sys, time
import numpy as np, onnxruntime as ort
calls, warm_up, rows, *models = sys.argv[1:]
calls, warm_up = int(calls), int(warm_up)
ort.set_default_logger_severity(4)
options = ort.SessionOptions()
options.intra_op_num_threads = options.inter_op_num_threads = 1
options.add_session_config_entry("session.intra_op.allow_spinning", "0")
options.add_session_config_entry("session.inter_op.allow_spinning", "0")
sessions, widths = {}, {}
for model in models:
    name, width, path = model.split("=", 2)
    sessions[name] = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    widths[name] = int(width)
rows = np.fromfile(rows, dtype="<f4").reshape(-1, 117)
inputs = {n: [np.ascontiguousarray(r[None, :w]) for r in rows] for n, w in widths.items()}
def ask(name, at):
    return sessions[name].run(None, {"features": inputs[name][at % len(rows)]})[0][0]
def both(_, at):
    answers = [ask(name, at) for name in sessions]
    return sum(float(p[2]) - float(p[0]) for p in answers) / len(answers)
def timed(function, name):
    times = []
    for at in range(warm_up + calls):
        start = time.perf_counter_ns()
        function(name, at)
        times.append(time.perf_counter_ns() - start)
    times = np.sort(np.array(times[warm_up:]))
    return [int(times[len(times) // 2]), int(times[len(times) * 99 // 100])]
figures = {name: timed(ask, name) for name in sessions}
figures["ensemble"] = timed(both, None)
print(json.dumps({"version": ort.__version__, "figures": figures}))
"#;

/// Median and 99th percentile of a call, in nanoseconds.
#[derive(Clone, Copy)]
struct Figures {
    median: u64,
    p99: u64,
}

fn main() {
    let Some(library) = fluxo_test_data::runtime_library() else { return };
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let is_filter = |argument: &&String| !argument.starts_with('-');
    if arguments.iter().find(is_filter).is_some_and(|filter| !"ensemble".contains(filter.as_str()))
    {
        return;
    }
    // Only `cargo bench` says that it is one; a test runs it once, so that it cannot rot.
    let is_bench = arguments.iter().any(|argument| argument == "--bench");
    let (calls, warm_up) = if is_bench { (CALLS, WARM_UP) } else { (50, 10) };
    let runtime = Runtime::load(&library, &fs::read(&library).unwrap()).unwrap();
    let (name, files) = bundle_files();
    let bundle = Bundle::verify(files.clone(), &Expectations::default()).unwrap();
    let rows = rows();

    let mut ours = BTreeMap::new();
    for model in &bundle.manifest().models {
        // Each model alone, through the same door as all together.
        let mut alone = bundle.ensemble_of(&runtime, |name| name == model.name).unwrap();
        ours.insert(model.name.clone(), timed(&mut alone, &rows, calls, warm_up));
    }
    let mut all = bundle.ensemble(&runtime).unwrap();
    ours.insert("ensemble".to_owned(), timed(&mut all, &rows, calls, warm_up));
    let checksum: f64 = rows.iter().filter_map(|row| decide(&mut all, row)).sum();
    println!("{name}, {calls} calls of one row each; sum of the signals {checksum:.6}");

    let theirs = python(&bundle, &files, &rows, calls, warm_up);
    match &theirs {
        Some((version, _)) => println!("beside onnxruntime {version} in Python, same options"),
        None => println!("NO PYTHON ONNXRUNTIME: only our own figures; run `cargo setup --python`"),
    }
    println!("| what | median, us | p99, us | Python: median, us | p99, us | ratio of medians |");
    println!("|---|---|---|---|---|---|");
    for (what, Figures { median, p99 }) in &ours {
        let (median, p99) = (micros(*median), micros(*p99));
        let their = theirs.as_ref().and_then(|(_, figures)| figures.get(what));
        let beside = their.map_or("- | - | -".to_owned(), |their| {
            let (their_median, their_p99) = (micros(their.median), micros(their.p99));
            format!("{their_median:.2} | {their_p99:.2} | {:.2}", their_median / median)
        });
        println!("| {what} | {median:.2} | {p99:.2} | {beside} |");
    }
    if !is_bench {
        println!("Success");
    }
}

fn decide(ensemble: &mut ModelEnsemble, row: &[f32; ROW_WIDTH]) -> Option<f64> {
    ensemble.decide(InstrumentId::new(0), UnixNanos::new(0), Nanos::ZERO, black_box(row)).signal
}

fn timed(
    ensemble: &mut ModelEnsemble,
    rows: &[[f32; ROW_WIDTH]],
    calls: usize,
    warm_up: usize,
) -> Figures {
    let mut times = Vec::with_capacity(calls);
    for at in 0..warm_up + calls {
        let start = Instant::now();
        black_box(decide(ensemble, &rows[at % rows.len()]));
        let nanos = u64::try_from(start.elapsed().as_nanos()).unwrap();
        if at >= warm_up {
            times.push(nanos);
        }
    }
    times.sort_unstable();
    Figures { median: times[times.len() / 2], p99: times[times.len() * 99 / 100] }
}

/// The demo's bundle, or one of fixtures.
fn bundle_files() -> (&'static str, BundleFiles) {
    let mut files = BundleFiles::default();
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../trained/demo");
    if demo.is_dir() {
        let mut folders = vec![(demo, String::new())];
        while let Some((folder, prefix)) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
                let name = format!("{prefix}{}", entry.file_name().to_str().unwrap());
                match entry.path().is_dir() {
                    true => folders.push((entry.path(), format!("{name}/"))),
                    false => files.insert(&name, fs::read(entry.path()).unwrap()).unwrap(),
                }
            }
        }
        return ("trained/demo", files);
    }
    for (path, bytes) in TestBundle::new(&["small", "large"], "", "X").sealed() {
        files.insert(&path, bytes).unwrap();
    }
    ("the fixtures", files)
}

/// Rows of numbers that no model has seen: the digits of a congruence, some of them missing.
fn rows() -> Vec<[f32; ROW_WIDTH]> {
    let mut state = 20_260_101_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        #[expect(clippy::cast_precision_loss, reason = "any number will do")]
        let number = (state >> 8) as f32 / (1 << 22) as f32 - 2.0;
        if state >> 8 & 15 == 0 { f32::NAN } else { number }
    };
    (0..ROWS).map(|_| std::array::from_fn(|_| next())).collect()
}

/// What Python's onnxruntime needs for the same, with its version; `None` where it is not installed.
fn python(
    bundle: &Bundle,
    files: &BundleFiles,
    rows: &[[f32; ROW_WIDTH]],
    calls: usize,
    warm_up: usize,
) -> Option<(String, BTreeMap<String, Figures>)> {
    let folder = tempfile::tempdir().unwrap();
    let numbers = folder.path().join("rows.f32");
    let bytes: Vec<u8> = rows.iter().flatten().flat_map(|number| number.to_le_bytes()).collect();
    fs::write(&numbers, bytes).unwrap();
    let mut arguments = vec!["-c".to_owned(), PYTHON.to_owned()];
    arguments.extend([calls.to_string(), warm_up.to_string(), numbers.display().to_string()]);
    for model in &bundle.manifest().models {
        let graph = folder.path().join(format!("{}.onnx", model.name));
        fs::write(&graph, files.get(&model.file).unwrap()).unwrap();
        arguments.push(format!("{}={}={}", model.name, model.input_set.width(), graph.display()));
    }
    let environment = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.venv/bin/python");
    let programs =
        [std::env::var_os("PYTHON").map(PathBuf::from), Some(environment), Some("python3".into())];
    let said = programs.into_iter().flatten().find_map(|program| {
        let output = Command::new(program).args(&arguments).output().ok()?;
        output.status.success().then_some(output.stdout)
    })?;
    let said: serde_json::Value = serde_json::from_slice(&said).unwrap();
    let number = |pair: &serde_json::Value, at: usize| pair[at].as_u64().unwrap();
    let figures = said["figures"].as_object().unwrap().iter().map(|(name, pair)| {
        (name.clone(), Figures { median: number(pair, 0), p99: number(pair, 1) })
    });
    Some((said["version"].as_str().unwrap().to_owned(), figures.collect()))
}

#[expect(clippy::cast_precision_loss, reason = "a figure to print")]
fn micros(nanos: u64) -> f64 {
    nanos as f64 / 1e3
}
