//! The models of a bundle, asked together.

use fluxo_core::{
    BundleId, Forecast, InstrumentId, MODELS_MAX, ModelAnswer, ModelForecast, Nanos, UnixNanos,
};

use crate::{Decision, InputSet, ROW_WIDTH, Scorer};

/// A model that fails this often without an answer in between is not asked any more: whatever is
/// wrong with it does not pass. Its failures cost time, and a person should look at it.
pub const FAILURES_IN_A_ROW_MAX: u32 = 10;
/// How far the probabilities may add up to something else than one, and lie outside of [0, 1]: far
/// more than float32 needs, far less than a wrong graph shows.
const PROBABILITY_TOLERANCE: f32 = 1e-4;

/// The models of one bundle.
#[derive(Debug)]
pub struct ModelEnsemble {
    bundle: BundleId,
    decision: Decision,
    models: Vec<Model>,
    /// What they said last, in their order: the room is there before the first row is.
    said: Vec<ModelForecast>,
}

/// What was counted of a model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ModelCounts {
    /// Answers that counted.
    pub scored: u64,
    /// Times that it erred, or that what it said were no probabilities.
    pub failed: u64,
    /// Whether it is not asked any more.
    pub disabled: bool,
}

#[derive(Debug)]
struct Model {
    name: String,
    scorer: Box<dyn Scorer>,
    set: InputSet,
    weight: f64,
    input: Vec<f32>,
    failures_in_a_row: u32,
    counts: ModelCounts,
}

impl ModelEnsemble {
    /// An ensemble of no models yet. A bundle makes one of its own: see
    /// [`Bundle::ensemble`](crate::Bundle::ensemble).
    #[must_use]
    pub fn new(bundle: BundleId, decision: Decision) -> Self {
        Self { bundle, decision, models: Vec::new(), said: Vec::with_capacity(MODELS_MAX) }
    }

    /// Adds a model.
    ///
    /// # Panics
    /// Beyond [`MODELS_MAX`] models.
    pub fn push(&mut self, name: &str, scorer: Box<dyn Scorer>, set: InputSet, weight: f64) {
        assert!(self.models.len() < MODELS_MAX, "more models than a forecast can hold");
        self.models.push(Model {
            name: name.to_owned(),
            scorer,
            set,
            weight,
            input: vec![f32::NAN; set.width()],
            failures_in_a_row: 0,
            counts: ModelCounts::default(),
        });
    }

    /// Whose models they are.
    #[must_use]
    pub const fn bundle(&self) -> BundleId {
        self.bundle
    }

    /// What was counted of each model, in the order of the manifest.
    pub fn counts(&self) -> impl Iterator<Item = (&str, ModelCounts)> {
        self.models.iter().map(|model| (model.name.as_str(), model.counts))
    }

    /// Asks the models that read one row. A model that fails is left out of this answer, and after
    /// [`FAILURES_IN_A_ROW_MAX`] failures of every later one.
    pub fn predict_ml(&mut self, age: Nanos, values: &[f32; ROW_WIDTH]) -> &[ModelForecast] {
        self.said.clear();
        for (model, slot) in self.models.iter_mut().zip(0..) {
            let answer = model.ask(values);
            self.said.push(ModelForecast { slot, answer, weight: model.weight, age });
        }
        &self.said
    }

    /// The forecast of a row that is `age` old now. Without a model that answers it has no signal:
    /// no opinion, never an old number.
    pub fn decide(
        &mut self,
        instrument: InstrumentId,
        row: UnixNanos,
        age: Nanos,
        values: &[f32; ROW_WIDTH],
    ) -> Forecast {
        let (bundle, Decision { enter, leave, .. }) = (self.bundle, self.decision);
        let said = self.predict_ml(age, values);
        Forecast::combine(instrument, row, bundle, (enter, leave), said)
    }
}

impl Model {
    fn ask(&mut self, values: &[f32; ROW_WIDTH]) -> ModelAnswer {
        if self.counts.disabled {
            return ModelAnswer::Disabled;
        }
        self.set.fill(values, &mut self.input);
        match self.scorer.score(&self.input) {
            Ok(probabilities) if are_probabilities(&probabilities) => {
                self.failures_in_a_row = 0;
                self.counts.scored += 1;
                ModelAnswer::Scored(probabilities)
            }
            Ok(_) | Err(_) => {
                self.failures_in_a_row += 1;
                self.counts.failed += 1;
                self.counts.disabled = self.failures_in_a_row >= FAILURES_IN_A_ROW_MAX;
                ModelAnswer::Failed
            }
        }
    }
}

/// Whether the numbers of all classes are probabilities; NaN fails every comparison.
pub(crate) fn are_probabilities(numbers: &[f32]) -> bool {
    let range = -PROBABILITY_TOLERANCE..=1.0 + PROBABILITY_TOLERANCE;
    let sum: f32 = numbers.iter().sum();
    numbers.iter().all(|number| range.contains(number))
        && (sum - 1.0).abs() <= PROBABILITY_TOLERANCE
}

#[cfg(test)]
mod tests {
    use fluxo_core::CLASSES;

    use super::*;
    use crate::{FeatureSetName, ScoreError};

    /// Says what it was told to, for each row the next thing; then the last for ever.
    #[derive(Debug)]
    struct Told(Vec<Result<[f32; CLASSES], ScoreError>>);

    impl Scorer for Told {
        fn score(&mut self, _row: &[f32]) -> Result<[f32; CLASSES], ScoreError> {
            if self.0.len() > 1 { self.0.remove(0) } else { self.0[0] }
        }
    }

    const UP: [f32; 3] = [0.0, 0.5, 0.5];
    const DOWN: [f32; 3] = [0.75, 0.25, 0.0];

    fn ensemble(models: Vec<Vec<Result<[f32; CLASSES], ScoreError>>>) -> ModelEnsemble {
        let decision = Decision { enter: 0.1, leave: 0.0, cost_bps: 0.0 };
        let set = InputSet { set: FeatureSetName::TickOnly, regime: false, consensus: false };
        let mut ensemble = ModelEnsemble::new(BundleId::new([0; 32]), decision);
        for model in models {
            ensemble.push("m", Box::new(Told(model)), set, 1.0);
        }
        ensemble
    }

    fn signal(ensemble: &mut ModelEnsemble) -> Option<f64> {
        let row = [f32::NAN; ROW_WIDTH];
        ensemble.decide(InstrumentId::new(0), UnixNanos::new(0), Nanos::ZERO, &row).signal
    }

    #[test]
    fn what_are_no_probabilities_does_not_count() {
        let bad = [
            [f32::NAN, 0.5, 0.5],
            [f32::INFINITY, 0.0, 0.0],
            [0.5, 0.5, 0.5],
            [0.0, 0.0, 0.0],
            [-0.5, 0.5, 1.0],
            [2.0, -1.0, 0.0],
        ];
        for numbers in bad {
            let mut both = ensemble(vec![vec![Ok(numbers)], vec![Ok(DOWN)]]);
            assert_eq!(signal(&mut both), Some(-0.75), "{numbers:?}");
        }
        let mut all = ensemble(vec![vec![Ok(UP)], vec![Ok(DOWN)]]);
        assert_eq!(signal(&mut all), Some(-0.125));
    }

    #[test]
    fn a_model_that_keeps_failing_is_not_asked_any_more() {
        let times = FAILURES_IN_A_ROW_MAX as usize;
        let mut script = vec![Err(ScoreError); times - 1];
        script.push(Ok(UP));
        script.extend(vec![Err(ScoreError); times]);
        script.push(Ok(UP));
        let mut one = ensemble(vec![script]);
        let said: Vec<_> = (0..2 * times + 3).map(|_| signal(&mut one)).collect();
        // An answer in between starts the count anew; after the last there is none for ever.
        let answered: Vec<_> = (0..said.len()).filter(|at| said[*at].is_some()).collect();
        assert_eq!(answered, [times - 1]);
        let counted = ModelCounts { scored: 1, failed: 2 * times as u64 - 1, disabled: true };
        assert_eq!(one.counts().next(), Some(("m", counted)));
    }
}
