//! What an ensemble of models says of one row, with every model's own answer.

use core::fmt;

use serde::{Deserialize, Serialize};

use crate::{InstrumentId, Nanos, UnixNanos};

/// The most models of one bundle: what they say must fit the record of a decision.
pub const MODELS_MAX: usize = 8;

/// The classes of a model, in the order of its outputs: down, neutral, up.
pub const CLASSES: usize = 3;

/// Which bundle of models: the SHA-256 over its list of files.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BundleId([u8; 32]);

impl BundleId {
    /// The bundle with that SHA-256.
    #[must_use]
    pub const fn new(sha256: [u8; 32]) -> Self {
        Self(sha256)
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for BundleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for BundleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What came of asking one model.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum ModelAnswer {
    /// The probabilities of down, neutral and up: finite, and one in sum.
    Scored([f32; CLASSES]),
    /// It erred, or what it said are no probabilities: it has no part in this forecast.
    Failed,
    /// It failed too often in a row and is not asked any more.
    Disabled,
}

impl ModelAnswer {
    /// P(up) - P(down), in [-1, 1]; `None` without an answer.
    #[must_use]
    pub fn signal(&self) -> Option<f64> {
        match self {
            Self::Scored([down, _, up]) => Some(f64::from(*up) - f64::from(*down)),
            Self::Failed | Self::Disabled => None,
        }
    }
}

/// One model's part in a forecast.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelForecast {
    /// The model's place in the bundle's manifest.
    pub slot: u8,
    /// What it said.
    pub answer: ModelAnswer,
    /// Its share in the signal, in [0, 1]: the shares of the models that answered add up to one.
    pub weight: f64,
    /// How old the row was when it answered, on the receive clock.
    pub age: Nanos,
}

/// What the models of a bundle say of one row.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Forecast {
    /// The instrument of the row.
    pub instrument: InstrumentId,
    /// The grid time of the row.
    pub row: UnixNanos,
    /// Whose models spoke.
    pub bundle: BundleId,
    /// The weighted mean of the models that answered, in [-1, 1]; `None` when none did: no opinion.
    pub signal: Option<f64>,
    /// The magnitude of the signal at which the bundle's maker would take a position.
    pub enter: f64,
    /// The signal, in a position's direction, below which it would be left again.
    pub leave: f64,
    models: [Option<ModelForecast>; MODELS_MAX],
}

impl Forecast {
    /// A forecast from the answers of up to [`MODELS_MAX`] models, with their base weights: the
    /// weights are brought to one over the models that answered.
    ///
    /// # Panics
    /// On more than [`MODELS_MAX`] models: a bundle with more does not load.
    #[must_use]
    pub fn combine(
        instrument: InstrumentId,
        row: UnixNanos,
        bundle: BundleId,
        (enter, leave): (f64, f64),
        models: &[ModelForecast],
    ) -> Self {
        let answered = |model: &&ModelForecast| model.answer.signal().is_some();
        let total: f64 = models.iter().filter(answered).map(|model| model.weight).sum();
        let (mut kept, mut signal) = ([None; MODELS_MAX], None);
        assert!(models.len() <= MODELS_MAX, "more models than a forecast can hold");
        for (place, model) in kept.iter_mut().zip(models) {
            let spoke = model.answer.signal().filter(|_| total > 0.0);
            let weight = if spoke.is_some() { model.weight / total } else { 0.0 };
            if let Some(spoke) = spoke {
                signal = Some(signal.unwrap_or(0.0) + weight * spoke);
            }
            *place = Some(ModelForecast { weight, ..*model });
        }
        Self { instrument, row, bundle, signal, enter, leave, models: kept }
    }

    /// Every model's part, in the order of the manifest.
    pub fn models(&self) -> impl Iterator<Item = &ModelForecast> {
        self.models.iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forecast(models: &[(ModelAnswer, f64)]) -> Forecast {
        let models: Vec<ModelForecast> = models
            .iter()
            .zip(0..)
            .map(|(&(answer, weight), slot)| ModelForecast {
                slot,
                answer,
                weight,
                age: Nanos::ZERO,
            })
            .collect();
        let bundle = BundleId::new([7; 32]);
        Forecast::combine(InstrumentId::new(0), UnixNanos::new(0), bundle, (0.1, -0.1), &models)
    }

    fn weights(forecast: &Forecast) -> Vec<f64> {
        forecast.models().map(|model| model.weight).collect()
    }

    #[test]
    fn the_weights_of_those_that_answered_add_up_to_one() {
        let up = ModelAnswer::Scored([0.25, 0.0, 0.75]);
        let down = ModelAnswer::Scored([0.75, 0.25, 0.0]);
        let both = forecast(&[(up, 3.0), (down, 1.0)]);
        assert_eq!((both.signal, weights(&both)), (Some(0.1875), vec![0.75, 0.25]));
        for silent in [ModelAnswer::Failed, ModelAnswer::Disabled] {
            let one = forecast(&[(silent, 3.0), (down, 1.0)]);
            assert_eq!((one.signal, weights(&one)), (Some(-0.75), vec![0.0, 1.0]));
            let none = forecast(&[(silent, 3.0)]);
            assert_eq!((none.signal, weights(&none)), (None, vec![0.0]));
        }
        assert_eq!(forecast(&[]).signal, None);
    }
}
