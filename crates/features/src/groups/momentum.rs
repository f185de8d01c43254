//! 7, 8, 11 and 12: where the trade price lies among its last values on the 1 s grid.

use serde::{Deserialize, Serialize};

use crate::catalogue::index;
use crate::grid::SECOND_NS;
use crate::primitives::{AverageDistance, Recent, SlidingMax, grid_decay, return_bps};
use crate::trade_price::Second;

use super::Slots;

/// The slot, the half-life in seconds, and how many points it needs.
const AVERAGES: [(usize, i64, u64); 2] =
    [(index::EMA_DIST_10S, 10, 20), (index::EMA_DIST_60S, 60, 120)];
const WINDOW: usize = 60;
const SLOTS: [usize; 4] = [AVERAGES[0].0, AVERAGES[1].0, index::PRICE_Z_60S, index::RANGE_POS_60S];

/// Averages and extremes of the price at the grid points.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Momentum {
    /// How far the log price lies above its averages, in bps.
    averages: [AverageDistance; AVERAGES.len()],
    /// The first price: logarithms are of the ratio to it, so that they have few digits to lose.
    first: i64,
    logs: Recent<f64>,
    price: i64,
    high: SlidingMax,
    /// Of the negative prices.
    low: SlidingMax,
    values: [Option<f64>; SLOTS.len()],
    is_stale: bool,
}

impl Momentum {
    pub(crate) fn new() -> Self {
        let average = |(_, half_life_s, _)| {
            AverageDistance::debiased(grid_decay(SECOND_NS, half_life_s * SECOND_NS))
        };
        Self {
            averages: AVERAGES.map(average),
            first: 0,
            logs: Recent::new(WINDOW),
            price: 0,
            high: SlidingMax::new(WINDOW),
            low: SlidingMax::new(WINDOW),
            values: [None; SLOTS.len()],
            is_stale: true,
        }
    }

    /// Forgets everything: a break.
    pub(crate) fn clear(&mut self) {
        self.averages.iter_mut().for_each(AverageDistance::clear);
        self.logs.clear();
        self.high.clear();
        self.low.clear();
        self.is_stale = true;
    }

    pub(crate) fn on_second(&mut self, second: &Second<'_>) {
        self.step(second.price, second.bps.unwrap_or_default());
    }

    fn step(&mut self, price: i64, bps: f64) {
        self.averages.iter_mut().for_each(|average| average.step(bps));
        if self.high.pushed() == 0 {
            self.first = price;
        }
        self.logs.push(return_bps(self.first, price));
        self.high.push(price);
        self.low.push(-price);
        self.price = price;
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
        let points = self.high.pushed();
        let distance = |at: usize| (points >= AVERAGES[at].2).then(|| self.averages[at].distance());
        let extremes = self.high.max().zip(self.low.max()).filter(|_| self.logs.is_full());
        let position = |(high, low): (i64, i64)| position(self.price, -low, high);
        // Where the extremes meet every logarithm is the same one, and its deviation is no rounding.
        let score = |(high, low): (i64, i64)| if high == -low { 0.0 } else { score(&self.logs) };
        [distance(0), distance(1), extremes.map(score), extremes.map(position)]
    }
}

/// Where a price lies in its range, from -1 to 1; 0 by symmetry where there is no range.
fn position(price: i64, low: i64, high: i64) -> f64 {
    if low == high { 0.0 } else { ((price - low) - (high - price)) as f64 / (high - low) as f64 }
}

/// How many standard deviations the last value lies above the mean of all.
fn score(values: &Recent<f64>) -> f64 {
    let count = values.iter().count() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let last = values.iter().last().unwrap_or(mean);
    let variance = values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / count;
    (last - mean) / libm::sqrt(variance)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::oracles::Given;

    fn fed(prices: impl IntoIterator<Item = i64>) -> Momentum {
        let mut momentum = Momentum::new();
        let mut before = None;
        for price in prices {
            let bps = before.replace(price).map(|before| return_bps(before, price));
            momentum.step(price, bps.unwrap_or_default());
        }
        momentum
    }

    pub(crate) fn distance_to_average(given: &Given) -> f64 {
        fed(given.get::<Vec<i64>>("prices")).averages[0].distance()
    }

    #[test]
    fn each_value_begins_with_its_points() {
        let defined = |points: i64| fed(1..=points).evaluate_mask();
        assert_eq!(defined(19), [false; 4]);
        assert_eq!(defined(20), [true, false, false, false]);
        assert_eq!(defined(59), [true, false, false, false]);
        assert_eq!(defined(60), [true, false, true, true]);
        assert_eq!(defined(120), [true; 4]);
        let mut cleared = fed(1..200);
        cleared.clear();
        assert_eq!(cleared.evaluate_mask(), [false; 4]);
    }

    impl Momentum {
        fn evaluate_mask(&self) -> [bool; 4] {
            self.evaluate().map(|value| value.is_some())
        }
    }

    #[test]
    fn a_price_that_does_not_move_has_no_score() {
        let still = fed((0..7).map(|at| 900 + at).chain([977; 60]));
        assert_eq!(still.evaluate()[2..], [Some(0.0), Some(0.0)]);
        // One price in sixty above the others is sqrt(59) deviations above their mean.
        let moved = fed([977; 59].into_iter().chain([978]));
        let score = moved.evaluate()[2].unwrap();
        assert!((score - 59_f64.sqrt()).abs() < 1e-9, "{score}");
    }
}
