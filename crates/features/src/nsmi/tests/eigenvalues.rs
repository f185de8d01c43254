//! Eigenvalues against known decompositions, and against those of numpy.

use crate::nsmi::eigen::Eigenvectors;
use crate::nsmi::matrix::{Matrix, SIZE_MAX, Vector, ZERO, dot};
use crate::nsmi::tests::random::Random;
use crate::primitives::identity;

/// Of the largest eigenvalue.
const ERROR_MAX: f64 = 1e-12;

/// Made by numpy: see the note beside it.
const OF_NUMPY: &str = include_str!("../../../tests/golden/eigenvalues.txt");

fn check(n: usize, got: &Vector, expected: &[f64], what: &str) {
    let largest = expected.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
    for (got, expected) in got[..n].iter().zip(expected) {
        let error = (got - expected).abs() / largest;
        assert!(
            error <= ERROR_MAX,
            "{what}: {got} instead of {expected}, {error:e} of the largest"
        );
    }
}

/// n orthonormal rows.
fn random_basis(random: &mut Random, n: usize) -> Matrix {
    let mut basis = ZERO;
    for at in 0..n {
        let mut row = random.normals(n);
        // Twice: once loses digits where a row lies nearly in the space of the others.
        for _ in 0..2 {
            for other in &basis[..at] {
                let part = dot(n, &row, other);
                row.iter_mut().zip(other).for_each(|(x, y)| *x -= part * y);
            }
            let length = libm::sqrt(dot(n, &row, &row));
            row.iter_mut().for_each(|x| *x /= length);
        }
        basis[at] = row;
    }
    basis
}

fn composed(n: usize, basis: &Matrix, values: &[f64]) -> Matrix {
    let mut matrix = ZERO;
    for i in 0..n {
        for j in 0..=i {
            let sum = (0..n).map(|k| basis[k][i] * values[k] * basis[k][j]).sum();
            (matrix[i][j], matrix[j][i]) = (sum, sum);
        }
    }
    matrix
}

/// Descending, from `scale` down to `scale / condition`.
fn spectrum(random: &mut Random, n: usize, condition: f64, scale: f64) -> Vec<f64> {
    let mut values: Vec<f64> =
        (0..n).map(|_| scale * libm::pow(condition, -random.uniform())).collect();
    values[0] = scale;
    values[n - 1] = scale / condition;
    values.sort_by(|a, b| b.total_cmp(a));
    values
}

#[test]
fn a_thousand_known_spectra() {
    let mut random = Random::new(1);
    for trial in 0..1000 {
        let n = 2 + trial % 15;
        let condition = libm::pow(10.0, 10.0 * random.uniform());
        let scale = libm::exp(4.0 * random.normal());
        let values = spectrum(&mut random, n, condition, scale);
        let matrix = composed(n, &random_basis(&mut random, n), &values);
        let got = Eigenvectors::new().decompose(n, &matrix);
        check(n, &got, &values, &format!("trial {trial}, n {n}, condition {condition:e}"));
    }
}

#[test]
fn clusters_and_repetitions() {
    let mut random = Random::new(2);
    for trial in 0..200 {
        let n = 2 + trial % 15;
        let values: Vec<f64> =
            (0..n).map(|at| if at < n / 2 { 1.0 } else { 1.0 - 1e-11 * at as f64 }).collect();
        let matrix = composed(n, &random_basis(&mut random, n), &values);
        check(n, &Eigenvectors::new().decompose(n, &matrix), &values, "a cluster");
    }
    check(3, &Eigenvectors::new().decompose(3, &identity()), &[1.0; 3], "a sphere");
    assert_eq!(Eigenvectors::new().decompose(3, &ZERO), [0.0; SIZE_MAX]);
}

#[test]
fn the_spectra_of_numpy() {
    let mut matrices = 0;
    let mut lines = OF_NUMPY.lines().filter(|line| !line.starts_with('#'));
    while let Some(size) = lines.next() {
        let n: usize = size.parse().unwrap();
        let mut numbers = || -> Vec<f64> {
            let line = lines.next().unwrap();
            line.split(' ').map(|number| number.parse().unwrap()).collect()
        };
        let mut matrix = ZERO;
        for i in 0..n {
            let row = numbers();
            assert_eq!(row.len(), i + 1);
            for (j, entry) in row.into_iter().enumerate() {
                (matrix[i][j], matrix[j][i]) = (entry, entry);
            }
        }
        let expected = numbers();
        assert_eq!(expected.len(), n);
        check(n, &Eigenvectors::new().decompose(n, &matrix), &expected, "a matrix of numpy");
        matrices += 1;
    }
    assert_eq!(matrices, 50);
}

/// A day of comparisons: the basis is turned again and again, and stays one.
#[test]
fn a_warm_start_stays_exact() {
    let mut random = Random::new(3);
    let n = 12;
    let mut warm = Eigenvectors::new();
    let mut matrix = ZERO;
    for round in 0..7200 {
        let x = random.normals(n);
        for i in 0..n {
            for j in 0..n {
                matrix[i][j] = 0.95 * matrix[i][j] + 0.05 * x[i] * x[j];
            }
        }
        let got = warm.decompose(n, &matrix);
        let cold = Eigenvectors::new().decompose(n, &matrix);
        check(n, &got, &cold[..n], &format!("round {round}"));
    }
}
