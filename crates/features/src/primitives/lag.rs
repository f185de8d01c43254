//! LAG: what a quantity was some time ago, as sampled on a grid.

use serde::{Deserialize, Serialize};

/// A sample from before the quantity existed; as a price or a middle of two it would be no number of any
/// market.
const ABSENT: i64 = i64::MIN;

/// The last samples of a quantity that is held between its changes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Lag {
    samples: Box<[i64]>,
    /// Where the newest sample lies.
    cursor: usize,
    /// The grid point of the newest sample.
    head: i64,
}

impl Lag {
    /// Keeps the newest sample and as many points before it.
    pub(crate) fn new(points_back: usize) -> Self {
        Self {
            samples: vec![ABSENT; points_back + 1].into_boxed_slice(),
            cursor: 0,
            head: i64::MIN,
        }
    }

    /// Forgets every value: at the points up to the newest one the quantity did not exist.
    pub(crate) fn clear(&mut self) {
        self.samples.fill(ABSENT);
    }

    /// Samples `value` at every grid point after the newest one, up to `point`.
    pub(crate) fn hold(&mut self, point: i64, value: Option<i64>) {
        let value = value.unwrap_or(ABSENT);
        let steps = point.saturating_sub(self.head);
        if usize::try_from(steps).is_ok_and(|steps| steps >= self.samples.len()) {
            self.samples.fill(value);
            self.head = point;
        }
        while self.head < point {
            self.cursor = if self.cursor + 1 == self.samples.len() { 0 } else { self.cursor + 1 };
            self.samples[self.cursor] = value;
            self.head += 1;
        }
    }

    /// The grid point of the newest sample; before the first [`Lag::hold`] it lies before all others.
    pub(crate) fn head(&self) -> i64 {
        self.head
    }

    /// The newest sample.
    pub(crate) fn newest(&self) -> Option<i64> {
        present(self.samples[self.cursor])
    }

    /// The sample at a grid point.
    ///
    /// # Panics
    /// When the point is not sampled yet, or no longer kept.
    pub(crate) fn at(&self, point: i64) -> Option<i64> {
        self.ago(usize::try_from(self.head - point).expect("the point is sampled"))
    }

    /// The sample of so many points before the newest one.
    ///
    /// # Panics
    /// When it is no longer kept.
    #[inline]
    pub(crate) fn ago(&self, points: usize) -> Option<i64> {
        assert!(points < self.samples.len(), "the sample of {points} points ago is not kept");
        // One select, and no branch: ages come in no order.
        let around = if points <= self.cursor { 0 } else { self.samples.len() };
        present(self.samples[self.cursor.wrapping_add(around).wrapping_sub(points)])
    }
}

#[inline]
fn present(sample: i64) -> Option<i64> {
    (sample != ABSENT).then_some(sample)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_held_until_the_next() {
        let mut lag = Lag::new(3);
        lag.hold(10, None);
        lag.hold(12, Some(7));
        lag.hold(12, Some(9));
        assert_eq!([9, 10, 11, 12].map(|point| lag.at(point)), [None, None, Some(7), Some(7)]);
        lag.hold(13, Some(8));
        assert_eq!([3, 2, 1, 0].map(|points| lag.ago(points)), [None, Some(7), Some(7), Some(8)]);
        lag.hold(100, Some(1));
        assert_eq!([3, 2, 1, 0].map(|points| lag.ago(points)), [Some(1); 4]);
        assert_eq!((lag.head(), lag.newest()), (100, Some(1)));
        lag.clear();
        lag.hold(102, Some(5));
        assert_eq!([3, 2, 1, 0].map(|points| lag.ago(points)), [None, None, Some(5), Some(5)]);
    }
}
