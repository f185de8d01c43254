//! Target 10: how much the mid moves from second to second over the next half minute.

use std::collections::VecDeque;

use super::Unlabelled;
use super::decided::{Decided, Ended, RowKey};
use super::family::{FUT_RV, Family};
use crate::grid::SECOND_NS;
use crate::primitives::return_bps;

/// How many returns of a second a label has.
const STEPS: u8 = 30;
/// From the row to the end of its label.
pub(super) const SPAN_NS: i64 = STEPS as i64 * SECOND_NS;

/// The rows whose half minute is not over. Each is looked at once a second, counted from its own time,
/// and then goes to the back of the queue: the queue is in the order of these moments.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub(super) struct FutureVolatility {
    open: VecDeque<Open>,
    ended: Ended,
}

#[derive(Clone, Copy, Debug, serde::Serialize, serde::Deserialize)]
struct Open {
    row: RowKey,
    /// The mid at the last of its moments, in half-ticks.
    mid: i64,
    /// The sum of the squared returns so far.
    sum: f64,
    /// How many there are.
    steps: u8,
}

impl Open {
    const fn next(&self) -> i64 {
        self.row.at + (self.steps as i64 + 1) * SECOND_NS
    }
}

impl FutureVolatility {
    /// For so many rows at a time.
    pub(super) fn new(rows: usize) -> Self {
        Self { open: VecDeque::with_capacity(rows), ended: Ended::new(FUT_RV, rows) }
    }

    pub(super) fn open(&mut self, row: RowKey, mid: i64) {
        self.open.push_back(Open { row, mid, sum: 0.0, steps: 0 });
    }

    /// Everything up to `through` has happened, and the mid is this one since before that.
    pub(super) fn mature(&mut self, through: i64, mid: Option<i64>) {
        let Some(mid) = mid else { return };
        while let Some(mut row) = self.open.pop_front_if(|row| row.next() <= through) {
            if row.mid != mid {
                let bps = return_bps(row.mid, mid);
                (row.mid, row.sum) = (mid, row.sum + bps * bps);
            }
            row.steps += 1;
            if row.steps < STEPS {
                self.open.push_back(row);
            } else {
                let value = libm::sqrt(row.sum / f64::from(STEPS));
                self.ended.push(row.row, value, row.row.at + SPAN_NS);
            }
        }
    }
}

impl Family for FutureVolatility {
    fn confirm(&mut self, moment: i64, decided: &mut Decided) {
        self.ended.confirm(moment, decided);
    }

    fn give_up(&mut self, moment: i64, why: Unlabelled, decided: &mut Decided) {
        self.ended.give_up(moment, why, decided);
    }

    fn fail_open(&mut self, why: Unlabelled, decided: &mut Decided) {
        for open in self.open.drain(..) {
            decided.push(open.row.matured(FUT_RV, Err(why)));
        }
    }
}
