//! The loop: the next event, the engine's actions, back into the market.

use std::collections::BTreeMap;
use std::path::PathBuf;

use fluxo_core::{
    Action, Actions, Event, FillReason, InstrumentId, Lots, Nanos, OrderUpdate, Refusal, RiskState,
    Stamped, StrategyKind,
};
use fluxo_engine::Engine;
use fluxo_ensemble::Forecaster;
use fluxo_lake::Digest;
use fluxo_report::{Failure, LiveSummary, Outcome, RunSummary, Unfit};
use fluxo_sim::Timeline;
use hdrhistogram::Histogram;

use crate::clock::Stopwatch;
use crate::keeper::{Keeper, fill_of};
use crate::live::{Asked, Pulse, Status};
use crate::models::{Models, Troubles};
use crate::recording::Recording;
use crate::source::SessionSource;
use crate::summary::{Finished, percentiles, summarise};
use crate::{ConfigError, EngineFile};

/// The only instrument of a run.
pub(crate) const INSTRUMENT: InstrumentId = InstrumentId::new(0);
/// Room for what one event can lead to besides the cancels of every open order.
const ACTIONS_BESIDE_CANCELS: usize = 64;
/// Events between two words about progress.
const EVENTS_PER_WORD: u64 = 1 << 16;

/// Where a bundle was read from, in the facts of a journal's header.
pub(crate) const BUNDLE_FACT: &str = "bundle_path";

/// What a run is made of.
#[derive(Debug)]
pub struct Setup<'l> {
    /// How to decide and to simulate.
    pub engine: EngineFile,
    /// The recording.
    pub recording: Recording<'l>,
    /// The models that speak from the start.
    pub models: Option<Models>,
}

/// Where a run leaves what it did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// A journal of every event and action, to be replayed. A journal of the same run is continued.
    Journal(PathBuf),
    /// A report and a list of fills.
    Report(PathBuf),
}

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Events so far.
    pub events: u64,
    /// Frames of the source so far.
    pub frames: u64,
}

/// Runs the engine over the recording, against the simulated venue.
///
/// # Errors
/// A configuration, a folder or a recording that cannot be used, each with the exit code that
/// belongs to it. What was journaled until then stays, and the same command continues it.
pub fn run(
    setup: Setup<'_>,
    destination: &Destination,
    on_progress: &mut dyn FnMut(Progress),
) -> Outcome<RunSummary> {
    drive(setup.engine, setup.recording, setup.models, destination, on_progress)
}

/// Runs the engine over a source, against the simulated venue.
pub(crate) fn drive<S: SessionSource>(
    file: EngineFile,
    source: S,
    models: Option<Models>,
    destination: &Destination,
    on_progress: &mut dyn FnMut(Progress),
) -> Outcome<RunSummary> {
    check_models(&file, models.as_ref())?;
    let instrument = serde_json::to_string(source.spec()).or_internal()?;
    let spec = source.spec().clone();
    let sim = file.sim_config(source.match_ttl()).or_usage()?;
    let mut engine =
        Engine::new(vec![(spec.clone(), file.engine_config(&spec).or_usage()?)]).or_usage()?;
    source
        .begins()
        .map_or(Ok(()), |begins| file.check_calibrated_before(begins, source.spec()))
        .map_err(ConfigError::into_failure)?;
    let keeper = Keeper::open(destination, &file, &source, models.as_ref())?;
    if let Some(models) = models {
        engine.begin_with(INSTRUMENT, Forecaster::Models(models.into_ensemble()));
    }
    let mut steps = Steps {
        keeper,
        actions: Actions::with_capacity(file.open_orders_max() + ACTIONS_BESIDE_CANCELS),
        engine,
        pulse: source.pulse(),
        tally: Tally::new()?,
        troubles: Troubles::default(),
        file,
    };
    let mut timeline = Timeline::new(source, std::slice::from_ref(&spec), sim).or_usage()?;
    let stopwatch = Stopwatch::start();
    while let Some(stamped) = timeline.next().map_err(S::failure)? {
        let sequence = stamped.sequence;
        steps.take(stamped)?;
        timeline.perform(steps.actions.as_slice());
        while let Some(asked) = timeline.source_mut().take_asked() {
            answer(asked, &mut steps, &mut timeline)?;
        }
        let is_idle = timeline.source().is_idle();
        if is_idle {
            steps.keeper.idle()?;
        }
        if is_idle || sequence.is_multiple_of(EVENTS_PER_WORD) {
            on_progress(Progress { events: sequence, frames: timeline.source().counts().frames });
        }
    }
    timeline.source().check_book().map_err(S::failure)?;
    check_books(&steps.engine, &timeline)?;
    let mut live = timeline.source_mut().end();
    if let Some(live) = &mut live {
        live.read_to_actions_ns = percentiles(&steps.tally.since_read);
    }
    let mut source_warnings = timeline.source().warnings();
    let rows_every = steps.file.rows_every().or_usage()?;
    source_warnings.extend(live.as_ref().and_then(|live| too_slow(live, rows_every)));
    let Steps { file, engine, keeper, tally, .. } = steps;
    let finished = Finished {
        file: &file,
        instrument_sha256: Digest::of(instrument.as_bytes()),
        engine: &engine,
        sim,
        timeline: timeline.counts(),
        source: timeline.source().counts(),
        source_warnings,
        live,
        latency: &tally.latency,
        seconds: stopwatch.seconds(),
        fills_by_reason: &tally.fills_by_reason,
        refusals_by_reason: &tally.refusals_by_reason,
        orders_ended: &tally.orders_ended,
        raised_orders: tally.raised_orders,
    };
    let mut summary = summarise(&finished, INSTRUMENT)?;
    keeper.finish(&engine, &mut summary)?;
    Ok(summary)
}

/// A rule that follows models needs some.
pub(crate) fn check_models(file: &EngineFile, models: Option<&Models>) -> Outcome<()> {
    if file.strategy.name == StrategyKind::Ensemble && models.is_none() {
        return Err(Failure::usage(anyhow::anyhow!(
            "the strategy ensemble follows models, and no bundle is named"
        ))
        .remedy("name one with --bundle DIR, as in --bundle trained/demo"));
    }
    Ok(())
}

/// What a person asked for happens now, as an event like any other.
fn answer<S: SessionSource>(
    asked: Asked,
    steps: &mut Steps,
    timeline: &mut Timeline<S>,
) -> Outcome<()> {
    let (event, status, answer_to) = (asked.event(), asked.status().clone(), asked.answer_to());
    if let Some(models) = asked.into_models() {
        steps.engine.stage(INSTRUMENT, models.into_ensemble());
    }
    if let Some(event) = event {
        steps.take(timeline.interject(event))?;
        timeline.perform(steps.actions.as_slice());
    }
    let (engine, counts) = (&steps.engine, timeline.source().counts());
    let ledger = engine.ledger(INSTRUMENT);
    let status = Status {
        bundle: engine.bundle(INSTRUMENT).map(|bundle| bundle.to_string()),
        risk: steps.tally.risk,
        events: engine.stats().events,
        decisions: engine.stats().decisions,
        orders: engine.stats().orders,
        fills: ledger.fills,
        position_lots: ledger.position.get(),
        net_pnl: engine.equity(INSTRUMENT).map(fluxo_core::Cash::to_f64),
        currency: engine.spec(INSTRUMENT).settle.clone(),
        frames: counts.frames,
        gaps: counts.gaps,
        ..status
    };
    if let Some(answer_to) = answer_to {
        // Whoever asked may have gone.
        let _gone = answer_to.try_send(status);
    }
    Ok(())
}

/// The engine, and everything that follows its steps.
struct Steps {
    file: EngineFile,
    engine: Engine,
    keeper: Keeper,
    actions: Actions,
    pulse: Option<Pulse>,
    tally: Tally,
    troubles: Troubles,
}

impl Steps {
    /// One event in, actions out, both kept.
    fn take(&mut self, stamped: &Stamped) -> Outcome<()> {
        self.keeper.before(stamped)?;
        let decisions = self.engine.stats().decisions;
        let decided = Stopwatch::start();
        self.engine.on_event(stamped, &mut self.actions);
        if self.engine.stats().decisions > decisions {
            // Saturation at the histogram's end is the only way in which this can fail.
            let _clipped = self.tally.latency.record(decided.nanos());
            if let Some(pulse) = &self.pulse {
                let _clipped = self.tally.since_read.record(pulse.nanos_since_read(stamped));
            }
        }
        self.tally.count(stamped, &self.actions, &self.file, &self.engine);
        self.troubles.warn_of_new(&self.engine, INSTRUMENT);
        self.keeper.after(stamped, &self.actions, &self.engine)
    }
}

/// What a report says of the steps beyond what the engine counts.
struct Tally {
    latency: Histogram<u64>,
    since_read: Histogram<u64>,
    fills_by_reason: BTreeMap<FillReason, u64>,
    refusals_by_reason: BTreeMap<String, u64>,
    orders_ended: BTreeMap<String, u64>,
    /// Orders of one lot, where the configuration asks for less.
    raised_orders: u64,
    risk: RiskState,
}

impl Tally {
    fn new() -> Outcome<Self> {
        Ok(Self {
            latency: histogram()?,
            since_read: histogram()?,
            fills_by_reason: BTreeMap::new(),
            refusals_by_reason: BTreeMap::new(),
            orders_ended: BTreeMap::new(),
            raised_orders: 0,
            risk: RiskState::Active,
        })
    }

    fn count(&mut self, stamped: &Stamped, actions: &Actions, file: &EngineFile, engine: &Engine) {
        if let Some((_, fill)) = fill_of(stamped) {
            *self.fills_by_reason.entry(fill.reason).or_default() += 1;
        }
        if let Some(end) = unfilled_end(stamped) {
            *self.orders_ended.entry(end.to_owned()).or_default() += 1;
        }
        for action in actions.as_slice() {
            self.raised_orders += u64::from(is_raised(action, file, engine));
            match action {
                Action::Refuse { refusal, .. } => {
                    let name = refusal_name(refusal).to_owned();
                    *self.refusals_by_reason.entry(name).or_default() += 1;
                }
                Action::RiskState { state, .. } => self.risk = *state,
                Action::Place { .. } | Action::Cancel { .. } => {}
            }
        }
    }
}

/// What the engine booked is what the venue booked, to the unit: else no figure of the run is true.
fn check_books<S: SessionSource>(engine: &Engine, timeline: &Timeline<S>) -> Outcome<()> {
    let (ours, theirs) = (engine.ledger(INSTRUMENT), timeline.venue(INSTRUMENT).ledger());
    let same = ours.position == theirs.position
        && ours.cash == theirs.cash
        && ours.fees == theirs.fees
        && ours.fills == theirs.fills;
    if same {
        return Ok(());
    }
    Err(Failure::internal(anyhow::anyhow!(
        "the engine's ledger {ours:?} is not the venue's {theirs:?}"
    )))
}

/// Nanoseconds up to a minute, to three digits.
fn histogram() -> Outcome<Histogram<u64>> {
    Histogram::new_with_bounds(1, 60_000_000_000, 3).or_internal()
}

/// How an order ended without being filled whole, where the event says that it did.
const fn unfilled_end(stamped: &Stamped) -> Option<&'static str> {
    let Event::Order(order) = &stamped.event else { return None };
    match order.update {
        OrderUpdate::Rejected(_) => Some("rejected"),
        OrderUpdate::Canceled { .. } => Some("canceled"),
        OrderUpdate::Expired { .. } => Some("expired"),
        OrderUpdate::Accepted | OrderUpdate::Filled(_) | OrderUpdate::CancelRejected => None,
    }
}

/// A machine that is too slow for a session does not trade what it would have traded.
fn too_slow(live: &LiveSummary, rows_every: Nanos) -> Option<String> {
    #[expect(clippy::cast_precision_loss, reason = "views for a warning")]
    let (behind, row) =
        (live.read_to_actions_ns.p99 as f64 * live.speed / 1e9, rows_every.get() as f64 / 1e9);
    (behind > row).then(|| {
        format!(
            "one decision in a hundred came {behind:.1} s of the market's time or more behind what it \
             rests on, with a row every {row} s: this machine is too slow for this feed"
        )
    })
}

/// Whether an order is of one lot because it cannot be of less.
fn is_raised(action: &Action, file: &EngineFile, engine: &Engine) -> bool {
    let Action::Place { order, .. } = action else { return false };
    let spec = engine.spec(INSTRUMENT);
    order.lots == Lots::new(1)
        && order.order_type.limit().is_some_and(|price| {
            file.order_size(&spec.quote).limit_lots(spec, price) == Some(Lots::ZERO)
        })
}

const fn refusal_name(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::Position { .. } => "position",
        Refusal::Notional { .. } => "notional",
        Refusal::OrderRate { .. } => "order_rate",
        Refusal::DailyLoss { .. } => "daily_loss",
        Refusal::StaleBook { .. } => "stale_book",
        Refusal::Spread { .. } => "spread",
        Refusal::Reducing => "reducing",
        Refusal::Halted => "halted",
        Refusal::Operator => "operator",
        Refusal::CheckFailed => "check_failed",
        Refusal::Invalid => "invalid",
    }
}

/// Sorts what a lake or a journal reports by who can do something about it.
#[must_use]
pub fn lake_failure(error: fluxo_lake::Error) -> Failure {
    let remedy = error.remedy();
    let failure = if error.is_damage() {
        Failure::damaged(error)
    } else if error.is_usage() {
        Failure::usage(error)
    } else {
        Failure::internal(error)
    };
    match remedy {
        Some(remedy) => failure.remedy(remedy),
        None => failure,
    }
}

#[cfg(test)]
mod tests {
    use fluxo_report::Latency;

    use super::*;

    #[test]
    fn a_session_that_decides_a_row_late_says_so() {
        let live = |p99: u64, speed: f64| LiveSummary {
            speed,
            market_seconds: 3_600.0,
            connections: 2,
            reconnects: 0,
            losses: 0,
            resyncs: 0,
            snapshots: 1,
            dropped: 0,
            waiting_max: 1,
            commands: 1,
            read_to_actions_ns: Latency { p50: 1, p99, max: p99 },
        };
        let rows = Nanos::SECOND;
        assert_eq!(too_slow(&live(999_000_000, 1.0), rows), None);
        assert_eq!(too_slow(&live(16_000_000, 60.0), rows), None);
        let said = too_slow(&live(20_000_000, 60.0), rows).expect("1.2 s is more than a row");
        assert!(said.contains("1.2 s of the market's time or more"), "{said}");
    }
}
