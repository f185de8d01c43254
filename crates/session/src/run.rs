//! The loop: the next event, the engine's actions, back into the market.

use std::collections::BTreeMap;
use std::path::PathBuf;

use fluxo_core::{
    Action, Actions, Event, Fill, FillReason, InstrumentId, Lots, OrderEvent, OrderUpdate, Refusal,
    Stamped, StrategyKind,
};
use fluxo_engine::Engine;
use fluxo_ensemble::Forecaster;
use fluxo_lake::Digest;
use fluxo_lake::journal::{End, Header, JournalConfig, JournalWriter};
use fluxo_report::{Failure, Outcome, RunSummary, Unfit};
use fluxo_sim::Timeline;
use hdrhistogram::Histogram;

use crate::EngineFile;
use crate::clock::Stopwatch;
use crate::fills::FillsFile;
use crate::models::Models;
use crate::out_folder::OutFolder;
use crate::recording::{Recording, RecordingError};
use crate::summary::{Finished, summarise};

/// The only instrument of a run.
const INSTRUMENT: InstrumentId = InstrumentId::new(0);
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
    /// Frames of the recording so far.
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
    let Setup { engine: file, recording, models } = setup;
    check_models(&file, models.as_ref())?;
    let instrument_sha256 = recording.instrument_sha256().or_internal()?;
    let spec = recording.spec().clone();
    let sim_config = file.sim_config(recording.match_ttl()).or_usage()?;
    let mut engine =
        Engine::new(vec![(spec.clone(), file.engine_config(&spec).or_usage()?)]).or_usage()?;
    let mut header = header(&file, &recording);
    if let Some(models) = models {
        header.bundle_sha256 = Some(Digest::new(*models.id().as_bytes()));
        header.facts.insert(BUNDLE_FACT.to_owned(), models.place().display().to_string());
        engine.begin_with(INSTRUMENT, Forecaster::Models(models.into_ensemble()));
    }
    let mut keeper = Keeper::open(destination, &header)?;
    let mut timeline =
        Timeline::new(recording, std::slice::from_ref(&spec), sim_config).or_usage()?;

    let stopwatch = Stopwatch::start();
    let mut latency = histogram()?;
    let mut fills_by_reason: BTreeMap<FillReason, u64> = BTreeMap::new();
    let mut refusals_by_reason: BTreeMap<String, u64> = BTreeMap::new();
    let mut raised_orders = 0;
    let mut actions = Actions::with_capacity(file.open_orders_max() + ACTIONS_BESIDE_CANCELS);
    while let Some(stamped) = timeline.next().map_err(RecordingError::into_failure)? {
        keeper.before(stamped)?;
        let decisions = engine.stats().decisions;
        let decided = Stopwatch::start();
        engine.on_event(stamped, &mut actions);
        if engine.stats().decisions > decisions {
            // Saturation at the histogram's end is the only way in which this can fail.
            let _clipped = latency.record(decided.nanos());
        }
        if let Some((_, fill)) = fill_of(stamped) {
            *fills_by_reason.entry(fill.reason).or_default() += 1;
        }
        raised_orders +=
            actions.as_slice().iter().filter(|a| is_raised(a, &file, &engine)).count() as u64;
        for refusal in actions.as_slice().iter().filter_map(refusal_of) {
            *refusals_by_reason.entry(refusal_name(refusal).to_owned()).or_default() += 1;
        }
        keeper.after(stamped, &actions, &engine)?;
        let sequence = stamped.sequence;
        timeline.perform(actions.as_slice());
        if sequence.is_multiple_of(EVENTS_PER_WORD) {
            on_progress(Progress { events: sequence, frames: timeline.source().frames() });
        }
    }
    timeline.source().check_book().map_err(RecordingError::into_failure)?;
    check_books(&engine, &timeline)?;
    let finished = Finished {
        file: &file,
        instrument_sha256,
        engine: &engine,
        sim: sim_config,
        timeline: &timeline,
        latency: &latency,
        seconds: stopwatch.seconds(),
        fills_by_reason: &fills_by_reason,
        refusals_by_reason: &refusals_by_reason,
        raised_orders,
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

/// What the engine booked is what the venue booked, to the unit: else no figure of the run is true.
fn check_books(engine: &Engine, timeline: &Timeline<Recording<'_>>) -> Outcome<()> {
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

/// Keeps what the destination asks for.
enum Keeper {
    Journal { writer: Box<JournalWriter>, path: PathBuf, actions: u64 },
    Report { folder: OutFolder, fills: FillsFile },
}

impl Keeper {
    fn open(destination: &Destination, header: &Header) -> Outcome<Self> {
        match destination {
            Destination::Journal(path) => {
                let writer = JournalWriter::open(path, header, JournalConfig::default())
                    .map_err(lake_failure)?;
                Ok(Self::Journal { writer: Box::new(writer), path: path.clone(), actions: 0 })
            }
            Destination::Report(path) => {
                let folder = OutFolder::open(path)?;
                let fills = FillsFile::create(&folder)?;
                Ok(Self::Report { folder, fills })
            }
        }
    }

    /// Raw first: what the engine is about to learn is kept before it learns it.
    fn before(&mut self, stamped: &Stamped) -> Outcome<()> {
        match self {
            Self::Journal { writer, .. } => writer.append_event(stamped).map_err(lake_failure),
            Self::Report { .. } => Ok(()),
        }
    }

    fn after(&mut self, stamped: &Stamped, actions: &Actions, engine: &Engine) -> Outcome<()> {
        match self {
            Self::Journal { writer, actions: count, .. } => {
                *count += actions.as_slice().len() as u64;
                writer
                    .append_forecasts(stamped.sequence, actions.forecasts())
                    .and_then(|()| writer.append_actions(stamped.sequence, actions.as_slice()))
                    .map_err(lake_failure)
            }
            Self::Report { fills, .. } => match fill_of(stamped) {
                Some((event, fill)) => fills.add(
                    stamped.ts_recv,
                    event,
                    fill,
                    engine.spec(INSTRUMENT),
                    engine.ledger(INSTRUMENT),
                ),
                None => Ok(()),
            },
        }
    }

    fn finish(self, engine: &Engine, summary: &mut RunSummary) -> Outcome<()> {
        match self {
            Self::Journal { writer, path, actions } => {
                let place = path.display().to_string();
                let end = End {
                    events: engine.stats().events,
                    actions,
                    actions_sha256: summary.actions_sha256.parse().or_internal()?,
                    ..End::default()
                };
                let kept = writer.finish(&end).map_err(lake_failure)?;
                let sha256 = kept.journal_sha256.to_string();
                summary.journal = Some(fluxo_report::JournalPlace { path: place, sha256 });
                Ok(())
            }
            Self::Report { folder, fills } => {
                fills.finish(&folder)?;
                folder.finish(summary)
            }
        }
    }
}

fn header(file: &EngineFile, recording: &Recording<'_>) -> Header {
    let program = concat!("fluxo ", env!("CARGO_PKG_VERSION")).to_owned();
    let mut header = Header::new(program, file.canonical(), file.strategy.name);
    header.specs = vec![recording.spec().clone()];
    header.sources = recording.sources().to_vec();
    // The simulated venue's part of the instrument: the specification above does not hold it.
    let match_ttl = recording.match_ttl().get().to_string();
    header.facts.insert("match_ttl_ns".to_owned(), match_ttl);
    header
}

fn fill_of(stamped: &Stamped) -> Option<(&OrderEvent, &Fill)> {
    match &stamped.event {
        Event::Order(event) => match &event.update {
            OrderUpdate::Filled(fill) => Some((event, fill)),
            _ => None,
        },
        _ => None,
    }
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

const fn refusal_of(action: &Action) -> Option<&Refusal> {
    match action {
        Action::Refuse { refusal, .. } => Some(refusal),
        _ => None,
    }
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
pub(crate) fn lake_failure(error: fluxo_lake::Error) -> Failure {
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
