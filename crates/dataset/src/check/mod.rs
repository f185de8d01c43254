//! Is a dataset fit to learn from? Every value of every file is looked at (TRAINING 1.5).
//!
//! It promises to read what lies on disk and not what is remembered of it, and memory that does not
//! grow with the dataset. What it finds odd and not wrong, a constant column or one that had no time to
//! be filled, it counts; it judges nothing that a later split of the rows would judge otherwise.

mod damage;
mod empty;
mod error;
mod facts;
mod keys;
mod labels;
mod place;
mod read;
mod tally;
mod touch;

use std::path::{Path, PathBuf};

use fluxo_features::catalogue::{CONSENSUS, FEATURES, REGIME, TARGETS};
use fluxo_features::{Range, TargetKind, slot_name, target_revision};
use parquet::data_type::{DoubleType, FloatType, Int32Type};
use serde::Serialize;
use serde_json::Value;

use self::damage::Damages;
use self::empty::{Had, Longest, OF_ANY_TRADE};
use self::facts::Stretch;
use self::keys::Order;
use self::read::{Group, Part};
use self::tally::{Column, Described, Rule};
use crate::{AUX_COLUMNS, Manifest};

pub use damage::Damage;
pub use error::CheckError;
pub use tally::{ColumnCheck, Role};

/// What the files of a dataset hold.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DatasetCheck {
    /// The folder of the dataset.
    pub path: PathBuf,
    /// How many files it has.
    pub files: usize,
    /// How many rows it has.
    pub rows: u64,
    /// What is wrong.
    pub damages: Vec<Damage>,
    /// What a model can read, in the order of the row, then targets, weights and prices.
    pub columns: Vec<ColumnCheck>,
}

/// Looks at every value of the dataset in a folder, or below it. `on_progress` is told of rows.
///
/// # Errors
/// No dataset or several, or one whose files are not those of its manifest. Values that are not fit are
/// no error: [`DatasetCheck::damages`] says so.
pub fn check_dataset(
    folder: &Path,
    on_progress: &mut dyn FnMut(u64),
) -> Result<DatasetCheck, CheckError> {
    let path = place::find(folder)?;
    let manifest = place::manifest(&path)?;
    for (name, sha256) in &manifest.reports {
        place::verify(&path.join(name), *sha256)?;
    }
    let mut check = Check::new(&manifest);
    for (name, file) in &manifest.files {
        let file_path = path.join(name);
        place::verify(&file_path, file.sha256)?;
        let part = Part::open(&file_path)?;
        let stretch = check.part(&part, on_progress)?;
        facts::compare_part((name, &part.says()), &stretch, &manifest, &mut check.damages);
    }
    let (files, rows) = (manifest.files.len(), check.all.rows);
    let (columns, damages) = check.finish();
    Ok(DatasetCheck { path, files, rows, damages, columns })
}

impl DatasetCheck {
    /// Whether nothing is wrong with it.
    #[must_use]
    pub const fn is_fit(&self) -> bool {
        self.damages.is_empty()
    }
}

/// What was seen so far.
struct Check<'m> {
    manifest: &'m Manifest,
    columns: Vec<Column>,
    order: Order,
    reaches: Vec<i64>,
    labels: Vec<labels::Counted>,
    book: Longest,
    trades: Longest,
    all: Stretch,
    damages: Damages,
}

impl<'m> Check<'m> {
    fn new(manifest: &'m Manifest) -> Self {
        Self {
            manifest,
            columns: described(manifest).into_iter().map(Column::new).collect(),
            order: Order::new(),
            reaches: labels::reaches(manifest),
            labels: vec![labels::Counted::default(); TARGETS.len()],
            book: Longest::default(),
            trades: Longest::default(),
            all: Stretch::default(),
            damages: Damages::default(),
        }
    }

    fn part(
        &mut self,
        part: &Part<'_>,
        on_progress: &mut dyn FnMut(u64),
    ) -> Result<Stretch, CheckError> {
        let mut of_part = Stretch::default();
        for number in 0..part.groups() {
            let of_group = self.group(&part.group(number)?)?;
            for stretch in [&mut of_part, &mut self.all] {
                stretch.join(of_group);
            }
            on_progress(self.all.rows);
        }
        Ok(of_part)
    }

    fn group(&mut self, group: &Group<'_>) -> Result<Stretch, CheckError> {
        let (first, damages) = (self.all.rows, &mut self.damages);
        let symbol = self.manifest.facts.get("ds.instrument").and_then(|i| i["symbol"].as_str());
        let keys = keys::read(group, symbol, first, damages)?;
        let cold_before = self.order.cold;
        self.order.look(&keys, first, damages);
        for column in &mut self.columns {
            let Described { name, role, is_optional, .. } = &column.described;
            if *is_optional && !group.has(name) {
                continue;
            }
            match role {
                Role::Filter => {
                    let values = group.column::<Int32Type>(name)?;
                    column.values(values.into_iter().map(|v| v.map(f64::from)), first, damages);
                }
                Role::Price => {
                    let values = group.column::<DoubleType>(name)?;
                    column.values(values.into_iter(), first, damages);
                }
                Role::Feature | Role::Target | Role::Weight => {
                    let values = group.column::<FloatType>(name)?;
                    column.values(values.into_iter().map(|v| v.map(f64::from)), first, damages);
                }
            }
        }
        let has_book = touch::look(group, first, damages)?;
        self.book.look(&keys, |row| has_book[row]);
        let mut has_trade = vec![false; keys.len()];
        for slot in OF_ANY_TRADE {
            let values = group.column::<FloatType>(slot_name(slot))?;
            for (has, value) in has_trade.iter_mut().zip(values) {
                *has |= value.is_some_and(|value| !value.is_nan());
            }
        }
        self.trades.look(&keys, |row| has_trade[row]);
        for (target, counted) in TARGETS.iter().zip(&mut self.labels) {
            let reach = self.reaches[target.index];
            labels::look((target, reach), (group, &keys, first), counted, damages)?;
        }
        let ends = keys.first().zip(keys.last()).map(|(first, last)| (first.ts, last.ts));
        Ok(Stretch { rows: keys.len() as u64, cold: self.order.cold - cold_before, ends })
    }

    fn finish(self) -> (Vec<ColumnCheck>, Vec<Damage>) {
        let Self { manifest, all, mut damages, book, trades, .. } = self;
        let is_there = |column: &Column| column.is_there || !column.described.is_optional;
        let columns = self.columns.into_iter().filter(is_there);
        let columns: Vec<ColumnCheck> = columns.map(|column| column.finish(all.rows)).collect();
        Had { columns: &columns, manifest, book, trades }.look(&mut damages);
        labels::compare(&self.labels, manifest, &mut damages);
        facts::compare_all(&all, manifest, &mut damages);
        (columns, damages.finish())
    }
}

/// Every column of values: those of the feature schema, those of the consensus vector, which it does not
/// list, then what the contract adds to them.
fn described(manifest: &Manifest) -> Vec<Described> {
    let entries = manifest.facts.get("ds.feature_schema").and_then(Value::as_array);
    let feature = |name: &str, is_built, is_optional| Described {
        name: name.to_owned(),
        role: Role::Feature,
        rule: Rule::Within(range_of(name)),
        is_built,
        is_optional,
    };
    let listed = entries.into_iter().flatten().map(|entry| {
        let text = |key: &str| entry[key].as_str().unwrap_or_default();
        let is_built = !text("params").split(';').any(|param| param == "rev=0");
        feature(text("name"), is_built, false)
    });
    let mut all: Vec<Described> = listed.collect();
    // The schema of a later version may list them.
    for value in &CONSENSUS {
        if all.iter().all(|described| described.name != value.name) {
            all.push(feature(value.name, true, true));
        }
    }
    let other = |name: String, role, rule, is_built| Described {
        name,
        role,
        rule,
        is_built,
        is_optional: false,
    };
    const TRENDS: Rule = Rule::OneOf(&[-1.0, 0.0, 1.0, 2.0]);
    all.push(other("regime".to_owned(), Role::Filter, TRENDS, true));
    for target in &TARGETS {
        let rule = match target.kind {
            TargetKind::Regression => Rule::Within(target.range),
            TargetKind::Ternary => Rule::OneOf(&[-1.0, 0.0, 1.0]),
            TargetKind::Binary => Rule::OneOf(&[0.0, 1.0]),
        };
        let is_built = target_revision(target.index) > 0;
        all.push(other(target.name.to_owned(), Role::Target, rule, is_built));
        all.push(other(format!("u_{}", target.name), Role::Weight, Rule::Share, is_built));
    }
    for name in AUX_COLUMNS {
        // Around a mid just above zero the bid may lie below it.
        let rule = if name == "bid" { Rule::Within(ANY) } else { Rule::Positive };
        all.push(other(name.to_owned(), Role::Price, rule, true));
    }
    all
}

/// The range that this build knows; any where it does not know the name.
fn range_of(name: &str) -> Range {
    let feature = FEATURES.iter().find(|feature| feature.name == name).map(|feature| feature.range);
    let vector = || REGIME.iter().chain(&CONSENSUS).find(|value| value.name == name);
    feature.or_else(|| vector().map(|value| value.range)).unwrap_or(ANY)
}

/// Any number.
const ANY: Range = Range { min: f64::NEG_INFINITY, max: f64::INFINITY };
