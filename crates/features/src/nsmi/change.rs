//! Whether a regime has changed, told from a standardised distance at a stated rate of false alarms.

use serde::{Deserialize, Serialize};

use super::moments::decay;

/// The shift after a change that the statistic looks for, in deviations.
pub(crate) const DELTA: f64 = 1.5;
/// The prior rate of changes per test step: a mean regime of two hours.
pub(crate) const HAZARD: f64 = 1.0 / 60.0;
/// Deviations beyond these say no more.
pub(crate) const Z_CLIP: [f64; 2] = [-3.0, 5.0];
/// The half-life of the calibration, in test steps.
const HALF_LIFE: f64 = 240.0;
/// An update of the calibration does not reach further than this, in deviations.
const WINSOR: f64 = 3.0;
/// A distance that never varies still has a scale.
const DEVIATION_MIN: f64 = 1e-6;
/// Above this probability of a change the calibration learns nothing.
const SUSPENDED_ABOVE: f64 = 0.5;

/// What y, the cube root of a distance over its null size, usually is: mean, deviation and how many
/// test steps that rests on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// The mean of y.
    pub mean: f64,
    /// The deviation of y.
    pub deviation: f64,
    /// Test steps behind them.
    pub weight: f64,
}

impl Calibration {
    /// What is assumed where nothing is known.
    pub const UNKNOWN: Self = Self { mean: 1.0, deviation: 0.15, weight: 20.0 };

    fn score(&self, y: f64) -> f64 {
        ((y - self.mean) / self.deviation.max(DEVIATION_MIN)).clamp(Z_CLIP[0], Z_CLIP[1])
    }

    fn learn(&mut self, y: f64) {
        let reach = WINSOR * self.deviation.max(DEVIATION_MIN);
        let shift = (y - self.mean).clamp(-reach, reach);
        self.weight = decay(HALF_LIFE) * self.weight + 1.0;
        let gain = 1.0 / self.weight;
        let variance = self.deviation * self.deviation;
        self.mean += gain * shift;
        self.deviation = libm::sqrt((1.0 - gain) * (variance + gain * shift * shift));
    }
}

/// Shiryaev and Roberts: `R <- (1+R) L`, L the likelihood ratio of a shift by [`DELTA`].
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct ShiryaevRoberts {
    statistic: f64,
}

impl ShiryaevRoberts {
    pub(crate) fn step(&mut self, z: f64) -> f64 {
        let likelihood = libm::exp(DELTA * z - DELTA * DELTA / 2.0);
        self.statistic = (1.0 + self.statistic) * likelihood;
        self.statistic
    }

    /// `R/(R + 1/h)`: the posterior probability that the change has happened, for a small h.
    pub(crate) fn probability(self) -> f64 {
        self.statistic / (self.statistic + 1.0 / HAZARD)
    }
}

/// What a test step may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// The two estimates are not distinct yet: only the calibration learns.
    Learn,
    /// Tests, and learns while a change is not likely.
    Test,
    /// Just after an alarm: says how unusual the distance is, and nothing else.
    Rest,
}

/// The calibration with the statistic that rests on it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ChangeTest {
    calibration: Calibration,
    statistic: ShiryaevRoberts,
    alarm_threshold: f64,
    probability: f64,
    z: Option<f64>,
}

impl ChangeTest {
    pub(crate) const fn new(calibration: Calibration, alarm_threshold: f64) -> Self {
        Self {
            calibration,
            statistic: ShiryaevRoberts { statistic: 0.0 },
            alarm_threshold,
            probability: 0.0,
            z: None,
        }
    }

    /// Forgets what was said, not what is usual.
    pub(crate) const fn restart(&mut self) {
        *self = Self::new(self.calibration, self.alarm_threshold);
    }

    /// One test step; says whether there is an alarm. The probability of the alarm stands until the
    /// next step, so that nobody can miss it.
    pub(crate) fn step(&mut self, y: f64, mode: Mode) -> bool {
        let z = self.calibration.score(y);
        let mut alarm = false;
        match mode {
            Mode::Learn => {}
            Mode::Test => alarm = self.statistic.step(z) >= self.alarm_threshold,
            Mode::Rest => self.statistic = ShiryaevRoberts::default(),
        }
        self.probability = self.statistic.probability();
        if mode != Mode::Rest && self.probability <= SUSPENDED_ABOVE {
            self.calibration.learn(y);
        }
        if alarm {
            self.statistic = ShiryaevRoberts::default();
        }
        self.z = Some(z);
        alarm
    }

    /// The standardised distance of the last test step.
    pub(crate) const fn z(&self) -> Option<f64> {
        self.z
    }

    pub(crate) const fn probability(&self) -> f64 {
        self.probability
    }

    pub(crate) const fn calibration(&self) -> Calibration {
        self.calibration
    }

    /// The value of y that is seldom exceeded without a change.
    pub(crate) fn usual_max(&self) -> f64 {
        self.calibration.mean + 3.0 * self.calibration.deviation
    }
}
