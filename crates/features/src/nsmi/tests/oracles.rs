//! The numbers of FEATURES 9.5, 9.7, 9.8 and 9.12.

use serde::Deserialize;

use crate::nsmi::change::{Calibration, ChangeTest, Mode, ShiryaevRoberts};
use crate::nsmi::distance::{
    Gaussian, bhattacharyya, null_distance, own_spread_limit, spread_limit,
};
use crate::nsmi::eigen::Eigenvectors;
use crate::nsmi::matrix::{Matrix, SIZE_MAX, Vector, ZERO};
use crate::nsmi::moments::{Moments, effective_size_limit};
use crate::nsmi::monitor::{FAST, SLOW, drift_norm};
use crate::nsmi::tests::random::Random;
use crate::oracles::{assert_near, table};

#[derive(Deserialize)]
struct Table {
    moments: Vec<MomentsCase>,
    drift: DriftCase,
    change: ChangeCase,
    null_size: NullSizeCase,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MomentsCase {
    half_life: f64,
    points: Vec<[f64; 2]>,
    weight: Option<f64>,
    mean: [f64; 2],
    covariance: [[f64; 2]; 2],
    eigenvalues: Option<[f64; 2]>,
    dim_ratio: f64,
    gap: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Law {
    mean: [f64; 2],
    covariance: [[f64; 2]; 2],
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DriftCase {
    distance: f64,
    drift_norm: f64,
    gap: f64,
    dim_ratio: f64,
    fast: Law,
    slow: Law,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChangeCase {
    z: [f64; 4],
    statistic: [f64; 4],
    probability: f64,
    alarm_threshold: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NullSizeCase {
    effective_sizes: [f64; 2],
    spread: f64,
    inputs: [usize; 2],
    distances: [f64; 2],
    two_fast_distances: [f64; 2],
}

fn cases() -> Table {
    table()
}

#[track_caller]
fn near(got: f64, expected: f64) {
    assert_near(got, expected, "a number of FEATURES 9");
}

fn vector<const N: usize>(numbers: [f64; N]) -> Vector {
    let mut vector = [0.0; SIZE_MAX];
    vector[..N].copy_from_slice(&numbers);
    vector
}

fn gaussian<const N: usize>(mean: [f64; N], covariance: [[f64; N]; N]) -> Gaussian {
    let mut rows = ZERO;
    for (row, numbers) in rows.iter_mut().zip(covariance) {
        *row = vector(numbers);
    }
    Gaussian { mean: vector(mean), covariance: rows }
}

fn gap(n: usize, covariance: &Matrix) -> f64 {
    let values = Eigenvectors::new().decompose(n, covariance);
    (values[0] - values[1]) / (values[0] + values[1])
}

fn observed(case: &MomentsCase) -> Moments {
    let mut moments = Moments::new(case.half_life);
    case.points.iter().for_each(|x| moments.step(2, &vector(*x)));
    moments
}

#[test]
fn moments() {
    let cases = cases().moments;
    assert_eq!(cases.len(), 2);
    for case in &cases {
        let moments = observed(case);
        near(moments.weight(), case.weight.unwrap_or(moments.weight()));
        let covariance = moments.shrunk(2, 0.0);
        let values = Eigenvectors::new().decompose(2, &covariance);
        for i in 0..2 {
            near(moments.mean()[i], case.mean[i]);
            near(values[i], case.eigenvalues.map_or(values[i], |values| values[i]));
            for j in 0..2 {
                near(covariance[i][j], case.covariance[i][j]);
            }
        }
        near(moments.dimension_ratio(2, 0.0).unwrap(), case.dim_ratio);
        near(gap(2, &covariance), case.gap);
    }
}

#[test]
fn shrinking_moves_a_covariance_towards_a_sphere_of_the_same_trace() {
    let moments = observed(&cases().moments[0]);
    let (raw, shrunk) = (moments.shrunk(2, 0.0), moments.shrunk(2, 0.25));
    near(shrunk[0][1], 0.75 * raw[0][1]);
    near(shrunk[0][0] + shrunk[1][1], raw[0][0] + raw[1][1]);
    near(shrunk[0][0] - shrunk[1][1], 0.75 * (raw[0][0] - raw[1][1]));
    let trace = raw[0][0] + raw[1][1];
    let squares: f64 = shrunk[..2].iter().flat_map(|row| &row[..2]).map(|x| x * x).sum();
    near(moments.dimension_ratio(2, 0.25).unwrap(), trace * trace / (2.0 * squares));
}

#[test]
fn effective_sizes() {
    let [fast, slow] = cases().null_size.effective_sizes;
    assert!((effective_size_limit(FAST) - fast).abs() < 0.05);
    assert!((effective_size_limit(SLOW) - slow).abs() < 1.0);
    let mut moments = Moments::new(FAST);
    for _ in 0..3000 {
        moments.step(1, &[0.0; SIZE_MAX]);
    }
    near(moments.effective_size(), effective_size_limit(FAST));
}

fn law(of: &Law) -> Gaussian {
    gaussian(of.mean, of.covariance)
}

/// Moments whose covariance is this one: of four points that weigh the same.
fn moments_of([[a, b], [_, c]]: [[f64; 2]; 2]) -> Moments {
    let (first, along) = (libm::sqrt(a), b / libm::sqrt(a));
    let second = libm::sqrt(c - along * along);
    let mut moments = Moments::new(f64::INFINITY);
    for (one, other) in [(1.0, 1.0), (1.0, -1.0), (-1.0, 1.0), (-1.0, -1.0)] {
        moments.step(2, &vector([first * one, along * one + second * other]));
    }
    moments
}

#[test]
fn drift() {
    let case = cases().drift;
    let (fast, slow) = (law(&case.fast), law(&case.slow));
    let distance = bhattacharyya(2, &fast, &slow).unwrap();
    near(distance, case.distance);
    near(drift_norm(2, distance), case.drift_norm);
    near(gap(2, &fast.covariance), case.gap);
    let ratio = moments_of(case.fast.covariance).dimension_ratio(2, 0.0).unwrap();
    near(ratio, case.dim_ratio);
}

#[test]
fn equal_laws_have_no_distance() {
    let law = law(&cases().drift.fast);
    assert_eq!(bhattacharyya(2, &law, &law).map(f64::to_bits), Some(0));
}

#[test]
fn a_degenerate_law_has_no_distance() {
    let flat = gaussian([0.0, 0.0], [[1.0, 1.0], [1.0, 1.0]]);
    let law = gaussian([0.0, 0.0], [[1.0, 0.0], [0.0, 1.0]]);
    assert_eq!(bhattacharyya(2, &flat, &law), None);
    assert_eq!(bhattacharyya(2, &law, &flat), None);
    let not_finite = gaussian([0.0, 0.0], [[f64::INFINITY, 0.0], [0.0, 1.0]]);
    assert_eq!(bhattacharyya(2, &law, &not_finite), None);
}

/// A law of n inputs, as something that random numbers make.
fn random_law(random: &mut Random, n: usize) -> Gaussian {
    let mut moments = Moments::new(30.0);
    for _ in 0..100 {
        let mut x = random.normals(n);
        for at in 1..n {
            x[at] += 0.5 * x[at - 1];
        }
        moments.step(n, &x);
    }
    Gaussian { mean: *moments.mean(), covariance: moments.shrunk(n, 0.05) }
}

/// The law of the inputs after a linear change.
fn changed(n: usize, change: &Matrix, law: &Gaussian) -> Gaussian {
    let mut out = Gaussian { mean: [0.0; SIZE_MAX], covariance: ZERO };
    for i in 0..n {
        out.mean[i] = (0..n).map(|k| change[i][k] * law.mean[k]).sum();
        for j in 0..n {
            let of = |k: usize| (0..n).map(|l| law.covariance[k][l] * change[j][l]).sum::<f64>();
            out.covariance[i][j] = (0..n).map(|k| change[i][k] * of(k)).sum();
        }
    }
    out
}

#[test]
fn a_linear_change_of_the_inputs_moves_no_distance() {
    let mut random = Random::new(7);
    for n in [1, 2, 5, 8, 12, 16].into_iter().cycle().take(60) {
        let (a, b) = (random_law(&mut random, n), random_law(&mut random, n));
        let before = bhattacharyya(n, &a, &b).unwrap();
        // Rows of random numbers are seldom near to dependent once the diagonal is strong.
        let mut change = ZERO;
        for (at, row) in change[..n].iter_mut().enumerate() {
            *row = random.normals(n);
            row[at] += 3.0 * if random.bits() & 1 == 0 { 1.0 } else { -1.0 };
            let scale = libm::exp(3.0 * random.normal());
            row.iter_mut().for_each(|x| *x *= scale);
        }
        let after = bhattacharyya(n, &changed(n, &change, &a), &changed(n, &change, &b)).unwrap();
        assert!((after - before).abs() <= 1e-9 * before, "n {n}: {before} became {after}");
    }
}

#[test]
fn null_sizes() {
    let case = cases().null_size;
    let spread = spread_limit(FAST, SLOW);
    assert!((spread - case.spread).abs() < 5e-9, "{spread}");
    let two_fast = 2.0 * own_spread_limit(FAST);
    // The first distance of two fast estimates has a digit less than the others.
    for (at, last_digit) in [5e-7, 5e-8].into_iter().enumerate() {
        let n = case.inputs[at];
        assert!((null_distance(n, spread) - case.distances[at]).abs() < 5e-8);
        assert!((null_distance(n, two_fast) - case.two_fast_distances[at]).abs() < last_digit);
    }
}

#[test]
fn the_change_statistic() {
    let case = cases().change;
    let mut statistic = ShiryaevRoberts::default();
    for (z, expected) in case.z.into_iter().zip(case.statistic) {
        near(statistic.step(z), expected);
    }
    near(statistic.probability(), case.probability);
}

#[test]
fn the_fourth_step_alarms_and_its_probability_stands() {
    let case = cases().change;
    let calibration = Calibration { mean: 0.0, deviation: 1.0, weight: 1e300 };
    let mut test = ChangeTest::new(calibration, case.alarm_threshold);
    let alarms = case.z.map(|z| test.step(z, Mode::Test));
    assert_eq!(alarms, [false, false, false, true]);
    near(test.probability(), case.probability);
    assert!(!test.step(3.0, Mode::Rest));
    assert_eq!(test.probability().to_bits(), 0);
    assert!(!test.step(0.0, Mode::Test));
    let [first, ..] = case.statistic;
    near(test.probability(), first / (first + 60.0));
}

#[test]
fn what_is_extreme_or_suspicious_teaches_little() {
    let start = Calibration::UNKNOWN;
    let learned = |y, mode| {
        let mut test = ChangeTest::new(start, 720.0);
        test.step(y, mode);
        (test.calibration(), test.z().unwrap())
    };
    // Three deviations are the most that a step teaches and -3..5 the most that it says.
    assert_eq!(learned(1.45, Mode::Learn).0, learned(90.0, Mode::Learn).0);
    assert_eq!((learned(90.0, Mode::Learn).1, learned(0.0, Mode::Learn).1), (5.0, -3.0));
    assert!(learned(1.0, Mode::Test).0.weight > 20.9);
    // After z = 5 the probability is far above one half; after an alarm nothing is learned.
    assert_eq!(learned(90.0, Mode::Test).0, start);
    assert_eq!(learned(1.0, Mode::Rest).0, start);
}
