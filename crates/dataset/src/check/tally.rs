//! What the values of a dataset add up to.

use serde::Serialize;

use super::Described;

/// What one column holds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ColumnCheck {
    /// Its name.
    pub name: String,
    /// Whether the dataset says that it is built.
    pub is_built: bool,
    /// Rows with a value, infinities among them.
    pub valid: u64,
    /// Their share of all rows.
    pub valid_share: f64,
    /// Values that are infinite: each is a defect.
    pub infinite: u64,
    /// Finite values outside the range of the catalogue.
    pub out_of_range: u64,
    /// The smallest finite value.
    pub min: Option<f32>,
    /// The largest finite value.
    pub max: Option<f32>,
    /// Whether several rows have a value, and it is the same in all of them.
    pub is_constant: bool,
}

/// Whether rows and labels are in order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct OrderCheck {
    /// Rows whose time is not after that of the row before in the same segment.
    pub rows_not_after: u64,
    /// Rows that repeat both time and number of the row before.
    pub twice: u64,
    /// Rows whose number is not above that of the row before, without being such a repetition.
    pub seq_not_after: u64,
    /// Labels that end at their row or before it.
    pub labels_not_after: u64,
}

/// The key of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) ts: i64,
    pub(super) seq: i64,
    pub(super) segment: i32,
}

pub(super) struct Tally {
    pub(super) columns: Vec<Column>,
    order: OrderCheck,
    before: Option<Key>,
}

/// A column, and what was seen of it.
pub(super) struct Column {
    pub(super) described: Described,
    valid: u64,
    infinite: u64,
    out_of_range: u64,
    /// The smallest and the largest finite value.
    span: Option<Span>,
    /// Whether a file had it.
    is_there: bool,
}

#[derive(Clone, Copy)]
struct Span {
    min: f32,
    max: f32,
}

impl Tally {
    pub(super) fn new(described: Vec<Described>) -> Self {
        let column = |described| Column {
            described,
            valid: 0,
            infinite: 0,
            out_of_range: 0,
            span: None,
            is_there: false,
        };
        let columns = described.into_iter().map(column).collect();
        Self { columns, order: OrderCheck::default(), before: None }
    }

    /// The next row.
    pub(super) fn key(&mut self, key: Key) {
        if let Some(before) = self.before {
            let order = &mut self.order;
            if (key.ts, key.seq) == (before.ts, before.seq) {
                order.twice += 1;
            } else {
                order.seq_not_after += u64::from(key.seq <= before.seq);
                let is_same_segment = key.segment == before.segment;
                order.rows_not_after += u64::from(is_same_segment && key.ts <= before.ts);
            }
        }
        self.before = Some(key);
    }

    /// The end of a label of the row at `ts`.
    pub(super) fn label_end(&mut self, ts: i64, t1: i64) {
        self.order.labels_not_after += u64::from(t1 <= ts);
    }

    pub(super) fn finish(self, rows: u64) -> (Vec<ColumnCheck>, OrderCheck) {
        let is_there = |column: &Column| column.is_there || !column.described.is_optional;
        let columns = self.columns.into_iter().filter(is_there);
        (columns.map(|column| column.finish(rows)).collect(), self.order)
    }
}

impl Column {
    pub(super) const fn found(&mut self) {
        self.is_there = true;
    }

    pub(super) fn values(&mut self, values: &[f32]) {
        for value in values.iter().filter(|value| !value.is_nan()) {
            self.valid += 1;
            if value.is_infinite() {
                self.infinite += 1;
                continue;
            }
            self.out_of_range += u64::from(!self.described.range.holds(*value));
            let span = self.span.get_or_insert(Span { min: *value, max: *value });
            (span.min, span.max) = (span.min.min(*value), span.max.max(*value));
        }
    }

    #[expect(clippy::float_cmp, reason = "a constant is the same in every bit")]
    fn finish(self, rows: u64) -> ColumnCheck {
        let is_constant = self.infinite == 0
            && self.valid > 1
            && self.span.is_some_and(|span| span.min == span.max);
        ColumnCheck {
            name: self.described.name,
            is_built: self.described.is_built,
            valid: self.valid,
            valid_share: if rows == 0 { 0.0 } else { self.valid as f64 / rows as f64 },
            infinite: self.infinite,
            out_of_range: self.out_of_range,
            min: self.span.map(|span| span.min),
            max: self.span.map(|span| span.max),
            is_constant,
        }
    }
}

#[cfg(test)]
mod tests {
    use fluxo_features::Range;

    use super::*;

    fn tally(range: Range) -> Tally {
        let name = "imbalance".to_owned();
        Tally::new(vec![Described { name, range, is_built: true, is_optional: false }])
    }

    const UNIT: Range = Range { min: -1.0, max: 1.0 };

    #[test]
    fn what_is_not_finite_or_beyond_the_range_is_counted() {
        let mut tally = tally(UNIT);
        tally.columns[0].values(&[0.5, f32::NAN, 1.0, -1.5, f32::INFINITY, f32::NEG_INFINITY]);
        let (columns, _) = tally.finish(6);
        let found = &columns[0];
        assert_eq!((found.valid, found.infinite, found.out_of_range), (5, 2, 1));
        assert_eq!((found.min, found.max, found.is_constant), (Some(-1.5), Some(1.0), false));
    }

    #[test]
    fn one_value_in_several_rows_is_constant_and_in_one_row_is_not() {
        let is_constant = |values: &[f32]| {
            let mut tally = tally(UNIT);
            tally.columns[0].values(values);
            tally.finish(9).0[0].is_constant
        };
        assert!(is_constant(&[0.5, f32::NAN, 0.5]));
        assert!(!is_constant(&[0.5, 0.25]) && !is_constant(&[0.5]) && !is_constant(&[]));
    }

    #[test]
    fn order_is_of_segments_for_times_and_of_the_file_for_numbers() {
        let mut tally = tally(UNIT);
        for (ts, seq, segment) in [
            (10, 0, 0),
            (9, 1, 0),
            (5, 2, 1), // Another segment may begin anywhere.
            (5, 3, 1),
            (5, 3, 1),
            (6, 3, 1),
        ] {
            tally.key(Key { ts, seq, segment });
        }
        for t1 in [5, 6, 7] {
            tally.label_end(6, t1);
        }
        let expected =
            OrderCheck { rows_not_after: 2, twice: 1, seq_not_after: 1, labels_not_after: 2 };
        assert_eq!(tally.finish(6).1, expected);
    }
}
