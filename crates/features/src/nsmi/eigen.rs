//! Eigenvalues of a symmetric matrix by cyclic Jacobi rotations, from where the last ones ended.
#![expect(clippy::needless_range_loop, reason = "indices as in the formulas")]

use serde::{Deserialize, Serialize};

use super::matrix::{Matrix, SIZE_MAX, Vector, ZERO, dot, identity};

/// A sweep is the last one when what is off the diagonal is this small a part of the matrix.
const OFF_DIAGONAL_MAX: f64 = 1e-12;
/// Convergence is quadratic: more sweeps than this were never needed.
const SWEEPS_MAX: usize = 12;

/// An orthonormal basis, one vector per row, in which the last matrix was diagonal. The next matrix
/// differs little from it, so that one or two sweeps are enough.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Eigenvectors {
    rows: Matrix,
}

impl Eigenvectors {
    pub(crate) const fn new() -> Self {
        Self { rows: identity() }
    }

    /// The eigenvalues of a symmetric matrix, the largest first; turns the basis to its eigenvectors.
    pub(crate) fn decompose(&mut self, n: usize, matrix: &Matrix) -> Vector {
        self.orthonormalise(n);
        let mut turned = self.turn(n, matrix);
        for _ in 0..SWEEPS_MAX {
            if is_diagonal(n, &turned) {
                break;
            }
            for p in 0..n {
                for q in p + 1..n {
                    self.rotate(n, &mut turned, p, q);
                }
            }
        }
        let mut values = [0.0; SIZE_MAX];
        for at in 0..n {
            values[at] = turned[at][at];
        }
        values[..n].sort_unstable_by(|a, b| b.total_cmp(a));
        values
    }

    /// Gram and Schmidt: rotations round, and over days the basis would cease to be one.
    fn orthonormalise(&mut self, n: usize) {
        for at in 0..n {
            let (before, rest) = self.rows.split_at_mut(at);
            let row = &mut rest[0];
            for other in before.iter() {
                let part = dot(n, row, other);
                for (x, y) in row[..n].iter_mut().zip(&other[..n]) {
                    *x -= part * y;
                }
            }
            let scale = 1.0 / libm::sqrt(dot(n, row, row));
            row[..n].iter_mut().for_each(|x| *x *= scale);
        }
    }

    /// The matrix in this basis.
    fn turn(&self, n: usize, matrix: &Matrix) -> Matrix {
        let mut turned = ZERO;
        for i in 0..n {
            let mut image = [0.0; SIZE_MAX];
            for k in 0..n {
                image[k] = dot(n, &self.rows[i], &matrix[k]);
            }
            for j in 0..=i {
                turned[i][j] = dot(n, &image, &self.rows[j]);
                turned[j][i] = turned[i][j];
            }
        }
        turned
    }

    /// Turns the plane of the axes p and q so that the two no longer mix.
    fn rotate(&mut self, n: usize, turned: &mut Matrix, p: usize, q: usize) {
        let mixed = turned[p][q];
        if mixed == 0.0 {
            return;
        }
        let theta = (turned[q][q] - turned[p][p]) / (2.0 * mixed);
        let tangent = theta.signum() / (theta.abs() + libm::sqrt(theta * theta + 1.0));
        let cosine = 1.0 / libm::sqrt(tangent * tangent + 1.0);
        let sine = tangent * cosine;
        turned[p][p] -= tangent * mixed;
        turned[q][q] += tangent * mixed;
        (turned[p][q], turned[q][p]) = (0.0, 0.0);
        for k in (0..n).filter(|k| *k != p && *k != q) {
            let (x, y) = (turned[p][k], turned[q][k]);
            turned[p][k] = cosine * x - sine * y;
            turned[q][k] = sine * x + cosine * y;
            (turned[k][p], turned[k][q]) = (turned[p][k], turned[q][k]);
        }
        for k in 0..n {
            let (x, y) = (self.rows[p][k], self.rows[q][k]);
            self.rows[p][k] = cosine * x - sine * y;
            self.rows[q][k] = sine * x + cosine * y;
        }
    }
}

fn is_diagonal(n: usize, matrix: &Matrix) -> bool {
    let (mut off, mut total) = (0.0, 0.0);
    for i in 0..n {
        for j in 0..n {
            let square = matrix[i][j] * matrix[i][j];
            total += square;
            off += if i == j { 0.0 } else { square };
        }
    }
    off <= OFF_DIAGONAL_MAX * OFF_DIAGONAL_MAX * total
}
