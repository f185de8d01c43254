//! Is the catalogue the tables? `UPDATE_GOLDEN=1` writes it anew from them.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use fluxo_features::catalogue::{CONSENSUS_NAMES, FEATURES, REGIME_NAMES, TARGETS};
use fluxo_features::{FeatureSet, Parity, ROW_SLOTS, TargetConfig, slot_name};
use serde::Deserialize;

const REGIME: [&str; 6] = [
    "nonstationarity",
    "regime_prob",
    "spectral_gap_norm",
    "drift_norm",
    "dim_ratio",
    "regime_stability",
];
const CONSENSUS: [&str; 3] =
    ["flow_consensus_strength", "flow_consensus_direction", "flow_aligned"];

#[derive(Deserialize)]
struct Features {
    count: usize,
    sets: Sets,
    feature: Vec<Feature>,
}

#[derive(Deserialize)]
struct Sets {
    tick_only: usize,
    book_enhanced: usize,
    full: usize,
}

#[derive(Deserialize)]
struct Feature {
    index: usize,
    name: String,
    unit: String,
    sets: Vec<String>,
    parity: String,
    undefined: String,
    transform: String,
    window_ms: u32,
    n: u32,
    half_life_ms: u32,
}

#[derive(Deserialize)]
struct Targets {
    count: usize,
    cost_defaults: CostDefaults,
    target: Vec<Target>,
}

#[derive(Deserialize)]
struct CostDefaults {
    c_cost: f64,
    latency_ms: i64,
}

#[derive(Deserialize)]
struct Target {
    index: usize,
    name: String,
    kind: String,
    unit: String,
    parity: String,
    horizon_max_ms: u32,
    embargo_ms: u32,
}

fn crate_file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn tables() -> (Features, Targets) {
    let text = |name| std::fs::read_to_string(crate_file(name)).unwrap();
    (
        toml::from_str(&text("features.toml")).unwrap(),
        toml::from_str(&text("targets.toml")).unwrap(),
    )
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the environment asks for new golden files")]
fn the_catalogue_is_generated_from_the_tables() {
    let (features, targets) = tables();
    let (path, wanted) =
        (crate_file("src/catalogue.rs"), format_rust(&render(&features, &targets)));
    if std::env::var("UPDATE_GOLDEN").is_ok() {
        std::fs::write(&path, &wanted).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap();
    assert!(found == wanted, "src/catalogue.rs is out of date: run the tests with UPDATE_GOLDEN=1");
}

#[test]
fn the_sets_are_nested_prefixes_of_the_promised_sizes() {
    let (features, targets) = tables();
    assert_eq!((features.count, features.feature.len(), FEATURES.len()), (108, 108, 108));
    assert_eq!((targets.count, targets.target.len(), TARGETS.len()), (12, 12, 12));
    let sets = [
        ("tick_only", FeatureSet::TickOnly, features.sets.tick_only, 45),
        ("book_enhanced", FeatureSet::BookEnhanced, features.sets.book_enhanced, 80),
        ("full", FeatureSet::Full, features.sets.full, 108),
    ];
    for (name, set, stated, promised) in sets {
        assert_eq!((set.len(), stated), (promised, promised), "{name}");
        for feature in &features.feature {
            let inside = feature.sets.iter().any(|s| s == name);
            assert_eq!(inside, feature.index < promised, "{} in {name}", feature.name);
            assert_eq!(inside, FEATURES[feature.index].set <= set, "{} in {name}", feature.name);
        }
    }
}

#[test]
fn the_costs_of_targets_are_those_of_the_table() {
    let (_, Targets { cost_defaults: CostDefaults { c_cost, latency_ms }, .. }) = tables();
    let latency = fluxo_features::fluxo_core::Nanos::from_millis(latency_ms);
    let table = TargetConfig { c_cost, latency, ..TargetConfig::default() };
    assert_eq!(TargetConfig::default(), table);
}

#[test]
fn names_are_unique_and_indices_count_up() {
    let mut names: Vec<&str> = (0..ROW_SLOTS).map(slot_name).collect();
    assert_eq!((names.len(), REGIME_NAMES, CONSENSUS_NAMES), (117, REGIME, CONSENSUS));
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 117);
    assert!(FEATURES.iter().enumerate().all(|(at, feature)| feature.index == at));
    assert!(TARGETS.iter().enumerate().all(|(at, target)| target.index == at));
}

#[test]
fn what_swaps_swaps_back() {
    for feature in &FEATURES {
        if let Parity::SwapsWith(other) = feature.parity {
            assert_eq!(
                FEATURES[other].parity,
                Parity::SwapsWith(feature.index),
                "{}",
                feature.name
            );
        }
    }
}

fn render(features: &Features, targets: &Targets) -> String {
    let mut out = String::from(
        "//! The catalogue: generated from `features.toml` and `targets.toml` by `tests/catalogue.rs`\n\
         //! (`UPDATE_GOLDEN=1`). It names things and says what they are; it computes nothing.\n\n\
         use crate::feature::{FeatureInfo, FeatureSet, Parity, TargetInfo, TargetKind, Transform, \
         Undefined};\n\n",
    );
    writeln!(out, "/// The features, in the order of the row.").unwrap();
    writeln!(out, "pub static FEATURES: [FeatureInfo; {}] = [", features.feature.len()).unwrap();
    for feature in &features.feature {
        out.push_str(&feature_line(feature, &features.feature));
    }
    out.push_str("];\n\n/// The targets, in their order.\n");
    writeln!(out, "pub static TARGETS: [TargetInfo; {}] = [", targets.target.len()).unwrap();
    for target in &targets.target {
        out.push_str(&target_line(target));
    }
    out.push_str("];\n\n/// The regime vector, in the order of the row.\n");
    writeln!(out, "pub static REGIME_NAMES: [&str; {}] = {REGIME:?};\n", REGIME.len()).unwrap();
    out.push_str("/// The consensus vector, in the order of the row.\n");
    writeln!(out, "pub static CONSENSUS_NAMES: [&str; {}] = {CONSENSUS:?};\n", CONSENSUS.len())
        .unwrap();
    out.push_str("/// The slots of the row by name.\npub mod index {\n");
    let names = features.feature.iter().map(|feature| feature.name.as_str());
    for (slot, name) in names.chain(REGIME).chain(CONSENSUS).enumerate() {
        let constant = name.to_uppercase();
        writeln!(out, "/// `{name}`.\npub const {constant}: usize = {slot};").unwrap();
    }
    out.push_str("}\n");
    out
}

fn feature_line(feature: &Feature, all: &[Feature]) -> String {
    let set = match feature.sets.len() {
        3 => "TickOnly",
        2 => "BookEnhanced",
        _ => "Full",
    };
    let undefined = match feature.undefined.as_str() {
        "UN" => "NoValue",
        "U0" => "ZeroBySymmetry",
        "ZERO" => "ZeroEvents",
        "NA" => "Never",
        other => panic!("{}: undefined {other}", feature.name),
    };
    let transform = match feature.transform.as_str() {
        "none" => "None",
        "log1p" => "Log1p",
        "log" => "Log",
        "asinh" => "Asinh",
        "exclude" => "Exclude",
        other => panic!("{}: transform {other}", feature.name),
    };
    format!(
        "FeatureInfo {{ index: {}, name: {:?}, unit: {:?}, set: FeatureSet::{set}, parity: {}, \
         undefined: Undefined::{undefined}, transform: Transform::{transform}, window_ms: {}, \
         count: {}, half_life_ms: {} }},\n",
        feature.index,
        feature.name,
        feature.unit,
        parity(&feature.parity, all),
        feature.window_ms,
        feature.n,
        feature.half_life_ms,
    )
}

fn target_line(target: &Target) -> String {
    let kind = match target.kind.as_str() {
        "regression" => "Regression",
        "ternary" => "Ternary",
        "binary" => "Binary",
        other => panic!("{}: kind {other}", target.name),
    };
    format!(
        "TargetInfo {{ index: {}, name: {:?}, kind: TargetKind::{kind}, unit: {:?}, parity: {}, \
         horizon_ms: {}, embargo_ms: {} }},\n",
        target.index,
        target.name,
        target.unit,
        parity(&target.parity, &[]),
        target.horizon_max_ms,
        target.embargo_ms,
    )
}

fn parity(code: &str, all: &[Feature]) -> String {
    let word = match code {
        "odd" => "Odd",
        "odd1" => "OddFirstOrder",
        "even" => "Even",
        "level" => "Level",
        _ => {
            let name = code.strip_prefix("swap:").unwrap();
            let other = all.iter().find(|feature| feature.name == name).unwrap();
            return format!("Parity::SwapsWith({})", other.index);
        }
    };
    format!("Parity::{word}")
}

/// The generated text as everybody's formatter leaves it.
fn format_rust(text: &str) -> String {
    let settings = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rustfmt.toml");
    let mut rustfmt = Command::new("rustfmt")
        .args(["--edition", "2024", "--config-path"])
        .arg(settings)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut rustfmt.stdin.take().unwrap(), text.as_bytes()).unwrap();
    let output = rustfmt.wait_with_output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}
