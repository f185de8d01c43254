//! What the engine counted.

use fluxo_core::{Action, Actions, AgentKind, Forecast, ModelAnswer, Opinions};

/// Counts since the start of the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Events.
    pub events: u64,
    /// Feature rows.
    pub rows: u64,
    /// Intents that the coordinator formed.
    pub decisions: u64,
    /// Orders sent.
    pub orders: u64,
    /// Cancels sent.
    pub cancels: u64,
    /// Orders that the gate refused.
    pub refusals: u64,
    /// Depth batches after which the book was crossed: nothing is traded on it then.
    pub crossed: u64,
    /// Executions that were booked.
    pub fills: u64,
    /// Answers of the venue that contradict what we know; the first one halts.
    pub contradictions: u64,
    /// Rows of which at least one model had an answer.
    pub forecasts: u64,
    /// Rows of which no model had an answer, though there were models: no opinion.
    pub silent_rows: u64,
    /// Times that a model was asked and had no usable answer.
    pub model_failures: u64,
    /// Commands to use a bundle that nobody had handed over: the one that spoke goes on.
    pub unknown_bundles: u64,
    /// Opinions, by agent in the order of [`AgentKind::ALL`].
    pub opinions: [u64; AgentKind::ALL.len()],
}

impl Stats {
    pub(crate) fn count_opinions(&mut self, opinions: &Opinions) {
        for opinion in opinions.iter() {
            let agent = AgentKind::ALL.iter().position(|kind| *kind == opinion.agent);
            self.opinions[agent.expect("every agent is listed")] += 1;
        }
    }

    pub(crate) fn count_forecast(&mut self, forecast: &Forecast) {
        let spoke = forecast.signal.is_some();
        self.forecasts += u64::from(spoke);
        self.silent_rows += u64::from(!spoke);
        let failed = forecast.models().filter(|model| model.answer == ModelAnswer::Failed);
        self.model_failures += failed.count() as u64;
    }

    pub(crate) fn count_actions(&mut self, actions: &Actions) {
        for action in actions.as_slice() {
            match action {
                Action::Place { .. } => self.orders += 1,
                Action::Cancel { .. } => self.cancels += 1,
                Action::Refuse { .. } => self.refusals += 1,
                Action::RiskState { .. } => {}
            }
        }
    }
}
