//! `dataset.json`: what the files of a dataset are, and what they hold together.

use std::collections::BTreeMap;

use fluxo_features::catalogue::TARGETS;
use fluxo_features::{RowLabels, TARGET_COUNT, TargetInfo, TargetKind, Unlabelled};
use fluxo_lake::Digest;
use serde::{Deserialize, Serialize};
use serde_json::Value;

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

/// Labels that are being counted.
#[derive(Debug, Default)]
pub(crate) struct LabelTally {
    targets: [TargetTally; TARGET_COUNT],
}

#[derive(Debug, Default)]
struct TargetTally {
    labelled: u64,
    /// Down, neutral, up.
    classes: [u64; 3],
    /// By reason, in the order of [`Unlabelled::ALL`].
    unlabelled: [u64; Unlabelled::ALL.len()],
}

impl LabelTally {
    pub(crate) fn count(&mut self, row: &RowLabels) {
        for (tally, label) in self.targets.iter_mut().zip(&row.labels) {
            match label {
                Ok(label) => {
                    tally.labelled += 1;
                    let class = 1 + usize::from(label.value > 0.0) - usize::from(label.value < 0.0);
                    tally.classes[class] += 1;
                }
                Err(why) => tally.unlabelled[*why as usize] += 1,
            }
        }
    }

    /// By the names of the targets.
    pub(crate) fn counts(&self) -> BTreeMap<String, LabelCounts> {
        let counts = |(target, tally): (&TargetInfo, &TargetTally)| {
            (target.name.to_owned(), tally.counts(target.kind))
        };
        TARGETS.iter().zip(&self.targets).map(counts).collect()
    }
}

impl TargetTally {
    fn counts(&self, kind: TargetKind) -> LabelCounts {
        let classes: &[(&str, usize)] = match kind {
            TargetKind::Regression => &[],
            TargetKind::Ternary => &[("-1", 0), ("0", 1), ("1", 2)],
            TargetKind::Binary => &[("0", 1), ("1", 2)],
        };
        let classes = classes.iter().map(|(name, at)| ((*name).to_owned(), self.classes[*at]));
        let reasons = Unlabelled::ALL.into_iter().zip(self.unlabelled);
        let reasons = reasons.filter(|(_, rows)| *rows > 0);
        LabelCounts {
            classes: classes.collect(),
            labelled: self.labelled,
            unlabelled: reasons.map(|(why, rows)| (why.name().to_owned(), rows)).collect(),
        }
    }
}
