//! Targets 0 to 7: how far the mid moves over one horizon, and in which direction.

use std::collections::VecDeque;

use super::Unlabelled;
use super::decided::{Decided, RowKey};
use super::family::Family;
use crate::primitives::return_bps;

/// A direction is a move beyond this share of the usual one.
const SIGMA_SHARE: f64 = 0.5;
/// And beyond a quarter tick, here in bps times the mid in half-ticks: an unchanged mid is neutral,
/// and a move by half a tick is none the less a move.
const QUARTER_TICK: f64 = 0.25 * 1e4 * 2.0;

/// The labels of one horizon that are not decided yet.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub(super) struct Horizon {
    span: i64,
    /// Which target is the return, and which the direction.
    targets: [usize; 2],
    pending: VecDeque<Pending>,
    /// How many of them, at the front, have reached their end.
    matured: usize,
}

#[derive(Clone, Copy, Debug, serde::Serialize, serde::Deserialize)]
struct Pending {
    row: RowKey,
    /// In half-ticks.
    mid: i64,
    threshold: Option<f64>,
    /// The mid at the end, as soon as that is reached.
    end: Option<i64>,
}

/// The smallest return that is a direction, in bps, for a row with that mid in half-ticks.
fn threshold_bps(sigma_bps: f64, mid: i64) -> f64 {
    f64::max(SIGMA_SHARE * sigma_bps, QUARTER_TICK / mid as f64)
}

/// -1, 0 or 1.
fn direction(return_bps: f64, threshold_bps: f64) -> f64 {
    if return_bps > threshold_bps {
        1.0
    } else if return_bps < -threshold_bps {
        -1.0
    } else {
        0.0
    }
}

impl Horizon {
    /// For so many rows at a time.
    pub(super) fn new(span: i64, targets: [usize; 2], rows: usize) -> Self {
        Self { span, targets, pending: VecDeque::with_capacity(rows), matured: 0 }
    }

    /// A row begins, with its mid and how far the price usually moves.
    pub(super) fn open(&mut self, row: RowKey, mid: i64, sigma_bps: Option<f64>) {
        let threshold = sigma_bps.map(|sigma| threshold_bps(sigma, mid));
        self.pending.push_back(Pending { row, mid, threshold, end: None });
    }

    /// Something is wrong at a row.
    pub(super) fn refuse(&self, row: RowKey, why: Unlabelled, decided: &mut Decided) {
        self.targets.iter().for_each(|target| decided.push(row.matured(*target, Err(why))));
    }

    /// Everything up to `through` has happened, and the mid is this one since before that.
    pub(super) fn mature(&mut self, through: i64, mid: Option<i64>) {
        for pending in self.pending.iter_mut().skip(self.matured) {
            if pending.row.at + self.span > through {
                break;
            }
            pending.end = mid;
            self.matured += 1;
        }
    }

    fn decide_matured(
        &mut self,
        moment: i64,
        end_of: impl Fn(&Pending) -> Result<i64, Unlabelled>,
        decided: &mut Decided,
    ) {
        while self.matured > 0 {
            let span = self.span;
            let Some(pending) = self.pending.pop_front_if(|p| p.row.at + span <= moment) else {
                break;
            };
            self.matured -= 1;
            let t1 = pending.row.at + span;
            let moved = end_of(&pending).map(|end| return_bps(pending.mid, end));
            let [forward_return, class] = self.targets;
            decided.push(pending.row.matured(forward_return, moved.map(|value| (value, t1))));
            let classified = moved.and_then(|moved| {
                let threshold = pending.threshold.ok_or(Unlabelled::Cold)?;
                Ok((direction(moved, threshold), t1))
            });
            decided.push(pending.row.matured(class, classified));
        }
    }
}

impl Family for Horizon {
    fn confirm(&mut self, moment: i64, decided: &mut Decided) {
        self.decide_matured(moment, |pending| pending.end.ok_or(Unlabelled::NoMid), decided);
    }

    fn give_up(&mut self, moment: i64, why: Unlabelled, decided: &mut Decided) {
        self.decide_matured(moment, |_| Err(why), decided);
    }

    fn fail_open(&mut self, why: Unlabelled, decided: &mut Decided) {
        for pending in self.pending.drain(self.matured..) {
            for target in self.targets {
                decided.push(pending.row.matured(target, Err(why)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::float_cmp, reason = "classes are exact")]
    fn a_quarter_tick_is_the_least_that_counts() {
        let threshold = threshold_bps(0.0, 2 * 10_000);
        let directions = [0.5, -0.5, 0.0].map(|moved| direction(moved, threshold));
        assert_eq!((threshold, directions), (0.25, [1.0, -1.0, 0.0]));
        // A move by exactly the threshold is none.
        assert_eq!(direction(0.25, 0.25), 0.0);
    }
}
