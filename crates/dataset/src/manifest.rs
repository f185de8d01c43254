//! `dataset.json`: what the files of a dataset are, and what they hold together.

use std::collections::BTreeMap;

use fluxo_lake::Digest;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::class_balance::Verdict;

/// The name of the file.
pub(crate) const MANIFEST: &str = "dataset.json";

/// The content of `dataset.json`: the same facts as in every file, over all of them, and the files.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The facts, under the keys of the files' metadata.
    #[serde(flatten)]
    pub facts: BTreeMap<String, Value>,
    /// The files by name.
    pub files: BTreeMap<String, FileFacts>,
    /// What each target has labelled.
    pub labels: BTreeMap<String, LabelCounts>,
    /// The hashes of the reports beside the files, by name.
    #[serde(default)]
    pub reports: BTreeMap<String, Digest>,
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileFacts {
    /// How many rows it has.
    pub rows: u64,
    /// The hash of its bytes.
    pub sha256: Digest,
    /// The time of its last row.
    pub t_end: i64,
    /// The time of its first row.
    pub t_start: i64,
}

/// How many rows a target has labelled.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LabelCounts {
    /// Rows by class, for a target that has classes: `-1`, `0`, `1`.
    pub classes: BTreeMap<String, u64>,
    /// Rows with a label.
    pub labelled: u64,
    /// Rows without one, by reason.
    pub unlabelled: BTreeMap<String, u64>,
    /// Whether the classes are fit to learn from, where that can be said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub balance: Option<Verdict>,
}

impl Manifest {
    /// The bytes of the file: keys sorted, one form.
    ///
    /// # Panics
    /// Never: it has a JSON form by its types.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        // Through a value, whose keys are sorted whatever the order of the fields is.
        let value = serde_json::to_value(self).expect("a manifest has a JSON form");
        let sorted: BTreeMap<String, Value> =
            serde_json::from_value(value).expect("a manifest is an object");
        let mut text = serde_json::to_string_pretty(&sorted).expect("a manifest has a JSON form");
        text.push('\n');
        text.into_bytes()
    }

    /// The hash of the dataset: over the names of its files and their hashes, as `sha256sum` prints
    /// them. The trainer computes the same from the files.
    #[must_use]
    pub fn sha256(&self) -> Digest {
        let line = |(name, file): (&String, &FileFacts)| format!("{}  {name}\n", file.sha256);
        Digest::of(self.files.iter().map(line).collect::<String>().as_bytes())
    }

    /// The fact of that key as a number; 0 when there is none.
    #[must_use]
    pub fn number(&self, key: &str) -> u64 {
        self.facts.get(key).and_then(Value::as_u64).unwrap_or(0)
    }
}
