//! What a run did, in the words of a report.

use std::collections::BTreeMap;

use fluxo_core::{
    AgentKind, Decimal, FillReason, InstrumentId, InstrumentKind, InstrumentSpec, SpecSource,
};
use fluxo_engine::Engine;
use fluxo_ensemble::ModelCounts;
use fluxo_lake::Digest;
use fluxo_report::{
    Latency, LiveSummary, ModelSummary, ModelsSummary, Outcome, RunSummary, SimulationCounts, Unfit,
};
use fluxo_sim::{SimConfig, TimelineCounts};
use hdrhistogram::Histogram;

use crate::EngineFile;
use crate::source::SourceCounts;

/// A run at its end.
pub(crate) struct Finished<'a> {
    pub(crate) file: &'a EngineFile,
    pub(crate) instrument_sha256: Digest,
    pub(crate) engine: &'a Engine,
    pub(crate) sim: SimConfig,
    pub(crate) timeline: TimelineCounts,
    pub(crate) source: SourceCounts,
    /// What a person should know about what was read.
    pub(crate) source_warnings: Vec<String>,
    pub(crate) live: Option<LiveSummary>,
    pub(crate) latency: &'a Histogram<u64>,
    pub(crate) seconds: f64,
    pub(crate) fills_by_reason: &'a BTreeMap<FillReason, u64>,
    /// Orders of one lot, where the configuration asks for less.
    pub(crate) raised_orders: u64,
    pub(crate) refusals_by_reason: &'a BTreeMap<String, u64>,
    pub(crate) orders_ended: &'a BTreeMap<String, u64>,
}

pub(crate) fn summarise(run: &Finished<'_>, instrument: InstrumentId) -> Outcome<RunSummary> {
    let (stats, spec) = (run.engine.stats(), run.engine.spec(instrument));
    let ledger = run.engine.ledger(instrument);
    let equity = run
        .engine
        .equity(instrument)
        .ok_or_else(|| anyhow::anyhow!("the profit of {} cannot be computed", spec.symbol))
        .or_internal()?;
    Ok(RunSummary {
        instrument: format!("{} {}", spec.market, spec.symbol),
        spec_source: name(spec.source).to_owned(),
        strategy: run.file.strategy.name.name().to_owned(),
        config_sha256: Digest::of(run.file.canonical().as_bytes()).to_string(),
        instrument_sha256: run.instrument_sha256.to_string(),
        currency: spec.settle.clone(),
        frames: run.source.frames,
        events: stats.events,
        rows: stats.rows,
        decisions: stats.decisions,
        orders: stats.orders,
        refusals: stats.refusals,
        refusals_by_reason: run.refusals_by_reason.clone(),
        orders_ended: run.orders_ended.clone(),
        fills: stats.fills,
        fills_by_reason: run
            .fills_by_reason
            .iter()
            .map(|(reason, count)| (reason_name(*reason).to_owned(), *count))
            .collect(),
        opinions: AgentKind::ALL
            .iter()
            .zip(stats.opinions)
            .map(|(agent, count)| (agent.name().to_owned(), count))
            .collect(),
        position: quantity(spec, ledger.position.get()),
        position_lots: ledger.position.get(),
        fees: ledger.fees.to_f64(),
        net_pnl: equity.to_f64(),
        actions_sha256: run.engine.chain().hex(),
        gaps: run.source.gaps,
        crossed: stats.crossed,
        malformed: run.source.malformed,
        decision_latency_ns: percentiles(run.latency),
        #[expect(clippy::cast_precision_loss, reason = "a rate for a report")]
        events_per_second: stats.events as f64 / run.seconds.max(f64::MIN_POSITIVE),
        seconds: run.seconds,
        assumptions: assumptions(spec, &run.sim),
        models: models(run.engine, instrument),
        journal: None,
        simulation: simulation(&run.timeline),
        live: run.live.clone(),
        warnings: warnings(run, instrument, spec),
    })
}

fn models(engine: &Engine, instrument: InstrumentId) -> Option<ModelsSummary> {
    let counts = engine.model_counts(instrument).map(|(name, counts)| {
        let ModelCounts { scored, failed, disabled } = counts;
        (name.to_owned(), ModelSummary { scored, failed, disabled })
    });
    Some(ModelsSummary {
        bundle: engine.bundle(instrument)?.to_string(),
        forecasts: engine.stats().forecasts,
        silent_rows: engine.stats().silent_rows,
        by_model: counts.collect(),
    })
}

pub(crate) fn percentiles(latency: &Histogram<u64>) -> Latency {
    Latency {
        p50: latency.value_at_quantile(0.5),
        p99: latency.value_at_quantile(0.99),
        max: latency.max(),
    }
}

const fn simulation(counts: &TimelineCounts) -> SimulationCounts {
    SimulationCounts {
        late: counts.late,
        doubted_stamps: counts.doubted_stamps,
        look_ahead_full: counts.look_ahead_full,
        refused: counts.refused,
        unarrived: counts.unarrived,
    }
}

/// What the simulation took for granted, in one line; docs/SIMULATION.md has the page.
fn assumptions(spec: &InstrumentSpec, sim: &SimConfig) -> String {
    let account = match spec.kind {
        InstrumentKind::Spot => "the account holds enough of the asset to sell, ",
        InstrumentKind::Linear | InstrumentKind::Inverse => "no funding, ",
    };
    format!(
        "orders take {} ms to the venue and answers {} ms back, cancels come from behind us in the \
         queue, takers walk the displayed book and what we consume stays consumed until it is \
         refreshed, fees {} maker / {} taker of the value, {account}the position is valued at the \
         touch that closes it; docs/SIMULATION.md has the rest",
        millis(sim.order_latency.get()),
        millis(sim.response_latency.get()),
        spec.maker_fee,
        spec.taker_fee,
    )
}

/// What a person should know of a grid that nobody listed so.
#[must_use]
pub fn grid_warning(spec: &InstrumentSpec) -> Option<String> {
    match spec.source {
        SpecSource::Configured => None,
        SpecSource::Refined => Some(format!(
            "the data of {} is finer than its listed grid: refined to tick {} and lot {}",
            spec.symbol, spec.tick_size, spec.lot_size
        )),
        SpecSource::Inferred => Some(format!(
            "{} on {} is not listed: tick {}, lot {}, multiplier {} and fees were inferred; list it in instruments.toml",
            spec.symbol, spec.market, spec.tick_size, spec.lot_size, spec.multiplier
        )),
    }
}

fn warnings(run: &Finished<'_>, instrument: InstrumentId, spec: &InstrumentSpec) -> Vec<String> {
    let mut warnings = run.source_warnings.clone();
    warnings.extend(grid_warning(spec));
    let counts = run.timeline;
    let odd = [
        (counts.late, "events carried an earlier receive time than the one before"),
        (
            counts.doubted_stamps,
            "events carried a venue time far from that of the others, which was not believed",
        ),
        (counts.look_ahead_full, "events came to the simulated venue later than they say"),
        (counts.refused, "orders never left: too many messages were on their way"),
    ];
    let odd = odd.into_iter().filter(|(count, _)| *count > 0);
    warnings.extend(odd.map(|(count, what)| format!("{count} {what}")));
    let stats = run.engine.stats();
    if stats.orders == 0 && stats.refusals > 0 {
        warnings.push(format!(
            "nothing was traded: every order was refused, for the reason {}; see sizing and risk in engine.toml",
            run.refusals_by_reason.keys().cloned().collect::<Vec<_>>().join(", ")
        ));
    }
    if stats.orders == 0 && stats.refusals == 0 {
        warnings.push(
            "nothing was traded: the rule asked for no order; see strategy and agents in engine.toml"
                .to_owned(),
        );
    }
    if run.raised_orders > 0 {
        warnings.push(format!(
            "{} orders are of one lot, which is more than sizing.order asks for",
            run.raised_orders
        ));
    }
    if stats.crossed > 0 {
        warnings.push(format!(
            "{} states of the book were crossed: nothing was traded on them",
            stats.crossed
        ));
    }
    warnings.extend(model_warnings(run.engine.model_counts(instrument), stats.unknown_bundles));
    let contradictions = run.engine.stats().contradictions;
    if contradictions > 0 {
        warnings.push(format!("{contradictions} answers of the venue contradicted what was known"));
    }
    warnings
}

fn model_warnings<'a>(
    counts: impl Iterator<Item = (&'a str, ModelCounts)>,
    unknown_bundles: u64,
) -> Vec<String> {
    let failed = counts.filter(|(_, counts)| counts.failed > 0).map(|(name, counts)| {
        let end = if counts.disabled { ", and is not asked any more" } else { "" };
        let failed = counts.failed;
        format!("the model {name} had no usable answer {failed} times{end}: docs/OPERATIONS.md")
    });
    let unknown = (unknown_bundles > 0).then(|| {
        format!(
            "{unknown_bundles} commands named a bundle that was not at hand: the one that spoke \
             went on"
        )
    });
    failed.chain(unknown).collect()
}

const fn name(source: SpecSource) -> &'static str {
    match source {
        SpecSource::Configured => "configured",
        SpecSource::Refined => "refined",
        SpecSource::Inferred => "inferred",
    }
}

const fn reason_name(reason: FillReason) -> &'static str {
    match reason {
        FillReason::TradeThrough => "trade_through",
        FillReason::QueueReached => "queue_reached",
        FillReason::Crossed => "crossed",
        FillReason::Took => "took",
        FillReason::Reported => "reported",
    }
}

/// A signed number of lots in units of the instrument, as a view.
fn quantity(spec: &InstrumentSpec, lots: i64) -> f64 {
    let mantissa = spec.lot_size.mantissa().checked_mul(lots);
    mantissa.map_or(f64::NAN, |mantissa| Decimal::new(mantissa, spec.lot_size.exponent()).to_f64())
}

fn millis(nanos: i64) -> Decimal {
    Decimal::new(nanos, 6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failing_models_and_unknown_bundles_are_warned_of() {
        let counts = |failed, disabled| ModelCounts { scored: 1, failed, disabled };
        let models = [("a", counts(0, false)), ("b", counts(3, false)), ("c", counts(10, true))];
        let warnings = model_warnings(models.into_iter(), 2);
        let begins = ["the model b had no usable", "the model c had no usable", "2 commands named"];
        assert_eq!(warnings.len(), begins.len(), "{warnings:?}");
        assert!(warnings.iter().zip(begins).all(|(line, begin)| line.starts_with(begin)));
        assert!(warnings[1].contains("not asked any more"));
        assert_eq!(model_warnings([("a", counts(0, false))].into_iter(), 0), [""; 0]);
    }
}
