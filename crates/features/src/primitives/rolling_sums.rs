//! RSUM: sums of a real quantity over its last n values, for several n at once.

use serde::{Deserialize, Serialize};

/// Values are summed in units of 2^-80: exact, so that a sum does not depend on what left it before,
/// and is zero when everything in it is. A square of a return in bps has at most 38 bits before the
/// point, and a window at most 2^9 values: that fits 128 bits.
const UNITS: f64 = (1_u128 << 80) as f64;

/// The last values of a quantity below 2^38, with one running total per window.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct RollingSums {
    values: Box<[f64]>,
    /// Where the next value goes: the oldest one lies there.
    cursor: usize,
    windows: Box<[Window]>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Window {
    values: usize,
    units: i128,
}

impl RollingSums {
    /// Windows of that many values each, at least one.
    pub(crate) fn new(windows: &[usize]) -> Self {
        assert!(windows.iter().all(|values| *values > 0), "a window covers a value");
        let longest = windows.iter().copied().max().expect("there is a window");
        Self {
            values: vec![0.0; longest].into_boxed_slice(),
            cursor: 0,
            windows: windows.iter().map(|values| Window { values: *values, units: 0 }).collect(),
        }
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        self.values.fill(0.0);
        for window in &mut self.windows {
            window.units = 0;
        }
    }

    /// The newest value; the oldest one of each window leaves it.
    pub(crate) fn push(&mut self, value: f64) {
        let longest = self.values.len();
        for window in &mut self.windows {
            let back = self.cursor + longest - window.values;
            let leaving = self.values[if back < longest { back } else { back - longest }];
            window.units += units(value) - units(leaving);
        }
        self.values[self.cursor] = value;
        self.cursor = if self.cursor + 1 == longest { 0 } else { self.cursor + 1 };
    }

    /// The sum of the window at that place in the list given to [`RollingSums::new`].
    pub(crate) fn total(&self, window: usize) -> f64 {
        self.windows[window].units as f64 / UNITS
    }

    /// The same without its newest value.
    pub(crate) fn total_before(&self, window: usize) -> f64 {
        let newest = if self.cursor == 0 { self.values.len() - 1 } else { self.cursor - 1 };
        (self.windows[window].units - units(self.values[newest])) as f64 / UNITS
    }
}

#[expect(clippy::cast_possible_truncation, reason = "bounded by the promise of the caller")]
fn units(value: f64) -> i128 {
    (value * UNITS) as i128
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Against plain addition over everything that was ever pushed.
        #[test]
        fn totals_are_the_sums_of_the_last_values(
            values in prop::collection::vec(prop_oneof![-1e3..1e3, Just(0.0), -1e-9..1e-9], 1..60)
        ) {
            let windows = [1_usize, 4, 9];
            let mut sums = RollingSums::new(&windows);
            for (at, value) in values.iter().enumerate() {
                sums.push(*value);
                for (window, length) in windows.iter().enumerate() {
                    let known = &values[(at + 1).saturating_sub(*length)..=at];
                    let (wanted, before) = (known.iter().sum::<f64>(), known[..known.len() - 1].iter().sum::<f64>());
                    prop_assert!((sums.total(window) - wanted).abs() < 1e-11);
                    prop_assert!((sums.total_before(window) - before).abs() < 1e-11);
                }
            }
        }
    }

    #[test]
    fn nothing_is_left_of_what_left() {
        let mut sums = RollingSums::new(&[3]);
        [1e11, 0.1, 1e-7].into_iter().for_each(|value| sums.push(value));
        (0..2).for_each(|_| sums.push(0.0));
        assert_eq!((sums.total(0), sums.windows[0].units), (1e-7, units(1e-7)));
        sums.push(0.0);
        assert_eq!((sums.total(0), sums.windows[0].units), (0.0, 0));
        sums.push(5.0);
        sums.clear();
        sums.push(2.0);
        assert_eq!((sums.total(0), sums.total_before(0)), (2.0, 0.0));
    }

    #[test]
    fn the_largest_squares_fit() {
        let square = f64::from(1 << 19) * f64::from(1 << 19);
        let mut sums = RollingSums::new(&[300]);
        (0..400).for_each(|_| sums.push(square));
        assert_eq!(Some(sums.total(0)), Some(300.0 * square));
    }
}
