//! Inputs as deviations from their own habit of the last hours.

use serde::{Deserialize, Serialize};

use super::matrix::{SIZE_MAX, Vector};
use super::moments::decay;

/// The half-life of what is usual, in seconds.
pub(crate) const HALF_LIFE_S: f64 = 14_400.0;
/// An input that never varies still has a scale.
const DEVIATION_MIN: f64 = 1e-6;
/// Deviations beyond this say no more.
const Z_MAX: f64 = 6.0;
/// How long an input that is missing stands as it was last, in seconds.
const HOLD_S: i64 = 60;

/// What is usual for one input: mean, deviation and how many grid points that rests on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Usual {
    /// The mean.
    pub mean: f64,
    /// The deviation.
    pub deviation: f64,
    /// The sum of the weights of the grid points behind them.
    pub weight: f64,
}

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Input {
    mean: f64,
    variance: f64,
    weight: f64,
    points: f64,
    z: f64,
    /// The second of the last z, once there is one.
    z_at_s: Option<i64>,
}

/// Standardises each input by its own exponentially weighted mean and deviation from before the
/// point. A missing input makes no step.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Standardiser {
    n: usize,
    /// More points than this are needed before a deviation means anything.
    points_min: f64,
    inputs: [Input; SIZE_MAX],
}

impl Standardiser {
    pub(crate) fn new(n: usize, points_min: f64) -> Self {
        Self { n, points_min, inputs: [Input::default(); SIZE_MAX] }
    }

    pub(crate) fn assume(&mut self, usual: &[Usual; SIZE_MAX]) {
        for (input, usual) in self.inputs.iter_mut().zip(usual) {
            *input = Input {
                mean: usual.mean,
                variance: usual.deviation * usual.deviation,
                weight: usual.weight,
                points: usual.weight,
                ..Input::default()
            };
        }
    }

    pub(crate) fn usual(&self) -> [Usual; SIZE_MAX] {
        self.inputs.map(|input| Usual {
            mean: input.mean,
            deviation: libm::sqrt(input.variance),
            weight: input.weight,
        })
    }

    /// Holds nothing any more.
    pub(crate) fn on_break(&mut self) {
        self.inputs.iter_mut().for_each(|input| input.z_at_s = None);
    }

    /// The deviations at a grid second; `None` while an input has none, or has been missing for
    /// longer than it may be held.
    pub(crate) fn step(&mut self, ts_s: i64, x: &Vector) -> Option<Vector> {
        let decay = decay(HALF_LIFE_S);
        for (input, x) in self.inputs[..self.n].iter_mut().zip(x) {
            if x.is_finite() {
                if input.points > self.points_min {
                    (input.z, input.z_at_s) = (input.score(*x), Some(ts_s));
                }
                input.learn(decay, *x);
            }
        }
        let fresh = |input: &Input| input.z_at_s.is_some_and(|at_s| ts_s - at_s <= HOLD_S);
        self.inputs[..self.n].iter().all(fresh).then(|| self.inputs.map(|input| input.z))
    }
}

impl Input {
    fn score(&self, x: f64) -> f64 {
        let deviation = libm::sqrt(self.variance).max(DEVIATION_MIN);
        ((x - self.mean) / deviation).clamp(-Z_MAX, Z_MAX)
    }

    fn learn(&mut self, decay: f64, x: f64) {
        self.points += 1.0;
        self.weight = decay * self.weight + 1.0;
        let gain = 1.0 / self.weight;
        let shift = x - self.mean;
        self.mean += gain * shift;
        self.variance = (1.0 - gain) * (self.variance + gain * shift * shift);
    }
}
