//! The loop uses what the models of `trained/demo` learned: they earn where there is something to
//! learn, and neither they where there is nothing, nor the same loop with models that learned nothing.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::print_stderr, reason = "the intervals are what this test is read for")]

mod support;

use std::path::{Path, PathBuf};

use fluxo_session::EngineFile;
use fluxo_test_data::TestBundle;
use support::{backtester, run, text};

/// None of them is the seed that the bundle was trained on.
const SEEDS: [&str; 6] = ["21", "22", "23", "24", "25", "26"];
const HOURS: &str = "2";
/// What a position is worth in configs/synthetic.toml.
const ORDER: f64 = 1_000.0;
/// The 97.5 % quantile of Student's t with five degrees of freedom.
const T_QUANTILE: f64 = 2.571;

/// A mean with its 95 % interval, in basis points of a position per session.
struct Estimate {
    low: f64,
    mean: f64,
    high: f64,
}

fn estimate(name: &str, nets: &[f64]) -> Estimate {
    let count = nets.len() as f64;
    let mean = nets.iter().sum::<f64>() / count;
    let variance = nets.iter().map(|net| (net - mean).powi(2)).sum::<f64>() / (count - 1.0);
    let half = T_QUANTILE * (variance / count).sqrt();
    let (low, high) = (mean - half, mean + half);
    eprintln!("{name}: {mean:+.0} bps in {HOURS} h, 95 % [{low:+.0}, {high:+.0}], seeds {SEEDS:?}");
    Estimate { low, mean, high }
}

fn project() -> PathBuf {
    fluxo_test_data::project()
}

/// What a bundle earns on each seed's market, in basis points of a position, after costs; and how
/// often it traded.
fn earned(kind: &str, bundle: &Path, library: &Path) -> (Vec<f64>, u64) {
    let config = project().join("configs/synthetic.toml");
    let folder = tempfile::tempdir().unwrap();
    let mut fills = 0;
    let net = |seed: &&str| {
        let [lake, out] = ["lake", "run"].map(|name| folder.path().join(format!("{seed}-{name}")));
        let synth = ["synth", "--kind", kind, "--seed", seed, "--hours", HOURS, "--json"];
        backtester(&[&synth[..], &["--out", text(&lake)]].concat()).json();
        let rule = ["--config", text(&config), "--strategy", "ensemble", "--bundle", text(bundle)];
        let summary =
            run(&[lake], &out, &[&rule[..], &["--ort-lib", text(library)]].concat()).json();
        assert_eq!(summary["models"]["silent_rows"], 0, "{summary}");
        fills += summary["fills"].as_u64().unwrap();
        summary["net_pnl"].as_f64().unwrap() / ORDER * 10_000.0
    };
    let nets = SEEDS.iter().map(net).collect();
    (nets, fills)
}

/// Two models of the tests' fixtures, for these rows: they split on features without having learned
/// anything, and act on the smallest difference between up and down.
fn ignorant(folder: &Path) -> PathBuf {
    let config = project().join("configs/synthetic.toml");
    let spec = fluxo_sim::synthetic::instrument();
    let schema = EngineFile::load(Some(&config), &[]).unwrap().feature_schema_text(&spec).unwrap();
    let mut bundle = TestBundle::new(&["small", "large"], &schema, "SYNTHUSDT");
    bundle.manifest["decision"] =
        serde_json::json!({"enter": 0.000_001, "leave": -0.000_001, "cost_bps": 0.5});
    let place = folder.join("ignorant");
    bundle.write(&place);
    place
}

#[test]
fn the_loop_uses_what_it_learned() {
    let Some(library) = fluxo_test_data::runtime_library() else { return };
    let demo = project().join("trained/demo");
    let (nets, _) = earned("planted", &demo, &library);
    let learned = estimate("planted, learned models", &nets);
    assert!(learned.low > 0.0, "{nets:?}");

    let (nets, _) = earned("no-signal", &demo, &library);
    let nothing = estimate("no signal, learned models", &nets);
    assert!(nothing.low <= 0.0 && nothing.mean < 0.0, "{nets:?}");

    let folder = tempfile::tempdir().unwrap();
    let (nets, fills) = earned("planted", &ignorant(folder.path()), &library);
    let ignorant = estimate("planted, models that learned nothing", &nets);
    assert!(fills > 0, "they do trade");
    assert!(ignorant.low <= 0.0, "{nets:?}");
    assert!(ignorant.high < learned.mean, "{nets:?}");
}
