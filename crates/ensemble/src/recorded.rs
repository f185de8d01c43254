//! Where a forecast comes from: models, or a journal that kept what they said.

use std::collections::VecDeque;

use fluxo_core::{BundleId, Forecast, InstrumentId, Nanos, UnixNanos};

use crate::{ModelEnsemble, ROW_WIDTH};

/// Gives the forecast of a row.
#[derive(Debug)]
pub enum Forecaster {
    /// Asks models.
    Models(ModelEnsemble),
    /// Gives back what models said before.
    Recorded(RecordedForecasts),
}

impl Forecaster {
    /// What is said of a row that is `age` old now. `None` only where nothing was recorded of it.
    pub fn decide(
        &mut self,
        instrument: InstrumentId,
        row: UnixNanos,
        age: Nanos,
        values: &[f32; ROW_WIDTH],
    ) -> Option<Forecast> {
        match self {
            Self::Models(ensemble) => Some(ensemble.decide(instrument, row, age, values)),
            Self::Recorded(recorded) => recorded.take(instrument, row),
        }
    }

    /// The bundle that is asked; a recording may hold those of several.
    #[must_use]
    pub const fn bundle(&self) -> Option<BundleId> {
        match self {
            Self::Models(ensemble) => Some(ensemble.bundle()),
            Self::Recorded(_) => None,
        }
    }
}

/// Forecasts of a journal, handed over before the event that they belong to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RecordedForecasts {
    waiting: VecDeque<Forecast>,
}

impl RecordedForecasts {
    /// Hands over what was said at the next event.
    pub fn recall(&mut self, forecast: Forecast) {
        self.waiting.push_back(forecast);
    }

    /// What was said of a row. Another row's turn means that the recording has none of this one.
    fn take(&mut self, instrument: InstrumentId, row: UnixNanos) -> Option<Forecast> {
        let is_its = |next: &&Forecast| (next.instrument, next.row) == (instrument, row);
        self.waiting.front().filter(is_its)?;
        self.waiting.pop_front()
    }
}
