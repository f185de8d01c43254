//! `features --explain` of what else a row of a dataset has: its key, its filters, when its labels were
//! known and how much they count, and its prices.

use fluxo_dataset::{Column, ColumnType, columns};
use fluxo_features::catalogue::TARGETS;
use fluxo_report::{Output, Rows};
use serde::Serialize;

/// What is known of one column.
#[derive(Debug, Serialize)]
pub(crate) struct ColumnEntry {
    name: String,
    kind: &'static str,
    /// Its place in the file.
    index: usize,
    role: &'static str,
    definition: String,
    values: String,
    #[serde(rename = "type")]
    type_name: &'static str,
    /// Whether a row may have no value.
    nullable: bool,
}

/// The column of that name, if it is no feature and no target.
pub(crate) fn explained(name: &str) -> Option<ColumnEntry> {
    let (index, column) = columns().into_iter().enumerate().find(|(_, c)| c.name == name)?;
    let Column { name, kind, nullable } = column;
    let (role, definition, values) = said(&name)?;
    let type_name = match kind {
        ColumnType::Timestamp => "timestamp(ns, UTC)",
        ColumnType::Int64 => "int64",
        ColumnType::Int32 => "int32",
        ColumnType::Int8 => "int8",
        ColumnType::Text => "string",
        ColumnType::Boolean => "bool",
        ColumnType::Float => "float32",
        ColumnType::Double => "float64",
    };
    Some(ColumnEntry { name, kind: "column", index, role, definition, values, type_name, nullable })
}

/// The names of all of them.
pub(crate) fn names() -> Vec<String> {
    let names = columns().into_iter().map(|column| column.name);
    names.filter(|name| said(name).is_some()).collect()
}

/// What a column is for, what it is, and which values it has.
fn said(name: &str) -> Option<(&'static str, String, String)> {
    let (role, definition, values) = match name {
        "ts" => (
            "key",
            "the time of the row on the receive clock: it holds every event up to it",
            "after the row before in its segment; not before it where events complete rows",
        ),
        "seq" => ("key", "the number of the row in the dataset", "0 and up"),
        "symbol" => ("key", "the instrument, as its venue spells it", "one in all rows"),
        "session_id" => {
            ("key", "the UTC day of ts; midnight belongs to the day that ends", "a day as yyyymmdd")
        }
        "segment_id" => (
            "key",
            "the stretch of unbroken data that the row lies in: windows and labels never cross its end",
            "0 and up",
        ),
        "warm" => (
            "filter",
            "whether its segment began at least rows.warm_after_s before: training takes no other row, \
             and no model is asked on one",
            "true or false",
        ),
        "regime" => (
            "filter",
            "which way a trend goes",
            "1 up, 2 down, 0 without one, -1 while the regime is unknown",
        ),
        "bid" | "ask" => (
            "aux: for costs and backtests, never an input of a model",
            "the best price of its side, in the quote currency",
            "bid below ask, ask above 0; null where the book is not valid or the mid not above 0",
        ),
        "mid" => (
            "aux: for costs and backtests, never an input of a model",
            "(bid+ask)/2",
            "above 0; null where the book is not valid or the mid not above 0",
        ),
        "half_spread_bps" => (
            "aux: for costs and backtests, never an input of a model",
            "1e4*(ask-bid)/(ask+bid)",
            "above 0; null where the book is not valid or the mid not above 0",
        ),
        _ => return of_label(name),
    };
    Some((role, definition.to_owned(), values.to_owned()))
}

fn of_label(name: &str) -> Option<(&'static str, String, String)> {
    let (of, target) = name.split_once('_')?;
    let target = TARGETS.iter().find(|info| info.name == target)?;
    let (name, ends) = (target.name, target.ends);
    match of {
        "t1" => Some((
            "label end",
            format!("when {name} was known, in ns since 1970: {ends}"),
            "after ts; null without a label".to_owned(),
        )),
        "u" => Some((
            "weight",
            format!(
                "the average uniqueness of {name}: the mean, over the rows in (ts, t1], of one over \
                 how many labels live then"
            ),
            "above 0 and at most 1; null without a label".to_owned(),
        )),
        _ => None,
    }
}

impl Output for ColumnEntry {
    fn rows(&self) -> Rows {
        let null = if self.nullable { ", or null" } else { ", never null" };
        Rows::new()
            .heading(format!("{} · column {} of a dataset", self.name, self.index))
            .row("definition", &self.definition)
            .row("role", self.role)
            .row("values", &self.values)
            .row("type", format!("{}{null}", self.type_name))
    }
}

#[cfg(test)]
mod tests {
    use fluxo_features::FEATURE_COUNT;
    use fluxo_features::catalogue::REGIME_NAMES;

    use super::*;

    #[test]
    fn every_column_is_a_value_of_the_catalogue_or_is_said_here() {
        let of_catalogue = FEATURE_COUNT + REGIME_NAMES.len() + TARGETS.len();
        assert_eq!(names().len() + of_catalogue, columns().len());
    }
}
