//! The class of a regime, from how volatile it is against its habit and how straight prices move.

use fluxo_core::RegimeClass;
use serde::{Deserialize, Serialize};

use super::moments::decay;

/// The half-life of the straightness of prices, in seconds.
const HALF_LIFE_S: f64 = 60.0;

/// A debiased mean that decays on the grid.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct DecayedMean {
    sum: f64,
    weight: f64,
}

impl DecayedMean {
    fn step(&mut self, x: f64) {
        let decay = decay(HALF_LIFE_S);
        self.sum = decay * self.sum + x;
        self.weight = decay * self.weight + 1.0;
    }

    fn value(self) -> Option<f64> {
        (self.weight > 0.0).then(|| self.sum / self.weight)
    }
}

/// Enters on one side of a threshold and leaves on the far side of another, so that a value near
/// one of them does not flicker.
fn hold(held: bool, enter: bool, leave: bool) -> bool {
    if held { !leave } else { enter }
}

/// The three classes that must be entered, each with its own hysteresis.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Classes {
    stress: bool,
    trend: bool,
    quiet: bool,
    straightness: DecayedMean,
    direction: DecayedMean,
}

impl Classes {
    /// The efficiency ratio of one grid point, where there is one.
    pub(crate) fn move_by(&mut self, efficiency_ratio: f64) {
        if efficiency_ratio.is_finite() {
            self.straightness.step(efficiency_ratio.abs());
            self.direction.step(efficiency_ratio);
        }
    }

    /// One grid point with a standardised logarithm of volatility.
    pub(crate) fn step(&mut self, volatility_z: f64) {
        self.stress = hold(self.stress, volatility_z > 2.0, volatility_z < 1.5);
        self.quiet = hold(self.quiet, volatility_z < -1.0, volatility_z > -0.5);
        let straightness = self.straightness.value();
        let beyond = |threshold| straightness.is_some_and(|value| value > threshold);
        let below = |threshold| straightness.is_some_and(|value| value < threshold);
        self.trend = hold(self.trend, beyond(0.35), below(0.25));
    }

    /// The class of a regime that is known.
    pub(crate) const fn class(&self) -> RegimeClass {
        match (self.stress, self.trend, self.quiet) {
            (true, ..) => RegimeClass::Stress,
            (_, true, _) => RegimeClass::Trend,
            (.., true) => RegimeClass::Quiet,
            _ => RegimeClass::Range,
        }
    }

    /// The mean efficiency ratio, with its sign: where prices go.
    pub(crate) fn direction(&self) -> f64 {
        self.direction.value().unwrap_or(0.0)
    }
}
