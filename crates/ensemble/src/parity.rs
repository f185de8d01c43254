//! Whether the models say on this machine what they said when they were published.

use crate::error::Golden;
use crate::onnx::OnnxScorer;
use crate::{Bundle, Error, ModelEnsemble, ModelEntry, Runtime};

/// How far two answers may lie apart: `|a - b| <= PARITY_TOLERANCE * max(1, |b|)`.
pub const PARITY_TOLERANCE: f32 = 1e-5;
/// How many rows are asked at once: what a model says of a row must not depend on it.
const BATCHES: [usize; 3] = [1, 7, 64];

/// How a model compares with its golden vectors.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelParity {
    /// The model.
    pub model: String,
    /// How many rows were compared, each in every batch size.
    pub rows: usize,
    /// The largest absolute difference.
    pub max_abs: f32,
    /// The worst answer, when it is beyond the tolerance; a number that is none is the worst.
    pub beyond: Option<Golden>,
}

impl Bundle {
    /// Asks every model for its golden rows, one by one and several at once.
    ///
    /// # Errors
    /// A graph that the runtime does not take, or a model that fails.
    pub fn parity(&self, runtime: &Runtime) -> Result<Vec<ModelParity>, Error> {
        let models = self.manifest().models.iter().enumerate();
        models.map(|(slot, model)| Ok(self.load(runtime, slot, model)?.1)).collect()
    }

    /// The models, ready to be asked.
    ///
    /// # Errors
    /// As [`Self::parity`], and [`Error::Golden`] when a model does not say what it said.
    pub fn ensemble(&self, runtime: &Runtime) -> Result<ModelEnsemble, Error> {
        self.ensemble_of(runtime, |_| true)
    }

    /// Some of the models, by name, as if there were no others: to measure them.
    ///
    /// # Errors
    /// As [`Self::ensemble`].
    pub fn ensemble_of(
        &self,
        runtime: &Runtime,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<ModelEnsemble, Error> {
        let mut ensemble = ModelEnsemble::new(self.id(), self.manifest().decision);
        let models = self.manifest().models.iter().enumerate();
        for (slot, model) in models.filter(|(_, model)| wanted(&model.name)) {
            let (scorer, parity) = self.load(runtime, slot, model)?;
            if let Some(difference) = parity.beyond {
                return Err(Error::Golden { model: model.name.clone(), difference });
            }
            ensemble.push(&model.name, Box::new(scorer), model.input_set, model.base_weight);
        }
        Ok(ensemble)
    }

    fn load(
        &self,
        runtime: &Runtime,
        slot: usize,
        model: &ModelEntry,
    ) -> Result<(OnnxScorer, ModelParity), Error> {
        let mut scorer = OnnxScorer::load(runtime, model, self.graph(model)?)?;
        let (inputs, outputs) = (self.inputs(), self.outputs(slot));
        let mut worst = Worst::default();
        for batch in BATCHES {
            let set = model.input_set;
            let asked = scorer.score_all(inputs.rows(), batch, |row, input| set.fill(row, input));
            let got = asked.map_err(|source| {
                let model = model.name.clone();
                Error::Fails { model, batch, source }
            })?;
            for (at, (got, expected)) in got.iter().zip(&outputs.values).enumerate() {
                worst.observe(at, batch, *got, *expected);
            }
        }
        let parity = ModelParity {
            model: model.name.clone(),
            rows: inputs.rows().len(),
            max_abs: worst.max_abs,
            beyond: worst.beyond.map(|(_, golden)| golden),
        };
        Ok((scorer, parity))
    }
}

#[derive(Default)]
struct Worst {
    max_abs: f32,
    beyond: Option<(f32, Golden)>,
}

impl Worst {
    fn observe(&mut self, at: usize, batch: usize, got: f32, expected: f32) {
        let difference = (got - expected).abs();
        // NaN fails every comparison, and is as wrong as can be.
        let difference = if difference.is_nan() { f32::INFINITY } else { difference };
        self.max_abs = self.max_abs.max(difference);
        let excess = difference / expected.abs().max(1.0);
        let within = excess <= PARITY_TOLERANCE;
        if !within && self.beyond.is_none_or(|(worst, _)| excess > worst) {
            let (row, class) = (at / fluxo_core::CLASSES, at % fluxo_core::CLASSES);
            self.beyond = Some((excess, Golden { row, class, batch, got, expected }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn beyond(got: f32, expected: f32) -> bool {
        let mut worst = Worst::default();
        worst.observe(0, 1, got, expected);
        worst.beyond.is_some()
    }

    #[test]
    fn the_tolerance_is_absolute_near_zero_and_relative_far_away() {
        assert!(!beyond(0.500_009, 0.5));
        assert!(beyond(0.500_02, 0.5));
        assert!(!beyond(1e6 + 5.0, 1e6));
        assert!(beyond(1e6 + 20.0, 1e6));
        for bad in [f32::NAN, f32::INFINITY] {
            assert!(beyond(bad, 0.5) && beyond(0.5, bad), "{bad}");
        }
    }

    #[test]
    fn the_worst_is_named() {
        let mut worst = Worst::default();
        for (at, got) in [0.0, 0.1, 0.2, f32::NAN, 0.9].into_iter().enumerate() {
            worst.observe(at, 7, got, 0.0);
        }
        let (_, golden) = worst.beyond.unwrap();
        assert_eq!((golden.row, golden.class, golden.batch), (1, 0, 7));
    }
}
