//! NSMI, the regime vector: how far the joint law of a few inputs has moved from its own recent
//! past, how its spectrum looks, and how likely a change is, at a stated rate of false alarms.
//!
//! FEATURES 9 is the text; ADR 0011 says how it is read where it is silent. The engine calls
//! [`Nsmi::step`] once at every grid second, whatever the sampling clock of the rows, with the
//! features of that second before they are narrowed to `f32` ([`inputs_from`]). All state is plain
//! data of fixed size; a step allocates nothing.

mod change;
mod class;
mod distance;
mod eigen;
mod identity;
mod inputs;
mod matrix;
mod moments;
mod monitor;
mod standardise;

#[cfg(test)]
mod tests;

use fluxo_core::RegimeClass;
use serde::{Deserialize, Serialize};

pub use change::Calibration;
use class::Classes;
pub use inputs::{InputSet, NsmiInputs, inputs_from};
use matrix::SIZE_MAX;
use moments::effective_size_limit;
use monitor::Monitor;
pub use monitor::NsmiCounts;
use standardise::Standardiser;
pub use standardise::Usual;

/// What changes the numbers of the regime vector.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NsmiConfig {
    /// The inputs.
    pub inputs: InputSet,
    /// An alarm is raised when the statistic of Shiryaev and Roberts reaches this. Without a change
    /// that takes at least as many test steps of 120 s in the mean.
    pub alarm_threshold: f64,
}

impl NsmiConfig {
    /// The values of FEATURES 9: a false alarm a day at most.
    #[must_use]
    pub const fn new(inputs: InputSet) -> Self {
        Self { inputs, alarm_threshold: 720.0 }
    }
}

/// What is usual, as an earlier engine learned it: with it a start is not a cold one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NsmiPrior {
    /// Of each input.
    pub inputs: [Usual; SIZE_MAX],
    /// Of the distance.
    pub calibration: Calibration,
}

/// The regime of one instrument.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Nsmi {
    inputs: InputSet,
    standardiser: Standardiser,
    monitor: Monitor,
    classes: Classes,
    /// Whether every input had a value at the last grid second.
    has_inputs: bool,
    last_s: Option<i64>,
}

impl Nsmi {
    /// A regime vector that has seen nothing and assumes nothing.
    #[must_use]
    pub fn new(config: NsmiConfig) -> Self {
        let n = config.inputs.len();
        Self {
            inputs: config.inputs,
            standardiser: Standardiser::new(n, effective_size_limit(monitor::FAST)),
            monitor: Monitor::new(n, Calibration::UNKNOWN, config.alarm_threshold),
            classes: Classes::default(),
            has_inputs: false,
            last_s: None,
        }
    }

    /// A regime vector that has seen nothing and knows what is usual.
    #[must_use]
    pub fn with_prior(config: NsmiConfig, prior: &NsmiPrior) -> Self {
        let mut nsmi = Self::new(config);
        nsmi.standardiser.assume(&prior.inputs);
        nsmi.monitor = Monitor::new(config.inputs.len(), prior.calibration, config.alarm_threshold);
        nsmi
    }

    /// What it has learned to be usual.
    #[must_use]
    pub fn prior(&self) -> NsmiPrior {
        NsmiPrior { inputs: self.standardiser.usual(), calibration: self.monitor.calibration() }
    }

    /// One grid second.
    ///
    /// # Panics
    /// When the seconds do not increase.
    pub fn step(&mut self, ts_s: i64, inputs: &NsmiInputs) {
        assert!(self.last_s.is_none_or(|last_s| ts_s > last_s), "the grid went back to {ts_s} s");
        self.last_s = Some(ts_s);
        self.classes.move_by(inputs.efficiency_ratio);
        let z = self.standardiser.step(ts_s, &inputs.values);
        self.has_inputs = z.is_some();
        if let Some(z) = z {
            self.monitor.step(&z);
            self.classes.step(z[self.inputs.volatility()]);
        }
    }

    /// A session ended. What is usual persists, and so does the slow estimate; everything else
    /// starts anew, and nothing is held across.
    pub fn on_break(&mut self) {
        self.standardiser.on_break();
        self.monitor.on_break();
        self.classes = Classes::default();
        self.has_inputs = false;
    }

    /// The six values in the order of the row: `nonstationarity`, `regime_prob`,
    /// `spectral_gap_norm`, `drift_norm`, `dim_ratio`, `regime_stability`; each a pure number in
    /// [0, 1], `None` while undefined.
    #[must_use]
    pub fn vector(&self) -> [Option<f64>; 6] {
        if self.has_inputs { self.monitor.vector() } else { [None; 6] }
    }

    /// Which regime it is; `None` after an alarm, and while the vector is undefined.
    #[must_use]
    pub fn regime_id(&self) -> Option<u32> {
        self.monitor.regime_id().filter(|_| self.has_inputs)
    }

    /// What kind of regime it is.
    #[must_use]
    pub fn class(&self) -> RegimeClass {
        self.regime_id().map_or(RegimeClass::Unknown, |_| self.classes.class())
    }

    /// How much the class may count, in [0, 1]: 0 while the regime is unknown.
    #[must_use]
    pub fn kappa(&self) -> f64 {
        let stability = self.monitor.stability().filter(|_| self.has_inputs);
        stability.map_or(0.0, |stability| stability * (1.0 - self.monitor.probability()))
    }

    /// The column `regime` of a dataset (TRAINING 1.2): 1 in a trend upwards, 2 in one downwards,
    /// 0 otherwise, -1 while nobody can say.
    #[must_use]
    pub fn trend_sign(&self) -> i8 {
        match self.class() {
            RegimeClass::Unknown => -1,
            RegimeClass::Trend if self.classes.direction() > 0.0 => 1,
            RegimeClass::Trend if self.classes.direction() < 0.0 => 2,
            _ => 0,
        }
    }

    /// What was counted since the start.
    #[must_use]
    pub const fn counts(&self) -> NsmiCounts {
        self.monitor.counts()
    }

    /// How many different regimes there were.
    #[must_use]
    pub const fn regimes(&self) -> u32 {
        self.monitor.regimes()
    }
}
