//! Targets 0 to 7: how far the mid moves over one horizon, and in which direction.

use std::collections::VecDeque;

use fluxo_core::UnixNanos;

use super::rows::OpenRows;
use super::{Label, Unlabelled};
use crate::primitives::return_bps;

/// A direction is a move beyond this share of the usual one.
const SIGMA_SHARE: f64 = 0.5;
/// And beyond a quarter tick, here in bps times the mid in half-ticks: an unchanged mid is neutral,
/// and a move by half a tick is none the less a move.
const QUARTER_TICK: f64 = 0.25 * 1e4 * 2.0;

/// The labels of one horizon that are not decided yet.
#[derive(Clone, Debug)]
pub(super) struct Horizon {
    span: i64,
    /// Which target is the return, and which the direction.
    targets: [usize; 2],
    pending: VecDeque<Pending>,
    /// How many of them, at the front, have reached their end.
    matured: usize,
}

#[derive(Clone, Copy, Debug)]
struct Pending {
    row: u64,
    at: i64,
    /// In half-ticks.
    mid: i64,
    threshold: Option<f64>,
    /// The mid at the end, as soon as that is reached.
    end: Option<i64>,
}

/// The smallest return that is a direction, in bps, for a row with that mid in half-ticks.
pub(super) fn threshold_bps(sigma_bps: f64, mid: i64) -> f64 {
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
    pub(super) fn new(span: i64, targets: [usize; 2]) -> Self {
        Self { span, targets, pending: VecDeque::new(), matured: 0 }
    }

    /// A row begins: with its mid and how far the price usually moves, or with what is wrong.
    pub(super) fn open(
        &mut self,
        row: u64,
        at: i64,
        mid: Result<i64, Unlabelled>,
        sigma_bps: Option<f64>,
        rows: &mut OpenRows,
    ) {
        match mid {
            Ok(mid) => {
                let threshold = sigma_bps.map(|sigma| threshold_bps(sigma, mid));
                self.pending.push_back(Pending { row, at, mid, threshold, end: None });
            }
            Err(why) => self.targets.iter().for_each(|target| rows.decide(row, *target, Err(why))),
        }
    }

    /// Everything up to `through` has happened, and the mid is this one since before that.
    pub(super) fn mature(&mut self, through: i64, mid: Option<i64>) {
        for pending in self.pending.iter_mut().skip(self.matured) {
            if pending.at + self.span > through {
                break;
            }
            pending.end = mid;
            self.matured += 1;
        }
    }

    /// The book was whole up to `moment`: labels that ended by then stand.
    pub(super) fn confirm(&mut self, moment: i64, rows: &mut OpenRows) {
        self.decide_matured(moment, |pending| pending.end.ok_or(Unlabelled::NoMid), rows);
    }

    /// Nobody will know whether the book was whole up to `moment`.
    pub(super) fn give_up(&mut self, moment: i64, why: Unlabelled, rows: &mut OpenRows) {
        self.decide_matured(moment, |_| Err(why), rows);
    }

    /// Something went wrong that lies within every label that has not reached its end.
    pub(super) fn fail_open(&mut self, why: Unlabelled, rows: &mut OpenRows) {
        for pending in self.pending.drain(self.matured..) {
            self.targets.iter().for_each(|target| rows.decide(pending.row, *target, Err(why)));
        }
    }

    /// Something went wrong that lies within every label.
    pub(super) fn fail_all(&mut self, why: Unlabelled, rows: &mut OpenRows) {
        self.give_up(i64::MAX, why, rows);
        self.fail_open(why, rows);
    }

    fn decide_matured(
        &mut self,
        moment: i64,
        end_of: impl Fn(&Pending) -> Result<i64, Unlabelled>,
        rows: &mut OpenRows,
    ) {
        while self.matured > 0 {
            let span = self.span;
            let Some(pending) = self.pending.pop_front_if(|p| p.at + span <= moment) else { break };
            self.matured -= 1;
            let t1 = UnixNanos::new(pending.at + span);
            let moved = end_of(&pending).map(|end| return_bps(pending.mid, end));
            let [forward_return, class] = self.targets;
            rows.decide(pending.row, forward_return, moved.map(|value| Label { value, t1 }));
            let classified = moved.and_then(|moved| {
                let threshold = pending.threshold.ok_or(Unlabelled::Cold)?;
                Ok(Label { value: direction(moved, threshold), t1 })
            });
            rows.decide(pending.row, class, classified);
        }
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "classes are exact")]
mod tests {
    use super::*;

    #[test]
    fn oracle_t1_and_t2() {
        let (from, to) = (2 * 10_000 + 1, 2 * 10_003);
        let moved = return_bps(from, to);
        assert!((moved - 2.499_562_59).abs() < 1e-8, "{moved}");
        assert_eq!(direction(moved, threshold_bps(4.0, from)), 1.0);
        assert_eq!(direction(moved, threshold_bps(6.0, from)), 0.0);
        assert_eq!(direction(-moved, threshold_bps(4.0, from)), -1.0);
    }

    #[test]
    fn oracle_t3() {
        let (from, to) = (2 * 10_000, 2 * 10_000 + 1);
        let (moved, threshold) = (return_bps(from, to), threshold_bps(0.0, from));
        assert!((moved - 0.499_987_500_4).abs() < 1e-10, "{moved}");
        assert_eq!((threshold, direction(moved, threshold)), (0.25, 1.0));
        assert_eq!(direction(0.0, threshold), 0.0);
        // A move by exactly the threshold is none.
        assert_eq!(direction(0.25, 0.25), 0.0);
    }
}
