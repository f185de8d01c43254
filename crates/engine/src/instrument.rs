//! One instrument's path through the engine: what its events change, in which order.

use fluxo_coordinator::Said;
use fluxo_core::{
    Actions, Cash, InstrumentId, InstrumentSpec, Lots, MarketData, MarketEvent, OperatorCommand,
    OrderEvent, Phase, Price, UnixNanos, Valuation,
};
use fluxo_execution::Ledger;
use fluxo_features::{FeatureEngine, FeatureRow};
use fluxo_flow_agents::Agents;

use crate::decision::{Decider, Moment};
use crate::market_watch::MarketWatch;
use crate::models::Models;
use crate::{Config, Error, Stats};

#[derive(Debug)]
pub(crate) struct Instrument {
    id: InstrumentId,
    spec: InstrumentSpec,
    valuation: Valuation,
    features: FeatureEngine,
    watch: MarketWatch,
    agents: Agents,
    agents_config: fluxo_flow_agents::Config,
    models: Models,
    decider: Decider,
}

impl Instrument {
    pub(crate) fn new(
        id: InstrumentId,
        spec: InstrumentSpec,
        config: &Config,
    ) -> Result<Self, Error> {
        Ok(Self {
            id,
            valuation: spec.valuation()?,
            features: FeatureEngine::calibrated(config.features, &spec, &config.calibration)?,
            watch: MarketWatch::new(config.risk.stale_book_after),
            agents: Agents::new(&config.agents, spec.size_unit_lots)?,
            agents_config: config.agents,
            models: Models::none(),
            decider: Decider::new(id, &spec, config)?,
            spec,
        })
    }

    pub(crate) const fn spec(&self) -> &InstrumentSpec {
        &self.spec
    }

    pub(crate) const fn models(&self) -> &Models {
        &self.models
    }

    pub(crate) const fn models_mut(&mut self) -> &mut Models {
        &mut self.models
    }

    pub(crate) const fn ledger(&self) -> &Ledger {
        self.decider.ledger()
    }

    /// Profit since the start in the settlement currency, the position valued at the last best
    /// price that would close it. `None` when it cannot be computed: an overflow, or a position
    /// without a price.
    pub(crate) fn equity(&self) -> Option<Cash> {
        let ledger = self.ledger();
        match self.watch.last() {
            Some((bid, ask)) => {
                let mark = if ledger.position > Lots::ZERO { bid } else { ask };
                ledger.equity(&self.valuation, mark)
            }
            // Nothing held is worth nothing at any price.
            None if ledger.position == Lots::ZERO => {
                ledger.equity(&self.valuation, Price::default())
            }
            None => None,
        }
    }

    /// Rows first, because they describe the time before the event; then the event. Except for the
    /// end of the market: rows stop with it, so what works is withdrawn here and now, and a row from
    /// before it that only closes now trades no more.
    pub(crate) fn on_market(
        &mut self,
        now: UnixNanos,
        event: &MarketEvent,
        stats: &mut Stats,
        actions: &mut Actions,
    ) {
        if ends_market(&event.data) {
            self.watch.observe(now, &event.data, self.features.book());
            self.decider.withdraw_from_market(actions);
        }
        self.pass(FeatureEngine::watermark_before(now, event), now, stats, actions);
        self.features.apply(now, event);
        self.watch.observe(now, &event.data, self.features.book());
        let is_batch = matches!(event.data, MarketData::Book(_));
        stats.crossed += u64::from(is_batch && self.features.book().is_crossed());
        if let MarketData::Spec(spec) = &event.data {
            self.respecify(spec);
        }
        // A row that the event completed, where events make the rows.
        self.pass(now, now, stats, actions);
    }

    /// Time passed. Where no row is due, the market may still have gone: a book grows stale in
    /// silence.
    pub(crate) fn on_timer(&mut self, now: UnixNanos, stats: &mut Stats, actions: &mut Actions) {
        self.pass(now, now, stats, actions);
        if self.watch.touch(now, self.features.book()).is_none() {
            self.decider.withdraw_from_market(actions);
        }
    }

    /// Decides on every row that the time up to `watermark` completed.
    fn pass(
        &mut self,
        watermark: UnixNanos,
        now: UnixNanos,
        stats: &mut Stats,
        actions: &mut Actions,
    ) {
        while let Some(row) = self.features.next_row(watermark) {
            // The row lives in the feature engine, whose book the decision needs too.
            let row: FeatureRow = row.clone();
            stats.rows += 1;
            let opinions = self.agents.opinions(&row);
            stats.count_opinions(&opinions);
            // Of every row that is like those they were trained on, also where nothing can be traded:
            // what models say is kept.
            let forecast = row.is_warm.then(|| self.models.decide(self.id, now, &row)).flatten();
            if let Some(forecast) = forecast {
                stats.count_forecast(&forecast);
                actions.push_forecast(forecast);
            }
            let moment = Moment {
                now,
                row: &row,
                said: Said { opinions: &opinions, forecast: forecast.as_ref() },
                touch: self.watch.touch(now, self.features.book()),
                equity: self.equity(),
            };
            stats.decisions += u64::from(self.decider.decide(&moment, actions));
        }
    }

    /// An answer that contradicts what we know halts: every limit rests on knowing what is open. A
    /// fill that has traded is booked all the same, because the position is the venue's to tell.
    pub(crate) fn on_order(
        &mut self,
        event: &OrderEvent,
        stats: &mut Stats,
        actions: &mut Actions,
    ) {
        let fills_before = self.ledger().fills;
        if self.decider.on_order(event, actions).is_err() {
            stats.contradictions += 1;
        }
        stats.fills += self.ledger().fills - fills_before;
    }

    pub(crate) fn on_operator(
        &mut self,
        command: OperatorCommand,
        stats: &mut Stats,
        actions: &mut Actions,
    ) {
        match command {
            // What is held and wanted stays: the next row is judged by the other models.
            OperatorCommand::UseBundle(bundle) => {
                stats.unknown_bundles += u64::from(!self.models.use_bundle(bundle));
            }
            OperatorCommand::Resume | OperatorCommand::Reduce | OperatorCommand::Halt => {
                self.decider.on_operator(command, actions);
            }
        }
    }

    /// The grid became finer: everything that counts ticks or lots counts more of them.
    ///
    /// # Panics
    /// When the new grid is no refinement of the old one: a synchroniser only ever refines.
    fn respecify(&mut self, spec: &InstrumentSpec) {
        let price_factor = self.spec.tick_size.multiple_of(spec.tick_size);
        let lots_factor = self.spec.lot_size.multiple_of(spec.lot_size);
        let (price_factor, lots_factor) =
            price_factor.zip(lots_factor).expect("a new specification refines the old one");
        self.valuation = spec.valuation().expect("a refined specification has arithmetic");
        self.agents = Agents::new(&self.agents_config, spec.size_unit_lots)
            .expect("the configuration was accepted before");
        self.watch.rescale(price_factor);
        self.decider.respecify(spec, price_factor, lots_factor);
        self.spec = spec.clone();
    }
}

/// Whether this is news that nothing can be traded from now on.
fn ends_market(data: &MarketData) -> bool {
    match data {
        MarketData::Gap(_) => true,
        MarketData::Status(phase) => *phase != Phase::Continuous,
        _ => false,
    }
}
