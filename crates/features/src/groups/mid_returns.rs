//! 50-54: returns of the mid price, and how much it moves.

use serde::{Deserialize, Serialize};

use crate::catalogue::index;
use crate::coverage::Coverage;
use crate::grid::{FINE_NS, FINE_PER_SECOND, SECOND_NS};
use crate::primitives::{Lag, Ring, nearest, return_bps};

use super::Slots;

/// Slots, windows in seconds, and those in points.
const RETURNS: [(usize, i64, usize); 3] = [
    (index::RET_1S, 1, FINE_PER_SECOND),
    (index::RET_5S, 5, 5 * FINE_PER_SECOND),
    (index::RET_10S, 10, 10 * FINE_PER_SECOND),
];
const VOLATILITIES: [(usize, i64); 2] = [(index::VOL_10S, 10), (index::VOL_30S, 30)];
/// Squared returns are summed in units of 2^-80 square bps: exact, so that the sum of a window does
/// not depend on what left it before. The largest squared return has 38 bits before the point.
const SQUARE_UNITS: f64 = (1_u128 << 80) as f64;

/// The mid price on the 100 ms grid, held while the book is not valid.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct MidReturns {
    /// The last valid mid in half-ticks, above zero.
    mid: Option<i64>,
    samples: Lag,
    /// The squared return that ends at each grid point.
    squares: Ring,
    /// The last grid point with a mid that was not above zero: no window with it has a volatility.
    last_without_log: i64,
    is_without_log: bool,
}

impl MidReturns {
    pub(crate) fn new() -> Self {
        Self {
            mid: None,
            samples: Lag::new(10 * FINE_PER_SECOND),
            squares: Ring::new(&[10 * FINE_PER_SECOND, 30 * FINE_PER_SECOND]),
            last_without_log: i64::MIN,
            is_without_log: false,
        }
    }

    /// Forgets everything: returns do not span a break.
    pub(crate) fn clear(&mut self) {
        self.mid = None;
        self.samples.clear();
        self.squares.clear();
        (self.last_without_log, self.is_without_log) = (i64::MIN, false);
    }

    /// A valid book shows this mid. One that is not above zero has no logarithm, and counts as none.
    pub(crate) fn observe(&mut self, mid_half_ticks: i64) {
        self.mid = Some(mid_half_ticks).filter(|mid| *mid > 0);
        self.is_without_log = self.mid.is_none();
    }

    /// Samples every grid point up to `point`; what is observed next happened after it.
    pub(crate) fn sample_through(&mut self, point: i64) {
        if point <= self.samples.head() {
            return;
        }
        let (before, first) = (self.samples.newest(), self.samples.head().saturating_add(1));
        if let (Some(before), Some(mid)) = (before, self.mid)
            && before != mid
        {
            // The mid moved once; at the grid points after the first one it was held.
            self.squares.advance(first);
            self.squares.add(square_units(return_bps(before, mid)));
        }
        self.squares.advance(point);
        self.samples.hold(point, self.mid);
        if self.is_without_log {
            self.last_without_log = point;
        }
    }

    pub(crate) fn write(&self, at: i64, coverage: &Coverage, slots: &mut Slots<'_>) {
        for (slot, seconds, points) in RETURNS {
            let covered = coverage.is_nearly_whole(seconds);
            slots.put(slot, self.bps_over(points).filter(|_| covered));
        }
        for (window, (slot, seconds)) in VOLATILITIES.into_iter().enumerate() {
            let first = self.samples.head() - seconds * (SECOND_NS / FINE_NS);
            let covered = coverage.of_book(at, seconds) && self.last_without_log < first;
            let mean = || nearest(self.squares.total(window)) / SQUARE_UNITS / seconds as f64;
            slots.put(slot, covered.then(|| libm::sqrt(mean())));
        }
    }

    /// The return since so many points before the newest one.
    fn bps_over(&self, points: usize) -> Option<f64> {
        let before = self.samples.ago(points)?;
        self.mid.map(|mid| return_bps(before, mid))
    }
}

#[expect(clippy::cast_possible_truncation, reason = "bounded: a return is below 2^19 bps")]
fn square_units(return_bps: f64) -> i128 {
    (return_bps * return_bps * SQUARE_UNITS) as i128
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_return_fits_its_square() {
        let largest = square_units(return_bps(1, 1 << 54));
        assert!(largest < i128::MAX / 300, "{largest}");
        assert_eq!(square_units(return_bps(1 << 54, 1)), largest);
    }

    #[test]
    fn a_small_move_leaves_no_trace_of_a_large_one() {
        let mut returns = MidReturns::new();
        for (point, mid) in [(0, 1_000_000), (1, 1), (2, 1_000_000), (3, 1_000_001)] {
            returns.observe(mid);
            returns.sample_through(point);
        }
        let small = square_units(return_bps(1_000_000, 1_000_001));
        returns.sample_through(2 + 300);
        assert_eq!(returns.squares.total(1), small);
        returns.sample_through(3 + 300);
        assert_eq!(returns.squares.total(1), 0);
    }
}
