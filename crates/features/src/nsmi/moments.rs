//! Exponentially weighted means and covariances of a vector, with the effective size of the sample.
#![expect(clippy::needless_range_loop, reason = "indices as in the formulas")]

use serde::{Deserialize, Serialize};

use super::matrix::{Matrix, SIZE_MAX, Vector, ZERO, trace};

/// The factor by which a weight falls in one step.
pub(crate) fn decay(half_life: f64) -> f64 {
    libm::exp2(-1.0 / half_life)
}

/// The effective size of a sample that has grown for ever: `(1+a)/(1-a)`.
pub(crate) fn effective_size_limit(half_life: f64) -> f64 {
    let decay = decay(half_life);
    (1.0 + decay) / (1.0 - decay)
}

/// `W <- aW+1`, `k = 1/W`, `d = x-mu`, `mu <- mu + k d`, `C <- (1-k)(C + k d d')`: the exact weighted
/// population moments at every step (FEATURES 3).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Moments {
    decay: f64,
    weight: f64,
    weight_squares: f64,
    steps: u64,
    mean: Vector,
    /// The lower triangle; the upper one stays zero.
    covariance: Matrix,
}

impl Moments {
    pub(crate) fn new(half_life: f64) -> Self {
        Self {
            decay: decay(half_life),
            weight: 0.0,
            weight_squares: 0.0,
            steps: 0,
            mean: [0.0; SIZE_MAX],
            covariance: ZERO,
        }
    }

    /// Starts anew.
    pub(crate) fn clear(&mut self) {
        (self.weight, self.weight_squares, self.steps) = (0.0, 0.0, 0);
        (self.mean, self.covariance) = ([0.0; SIZE_MAX], ZERO);
    }

    pub(crate) fn step(&mut self, n: usize, x: &Vector) {
        self.steps += 1;
        self.weight = self.decay * self.weight + 1.0;
        self.weight_squares = self.decay * self.decay * self.weight_squares + 1.0;
        let gain = 1.0 / self.weight;
        let mut shift = [0.0; SIZE_MAX];
        for at in 0..n {
            shift[at] = x[at] - self.mean[at];
            self.mean[at] += gain * shift[at];
        }
        for (i, row) in self.covariance[..n].iter_mut().enumerate() {
            for (entry, other) in row[..=i].iter_mut().zip(&shift) {
                *entry = (1.0 - gain) * (*entry + gain * shift[i] * other);
            }
        }
    }

    /// How often it was stepped since it started.
    pub(crate) const fn steps(&self) -> u64 {
        self.steps
    }

    pub(crate) const fn decay(&self) -> f64 {
        self.decay
    }

    /// The sum of the weights.
    pub(crate) const fn weight(&self) -> f64 {
        self.weight
    }

    /// The size of an equally weighted sample that would know the mean as well.
    pub(crate) fn effective_size(&self) -> f64 {
        self.weight * self.weight / self.weight_squares
    }

    pub(crate) const fn mean(&self) -> &Vector {
        &self.mean
    }

    /// `(1-rho) C + rho (tr C/n) I`, both triangles.
    pub(crate) fn shrunk(&self, n: usize, rho: f64) -> Matrix {
        let level = trace(n, &self.covariance) / n as f64;
        let mut shrunk = ZERO;
        for i in 0..n {
            for j in 0..i {
                shrunk[i][j] = (1.0 - rho) * self.covariance[i][j];
                shrunk[j][i] = shrunk[i][j];
            }
            shrunk[i][i] = (1.0 - rho) * self.covariance[i][i] + rho * level;
        }
        shrunk
    }

    /// `(tr S)^2/(n |S|_F^2)` of the shrunk covariance S: how many directions carry the variance, as
    /// a share of all. `None` without any variance.
    pub(crate) fn dimension_ratio(&self, n: usize, rho: f64) -> Option<f64> {
        let total = trace(n, &self.covariance);
        let mut squares = 0.0;
        for (i, row) in self.covariance[..n].iter().enumerate() {
            let off: f64 = row[..i].iter().map(|entry| entry * entry).sum();
            squares += row[i] * row[i] + 2.0 * off;
        }
        let keep = 1.0 - rho;
        // Shrinking keeps the trace, so that the norm follows without the shrunk matrix.
        let norm = keep * keep * squares + (1.0 - keep * keep) * total * total / n as f64;
        (norm > 0.0).then(|| total * total / (n as f64 * norm))
    }
}
