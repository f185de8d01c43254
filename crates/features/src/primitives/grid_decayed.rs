//! EWG: means, variances and covariances that decay by one step per grid point.

use serde::{Deserialize, Serialize};

/// The decay of one grid step: `2^(-g/H)`.
pub(crate) fn grid_decay(step_ns: i64, half_life_ns: i64) -> f64 {
    libm::exp2(-(step_ns as f64) / half_life_ns as f64)
}

/// Moments of N quantities that are sampled together. With `W <- aW + 1`, `k = 1/W`, `d = x - mu`:
/// `mu <- mu + k d`, `C <- (1-k)(C + k d d')`: the exact weighted population covariance.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(bound = "[f64; N]: Serialize + serde::de::DeserializeOwned, \
                 [[f64; N]; N]: Serialize + serde::de::DeserializeOwned")]
pub(crate) struct GridDecayed<const N: usize> {
    decay: f64,
    weight: f64,
    mean: [f64; N],
    covariance: [[f64; N]; N],
    count: u64,
}

impl<const N: usize> GridDecayed<N> {
    /// `decay` is what a weight is multiplied with per grid point: see [`grid_decay`].
    pub(crate) const fn new(decay: f64) -> Self {
        Self { decay, weight: 0.0, mean: [0.0; N], covariance: [[0.0; N]; N], count: 0 }
    }

    /// Forgets everything.
    pub(crate) const fn clear(&mut self) {
        *self = Self::new(self.decay);
    }

    pub(crate) fn step(&mut self, sample: [f64; N]) {
        self.weight = self.decay * self.weight + 1.0;
        let share = 1.0 / self.weight;
        let off: [f64; N] = core::array::from_fn(|i| sample[i] - self.mean[i]);
        for i in 0..N {
            self.mean[i] += share * off[i];
            for j in 0..=i {
                let moved = (1.0 - share) * (self.covariance[i][j] + share * off[i] * off[j]);
                self.covariance[i][j] = moved;
                self.covariance[j][i] = moved;
            }
        }
        self.count += 1;
    }

    /// How many grid points there were since the start or the last [`GridDecayed::clear`].
    pub(crate) const fn count(&self) -> u64 {
        self.count
    }

    /// The weighted mean of a quantity; 0 before the first step.
    pub(crate) const fn mean(&self, of: usize) -> f64 {
        self.mean[of]
    }

    /// The weighted population covariance of two quantities; with itself, the variance.
    pub(crate) const fn covariance(&self, of: usize, with: usize) -> f64 {
        self.covariance[of][with]
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::oracles::{assert_near, table};

    #[derive(Deserialize)]
    struct Table {
        moments: Vec<Case>,
    }

    #[derive(Deserialize)]
    struct Case {
        half_life: i64,
        points: Vec<[f64; 2]>,
        weight: Option<f64>,
        mean: [f64; 2],
        covariance: [[f64; 2]; 2],
    }

    #[test]
    fn the_published_moments() {
        for case in table::<Table>().moments {
            let mut moments = GridDecayed::<2>::new(grid_decay(1, case.half_life));
            case.points.iter().for_each(|sample| moments.step(*sample));
            assert_near(moments.weight, case.weight.unwrap_or(moments.weight), "weight");
            for of in 0..2 {
                assert_near(moments.mean(of), case.mean[of], "mean");
                for with in 0..2 {
                    let wanted = case.covariance[of][with];
                    assert_near(moments.covariance(of, with), wanted, "covariance");
                }
            }
            assert_eq!(moments.count(), case.points.len() as u64);
        }
    }
}
