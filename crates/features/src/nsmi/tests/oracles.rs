//! The numbers of FEATURES 9.5, 9.7, 9.8 and 9.12.

use crate::nsmi::change::{Calibration, ChangeTest, Mode, ShiryaevRoberts};
use crate::nsmi::distance::{
    Gaussian, bhattacharyya, null_distance, own_spread_limit, spread_limit,
};
use crate::nsmi::eigen::Eigenvectors;
use crate::nsmi::matrix::{Matrix, SIZE_MAX, Vector, ZERO};
use crate::nsmi::moments::{Moments, effective_size_limit};
use crate::nsmi::monitor::{FAST, SLOW};
use crate::nsmi::tests::random::Random;

fn near(got: f64, expected: f64) {
    let error = (got - expected).abs();
    assert!(error <= 1e-9 * expected.abs().max(1.0), "got {got}, expected {expected}");
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

fn observed(half_life: f64) -> Moments {
    let mut moments = Moments::new(half_life);
    for x in [[1.0, 0.0], [0.0, 1.0], [-1.0, 2.0], [2.0, 1.0]] {
        moments.step(2, &vector(x));
    }
    moments
}

#[test]
fn moments_of_half_life_four() {
    let moments = observed(4.0);
    near(moments.weight(), 3.1426067539);
    near(moments.mean()[0], 0.5580421859);
    near(moments.mean()[1], 1.0783721531);
    let covariance = moments.shrunk(2, 0.0);
    near(covariance[0][0], 1.4182039799);
    near(covariance[0][1], -0.5005213508);
    near(covariance[1][0], -0.5005213508);
    near(covariance[1][1], 0.4506441888);
    let values = Eigenvectors::new().decompose(2, &covariance);
    near(values[0], 1.6305308362);
    near(values[1], 0.2383173325);
    near(moments.dimension_ratio(2, 0.0).unwrap(), 0.6431023218);
    near(gap(2, &covariance), 0.7449580587);
}

#[test]
fn moments_of_half_life_one() {
    let moments = observed(1.0);
    near(moments.mean()[0], 0.8666666667);
    near(moments.mean()[1], 1.2);
    let covariance = moments.shrunk(2, 0.0);
    near(covariance[0][0], 1.7155555556);
    near(covariance[0][1], -0.5066666667);
    near(covariance[1][1], 0.2933333333);
    near(moments.dimension_ratio(2, 0.0).unwrap(), 0.5695869391);
    near(gap(2, &covariance), 0.8692860489);
}

#[test]
fn shrinking_moves_a_covariance_towards_a_sphere_of_the_same_trace() {
    let moments = observed(4.0);
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
    assert!((effective_size_limit(FAST) - 173.1).abs() < 0.05);
    assert!((effective_size_limit(SLOW) - 5194.0).abs() < 1.0);
    let mut moments = Moments::new(FAST);
    for _ in 0..3000 {
        moments.step(1, &[0.0; SIZE_MAX]);
    }
    near(moments.effective_size(), effective_size_limit(FAST));
}

#[test]
fn drift() {
    let fast = gaussian([0.3, 0.0], [[2.0, 0.5], [0.5, 1.0]]);
    let slow = gaussian([0.0, 0.1], [[1.0, -0.2], [-0.2, 1.5]]);
    let distance = bhattacharyya(2, &fast, &slow).unwrap();
    near(distance, 0.08296550950);
    near(libm::sqrt(1.0 - libm::exp(-distance / 2.0)), 0.2015790671);
    near(gap(2, &fast.covariance), 0.4714045208);
    let (trace, squares) = (3.0, 4.0 + 2.0 * 0.25 + 1.0);
    near(trace * trace / (2.0 * squares), 0.8181818182);
}

#[test]
fn equal_laws_have_no_distance() {
    let law = gaussian([0.3, 0.0], [[2.0, 0.5], [0.5, 1.0]]);
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
    let spread = spread_limit(FAST, SLOW);
    assert!((spread - 0.00522338).abs() < 5e-9, "{spread}");
    assert!((null_distance(12, spread) - 0.0587631).abs() < 5e-8);
    assert!((null_distance(8, spread) - 0.0287286).abs() < 5e-8);
    let two_fast = 2.0 * own_spread_limit(FAST);
    assert!((null_distance(12, two_fast) - 0.129964).abs() < 5e-7);
    assert!((null_distance(8, two_fast) - 0.0635378).abs() < 5e-8);
}

#[test]
fn the_change_statistic() {
    let mut statistic = ShiryaevRoberts::default();
    near(statistic.step(0.0), 0.3246524674);
    near(statistic.step(1.0), 1.927357967);
    near(statistic.step(3.0), 85.54993997);
    near(statistic.step(3.0), 2529.360007);
    near(statistic.probability(), 0.9768282511);
}

#[test]
fn the_fourth_step_alarms_and_its_probability_stands() {
    let calibration = Calibration { mean: 0.0, deviation: 1.0, weight: 1e300 };
    let mut test = ChangeTest::new(calibration, 720.0);
    let alarms = [0.0, 1.0, 3.0, 3.0].map(|z| test.step(z, Mode::Test));
    assert_eq!(alarms, [false, false, false, true]);
    near(test.probability(), 0.9768282511);
    assert!(!test.step(3.0, Mode::Rest));
    assert_eq!(test.probability().to_bits(), 0);
    assert!(!test.step(0.0, Mode::Test));
    near(test.probability(), 0.3246524674 / 60.3246524674);
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
