//! 13-16 and 19: how much the trade price moves on the 1 s grid, and in which way.

use core::f64::consts::PI;

use serde::{Deserialize, Serialize};

use crate::catalogue::index;
use crate::primitives::RollingSums;
use crate::trade_price::Second;

use super::Slots;

const SHORT: usize = 60;
const LONG: usize = 300;
const SLOTS: [usize; 5] =
    [index::RV_60S, index::RV_300S, index::VOL_RATIO, index::JUMP_RATIO, index::SEMIVAR_ASYM];

/// Sums over the last returns `r_k`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Realised {
    short: usize,
    long: usize,
    count: usize,
    last: f64,
    /// `r_k^2`, over both windows.
    squares: RollingSums,
    /// The same with the sign of the return.
    signed_squares: RollingSums,
    /// `|r_k| |r_{k-1}|`.
    neighbours: RollingSums,
    values: [Option<f64>; SLOTS.len()],
    is_stale: bool,
}

impl Realised {
    pub(crate) fn new() -> Self {
        Self::of(SHORT, LONG)
    }

    /// With windows of that many returns.
    fn of(short: usize, long: usize) -> Self {
        Self {
            short,
            long,
            count: 0,
            last: 0.0,
            squares: RollingSums::new(&[short, long]),
            signed_squares: RollingSums::new(&[long]),
            neighbours: RollingSums::new(&[long - 1]),
            values: [None; SLOTS.len()],
            is_stale: true,
        }
    }

    /// Forgets everything: a break.
    pub(crate) fn clear(&mut self) {
        (self.count, self.last) = (0, 0.0);
        self.squares.clear();
        self.signed_squares.clear();
        self.neighbours.clear();
        self.is_stale = true;
    }

    pub(crate) fn on_second(&mut self, second: &Second<'_>) {
        if let Some(bps) = second.bps {
            self.step(bps);
        }
    }

    fn step(&mut self, bps: f64) {
        self.squares.push(bps * bps);
        self.signed_squares.push(bps * bps.abs());
        // Before the second return there is no neighbour: its product is 0.
        self.neighbours.push((bps * self.last).abs());
        self.last = bps;
        self.count = (self.count + 1).min(self.long);
        self.is_stale = true;
    }

    pub(crate) fn write(&mut self, slots: &mut Slots<'_>) {
        if core::mem::take(&mut self.is_stale) {
            self.values = self.evaluate();
        }
        for (slot, value) in SLOTS.into_iter().zip(self.values) {
            slots.put(slot, value);
        }
    }

    fn evaluate(&self) -> [Option<f64>; SLOTS.len()] {
        let (short, long) = (self.squares.total(0), self.squares.total(1));
        let has = |returns: usize| self.count >= returns;
        let per_second = |sum: f64, returns: usize| libm::sqrt(sum / returns as f64);
        let moved = has(self.long) && long > 0.0;
        let ratio = || 0.5 * libm::log(short / self.short as f64 / (long / self.long as f64));
        [
            has(self.short).then(|| per_second(short, self.short)),
            has(self.long).then(|| per_second(long, self.long)),
            (moved && short > 0.0).then(ratio),
            moved.then(|| self.jump_share(long)),
            has(self.long).then(|| self.asymmetry(long)),
        ]
    }

    /// What bipower variation leaves of the realised variance: moves that have no neighbour.
    fn jump_share(&self, realised: f64) -> f64 {
        let n = self.long as f64;
        let bipower = PI / 2.0 * (n / (n - 1.0)) * self.neighbours.total(0);
        (1.0 - bipower / realised).max(0.0)
    }

    /// 0 by symmetry when nothing moved.
    fn asymmetry(&self, squares: f64) -> f64 {
        if squares == 0.0 { 0.0 } else { self.signed_squares.total(0) / squares }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::oracles::Given;

    fn fed(short: usize, long: usize, returns: &[f64]) -> [Option<f64>; 5] {
        let mut realised = Realised::of(short, long);
        returns.iter().for_each(|bps| realised.step(*bps));
        realised.evaluate()
    }

    #[track_caller]
    fn assert_close(value: Option<f64>, wanted: f64) {
        let value = value.unwrap();
        assert!((value - wanted).abs() <= 1e-9 * wanted.abs(), "{value} {wanted}");
    }

    pub(crate) fn jump_share(given: &Given) -> f64 {
        let returns: Vec<f64> = given.get("returns_bps");
        fed(returns.len(), returns.len(), &returns)[3].unwrap()
    }

    #[test]
    fn old_returns_leave_every_sum() {
        let (late, all) = ([0.1, 1.0, 1.0, 10.0, -2.0], [700.0, -80.0, 0.1, 1.0, 1.0, 10.0, -2.0]);
        // A window of four returns has three pairs of neighbours: the ones inside it.
        let [short, long, ratio, jump, asymmetry] = fed(2, 4, &all);
        assert_eq!(fed(2, 4, &late), [short, long, ratio, jump, asymmetry]);
        assert_close(short, 52_f64.sqrt());
        assert_close(ratio, 0.5 * libm::log(52.0 / 26.5));
        assert_close(asymmetry, 98.0 / 106.0);
        assert_eq!(jump, Some(1.0 - PI / 2.0 * (4.0 / 3.0) * 31.0 / 106.0));
    }

    #[test]
    fn without_a_move_only_ratios_are_undefined() {
        assert_eq!(fed(2, 4, &[0.0; 4]), [Some(0.0), Some(0.0), None, None, Some(0.0)]);
        assert_eq!(fed(2, 4, &[0.0; 3]), [Some(0.0), None, None, None, None]);
        assert_eq!(fed(2, 4, &[1.0, 1.0, 0.0, 0.0])[2], None);
        assert_eq!(fed(1, 4, &[]), [None; 5]);
    }
}
