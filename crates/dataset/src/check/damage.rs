//! What is wrong with the values of a dataset: where, how often, and in which row first.

use std::fmt;

use serde::Serialize;

/// One thing that is wrong with one column, or with what the dataset says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Damage {
    /// The column, or the file and the key of what is said.
    pub column: String,
    /// What is wrong.
    pub what: String,
    /// In how many rows; 0 where it is not about single rows.
    pub count: u64,
    /// The first of them, counted from 0 over the whole dataset, as `seq` counts.
    pub first_row: Option<u64>,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { column, what, count, first_row } = self;
        match (count, first_row) {
            (1, Some(row)) => write!(f, "{column} in row {row}: {what}"),
            (_, Some(row)) => write!(f, "{column} in {count} rows, first in row {row}: {what}"),
            (_, None) => write!(f, "{column}: {what}"),
        }
    }
}

/// Rows with the same fault.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) count: u64,
    first: Option<u64>,
}

impl Seen {
    pub(super) fn note(&mut self, row: u64) {
        self.count += 1;
        self.first.get_or_insert(row);
    }

    /// Notes the row where something is not so.
    pub(super) fn unless(&mut self, is_so: bool, row: u64) {
        if !is_so {
            self.note(row);
        }
    }
}

/// Everything that was found, in the order in which it was.
#[derive(Debug, Default)]
pub(super) struct Damages {
    found: Vec<Damage>,
}

impl Damages {
    /// Rows of one group join those of the groups before. Nothing is noted where there are none.
    pub(super) fn add(&mut self, column: &str, what: &str, seen: Seen) {
        if seen.count == 0 {
            return;
        }
        let is_known = |damage: &&mut Damage| damage.column == column && damage.what == what;
        match self.found.iter_mut().find(is_known) {
            Some(damage) => damage.count += seen.count,
            None => self.found.push(Damage {
                column: column.to_owned(),
                what: what.to_owned(),
                count: seen.count,
                first_row: seen.first,
            }),
        }
    }

    /// Something that is not about single rows.
    pub(super) fn say(&mut self, column: impl Into<String>, what: impl Into<String>) {
        let (column, what) = (column.into(), what.into());
        self.found.push(Damage { column, what, count: 0, first_row: None });
    }

    pub(super) fn finish(self) -> Vec<Damage> {
        self.found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_several_groups_are_one_damage() {
        let mut damages = Damages::default();
        let seen = |rows: &[u64]| {
            let mut seen = Seen::default();
            rows.iter().for_each(|row| seen.note(*row));
            seen
        };
        damages.add("bid", "infinite", seen(&[3, 9]));
        damages.add("ask", "infinite", seen(&[]));
        damages.add("bid", "infinite", seen(&[20]));
        damages.add("ts", "twice", seen(&[7]));
        damages.say("ds.rows", "says 5");
        let lines: Vec<String> = damages.finish().iter().map(Damage::to_string).collect();
        let wanted =
            ["bid in 3 rows, first in row 3: infinite", "ts in row 7: twice", "ds.rows: says 5"];
        assert_eq!(lines, wanted);
    }
}
