//! Small symmetric matrices of fixed size, with their Cholesky factors.
//!
//! Of a [`Matrix`] for n inputs only the leading n rows and columns count; the rest is zero.

pub(crate) use crate::primitives::dot;

/// The most inputs that the regime vector can have.
pub(crate) const SIZE_MAX: usize = 16;

/// One number per input.
pub(crate) type Vector = [f64; SIZE_MAX];
/// Rows of numbers.
pub(crate) type Matrix = [Vector; SIZE_MAX];

/// Nothing but zeros.
pub(crate) const ZERO: Matrix = [[0.0; SIZE_MAX]; SIZE_MAX];

/// The sum of the diagonal.
pub(crate) fn trace(n: usize, matrix: &Matrix) -> f64 {
    (0..n).map(|at| matrix[at][at]).sum()
}

/// The lower L with `L L' = matrix`; reads the lower triangle. `None` when the matrix is not
/// positive definite.
pub(crate) fn cholesky(n: usize, matrix: &Matrix) -> Option<Matrix> {
    let mut factor = ZERO;
    for row in 0..n {
        for column in 0..row {
            let sum = dot(column, &factor[row], &factor[column]);
            factor[row][column] = (matrix[row][column] - sum) / factor[column][column];
        }
        let pivot = matrix[row][row] - dot(row, &factor[row], &factor[row]);
        // NaN fails the comparison.
        if !(pivot > 0.0 && pivot.is_finite()) {
            return None;
        }
        factor[row][row] = libm::sqrt(pivot);
    }
    Some(factor)
}

/// The x with `factor x = right`, for a lower factor.
pub(crate) fn solve_lower(n: usize, factor: &Matrix, right: &Vector) -> Vector {
    let mut solution = [0.0; SIZE_MAX];
    for row in 0..n {
        solution[row] = (right[row] - dot(row, &factor[row], &solution)) / factor[row][row];
    }
    solution
}
