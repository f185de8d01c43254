//! Is what a dataset says of itself what its files hold?

use std::collections::BTreeMap;

use fluxo_features::canonical_line;
use fluxo_lake::Digest;
use serde_json::{Value, json};

use super::damage::Damages;
use crate::Manifest;

/// What rows add up to: of a file, or of all files.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Stretch {
    pub(super) rows: u64,
    pub(super) cold: u64,
    /// The times of the first and the last row.
    pub(super) ends: Option<(i64, i64)>,
}

impl Stretch {
    pub(super) fn join(&mut self, next: Self) {
        self.rows += next.rows;
        self.cold += next.cold;
        self.ends = match (self.ends, next.ends) {
            (Some((first, _)), Some((_, last))) => Some((first, last)),
            (ends, next) => ends.or(next),
        };
    }

    /// What is said of it.
    fn facts(&self) -> [(&'static str, Value); 4] {
        [
            ("ds.rows", json!(self.rows)),
            ("ds.rows_dropped", json!({ "warmup": self.cold })),
            ("ds.t_start", json!(self.ends.map(|(first, _)| first))),
            ("ds.t_end", json!(self.ends.map(|(_, last)| last))),
        ]
    }
}

/// What holds for each file on its own account.
const OF_PART: [&str; 5] =
    ["ds.rows", "ds.rows_dropped", "ds.t_start", "ds.t_end", "ds.partial_session"];

/// A file against its rows, and against the manifest.
pub(super) fn compare_part(
    (name, says): (&str, &BTreeMap<&str, &str>),
    stretch: &Stretch,
    manifest: &Manifest,
    damages: &mut Damages,
) {
    let said = |key: &str| says.get(key).and_then(|text| serde_json::from_str::<Value>(text).ok());
    for (key, found) in stretch.facts() {
        let told = said(key).map(without_superseded);
        compare((&format!("{name} {key}"), told.as_ref()), &found, damages);
    }
    for (key, fact) in &manifest.facts {
        if !OF_PART.contains(&key.as_str()) && said(key).as_ref() != Some(fact) {
            damages.say(format!("{name} {key}"), "not what dataset.json says");
        }
    }
    if let Some(file) = manifest.files.get(name) {
        let key = |key: &str| format!("dataset.json files {name} {key}");
        compare((&key("rows"), Some(&json!(file.rows))), &json!(stretch.rows), damages);
        if let Some((first, last)) = stretch.ends {
            compare((&key("t_start"), Some(&json!(file.t_start))), &json!(first), damages);
            compare((&key("t_end"), Some(&json!(file.t_end))), &json!(last), damages);
        }
    }
}

/// The manifest against all rows, and its feature schema against the hash of that.
pub(super) fn compare_all(all: &Stretch, manifest: &Manifest, damages: &mut Damages) {
    for (key, found) in all.facts() {
        let told = manifest.facts.get(key).cloned().map(without_superseded);
        compare((&format!("dataset.json {key}"), told.as_ref()), &found, damages);
    }
    let hash = Digest::of(schema_text(manifest).as_bytes()).to_string();
    let key = "ds.feature_schema_hash";
    compare((&format!("dataset.json {key}"), manifest.facts.get(key)), &json!(hash), damages);
}

fn compare((what, said): (&str, Option<&Value>), found: &Value, damages: &mut Damages) {
    match said {
        Some(said) if said == found => {}
        Some(said) => damages.say(what, format!("says {said}, the rows say {found}")),
        None => damages.say(what, "is missing"),
    }
}

/// What rows can tell of a count of rows: those that a later one of their nanosecond took the place of
/// are not in the file.
fn without_superseded(mut said: Value) -> Value {
    if let Some(counts) = said.as_object_mut()
        && counts.get("superseded").is_some_and(Value::is_u64)
    {
        counts.remove("superseded");
    }
    said
}

/// The canonical text that the entries of the feature schema were made of.
fn schema_text(manifest: &Manifest) -> String {
    let entries = manifest.facts.get("ds.feature_schema").and_then(Value::as_array);
    let line = |(at, entry): (usize, &Value)| {
        let text = |key: &str| entry[key].as_str().unwrap_or_default();
        canonical_line(at + 1, text("name"), text("unit"), text("params"))
    };
    entries.into_iter().flatten().enumerate().map(line).collect()
}
