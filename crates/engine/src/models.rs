//! The models of one instrument: which bundle speaks, and which ones wait to.

use fluxo_core::{BundleId, Forecast, InstrumentId, UnixNanos};
use fluxo_ensemble::{Forecaster, ModelCounts, ModelEnsemble, RecordedForecasts};
use fluxo_features::FeatureRow;

use crate::Error;

/// How many bundles may wait beside the one that speaks: the next one, and those that spoke before, to
/// go back to. Beyond it the one that waits longest is dropped.
pub(crate) const STAGED_MAX: usize = 4;

const _: () = assert!(
    fluxo_features::ROW_SLOTS == fluxo_ensemble::ROW_WIDTH,
    "models read the rows that features are"
);

/// Who is asked for a forecast.
#[derive(Debug)]
pub(crate) struct Models {
    speaking: Option<Forecaster>,
    staged: Vec<ModelEnsemble>,
}

impl Models {
    pub(crate) fn none() -> Self {
        Self { speaking: None, staged: Vec::with_capacity(STAGED_MAX + 1) }
    }

    pub(crate) fn begin_with(&mut self, forecaster: Forecaster) {
        self.speaking = Some(forecaster);
    }

    /// Keeps a bundle at hand. Nothing changes until an event names it. Beyond [`STAGED_MAX`] the one
    /// that waits longest is dropped here, which frees its models: a person swaps bundles, so this is
    /// rare, and it happens between two events.
    pub(crate) fn stage(&mut self, ensemble: ModelEnsemble) {
        self.staged.retain(|waiting| waiting.bundle() != ensemble.bundle());
        if self.staged.len() == STAGED_MAX {
            self.staged.remove(0);
        }
        self.staged.push(ensemble);
    }

    /// Lets a staged bundle speak from the next row on, and says whether there was one. The other one
    /// is kept at hand, as the way back.
    pub(crate) fn use_bundle(&mut self, bundle: BundleId) -> bool {
        match &mut self.speaking {
            // What is recorded says itself whose it is.
            Some(Forecaster::Recorded(_)) => true,
            Some(Forecaster::Models(speaking)) if speaking.bundle() == bundle => true,
            Some(Forecaster::Models(speaking)) => {
                let staged = self.staged.iter_mut().find(|staged| staged.bundle() == bundle);
                staged.map(|staged| std::mem::swap(speaking, staged)).is_some()
            }
            None => {
                let at = self.staged.iter().position(|staged| staged.bundle() == bundle);
                let next = at.map(|at| Forecaster::Models(self.staged.swap_remove(at)));
                self.speaking = next;
                self.speaking.is_some()
            }
        }
    }

    /// Hands over a recorded forecast of a row that the next event completes.
    pub(crate) fn recall(&mut self, forecast: Forecast) -> Result<(), Error> {
        match &mut self.speaking {
            Some(Forecaster::Recorded(recorded)) => {
                recorded.recall(forecast);
                Ok(())
            }
            None => {
                let mut recorded = RecordedForecasts::default();
                recorded.recall(forecast);
                self.speaking = Some(Forecaster::Recorded(recorded));
                Ok(())
            }
            Some(Forecaster::Models(_)) => Err(Error::TwoForecasters),
        }
    }

    /// What is said of a row, known at `now`.
    pub(crate) fn decide(
        &mut self,
        instrument: InstrumentId,
        now: UnixNanos,
        row: &FeatureRow,
    ) -> Option<Forecast> {
        self.speaking.as_mut()?.decide(instrument, row.ts, now - row.ts, row.values())
    }

    /// The bundle that speaks.
    pub(crate) fn bundle(&self) -> Option<BundleId> {
        self.speaking.as_ref()?.bundle()
    }

    /// What was counted of each model that speaks.
    pub(crate) fn counts(&self) -> impl Iterator<Item = (&str, ModelCounts)> {
        let ensemble = match &self.speaking {
            Some(Forecaster::Models(ensemble)) => Some(ensemble),
            Some(Forecaster::Recorded(_)) | None => None,
        };
        ensemble.into_iter().flat_map(ModelEnsemble::counts)
    }
}
