//! What the values of one column add up to.

use fluxo_features::Range;
use serde::Serialize;

use super::damage::{Damages, Seen};

/// What a column is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// It says which rows to use.
    Filter,
    /// A model can read it.
    Feature,
    /// What a model learns.
    Target,
    /// How much a label counts.
    Weight,
    /// A price of the row.
    Price,
}

/// What one column holds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ColumnCheck {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub role: Role,
    /// Whether the dataset says that it is built.
    pub is_built: bool,
    /// Rows with a value, infinities among them.
    pub valid: u64,
    /// Their share of all rows.
    pub valid_share: f64,
    /// Values that are infinite: each is a defect.
    pub infinite: u64,
    /// Finite values that the column cannot have.
    pub out_of_range: u64,
    /// The smallest finite value.
    pub min: Option<f64>,
    /// The largest finite value.
    pub max: Option<f64>,
    /// Whether several rows have a value, and it is the same in all of them.
    pub is_constant: bool,
}

/// Which values a column can have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Rule {
    /// Those of the catalogue's range.
    Within(Range),
    /// Classes.
    OneOf(&'static [f64]),
    /// A share that is more than nothing.
    Share,
    /// A price.
    Positive,
}

impl Rule {
    #[expect(clippy::cast_possible_truncation, reason = "what has a range of the catalogue is f32")]
    fn holds(self, value: f64) -> bool {
        match self {
            Self::Within(range) => range.holds(value as f32),
            Self::OneOf(classes) => classes.contains(&value),
            Self::Share => value > 0.0 && value <= 1.0,
            Self::Positive => value > 0.0,
        }
    }

    /// What a value is that it does not hold for.
    fn broken(self) -> String {
        match self {
            Self::Within(Range { min, max: f64::INFINITY }) => format!("below {min}"),
            Self::Within(Range { min: f64::NEG_INFINITY, max }) => format!("above {max}"),
            Self::Within(Range { min, max }) => format!("outside of {min} to {max}"),
            Self::OneOf(classes) => {
                let classes: Vec<String> = classes.iter().map(f64::to_string).collect();
                format!("none of {}", classes.join(", "))
            }
            Self::Share => "not above 0 and at most 1".to_owned(),
            Self::Positive => "not above 0".to_owned(),
        }
    }
}

/// A column as the contract and the dataset describe it.
pub(super) struct Described {
    pub(super) name: String,
    pub(super) role: Role,
    pub(super) rule: Rule,
    pub(super) is_built: bool,
    /// Whether a file may lack it.
    pub(super) is_optional: bool,
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
    pub(super) is_there: bool,
}

#[derive(Clone, Copy)]
struct Span {
    min: f64,
    max: f64,
}

impl Column {
    pub(super) const fn new(described: Described) -> Self {
        Self { described, valid: 0, infinite: 0, out_of_range: 0, span: None, is_there: false }
    }

    /// The values of the rows from `first` on. A feature without one is NaN; anything else is null.
    pub(super) fn values(
        &mut self,
        values: impl Iterator<Item = Option<f64>>,
        first: u64,
        damages: &mut Damages,
    ) {
        self.is_there = true;
        let Described { name, role, rule, .. } = &self.described;
        let is_null_undefined = matches!(role, Role::Target | Role::Weight | Role::Price);
        let [mut infinite, mut outside, mut undefined] = [Seen::default(); 3];
        for (row, value) in (first..).zip(values) {
            match value {
                Some(value) if value.is_nan() == is_null_undefined && value.is_nan() => {
                    undefined.note(row);
                }
                None if !is_null_undefined => undefined.note(row),
                Some(value) if value.is_infinite() => {
                    self.valid += 1;
                    infinite.note(row);
                }
                Some(value) if !value.is_nan() => {
                    self.valid += 1;
                    outside.unless(rule.holds(value), row);
                    let span = self.span.get_or_insert(Span { min: value, max: value });
                    (span.min, span.max) = (span.min.min(value), span.max.max(value));
                }
                _ => {}
            }
        }
        self.infinite += infinite.count;
        self.out_of_range += outside.count;
        damages.add(name, "infinite", infinite);
        if outside.count > 0 {
            damages.add(name, &rule.broken(), outside);
        }
        let other = if is_null_undefined { "NaN, where no value is null" } else { "null" };
        damages.add(name, other, undefined);
    }

    #[expect(clippy::float_cmp, reason = "a constant is the same in every bit")]
    pub(super) fn finish(self, rows: u64) -> ColumnCheck {
        let is_constant = self.infinite == 0
            && self.valid > 1
            && self.span.is_some_and(|span| span.min == span.max);
        ColumnCheck {
            name: self.described.name,
            role: self.described.role,
            is_built: self.described.is_built,
            valid: self.valid,
            valid_share: if rows == 0 { 0.0 } else { self.valid as f64 / rows as f64 },
            infinite: self.infinite,
            out_of_range: self.out_of_range,
            min: self.span.map(|span| shown(span.min, self.described.role)),
            max: self.span.map(|span| shown(span.max, self.described.role)),
            is_constant,
        }
    }
}

/// In the digits that the column has: the float next to 0.1 is 0.10000000149 as a double.
#[expect(clippy::cast_possible_truncation, reason = "all but prices are floats in the file")]
fn shown(value: f64, role: Role) -> f64 {
    match role {
        Role::Price => value,
        _ => (value as f32).to_string().parse().unwrap_or(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(role: Role, rule: Rule, values: &[Option<f64>]) -> (ColumnCheck, Vec<String>) {
        let name = "it".to_owned();
        let described = Described { name, role, rule, is_built: true, is_optional: false };
        let (mut column, mut damages) = (Column::new(described), Damages::default());
        column.values(values.iter().copied(), 100, &mut damages);
        let damages = damages.finish().iter().map(ToString::to_string).collect();
        (column.finish(values.len() as u64), damages)
    }

    fn feature(values: &[f64]) -> (ColumnCheck, Vec<String>) {
        let values: Vec<Option<f64>> = values.iter().copied().map(Some).collect();
        checked(Role::Feature, Rule::Within(Range { min: -1.0, max: 1.0 }), &values)
    }

    #[test]
    fn what_is_not_finite_or_beyond_the_range_is_counted() {
        let (found, damages) =
            feature(&[0.5, f64::NAN, 1.0, -1.5, f64::INFINITY, f64::NEG_INFINITY]);
        assert_eq!((found.valid, found.infinite, found.out_of_range), (5, 2, 1));
        assert_eq!((found.min, found.max, found.is_constant), (Some(-1.5), Some(1.0), false));
        let wanted =
            ["it in 2 rows, first in row 104: infinite", "it in row 103: outside of -1 to 1"];
        assert_eq!(damages, wanted);
    }

    #[test]
    fn one_value_in_several_rows_is_constant_and_in_one_row_is_not() {
        let is_constant = |values: &[f64]| feature(values).0.is_constant;
        assert!(is_constant(&[0.5, f64::NAN, 0.5]));
        assert!(!is_constant(&[0.5, 0.25]) && !is_constant(&[0.5]) && !is_constant(&[]));
    }

    #[test]
    fn classes_weights_and_prices_have_no_other_values() {
        let of = |role, rule, values: &[f64]| {
            let values: Vec<Option<f64>> =
                [None].into_iter().chain(values.iter().copied().map(Some)).collect();
            checked(role, rule, &values).1
        };
        let classes = Rule::OneOf(&[-1.0, 0.0, 1.0]);
        assert_eq!(of(Role::Target, classes, &[-1.0, 0.0, 1.0]), [""; 0]);
        assert_eq!(of(Role::Target, classes, &[0.5]), ["it in row 101: none of -1, 0, 1"]);
        let share = of(Role::Weight, Rule::Share, &[1.0, 0.5, 0.0, -1.0, 1.5]);
        assert_eq!(share, ["it in 3 rows, first in row 103: not above 0 and at most 1"]);
        let price = of(Role::Price, Rule::Positive, &[1e9, 0.0, f64::NAN]);
        let wanted = ["it in row 102: not above 0", "it in row 103: NaN, where no value is null"];
        assert_eq!(price, wanted);
        let feature = of(Role::Feature, classes, &[]);
        assert_eq!(feature, ["it in row 100: null"]);
    }
}
