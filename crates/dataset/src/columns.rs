//! The columns of a dataset: names, types and order are a contract (TRAINING 1.2).

use std::fmt::Write;

use fluxo_features::catalogue::TARGETS;
use fluxo_features::{CONSENSUS_START, slot_name};

/// Rows of a row group; the last one of a file has fewer.
pub const GROUP_ROWS: usize = 131_072;

/// The columns that say which row it is and whether to use it.
pub const KEY_COLUMNS: [&str; 7] =
    ["ts", "seq", "symbol", "session_id", "segment_id", "warm", "regime"];
/// How many columns a model can read: the features, then the regime vector. The consensus columns
/// come with the flow agents that fill them; one agent is no consensus, so they are absent.
pub const FEATURE_COLUMNS: usize = CONSENSUS_START;
/// Prices for backtests and costs, never inputs of a model.
pub const AUX_COLUMNS: [&str; 4] = ["bid", "ask", "mid", "half_spread_bps"];

/// What the values of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnType {
    /// Nanoseconds since 1970, UTC.
    Timestamp,
    /// A 64-bit integer.
    Int64,
    /// A 32-bit integer.
    Int32,
    /// An 8-bit integer.
    Int8,
    /// Text, of which a file has one value: dictionary-encoded.
    Text,
    /// Yes or no.
    Boolean,
    /// A 32-bit float.
    Float,
    /// A 64-bit float.
    Double,
}

/// One column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// The type of its values.
    pub kind: ColumnType,
    /// Whether a row may have no value.
    pub nullable: bool,
}

impl Column {
    fn required(name: &str, kind: ColumnType) -> Self {
        Self { name: name.to_owned(), kind, nullable: false }
    }

    fn optional(name: impl Into<String>, kind: ColumnType) -> Self {
        Self { name: name.into(), kind, nullable: true }
    }
}

/// Every column, in the order of the file.
#[must_use]
pub fn columns() -> Vec<Column> {
    use ColumnType::{Boolean, Double, Float, Int8, Int32, Int64, Text, Timestamp};
    let key_types = [Timestamp, Int64, Text, Int32, Int32, Boolean, Int8];
    let keys = KEY_COLUMNS.into_iter().zip(key_types);
    let keys = keys.map(|(name, kind)| Column::required(name, kind));
    let features = (0..FEATURE_COLUMNS).map(|slot| Column::required(slot_name(slot), Float));
    let targets = TARGETS.iter().map(|target| Column::optional(target.name, Float));
    let ends = TARGETS.iter().map(|target| Column::optional(format!("t1_{}", target.name), Int64));
    let weights =
        TARGETS.iter().map(|target| Column::optional(format!("u_{}", target.name), Float));
    let aux = AUX_COLUMNS.into_iter().map(|name| Column::optional(name, Double));
    keys.chain(features).chain(targets).chain(ends).chain(weights).chain(aux).collect()
}

/// The columns as Parquet spells a schema.
pub(crate) fn message_type() -> String {
    let mut text = "message dataset {\n".to_owned();
    for Column { name, kind, nullable } in columns() {
        let repetition = if nullable { "optional" } else { "required" };
        let (physical, logical) = match kind {
            ColumnType::Timestamp => ("int64", " (TIMESTAMP(NANOS,true))"),
            ColumnType::Int64 => ("int64", ""),
            ColumnType::Int32 => ("int32", ""),
            ColumnType::Int8 => ("int32", " (INTEGER(8,true))"),
            ColumnType::Text => ("binary", " (STRING)"),
            ColumnType::Boolean => ("boolean", ""),
            ColumnType::Float => ("float", ""),
            ColumnType::Double => ("double", ""),
        };
        // Writing to text cannot fail.
        let _infallible = writeln!(text, "  {repetition} {physical} {name}{logical};");
    }
    text + "}\n"
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_columns_are_those_of_the_contract() {
        let columns = columns();
        assert_eq!(columns.len(), 7 + 114 + 3 * 12 + 4);
        let names: BTreeSet<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        assert_eq!(names.len(), columns.len(), "names are unique");
        let place = |name: &str| columns.iter().position(|column| column.name == name).unwrap();
        assert_eq!((place("ts"), place("tret_1s"), place("nonstationarity")), (0, 7, 7 + 108));
        assert_eq!((place("fwd_ret_1s"), place("t1_fwd_ret_1s")), (121, 133));
        assert_eq!((place("u_fut_spread_10s"), place("half_spread_bps")), (156, 160));
        let nullable: Vec<bool> = columns.iter().map(|column| column.nullable).collect();
        assert_eq!(nullable.iter().position(|nullable| *nullable), Some(121));
        assert!(nullable[121..].iter().all(|nullable| *nullable));
    }
}
