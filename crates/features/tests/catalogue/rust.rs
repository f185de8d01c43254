//! The catalogue as Rust.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::tables::{Appended, Feature, Tables, Target};

pub(crate) fn render(tables: &Tables) -> String {
    let (features, targets) = (&tables.features.feature, &tables.targets.target);
    let appended = &tables.features.appended;
    let (regime, consensus): (Vec<_>, Vec<_>) =
        appended.iter().partition(|entry| entry.block == "regime");
    let mut out = String::from(
        "//! The catalogue: generated from `features.toml` and `targets.toml` by `tests/catalogue`\n\
         //! (`UPDATE_GOLDEN=1`). It names things and says what they are; it computes nothing.\n\n\
         use crate::feature::{FeatureInfo, FeatureSet, Parity, Range, TargetInfo, TargetKind, \
         Transform, Undefined, VectorInfo};\n\n",
    );
    let lines = features.iter().map(|feature| feature_line(feature, features));
    table(&mut out, "The features, in the order of the row.", "FEATURES: [FeatureInfo", lines);
    let lines = targets.iter().map(target_line);
    table(&mut out, "The targets, in their order.", "TARGETS: [TargetInfo", lines);
    let vectors = [("regime", "REGIME", regime), ("consensus", "CONSENSUS", consensus)];
    for (title, name, entries) in vectors {
        let doc = format!("The {title} vector, in the order of the row.");
        let lines = entries.iter().map(|entry| vector_line(entry));
        table(&mut out, &doc, &format!("{name}: [VectorInfo"), lines);
        let names: Vec<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
        let count = names.len();
        writeln!(out, "/// The names of the {title} vector.").unwrap();
        writeln!(out, "pub static {name}_NAMES: [&str; {count}] = {names:?};\n").unwrap();
    }
    out.push_str("/// The slots of the row by name.\npub mod index {\n");
    let names = features.iter().map(|feature| feature.name.as_str());
    let all = names.chain(appended.iter().map(|entry| entry.name.as_str()));
    for (slot, name) in all.enumerate() {
        let constant = name.to_uppercase();
        writeln!(out, "/// `{name}`.\npub const {constant}: usize = {slot};").unwrap();
    }
    out.push_str("}\n");
    out
}

fn table(out: &mut String, doc: &str, head: &str, lines: impl Iterator<Item = String>) {
    let lines: Vec<String> = lines.collect();
    writeln!(out, "/// {doc}\npub static {head}; {}] = [", lines.len()).unwrap();
    lines.iter().for_each(|line| out.push_str(line));
    out.push_str("];\n\n");
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
        "FeatureInfo {{ index: {}, name: {:?}, group: {:?}, formula: {:?}, unit: {:?}, \
         set: FeatureSet::{set}, parity: {}, undefined: Undefined::{undefined}, \
         transform: Transform::{transform}, window_ms: {}, count: {}, half_life_ms: {}, \
         inputs: &{:?}, range: {}, warm_up: {:?}, source: {:?} }},\n",
        feature.index,
        feature.name,
        feature.group_title(),
        feature.formula,
        feature.unit,
        parity(&feature.parity, all),
        feature.window_ms,
        feature.n,
        feature.half_life_ms,
        feature.inputs,
        range(feature.range),
        feature.warmup,
        feature.source,
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
         horizon_ms: {}, formula: {:?}, threshold: {:?}, ends: {:?}, range: {}, invalid: {:?}, \
         embargo_ms: {}, loss: {:?}, source: {:?} }},\n",
        target.index,
        target.name,
        target.unit,
        parity(&target.parity, &[]),
        target.horizon_max_ms,
        target.formula,
        target.threshold,
        target.t1,
        range(target.range),
        target.invalid,
        target.embargo_ms,
        target.loss,
        target.source,
    )
}

fn vector_line(entry: &Appended) -> String {
    format!(
        "VectorInfo {{ name: {:?}, formula: {:?}, parity: {}, range: {}, warm_up: {:?} }},\n",
        entry.name,
        entry.formula,
        parity(&entry.parity, &[]),
        range(entry.range),
        entry.warm_up(),
    )
}

fn range([min, max]: [f64; 2]) -> String {
    let bound = |value: f64| match value {
        f64::INFINITY => "f64::INFINITY".to_owned(),
        f64::NEG_INFINITY => "f64::NEG_INFINITY".to_owned(),
        _ => format!("{value:?}"),
    };
    format!("Range {{ min: {}, max: {} }}", bound(min), bound(max))
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
pub(crate) fn format(text: &str) -> String {
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
