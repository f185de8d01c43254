//! The stream against a slow batch that knows only the formulas.

use crate::nsmi::distance::{Gaussian, bhattacharyya};
use crate::nsmi::eigen::Eigenvectors;
use crate::nsmi::matrix::{Matrix, SIZE_MAX, Vector, ZERO};
use crate::nsmi::moments::{Moments, decay};
use crate::nsmi::monitor::{FAST, Monitor, SLOW};
use crate::nsmi::tests::random::Random;
use crate::nsmi::{Calibration, InputSet, Nsmi, NsmiConfig, NsmiInputs};

const N: usize = 12;
const TOLERANCE: f64 = 1e-12;

/// Inputs whose law moves, so that nothing is near zero by chance.
fn history(steps: usize) -> Vec<Vector> {
    let mut random = Random::new(21);
    let mut last = [0.0; SIZE_MAX];
    let one = |step: usize| {
        let news = random.normals(N);
        for at in 0..N {
            let pull = 0.2 * last[(at + 1) % N];
            last[at] =
                0.6 * last[at] + pull + news[at] * (1.0 + 0.3 * libm::sin(step as f64 / 900.0));
        }
        last
    };
    (0..steps).map(one).collect()
}

/// `w_i = a^(t-i)`, `mu = sum w x/sum w`, `S = sum w (x-mu)(x-mu)'/sum w`, with the sums of the
/// weights and of their squares.
struct Batch {
    mean: Vector,
    covariance: Matrix,
    effective_size: f64,
}

fn batch(half_life: f64, history: &[Vector]) -> Batch {
    let a = decay(half_life);
    let weights: Vec<f64> = (0..history.len()).rev().map(|age| libm::pow(a, age as f64)).collect();
    let total: f64 = weights.iter().sum();
    let mut mean = [0.0; SIZE_MAX];
    for (at, mean) in mean[..N].iter_mut().enumerate() {
        *mean = weights.iter().zip(history).map(|(w, x)| w * x[at]).sum::<f64>() / total;
    }
    let mut covariance = ZERO;
    for i in 0..N {
        for j in 0..N {
            let terms = weights.iter().zip(history);
            let sum: f64 = terms.map(|(w, x)| w * (x[i] - mean[i]) * (x[j] - mean[j])).sum();
            covariance[i][j] = sum / total;
        }
    }
    let squares: f64 = weights.iter().map(|w| w * w).sum();
    Batch { mean, covariance, effective_size: total * total / squares }
}

fn shrunk(covariance: &Matrix, rho: f64) -> Matrix {
    let level = (0..N).map(|at| covariance[at][at]).sum::<f64>() / N as f64;
    let mut out = ZERO;
    for i in 0..N {
        for j in 0..N {
            let sphere = if i == j { rho * level } else { 0.0 };
            out[i][j] = (1.0 - rho) * covariance[i][j] + sphere;
        }
    }
    out
}

#[test]
fn moments_are_those_of_a_batch() {
    let history = history(6000);
    for half_life in [FAST, SLOW] {
        let mut stream = Moments::new(half_life);
        for (step, x) in history.iter().enumerate() {
            stream.step(N, x);
            if ![1, 2, 57, 1000, 6000].contains(&(step + 1)) {
                continue;
            }
            let batch = batch(half_life, &history[..=step]);
            let covariance = stream.shrunk(N, 0.0);
            let size = (stream.effective_size() / batch.effective_size - 1.0).abs();
            assert!(size <= TOLERANCE, "{size:e}");
            for i in 0..N {
                let error = (stream.mean()[i] - batch.mean[i]).abs();
                assert!(error <= TOLERANCE, "mean, step {step}: {error:e}");
                for j in 0..N {
                    let error = (covariance[i][j] - batch.covariance[i][j]).abs();
                    assert!(error <= TOLERANCE * 4.0, "covariance, step {step}: {error:e}");
                }
            }
        }
    }
}

#[test]
fn the_vector_is_that_of_a_batch() {
    let history = history(2400);
    let mut monitor = Monitor::new(N, Calibration::UNKNOWN, 720.0);
    for (step, x) in history.iter().enumerate() {
        monitor.step(x);
        // Each twelfth step, held between: what is shown first is that of step 168.
        let (shown, steps) = (step + 1, (step + 1) / N * N);
        if ![174, 180, 240, 1800, 2400].contains(&shown) {
            continue;
        }
        let n = N as f64;
        let laws = |steps: usize| {
            let [fast, slow] = [FAST, SLOW].map(|half_life| batch(half_life, &history[..steps]));
            let rho = n / (n + fast.effective_size);
            [fast, slow]
                .map(|of| Gaussian { mean: of.mean, covariance: shrunk(&of.covariance, rho) })
        };
        let [fast, slow] = laws(steps);
        let distance = bhattacharyya(N, &fast, &slow).unwrap();
        let values = Eigenvectors::new().decompose(N, &fast.covariance);
        let [now, _] = laws(shown);
        let squares: f64 = now.covariance.iter().flatten().map(|x| x * x).sum();
        let trace: f64 = (0..N).map(|i| now.covariance[i][i]).sum();
        let expected = [
            (values[0] - values[1]) / (values[0] + values[1]),
            libm::sqrt(1.0 - libm::exp(-distance / n)),
            trace * trace / (n * squares),
        ];
        for (got, expected) in monitor.vector()[2..5].iter().zip(expected) {
            let got = got.unwrap();
            assert!((got - expected).abs() <= TOLERANCE, "step {shown}: {got}, {expected}");
        }
    }
}

/// Buyers and sellers exchanged: the same regime, to the bit, and a trend the other way.
#[test]
fn a_mirrored_market_has_the_same_regime() {
    let mut here = Nsmi::new(NsmiConfig::new(InputSet::Book));
    let mut there = here.clone();
    for (x, second) in history(4000).into_iter().zip(0..) {
        let mut values = x;
        for odd in [0, 1, 5, 6, 8, 9] {
            values[odd] = -values[odd];
        }
        here.step(second, &NsmiInputs { values: x, efficiency_ratio: 0.9 });
        there.step(second, &NsmiInputs { values, efficiency_ratio: -0.9 });
        let bits = |nsmi: &Nsmi| nsmi.vector().map(|value| value.map(f64::to_bits));
        assert_eq!(bits(&here), bits(&there), "second {second}");
        assert_eq!(here.class(), there.class());
        let mirrored = match here.trend_sign() {
            1 => 2,
            same => same,
        };
        assert_eq!(there.trend_sign(), mirrored);
    }
    assert!(here.vector().iter().all(Option::is_some));
}

/// A snapshot at any second, restored, goes on with the same bits.
#[test]
fn a_restored_snapshot_goes_on_with_the_same_bits() {
    let history = history(5000);
    let mut nsmi = Nsmi::new(NsmiConfig::new(InputSet::Book));
    let mut restored: Option<Nsmi> = None;
    for (x, second) in history.iter().zip(1000..) {
        let gone = second % 97 < 3;
        let mut inputs = NsmiInputs { values: *x, efficiency_ratio: libm::tanh(x[0]) };
        if gone {
            inputs.values[4] = f64::NAN;
        }
        nsmi.step(second, &inputs);
        if let Some(restored) = &mut restored {
            restored.step(second, &inputs);
            let bits = |nsmi: &Nsmi| nsmi.vector().map(|value| value.map(f64::to_bits));
            assert_eq!(bits(&nsmi), bits(restored));
            assert_eq!(nsmi.class(), restored.class());
            assert_eq!(nsmi.regime_id(), restored.regime_id());
        }
        if second % 613 == 0 {
            let bytes = postcard::to_allocvec(&nsmi).unwrap();
            restored = Some(postcard::from_bytes(&bytes).unwrap());
        }
    }
    assert!(nsmi.vector().iter().all(Option::is_some));
}
