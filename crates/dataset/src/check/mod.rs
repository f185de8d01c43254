//! Is a dataset fit to learn from? Every value of every file is looked at (TRAINING 1.5).
//!
//! It promises to read what lies on disk and not what is remembered of it, and memory that does not
//! grow with the dataset. What it finds odd and not wrong, a constant or an empty column, it counts; it
//! judges nothing that a later split of the rows would judge otherwise.

mod error;
mod place;
mod read;
mod tally;

use std::path::{Path, PathBuf};

use fluxo_features::Range;
use fluxo_features::catalogue::{CONSENSUS, FEATURES, REGIME};
use serde::Serialize;
use serde_json::Value;

use crate::Manifest;

pub use error::CheckError;
pub use tally::{ColumnCheck, OrderCheck};

/// What the files of a dataset hold.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DatasetCheck {
    /// The folder of the dataset.
    pub path: PathBuf,
    /// How many files it has.
    pub files: usize,
    /// How many rows it has.
    pub rows: u64,
    /// Whether rows and labels are in order.
    pub order: OrderCheck,
    /// What a model can read, in the order of the row.
    pub columns: Vec<ColumnCheck>,
}

/// Looks at every value of the dataset in a folder, or below it. `on_progress` is told of rows.
///
/// # Errors
/// No dataset or several, or one whose files are not what its manifest says. Values that are not fit
/// are no error: [`DatasetCheck::fault`] says so.
pub fn check_dataset(
    folder: &Path,
    on_progress: &mut dyn FnMut(u64),
) -> Result<DatasetCheck, CheckError> {
    let path = place::find(folder)?;
    let manifest = place::manifest(&path)?;
    for (name, sha256) in &manifest.reports {
        place::verify(&path.join(name), *sha256)?;
    }
    let mut tally = tally::Tally::new(described(&manifest));
    let mut rows = 0;
    for (name, facts) in &manifest.files {
        let file = path.join(name);
        place::verify(&file, facts.sha256)?;
        let before = rows;
        read::file(&file, &mut tally, &mut |read| {
            rows += read;
            on_progress(rows);
        })?;
        if rows - before != facts.rows {
            return Err(CheckError::Rows { path: file, stated: facts.rows, found: rows - before });
        }
    }
    let (columns, order) = tally.finish(rows);
    Ok(DatasetCheck { path, files: manifest.files.len(), rows, order, columns })
}

impl DatasetCheck {
    /// Whether nothing is wrong with it.
    #[must_use]
    pub fn is_fit(&self) -> bool {
        self.fault().is_none()
    }

    /// What is wrong with it, in one line; `None` when nothing is.
    #[must_use]
    pub fn fault(&self) -> Option<String> {
        let mut faults = Vec::new();
        type Count = fn(&ColumnCheck) -> u64;
        let kinds: [(Count, &str); 2] = [
            (|column| column.infinite, "infinite"),
            (|column| column.out_of_range, "out of range"),
        ];
        for (of, what) in kinds {
            let bad: Vec<&ColumnCheck> = self.columns.iter().filter(|c| of(c) > 0).collect();
            if let [first, others @ ..] = bad.as_slice() {
                let values: u64 = bad.iter().map(|column| of(column)).sum();
                let more = match others.len() {
                    0 => String::new(),
                    count => format!(" and {count} more"),
                };
                faults.push(format!("{values} values of {}{more} are {what}", first.name));
            }
        }
        let OrderCheck { rows_not_after, twice, seq_not_after, labels_not_after } = self.order;
        for (count, what) in [
            (rows_not_after, "rows are not after the one before them in their segment"),
            (twice, "rows have the ts and the seq of the one before them"),
            (seq_not_after, "rows have a seq that does not go up"),
            (labels_not_after, "labels do not end after their row"),
        ] {
            if count > 0 {
                faults.push(format!("{count} {what}"));
            }
        }
        (!faults.is_empty()).then(|| faults.join("; "))
    }
}

/// A column that a model can read, as the dataset describes it.
pub(crate) struct Described {
    name: String,
    range: Range,
    is_built: bool,
    /// Whether a file may lack it.
    is_optional: bool,
}

/// The values of the feature schema, then those of the consensus vector, which it does not list.
fn described(manifest: &Manifest) -> Vec<Described> {
    let entries = manifest.facts.get("ds.feature_schema").and_then(Value::as_array);
    let listed = entries.into_iter().flatten().map(|entry| {
        let text = |key: &str| entry[key].as_str().unwrap_or_default();
        let is_built = !text("params").split(';').any(|param| param == "rev=0");
        let name = text("name").to_owned();
        Described { range: range_of(&name), name, is_built, is_optional: false }
    });
    let consensus = CONSENSUS.iter().map(|value| Described {
        name: value.name.to_owned(),
        range: value.range,
        is_built: true,
        is_optional: true,
    });
    let mut all: Vec<Described> = listed.collect();
    // The schema of a later version may list them.
    let unlisted: Vec<Described> =
        consensus.filter(|c| all.iter().all(|d| d.name != c.name)).collect();
    all.extend(unlisted);
    all
}

/// The range that this build knows; any where it does not know the name.
fn range_of(name: &str) -> Range {
    let feature = FEATURES.iter().find(|feature| feature.name == name).map(|feature| feature.range);
    let vector = || REGIME.iter().chain(&CONSENSUS).find(|value| value.name == name);
    let any = Range { min: f64::NEG_INFINITY, max: f64::INFINITY };
    feature.or_else(|| vector().map(|value| value.range)).unwrap_or(any)
}
