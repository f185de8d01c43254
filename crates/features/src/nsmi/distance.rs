//! How far two Gaussians lie apart, with what that distance is when nothing changes.
#![expect(clippy::needless_range_loop, reason = "indices as in the formulas")]

use serde::{Deserialize, Serialize};

use super::matrix::{Matrix, SIZE_MAX, Vector, ZERO, cholesky, dot, solve_lower};
use super::moments::{Moments, decay};

/// A mean with a covariance.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Gaussian {
    pub(crate) mean: Vector,
    /// Both triangles.
    pub(crate) covariance: Matrix,
}

impl Gaussian {
    /// Moves towards another one by a share of the way.
    pub(crate) fn approach(&mut self, n: usize, other: &Self, share: f64) {
        for i in 0..n {
            self.mean[i] += share * (other.mean[i] - self.mean[i]);
            for j in 0..n {
                self.covariance[i][j] += share * (other.covariance[i][j] - self.covariance[i][j]);
            }
        }
    }
}

/// The Bhattacharyya distance: `(1/8) d' M^-1 d + (1/2)[ln det M - (ln det A + ln det B)/2]`, d the
/// difference of the means, M the mean of the covariances. It does not change under any invertible
/// linear change of the inputs. `None` when a covariance is not positive definite.
pub(crate) fn bhattacharyya(n: usize, a: &Gaussian, b: &Gaussian) -> Option<f64> {
    let (mut middle, mut shift) = (ZERO, [0.0; SIZE_MAX]);
    for i in 0..n {
        shift[i] = a.mean[i] - b.mean[i];
        for j in 0..=i {
            middle[i][j] = (a.covariance[i][j] + b.covariance[i][j]) / 2.0;
        }
    }
    let of_a = cholesky(n, &a.covariance)?;
    let of_b = cholesky(n, &b.covariance)?;
    let of_middle = cholesky(n, &middle)?;
    // The determinants as one logarithm per row: exactly zero for equal arguments.
    let determinants: f64 = (0..n)
        .map(|i| libm::log(of_middle[i][i] / of_a[i][i] * (of_middle[i][i] / of_b[i][i])))
        .sum();
    let solved = solve_lower(n, &of_middle, &shift);
    let distance = dot(n, &solved, &solved) / 8.0 + determinants / 2.0;
    // Rounding alone can make it negative.
    distance.is_finite().then(|| distance.max(0.0))
}

/// The expected distance of a fast and a slow estimate of the same Gaussian, for independent inputs
/// and a spread v of their difference: `n(n+3)v/16` (FEATURES 9.5).
pub(crate) fn null_distance(n: usize, spread: f64) -> f64 {
    let n = n as f64;
    n * (n + 3.0) * spread / 16.0
}

/// The spread v of two estimates that have both grown for ever: `Q_f + Q_s - 2 Q_fs`.
pub(crate) fn spread_limit(fast_half_life: f64, slow_half_life: f64) -> f64 {
    let (fast, slow) = (decay(fast_half_life), decay(slow_half_life));
    let shared = (1.0 - fast) * (1.0 - slow) / (1.0 - fast * slow);
    own_spread_limit(fast_half_life) + own_spread_limit(slow_half_life) - 2.0 * shared
}

/// `Q = (1-a)/(1+a)`: the spread of one estimate that has grown for ever.
pub(crate) fn own_spread_limit(half_life: f64) -> f64 {
    let decay = decay(half_life);
    (1.0 - decay) / (1.0 + decay)
}

/// The spread v of two estimates as they are; `shared` is the sum of the products of their weights.
pub(crate) fn spread(fast: &Moments, slow: &Moments, shared: f64) -> f64 {
    let own = 1.0 / fast.effective_size() + 1.0 / slow.effective_size();
    own - 2.0 * shared / (fast.weight() * slow.weight())
}
