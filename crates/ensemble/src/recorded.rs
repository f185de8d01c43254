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

    /// What was said of a row; `None` where the recording has nothing of it. Rows only go forward:
    /// what was said of an earlier one, or of another instrument, will never be asked for.
    fn take(&mut self, instrument: InstrumentId, row: UnixNanos) -> Option<Forecast> {
        let is_past = |next: &Forecast| next.instrument != instrument || next.row < row;
        while self.waiting.front().is_some_and(is_past) {
            self.waiting.pop_front();
        }
        self.waiting.pop_front_if(|next| next.row == row)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forecast(instrument: u16, row: i64) -> Forecast {
        let (instrument, row) = (InstrumentId::new(instrument), UnixNanos::new(row));
        Forecast::combine(instrument, row, BundleId::new([1; 32]), (0.1, -0.1), &[])
    }

    #[test]
    fn a_row_that_is_not_asked_for_silences_no_later_one() {
        let mut recorded = RecordedForecasts::default();
        for (instrument, row) in [(0, 10), (0, 20), (1, 25), (0, 30), (0, 50)] {
            recorded.recall(forecast(instrument, row));
        }
        let only = InstrumentId::new(0);
        let mut take = |row| recorded.take(only, UnixNanos::new(row)).map(|said| said.row.get());
        // Row 10 is never asked for, row 25 is another instrument's, row 40 has nothing recorded.
        let asked = [20, 30, 40, 50, 60].map(&mut take);
        assert_eq!(asked, [Some(20), Some(30), None, Some(50), None]);
    }
}
