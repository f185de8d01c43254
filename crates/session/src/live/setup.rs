//! From what a person asked for to a session that runs.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use fluxo_core::{Market, Nanos};
use fluxo_lake::journal::JournalReader;
use fluxo_report::{Failure, Outcome, RunSummary, Unfit};
use fluxo_venues::client::{
    ClientConfig, ConnectError, Endpoints, Inbox, InboxConfig, LiveFeed, Plan, Venue,
};

use super::asked::{Claim, Command};
use super::control::{BundleLoader, ControlSocket};
use super::listing::listing;
use super::source::{Ask, LiveSource, Parts};
use crate::feed::Feed;
use crate::models::Models;
use crate::recording::label;
use crate::run::{drive, lake_failure};
use crate::{Destination, EngineFile, Instruments, Progress};

/// What a live session is told.
#[derive(Debug)]
pub struct LiveSetup {
    /// How to decide and to simulate.
    pub engine: EngineFile,
    /// What instruments are.
    pub instruments: Instruments,
    /// The market.
    pub market: Market,
    /// The symbol.
    pub symbol: String,
    /// In place of the venue's own WebSocket address.
    pub ws_url: Option<String>,
    /// In place of the venue's own REST address.
    pub rest_url: Option<String>,
    /// The folder of the journal: new or empty.
    pub journal: PathBuf,
    /// The session stops by itself after so much of the market's time.
    pub lasts: Option<Nanos>,
    /// Where to listen for commands.
    pub control: Option<PathBuf>,
    /// The bundle whose models forecast.
    pub bundle: Option<PathBuf>,
    /// The library of ONNX Runtime, where it is not to be looked for.
    pub ort_lib: Option<PathBuf>,
}

/// Stops a session from anywhere: a signal, another thread. Before the session runs, too.
#[derive(Clone, Debug)]
pub struct Stopper {
    stopped: Arc<AtomicBool>,
    inbox: Arc<Inbox<Ask>>,
}

impl Default for Stopper {
    fn default() -> Self {
        Self { stopped: Arc::default(), inbox: Arc::new(Inbox::new(InboxConfig::DEFAULT)) }
    }
}

impl Stopper {
    /// Asks the session to stop in good order.
    pub fn stop(&self) {
        if !self.stopped.swap(true, Ordering::SeqCst) {
            let ask = Ask { command: Command::Stop, answer_to: None, claim: Claim::default() };
            // A session that is over needs no stopping.
            let _over = self.inbox.push_urgent(ask);
        }
    }

    fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::SeqCst)
    }
}

/// Connects to a venue and trades on paper until it is stopped.
///
/// # Errors
/// A configuration, a folder or a venue that cannot be used. What was journaled until then stays.
pub fn run_live(
    setup: LiveSetup,
    stopper: &Stopper,
    on_progress: &mut dyn FnMut(Progress),
) -> Outcome<RunSummary> {
    refuse_a_session(&setup.journal)?;
    let symbol = setup.symbol.to_uppercase();
    let of_venue = Endpoints::of(setup.market).or_usage()?;
    let endpoints = Endpoints {
        ws: setup.ws_url.unwrap_or(of_venue.ws),
        rest: setup.rest_url.unwrap_or(of_venue.rest),
    };
    let plan = Plan::new(setup.market, &symbol, &endpoints).or_usage()?;
    let inbox = Arc::clone(&stopper.inbox);
    let described = Arc::new(OnceLock::new());
    let control = setup.control.as_deref().map(|path| {
        let loader = BundleLoader {
            file: setup.engine.clone(),
            spec: Arc::clone(&described),
            library: setup.ort_lib.clone(),
        };
        ControlSocket::open(path, &inbox, loader)
    });
    let control = control.transpose()?;
    let config = ClientConfig { seed: std::process::id().into(), ..ClientConfig::DEFAULT };
    let venue = Venue::greet(&plan, &config, &|| stopper.is_stopped()).map_err(connect_failure)?;
    let instrument = label(setup.market, &symbol);
    let (listed, warnings) = listing(&setup.instruments, (setup.market, &symbol), &venue.listed)
        .ok_or_else(|| {
            Failure::usage(anyhow::anyhow!("instruments.toml does not describe {}", setup.market))
                .remedy("add its section [markets.*]")
        })?;
    for warning in &warnings {
        tracing::warn!("{warning}");
    }
    tracing::info!(instrument, speed = venue.clock.speed(), "the venue answered");
    let sim = setup.engine.sim_config(listed.units.match_ttl).or_usage()?;
    let feed = Feed::new(listed.clone()).or_usage()?;
    // Refused before a socket is opened for it.
    setup.engine.engine_config(&listed).or_usage()?;
    described.get_or_init(|| listed.clone());
    let models =
        Models::named(setup.bundle.as_deref(), &setup.engine, &listed, setup.ort_lib.as_deref())?;
    let links = plan.links.iter().map(|link| link.name).collect();
    let live = LiveFeed { plan, config, clock: venue.clock.clone(), tls: None };
    let source = LiveSource::new(Parts {
        handle: live.start(Arc::clone(&inbox)).map_err(connect_failure)?,
        inbox,
        feed,
        spec: listed,
        clock: venue.clock,
        endpoints,
        links,
        answers_within: sim.order_latency + sim.response_latency + Nanos::from_millis(1),
        lasts: setup.lasts,
        warnings,
    });
    let destination = Destination::Journal(setup.journal.clone());
    let summary = drive(setup.engine, source, models, &destination, on_progress)
        .map_err(|failure| of_a_live_session(failure, &setup.journal));
    drop(control);
    summary
}

/// A live session cannot be computed again, so it cannot be continued either.
fn refuse_a_session(journal: &Path) -> Outcome<()> {
    match JournalReader::open(journal) {
        Ok(_) => Err(Failure::usage(anyhow::anyhow!(
            "{} holds the journal of a session, and a live session cannot be continued",
            journal.display()
        ))
        .remedy("give --journal a new folder; `backtester replay-journal` replays the old one")),
        Err(fluxo_lake::Error::NotFound { .. }) => Ok(()),
        Err(error) => Err(lake_failure(error)),
    }
}

/// What went wrong with a recording is tried again; a live session cannot be.
fn of_a_live_session(failure: Failure, journal: &Path) -> Failure {
    let is_full = |kind| {
        matches!(kind, ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge)
    };
    let no_room = failure.is_because_of(|error: &io::Error| is_full(error.kind()));
    if !no_room {
        return failure;
    }
    Failure::usage(anyhow::anyhow!("no room left for the journal {}", journal.display())).remedy(
        "free some space and give --journal a new folder; `backtester replay-journal` replays this one",
    )
}

/// Sorts why a session could not begin by who can do something about it.
fn connect_failure(error: ConnectError) -> Failure {
    match error {
        ConnectError::NoAnswer { .. } => Failure::usage(error)
            .remedy("check the network, --rest-url and --ws-url, or wait for the venue"),
        ConnectError::Unusable { .. } => {
            Failure::usage(error).remedy("check --venue, --symbol and --rest-url")
        }
        ConnectError::Stopped { .. } => Failure::usage(error).remedy("nothing was traded"),
        ConnectError::Thread(_) => Failure::internal(error),
    }
}
