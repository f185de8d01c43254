//! The engine: every instrument's path, and the chain over what they did.

use fluxo_core::{
    Actions, BundleId, Cash, Event, Forecast, InstrumentId, InstrumentSpec, Stamped, TimerId,
};
use fluxo_ensemble::{Forecaster, ModelCounts, ModelEnsemble};
use fluxo_execution::Ledger;

use crate::instrument::Instrument;
use crate::{ActionChain, Config, Error, Stats};

/// Learns one event at a time and says what to do. There is no other way in and no other way out.
#[derive(Debug)]
pub struct Engine {
    instruments: Vec<Instrument>,
    chain: ActionChain,
    stats: Stats,
}

impl Engine {
    /// An engine that has learned nothing. The place of an instrument in the list is its
    /// [`InstrumentId`].
    ///
    /// # Errors
    /// What any part of it refuses of its configuration.
    pub fn new(instruments: Vec<(InstrumentSpec, Config)>) -> Result<Self, Error> {
        let count = instruments.len();
        let limit = usize::from(u16::MAX) + 1;
        let instruments = instruments
            .into_iter()
            .enumerate()
            .map(|(at, (spec, config))| {
                let id = u16::try_from(at)
                    .map_err(|_| Error::TooManyInstruments { instruments: count, limit })?;
                Instrument::new(InstrumentId::new(id), spec, &config)
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { instruments, chain: ActionChain::default(), stats: Stats::default() })
    }

    /// Lets models speak of an instrument's rows from the first one on, or a recording of what they
    /// said.
    pub fn begin_with(&mut self, instrument: InstrumentId, forecaster: Forecaster) {
        self.instruments[instrument.index()].models_mut().begin_with(forecaster);
    }

    /// Keeps a verified bundle at hand, between two events. It speaks once an
    /// [`OperatorCommand::UseBundle`](fluxo_core::OperatorCommand::UseBundle) names it, and that is an
    /// event of the journal: a replay flips at the same place. A few bundles are kept, the one that
    /// spoke before among them.
    pub fn stage(&mut self, instrument: InstrumentId, ensemble: ModelEnsemble) {
        self.instruments[instrument.index()].models_mut().stage(ensemble);
    }

    /// Hands over what the models said of a row that the next event completes, where a recording
    /// speaks in their place.
    ///
    /// # Errors
    /// [`Error::TwoForecasters`] when models speak.
    pub fn recall(&mut self, forecast: Forecast) -> Result<(), Error> {
        self.instruments[forecast.instrument.index()].models_mut().recall(forecast)
    }

    /// The bundle that speaks of an instrument.
    #[must_use]
    pub fn bundle(&self, instrument: InstrumentId) -> Option<BundleId> {
        self.instruments[instrument.index()].models().bundle()
    }

    /// What was counted of each model of that bundle.
    pub fn model_counts(
        &self,
        instrument: InstrumentId,
    ) -> impl Iterator<Item = (&str, ModelCounts)> {
        self.instruments[instrument.index()].models().counts()
    }

    /// Learns an event. `actions` holds afterwards what it led to, and nothing else. The same
    /// events always give the same actions, byte for byte.
    ///
    /// # Panics
    /// On an event of an instrument that the engine was not made for.
    pub fn on_event(&mut self, stamped: &Stamped, actions: &mut Actions) {
        actions.clear();
        self.stats.events += 1;
        let (now, stats) = (stamped.ts_recv, &mut self.stats);
        match &stamped.event {
            Event::Market(event) => {
                self.instruments[event.instrument.index()].on_market(now, event, stats, actions);
            }
            Event::Order(event) => {
                self.instruments[event.instrument.index()].on_order(event, stats, actions);
            }
            Event::Timer(TimerId::RowClock) => {
                for instrument in &mut self.instruments {
                    instrument.on_timer(now, stats, actions);
                }
            }
            Event::Operator(command) => {
                for instrument in &mut self.instruments {
                    instrument.on_operator(*command, stats, actions);
                }
            }
        }
        self.stats.count_actions(actions);
        self.chain.extend(stamped, actions);
    }

    /// The chain over every action so far.
    #[must_use]
    pub const fn chain(&self) -> &ActionChain {
        &self.chain
    }

    /// What was counted so far.
    #[must_use]
    pub const fn stats(&self) -> &Stats {
        &self.stats
    }

    /// What the fills of an instrument add up to.
    #[must_use]
    pub fn ledger(&self, instrument: InstrumentId) -> &Ledger {
        self.instruments[instrument.index()].ledger()
    }

    /// The profit of an instrument after fees, in its settlement currency, the position valued at
    /// the last best price that would close it. `None` when it cannot be computed.
    #[must_use]
    pub fn equity(&self, instrument: InstrumentId) -> Option<Cash> {
        self.instruments[instrument.index()].equity()
    }

    /// The specification in force.
    #[must_use]
    pub fn spec(&self, instrument: InstrumentId) -> &InstrumentSpec {
        self.instruments[instrument.index()].spec()
    }
}
