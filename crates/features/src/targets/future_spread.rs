//! Target 11: the time-weighted spread of the next ten seconds.

use std::collections::VecDeque;

use super::Unlabelled;
use super::decided::{Decided, Ended, RowKey};
use super::family::{FUT_SPREAD, Family};
use super::market::Market;
use crate::grid::SECOND_NS;

/// From the row to the end of its label.
pub(super) const SPAN_NS: i64 = 10 * SECOND_NS;
/// A book that is crossed for more than one part in so many of that time had no spread.
const CROSSED_SHARE: i128 = 100;

/// The rows whose ten seconds are not over, and what has gathered over time.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub(super) struct FutureSpread {
    /// The last valid spread in ticks, while there is one.
    spread: Integral,
    /// One while the book is crossed or locked.
    crossed: Integral,
    open: VecDeque<Open>,
    ended: Ended,
}

/// The exact integral of a quantity over time, since the beginning.
#[derive(Clone, Copy, Debug, Default, serde::Serialize, serde::Deserialize)]
struct Integral {
    value: i64,
    /// Since when it has that value.
    since: i64,
    /// The integral up to then.
    sum: i128,
}

#[derive(Clone, Copy, Debug, serde::Serialize, serde::Deserialize)]
struct Open {
    row: RowKey,
    /// Both integrals up to the row.
    spread: i128,
    crossed: i128,
}

impl Integral {
    fn at(&self, moment: i64) -> i128 {
        self.sum + i128::from(self.value) * i128::from(moment - self.since)
    }

    fn hold(&mut self, moment: i64, value: i64) {
        if value != self.value {
            *self = Self { value, since: moment, sum: self.at(moment) };
        }
    }
}

impl FutureSpread {
    /// For so many rows at a time.
    pub(super) fn new(rows: usize) -> Self {
        Self {
            spread: Integral::default(),
            crossed: Integral::default(),
            open: VecDeque::with_capacity(rows),
            ended: Ended::new(FUT_SPREAD, rows),
        }
    }

    /// The market is so from this moment on.
    pub(super) fn observe(&mut self, moment: i64, market: &Market) {
        self.spread.hold(moment, market.spread().unwrap_or(0));
        self.crossed.hold(moment, i64::from(market.is_crossed()));
    }

    pub(super) fn open(&mut self, row: RowKey) {
        let (spread, crossed) = (self.spread.at(row.at), self.crossed.at(row.at));
        self.open.push_back(Open { row, spread, crossed });
    }

    /// Everything up to `through` has happened.
    pub(super) fn mature(&mut self, through: i64, decided: &mut Decided) {
        while let Some(open) = self.open.pop_front_if(|open| open.row.at + SPAN_NS <= through) {
            let t1 = open.row.at + SPAN_NS;
            let crossed = self.crossed.at(t1) - open.crossed;
            if crossed * CROSSED_SHARE > i128::from(SPAN_NS) {
                decided.push(open.row.matured(FUT_SPREAD, Err(Unlabelled::Crossed)));
            } else {
                let mean = (self.spread.at(t1) - open.spread) as f64 / SPAN_NS as f64;
                self.ended.push(open.row, mean, t1);
            }
        }
    }
}

impl Family for FutureSpread {
    fn confirm(&mut self, moment: i64, decided: &mut Decided) {
        self.ended.confirm(moment, decided);
    }

    fn give_up(&mut self, moment: i64, why: Unlabelled, decided: &mut Decided) {
        self.ended.give_up(moment, why, decided);
    }

    fn fail_open(&mut self, why: Unlabelled, decided: &mut Decided) {
        for open in self.open.drain(..) {
            decided.push(open.row.matured(FUT_SPREAD, Err(why)));
        }
    }
}
