//! The spectrum of a covariance, from where the last one ended.

use serde::{Deserialize, Serialize};

use super::matrix::{Matrix, SIZE_MAX, Vector};
use crate::primitives::{Diagonal, Eigenbasis};

/// A sweep is the last one when what is off the diagonal is this small a part of the matrix (FEATURES
/// 9.4).
const UNTIL: Diagonal = Diagonal::Nearly(1e-12);

/// Where the last covariance was diagonal.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Eigenvectors {
    basis: Eigenbasis<SIZE_MAX>,
}

impl Eigenvectors {
    pub(crate) const fn new() -> Self {
        Self { basis: Eigenbasis::new() }
    }

    /// The eigenvalues of a symmetric matrix, the largest first.
    pub(crate) fn decompose(&mut self, n: usize, matrix: &Matrix) -> Vector {
        let mut values = self.basis.decompose(n, matrix, UNTIL);
        values[..n].sort_unstable_by(|a, b| b.total_cmp(a));
        values
    }
}
