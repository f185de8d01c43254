//! How much each model of an ensemble counts: by what it has done lately, tilted by what models of
//! its kind do in such a regime.
//!
//! FEATURES 10 is the text. [`EnsembleWeights`] is told the losses of a round once its label has
//! matured, and answers with weights at any time; [`RiskScale`] says how far an unsure regime cuts a
//! position; [`class_loss`] and its neighbours make losses in [0, 1]. Everything is plain state,
//! without a clock.

mod hedge;
mod loss;
mod risk_scale;

#[cfg(test)]
mod tests;

use fluxo_core::{MODELS_MAX, RegimeClass};
use serde::{Deserialize, Serialize};

pub use hedge::{fixed_share, floored};
pub use loss::{TrailingScale, class_loss, huber_loss, pinball_loss};
pub use risk_scale::RiskScale;

const CLASSES: usize = RegimeClass::ALL.len();
/// Rounds in a class after which half of what was seen there is believed.
const SHRINKAGE: f64 = 200.0;
/// How strongly a gap of losses tilts.
const TILT: f64 = 5.0;
/// The most that a regime multiplies or divides a weight by.
const TILT_MAX: f64 = 3.0;

/// How fast the weights learn and forget.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct WeightsConfig {
    /// The learning rate: what a loss of one costs, as a logarithm of weight.
    pub eta: f64,
    /// The share of all weight that is spread anew in each round, in a steady regime.
    pub alpha: f64,
    /// The same when a change of the regime is certain.
    pub alpha_change: f64,
    /// The least weight of a model that has a say, where there are no more than `0.5 / floor`.
    pub floor: f64,
}

impl WeightsConfig {
    /// The values of FEATURES 10, for one round per 30 s: a switch of the best model per hour.
    pub const STANDARD: Self =
        Self { eta: 0.3, alpha: 1.0 / 120.0, alpha_change: 0.2, floor: 0.02 };
}

/// What came of one round: a forecast that every model could make, once its label has matured.
#[derive(Clone, Copy, Debug)]
pub struct Round<'a> {
    /// The loss of each model, in [0, 1]; `None` where it abstained.
    pub losses: &'a [Option<f64>],
    /// The loss of a forecast that knows only how often each outcome is: that of whoever abstained.
    pub base_rate_loss: f64,
    /// The class of the regime when the forecast was made.
    pub class: RegimeClass,
    /// The probability of a change now; `None` while undefined.
    pub regime_prob: Option<f64>,
}

/// The weights of the models of one ensemble.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EnsembleWeights {
    config: WeightsConfig,
    /// The family of each model.
    families: Vec<usize>,
    base: Vec<f64>,
    /// The sum of the mean losses of each family in each class.
    sums: Vec<[f64; CLASSES]>,
    rounds: [u64; CLASSES],
    /// The weights that were asked for last, and the losses of the last round: room to work in.
    last: Vec<f64>,
}

impl EnsembleWeights {
    /// Equal weights for models of these families: small numbers from 0, one for each pair of a
    /// feature set and a kind of learner.
    ///
    /// # Panics
    /// Without a model, with more than [`MODELS_MAX`], with a family that is no such number, or when
    /// the configuration is no learning rate and shares.
    #[must_use]
    pub fn new(config: WeightsConfig, families: &[usize]) -> Self {
        let models = families.len();
        assert!((1..=MODELS_MAX).contains(&models), "{models} models");
        assert!(families.iter().all(|family| *family < MODELS_MAX), "families: {families:?}");
        let WeightsConfig { eta, alpha, alpha_change, floor } = config;
        let shares = [alpha, alpha_change, floor].iter().all(|share| (0.0..=1.0).contains(share));
        assert!(eta >= 0.0 && eta.is_finite() && shares, "configuration: {config:?}");
        let count = families.iter().max().map_or(0, |most| most + 1);
        Self {
            config,
            families: families.to_vec(),
            base: vec![1.0 / models as f64; models],
            sums: vec![[0.0; CLASSES]; count],
            rounds: [0; CLASSES],
            last: vec![0.0; models],
        }
    }

    /// Learns from a round whose label has matured: never before.
    ///
    /// # Panics
    /// When there is not one loss per model, or one is not in [0, 1].
    pub fn settle(&mut self, round: &Round<'_>) {
        assert_eq!(round.losses.len(), self.base.len(), "one loss per model");
        for (loss, given) in self.last.iter_mut().zip(round.losses) {
            *loss = given.unwrap_or(round.base_rate_loss);
            assert!((0.0..=1.0).contains(loss), "a loss of {loss}");
        }
        let class = round.class.index();
        self.rounds[class] += 1;
        for (family, sums) in self.sums.iter_mut().enumerate() {
            let own = || {
                let all = self.families.iter().zip(&self.last);
                all.filter(|(of, _)| **of == family).map(|(_, loss)| loss)
            };
            sums[class] += own().sum::<f64>() / own().count().max(1) as f64;
        }
        let WeightsConfig { eta, alpha, alpha_change, .. } = self.config;
        let change = round.regime_prob.unwrap_or(0.0).clamp(0.0, 1.0);
        let alpha = alpha + (alpha_change - alpha) * change;
        fixed_share(&mut self.base, &self.last, eta, alpha);
    }

    /// The weights by performance alone; they add up to one.
    #[must_use]
    pub fn base(&self) -> &[f64] {
        &self.base
    }

    /// The weights in a regime of a class, of which one is sure to the degree `kappa` in [0, 1]; an
    /// unhealthy model has none and leaves no trace in those of the others. `None` when no model is
    /// left: there is no forecast.
    ///
    /// # Panics
    /// When there is not one word on health per model.
    pub fn weights(&mut self, class: RegimeClass, kappa: f64, healthy: &[bool]) -> Option<&[f64]> {
        assert_eq!(healthy.len(), self.base.len(), "one word on health per model");
        for model in 0..self.base.len() {
            let tilt = libm::exp(kappa * self.log_multiplier(self.families[model], class));
            self.last[model] = self.base[model] * tilt;
        }
        floored(&mut self.last, healthy, self.config.floor).then_some(&*self.last)
    }

    /// By how much a regime of a class multiplies the weights of a family, were one sure of it.
    #[must_use]
    pub fn multiplier(&self, family: usize, class: RegimeClass) -> f64 {
        libm::exp(self.log_multiplier(family, class))
    }

    fn log_multiplier(&self, family: usize, class: RegimeClass) -> f64 {
        let in_class = self.rounds[class.index()] as f64;
        if class == RegimeClass::Unknown || in_class == 0.0 {
            return 0.0;
        }
        let all = self.rounds.iter().sum::<u64>() as f64;
        let excess =
            |sums: &[f64; CLASSES]| sums[class.index()] / in_class - sums.iter().sum::<f64>() / all;
        let present = |family: &usize| self.families.contains(family);
        let families = (0..self.sums.len()).filter(present).count() as f64;
        // A number that no model has sums to zero and is not counted.
        let mean = self.sums.iter().map(excess).sum::<f64>() / families;
        let gap = in_class / (in_class + SHRINKAGE) * (excess(&self.sums[family]) - mean);
        let most = libm::log(TILT_MAX);
        (-TILT * gap).clamp(-most, most)
    }
}
