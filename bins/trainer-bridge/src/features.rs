//! `trainer-bridge features`: what the values of a row are.

use anyhow::anyhow;
use fluxo_features::catalogue::{CONSENSUS, FEATURES, REGIME, TARGETS};
use fluxo_features::{
    CONSENSUS_START, FeatureInfo, Parity, REGIME_START, Range, TargetInfo, TargetKind, Transform,
    Undefined, VectorInfo, instrument_settings, revision, slot_name, target_revision,
};
use fluxo_report::{Exit, Failure, Outcome, Output, OutputMode, Rows};
use fluxo_session::nearest_of;
use serde::Serialize;

use crate::arguments::Features;
use crate::{check, columns};

pub(crate) fn run(command: &Features) -> Outcome {
    let mode = OutputMode::from_flag(command.json);
    match (&command.explain, &command.check) {
        (Some(name), _) => explain(name, mode)?,
        (None, Some(dataset)) => return check::run(dataset, mode),
        (None, None) => list().print(mode)?,
    }
    Ok(Exit::Success)
}

/// Every name of the catalogue.
fn names() -> impl Iterator<Item = &'static str> {
    let vectors = REGIME.iter().chain(&CONSENSUS).map(|value| value.name);
    let features = FEATURES.iter().map(|feature| feature.name);
    features.chain(vectors).chain(TARGETS.iter().map(|target| target.name))
}

/// Names have no capitals.
fn explain(name: &str, mode: OutputMode) -> Outcome<()> {
    let name = name.to_ascii_lowercase();
    if let Some(entry) = of_catalogue(&name) {
        return entry.print(mode);
    }
    if let Some(column) = columns::explained(&name) {
        return column.print(mode);
    }
    let others = columns::names();
    let mut known: Vec<&str> = names().collect();
    known.extend(others.iter().map(String::as_str));
    let what = anyhow!("there is no feature, no target and no other column {name:?}");
    Err(Failure::usage(what).remedy(match nearest_of(&name, known.into_iter()) {
        Some(nearest) => format!("did you mean {nearest}?"),
        None => "`trainer-bridge features` lists them".to_owned(),
    }))
}

fn of_catalogue(name: &str) -> Option<Entry> {
    let feature = FEATURES.iter().find(|feature| feature.name == name).map(of_feature);
    let regime = || vector(&REGIME, REGIME_START, "the regime vector", name);
    let consensus = || vector(&CONSENSUS, CONSENSUS_START, "the consensus vector", name);
    let target = || TARGETS.iter().find(|target| target.name == name).map(of_target);
    feature.or_else(regime).or_else(consensus).or_else(target)
}

fn list() -> List {
    let features = FEATURES.iter().map(of_feature);
    let regime =
        (0..).zip(&REGIME).map(|(at, value)| of_vector(value, REGIME_START + at, "regime"));
    let consensus = (0..).zip(&CONSENSUS);
    let consensus =
        consensus.map(|(at, value)| of_vector(value, CONSENSUS_START + at, "consensus"));
    let targets = TARGETS.iter().map(of_target);
    List { entries: features.chain(regime).chain(consensus).chain(targets).collect() }
}

/// What is known of one value. What a kind of value does not have is `None`.
#[derive(Debug, Serialize)]
struct Entry {
    name: &'static str,
    /// Its slot in the row, or its place among the targets.
    index: usize,
    /// `feature`, `regime`, `consensus` or `target`.
    kind: &'static str,
    /// The smallest set that holds it, or what it belongs to instead.
    set: String,
    group: Option<&'static str>,
    formula: &'static str,
    /// The thresholds that the formula of a target names.
    #[serde(skip_serializing_if = "Option::is_none")]
    threshold: Option<&'static str>,
    unit: &'static str,
    /// No bound where there is none.
    min: Option<f64>,
    max: Option<f64>,
    window_ms: Option<u32>,
    count: Option<u32>,
    half_life_ms: Option<u32>,
    /// How far a target looks ahead at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    horizon_ms: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    known_at: Option<&'static str>,
    inputs: Vec<&'static str>,
    /// What of its instrument it depends on: keys of `instruments.toml`.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    settings: &'static [&'static str],
    /// When it is defined; for a target, what leaves a row without it.
    valid_when: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    invalid_when: Option<&'static str>,
    /// What an empty sample is.
    empty: Option<&'static str>,
    mirror: String,
    transform: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    loss: Option<&'static str>,
    source: Option<&'static str>,
    /// It grows by one whenever the numbers change.
    revision: u32,
}

impl Entry {
    /// One with nothing but what every value has.
    fn new(name: &'static str, kind: &'static str, index: usize, range: Range) -> Self {
        let bound = |value: f64| value.is_finite().then_some(value);
        Self {
            name,
            index,
            kind,
            set: String::new(),
            group: None,
            formula: "",
            threshold: None,
            unit: "1",
            min: bound(range.min),
            max: bound(range.max),
            window_ms: None,
            count: None,
            half_life_ms: None,
            horizon_ms: None,
            known_at: None,
            inputs: Vec::new(),
            settings: &[],
            valid_when: None,
            invalid_when: None,
            empty: None,
            mirror: String::new(),
            transform: None,
            loss: None,
            source: None,
            revision: 0,
        }
    }
}

fn of_feature(feature: &FeatureInfo) -> Entry {
    let some = |value: u32| Some(value).filter(|value| *value > 0);
    Entry {
        set: feature.set.name().to_owned(),
        group: Some(feature.group),
        formula: feature.formula,
        unit: feature.unit,
        window_ms: some(feature.window_ms),
        count: some(feature.count),
        half_life_ms: some(feature.half_life_ms),
        inputs: feature.inputs.to_vec(),
        settings: instrument_settings(feature.index),
        valid_when: Some(feature.warm_up),
        empty: Some(empty(feature.undefined)),
        mirror: mirror(feature.parity),
        transform: Some(transform(feature.transform)),
        source: Some(feature.source),
        revision: revision(feature.index),
        ..Entry::new(feature.name, "feature", feature.index, feature.range)
    }
}

fn vector(values: &[VectorInfo], start: usize, set: &str, name: &str) -> Option<Entry> {
    let at = values.iter().position(|value| value.name == name)?;
    Some(of_vector(&values[at], start + at, set))
}

fn of_vector(value: &VectorInfo, slot: usize, set: &str) -> Entry {
    let kind = if slot < CONSENSUS_START { "regime" } else { "consensus" };
    Entry {
        set: set.to_owned(),
        formula: value.formula,
        valid_when: Some(value.warm_up),
        mirror: mirror(value.parity),
        revision: revision(slot),
        ..Entry::new(value.name, kind, slot, value.range)
    }
}

fn of_target(target: &TargetInfo) -> Entry {
    let kind = match target.kind {
        TargetKind::Regression => "target, a number",
        TargetKind::Ternary => "target, down 0 up",
        TargetKind::Binary => "target, no or yes",
    };
    Entry {
        set: kind.to_owned(),
        formula: target.formula,
        threshold: Some(target.threshold).filter(|text| *text != "none"),
        unit: target.unit,
        horizon_ms: Some(target.horizon_ms),
        known_at: Some(target.ends),
        invalid_when: Some(target.invalid),
        mirror: mirror(target.parity),
        loss: Some(target.loss),
        source: Some(target.source),
        revision: target_revision(target.index),
        ..Entry::new(target.name, "target", target.index, target.range)
    }
}

fn mirror(parity: Parity) -> String {
    match parity {
        Parity::Odd => "odd: it negates".to_owned(),
        Parity::OddFirstOrder => "odd1: it negates, up to the second order of returns".to_owned(),
        Parity::Even => "even: it stays".to_owned(),
        Parity::SwapsWith(slot) => format!("it takes the value of {}", slot_name(slot)),
        Parity::Level => "level: the mirror moves it".to_owned(),
    }
}

const fn empty(undefined: Undefined) -> &'static str {
    match undefined {
        Undefined::NoValue => "UN: undefined",
        Undefined::ZeroBySymmetry => "U0: zero by symmetry, and valid",
        Undefined::ZeroEvents => "ZERO: nothing happened, zero and valid",
        Undefined::Never => "NA: there is none",
    }
}

const fn transform(transform: Transform) -> &'static str {
    match transform {
        Transform::None => "none",
        Transform::Log1p => "log1p: ln(1+x)",
        Transform::Log => "log: ln(max(x, 1e-9))",
        Transform::Asinh => "asinh: asinh(x/c), c the median of |x| in training",
        Transform::Exclude => "exclude: never an input of a model",
    }
}

impl Output for Entry {
    fn rows(&self) -> Rows {
        let place = if self.kind == "target" { "target" } else { "slot" };
        let mut rows = Rows::new()
            .heading(format!("{} · {place} {}", self.name, self.index))
            .row("definition", self.formula);
        let millis = |span: u32| format!("{} s", f64::from(span) / 1e3);
        let optional: [(&str, Option<String>); 10] = [
            ("with", self.threshold.map(str::to_owned)),
            ("unit", Some(self.unit.to_owned())),
            ("set", Some(self.set.clone())),
            ("group", self.group.map(str::to_owned)),
            ("range", Some(self.range())),
            ("window", self.window_ms.map(millis)),
            ("count", self.count.map(|count| count.to_string())),
            ("half-life", self.half_life_ms.map(millis)),
            ("looks ahead", self.horizon_ms.map(|span| format!("at most {}", millis(span)))),
            ("known at", self.known_at.map(str::to_owned)),
        ];
        for (name, value) in optional {
            rows = value.into_iter().fold(rows, |rows, value| rows.row(name, value));
        }
        if !self.inputs.is_empty() {
            rows = rows.row("from", self.inputs.join(" and "));
        }
        if !self.settings.is_empty() {
            let settings = self.settings.join(" and ");
            rows = rows.row("depends on", format!("{settings} of the instrument"));
        }
        let texts = [
            ("valid when", self.valid_when),
            ("no label where", self.invalid_when),
            ("empty sample", self.empty),
            ("mirror", Some(self.mirror.as_str())),
            ("transform", self.transform),
            ("loss", self.loss),
            ("source", self.source),
        ];
        for (name, text) in texts {
            rows = text.into_iter().fold(rows, |rows, text| rows.row(name, text));
        }
        rows.row("built", self.built())
    }
}

impl Entry {
    fn range(&self) -> String {
        match (self.min, self.max) {
            (None, None) => "any finite value".to_owned(),
            (Some(min), None) => format!("at least {min}"),
            (None, Some(max)) => format!("at most {max}"),
            (Some(min), Some(max)) => format!("{min} to {max}"),
        }
    }

    fn built(&self) -> String {
        match self.revision {
            0 => "not yet: undefined in every row".to_owned(),
            revision => format!("revision {revision}"),
        }
    }
}

/// Everything that there is.
#[derive(Debug, Serialize)]
#[serde(transparent)]
struct List {
    entries: Vec<Entry>,
}

impl Output for List {
    fn rows(&self) -> Rows {
        let width = self.entries.iter().map(|entry| entry.name.len()).max().unwrap_or(0);
        let units = self.entries.iter().map(|entry| entry.unit.len()).max().unwrap_or(0);
        let mut rows = Rows::new();
        let mut kind = "";
        for entry in &self.entries {
            if entry.kind != kind {
                kind = entry.kind;
                rows = rows.heading(kind);
            }
            let (index, name, unit, set) = (entry.index, entry.name, entry.unit, &entry.set);
            rows = rows.note(format!("{index:>3}  {name:width$}  {unit:units$}  {set}"));
        }
        rows
    }
}
