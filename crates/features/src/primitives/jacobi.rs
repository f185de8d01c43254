//! The eigenvalues and eigenvectors of a small symmetric matrix, by cyclic Jacobi rotations.
#![expect(clippy::needless_range_loop, reason = "indices as in the formulas")]

use serde::{Deserialize, Serialize};

/// When a matrix is diagonal enough.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Diagonal {
    /// No entry off the diagonal could change the two diagonal entries of its row and column.
    Exact,
    /// What is off the diagonal is this small a part of the matrix, in the Frobenius norm.
    Nearly(f64),
}

impl Diagonal {
    /// Convergence is quadratic: a small matrix needs about ten sweeps from nothing, and one or two from
    /// the basis of one that differs little.
    const fn sweeps_max(self) -> usize {
        match self {
            Self::Exact => 50,
            Self::Nearly(_) => 12,
        }
    }

    fn is_reached<const N: usize>(self, n: usize, matrix: &[[f64; N]; N]) -> bool {
        let Self::Nearly(part) = self else {
            return (0..n).all(|p| (p + 1..n).all(|q| self.skips(matrix, p, q)));
        };
        let (mut off, mut total) = (0.0, 0.0);
        for i in 0..n {
            for j in 0..n {
                let square = matrix[i][j] * matrix[i][j];
                total += square;
                off += if i == j { 0.0 } else { square };
            }
        }
        off <= part * part * total
    }

    /// Whether an entry is not worth a rotation.
    fn skips<const N: usize>(self, matrix: &[[f64; N]; N], p: usize, q: usize) -> bool {
        match self {
            Self::Exact => {
                let scale = libm::sqrt(matrix[p][p].abs()) * libm::sqrt(matrix[q][q].abs());
                matrix[p][q].abs() <= f64::EPSILON * scale.max(f64::MIN_POSITIVE)
            }
            Self::Nearly(_) => matrix[p][q] == 0.0,
        }
    }
}

/// An orthonormal basis, one vector per row, in which the last matrix was diagonal: where the next one
/// differs little from it, little is left to rotate.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound = "[[f64; N]; N]: Serialize + serde::de::DeserializeOwned")]
pub(crate) struct Eigenbasis<const N: usize> {
    rows: [[f64; N]; N],
}

impl<const N: usize> Eigenbasis<N> {
    pub(crate) const fn new() -> Self {
        Self { rows: identity() }
    }

    /// The eigenvectors: the rows belong to the values in their order.
    pub(crate) const fn vectors(&self) -> &[[f64; N]; N] {
        &self.rows
    }

    /// The eigenvalues of the leading n rows and columns of a matrix that is symmetric and finite, in no
    /// particular order; turns the basis to its eigenvectors.
    pub(crate) fn decompose(
        &mut self,
        n: usize,
        matrix: &[[f64; N]; N],
        until: Diagonal,
    ) -> [f64; N] {
        self.orthonormalise(n);
        let mut turned = self.turn(n, matrix);
        for _ in 0..until.sweeps_max() {
            if until.is_reached(n, &turned) {
                break;
            }
            for p in 0..n {
                for q in p + 1..n {
                    if !until.skips(&turned, p, q) {
                        self.rotate(n, &mut turned, p, q);
                    }
                }
            }
        }
        core::array::from_fn(|at| if at < n { turned[at][at] } else { 0.0 })
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
    fn turn(&self, n: usize, matrix: &[[f64; N]; N]) -> [[f64; N]; N] {
        let mut turned = [[0.0; N]; N];
        for i in 0..n {
            let mut image = [0.0; N];
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

    /// Turns the plane of the axes p and q, which mix, by the smaller of the two rotations after which
    /// they no longer do.
    fn rotate(&mut self, n: usize, turned: &mut [[f64; N]; N], p: usize, q: usize) {
        let mixed = turned[p][q];
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

/// The place of the largest value; the first of them where two are equal.
pub(crate) fn leading<const N: usize>(values: &[f64; N]) -> usize {
    (1..N).fold(0, |best, at| if values[at] > values[best] { at } else { best })
}

/// The matrix that changes nothing.
pub(crate) const fn identity<const N: usize>() -> [[f64; N]; N] {
    let mut matrix = [[0.0; N]; N];
    let mut at = 0;
    while at < N {
        matrix[at][at] = 1.0;
        at += 1;
    }
    matrix
}

/// The scalar product of the first n numbers.
#[inline]
pub(crate) fn dot<const N: usize>(n: usize, a: &[f64; N], b: &[f64; N]) -> f64 {
    a[..n].iter().zip(&b[..n]).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const N: usize = 6;

    /// From nothing, as exactly as can be.
    fn decomposed<const N: usize>(matrix: &[[f64; N]; N]) -> ([f64; N], [[f64; N]; N]) {
        let mut basis = Eigenbasis::new();
        let values = basis.decompose(N, matrix, Diagonal::Exact);
        (values, *basis.vectors())
    }

    proptest! {
        #[test]
        fn values_and_vectors_make_the_matrix(
            upper in prop::collection::vec(-9.0..9.0_f64, N * N),
            scale in prop::sample::select(vec![1e-200, 1e-9, 1.0, 1e12]),
        ) {
            let entry = |i: usize, j: usize| scale * upper[i.min(j) * N + i.max(j)];
            let matrix: [[f64; N]; N] =
                core::array::from_fn(|i| core::array::from_fn(|j| entry(i, j)));
            let (values, vectors) = decomposed(&matrix);
            for (i, row) in matrix.iter().enumerate() {
                for (j, entry) in row.iter().enumerate() {
                    let part = |k: usize| values[k] * vectors[k][i] * vectors[k][j];
                    let made: f64 = (0..N).map(part).sum();
                    prop_assert!((made - entry).abs() <= 1e-12 * scale, "{made} {entry}");
                    let unit = if i == j { 1.0 } else { 0.0 };
                    let angle = dot(N, &vectors[i], &vectors[j]);
                    prop_assert!((angle - unit).abs() < 1e-13, "{angle}");
                }
            }
            let leading = &vectors[leading(&values)];
            let image: [f64; N] = core::array::from_fn(|i| dot(N, &matrix[i], leading));
            let largest = dot(N, &image, leading) + 1e-12 * scale;
            prop_assert!(values.iter().all(|value| *value <= largest));
        }
    }

    #[test]
    fn a_diagonal_matrix_stays() {
        let bits = |values: &[f64]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
        let leading = |values: [f64; 3], vectors: [[f64; 3]; 3]| vectors[leading(&values)];
        let (values, vectors) = decomposed(&[[2.0, 0.0, 0.0], [0.0, 3.0, 0.0], [0.0, 0.0, 1.0]]);
        assert_eq!(bits(&values), bits(&[2.0, 3.0, 1.0]));
        assert_eq!(bits(&leading(values, vectors)), bits(&[0.0, 1.0, 0.0]));
        let (values, vectors) = decomposed(&[[0.0; 3]; 3]);
        assert_eq!(bits(&leading(values, vectors)), bits(&[1.0, 0.0, 0.0]));
    }

    #[test]
    fn equal_diagonals_turn_by_an_eighth() {
        let (values, vectors) = decomposed(&[[1.0, 2.0], [2.0, 1.0]]);
        let half = 0.5_f64.sqrt();
        assert!((values[0] + 1.0).abs() < 1e-15 && (values[1] - 3.0).abs() < 1e-15);
        assert!(vectors[leading(&values)].iter().all(|x| (x.abs() - half).abs() < 1e-15));
    }
}
