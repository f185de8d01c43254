//! The eigenvalues and eigenvectors of a small symmetric matrix, by cyclic Jacobi rotations.

/// After so many sweeps no rotation is left to make: a small matrix needs about ten.
const SWEEPS_MAX: usize = 50;

/// `matrix = sum_k values[k] * vectors[k] vectors[k]'`, in no particular order; the vectors have
/// length one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Eigen<const N: usize> {
    pub(crate) values: [f64; N],
    pub(crate) vectors: [[f64; N]; N],
}

impl<const N: usize> Eigen<N> {
    /// Reads the whole matrix, which is symmetric and finite.
    pub(crate) fn of(mut matrix: [[f64; N]; N]) -> Self {
        let mut vectors: [[f64; N]; N] = core::array::from_fn(|row| {
            core::array::from_fn(|column| if row == column { 1.0 } else { 0.0 })
        });
        for _ in 0..SWEEPS_MAX {
            let mut is_diagonal = true;
            for p in 0..N {
                for q in p + 1..N {
                    if is_negligible(&matrix, p, q) {
                        continue;
                    }
                    is_diagonal = false;
                    rotate(&mut matrix, &mut vectors, p, q);
                }
            }
            if is_diagonal {
                break;
            }
        }
        Self { values: core::array::from_fn(|at| matrix[at][at]), vectors }
    }

    /// The vector of the largest value; the first of them where two are equal.
    pub(crate) fn leading(&self) -> &[f64; N] {
        let mut best = 0;
        for at in 1..N {
            if self.values[at] > self.values[best] {
                best = at;
            }
        }
        &self.vectors[best]
    }
}

/// Whether an entry is too small to change the diagonal entries of its row and column.
fn is_negligible<const N: usize>(matrix: &[[f64; N]; N], p: usize, q: usize) -> bool {
    let scale = libm::sqrt(matrix[p][p].abs()) * libm::sqrt(matrix[q][q].abs());
    matrix[p][q].abs() <= f64::EPSILON * scale.max(f64::MIN_POSITIVE)
}

/// Makes the entry (p, q) zero by the smaller of the two rotations that do.
fn rotate<const N: usize>(
    matrix: &mut [[f64; N]; N],
    vectors: &mut [[f64; N]; N],
    p: usize,
    q: usize,
) {
    let off = matrix[p][q];
    let theta = (matrix[q][q] - matrix[p][p]) / (2.0 * off);
    let tangent = theta.signum() / (theta.abs() + libm::sqrt(theta * theta + 1.0));
    let cosine = 1.0 / libm::sqrt(tangent * tangent + 1.0);
    let sine = tangent * cosine;
    let turned = |a: f64, b: f64| (cosine * a - sine * b, sine * a + cosine * b);
    matrix[p][p] -= tangent * off;
    matrix[q][q] += tangent * off;
    (matrix[p][q], matrix[q][p]) = (0.0, 0.0);
    for other in (0..N).filter(|other| *other != p && *other != q) {
        let (a, b) = turned(matrix[other][p], matrix[other][q]);
        (matrix[other][p], matrix[p][other]) = (a, a);
        (matrix[other][q], matrix[q][other]) = (b, b);
    }
    let (before, from_q) = vectors.split_at_mut(q);
    for (a, b) in before[p].iter_mut().zip(&mut from_q[0]) {
        (*a, *b) = turned(*a, *b);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const N: usize = 6;

    fn product(a: &[f64; N], b: &[f64; N]) -> f64 {
        a.iter().zip(b).map(|(a, b)| a * b).sum()
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
            let eigen = Eigen::of(matrix);
            for (i, row) in matrix.iter().enumerate() {
                for (j, entry) in row.iter().enumerate() {
                    let part = |k: usize| eigen.values[k] * eigen.vectors[k][i] * eigen.vectors[k][j];
                    let made: f64 = (0..N).map(part).sum();
                    prop_assert!((made - entry).abs() <= 1e-12 * scale, "{made} {entry}");
                    let unit = if i == j { 1.0 } else { 0.0 };
                    let angle = product(&eigen.vectors[i], &eigen.vectors[j]);
                    prop_assert!((angle - unit).abs() < 1e-13, "{angle}");
                }
            }
            let leading = eigen.leading();
            let image: [f64; N] = core::array::from_fn(|i| product(&matrix[i], leading));
            let largest = product(&image, leading) + 1e-12 * scale;
            prop_assert!(eigen.values.iter().all(|value| *value <= largest));
        }
    }

    #[test]
    fn a_diagonal_matrix_stays() {
        let bits = |values: &[f64]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
        let eigen = Eigen::of([[2.0, 0.0], [0.0, 3.0]]);
        assert_eq!(bits(&eigen.values), bits(&[2.0, 3.0]));
        assert_eq!(bits(eigen.leading()), bits(&[0.0, 1.0]));
        assert_eq!(bits(Eigen::of([[0.0; 3]; 3]).leading()), bits(&[1.0, 0.0, 0.0]));
    }

    #[test]
    fn equal_diagonals_turn_by_an_eighth() {
        let eigen = Eigen::of([[1.0, 2.0], [2.0, 1.0]]);
        let half = 0.5_f64.sqrt();
        assert!((eigen.values[0] + 1.0).abs() < 1e-15 && (eigen.values[1] - 3.0).abs() < 1e-15);
        assert!(eigen.leading().iter().all(|x| (x.abs() - half).abs() < 1e-15));
    }
}
