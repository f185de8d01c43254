//! Trades on paper: the engine against the simulated venue, with a journal of everything.

mod arguments;
mod signals;

use std::process::ExitCode;

use clap::Parser;
use fluxo_report::{
    Exit, Outcome, Output, OutputMode, ProgressLine, Rows, RunSummary, Unfit, conclude,
    log_to_stderr,
};
use fluxo_session::{
    ConfigError, Destination, EngineFile, Inputs, Instruments, LiveSetup, Models, Recording,
    RecordingError, Setup, Stopper, ask, run_live,
};
use serde::Serialize;

use arguments::{Arguments, Command, Control, Decisions, Replay, Run};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    log_to_stderr(arguments.verbose);
    conclude(match arguments.command {
        Command::Replay(command) => replay(&command),
        Command::Run(command) => run(command),
        Command::Control(command) => control(&command),
    })
}

fn replay(replay: &Replay) -> Outcome {
    let (engine, instruments) = load(&replay.decisions)?;
    let inputs =
        Inputs::find(&replay.inputs, &replay.selection()).map_err(RecordingError::into_failure)?;
    let recording = Recording::open(&inputs, &instruments).map_err(RecordingError::into_failure)?;
    let models = Models::named(
        replay.decisions.models.bundle.as_deref(),
        &engine,
        recording.spec(),
        replay.decisions.models.ort_lib.as_deref(),
    )?;
    let line = ProgressLine::counting("events");
    let destination = Destination::Journal(replay.journal.clone());
    let setup = Setup { engine, recording, models };
    let outcome = fluxo_session::run(setup, &destination, &mut |progress| {
        line.at(progress.events);
    });
    line.clear();
    conclude_session(&outcome?, replay.json)
}

fn run(run: Run) -> Outcome {
    let (engine, instruments) = load(&run.decisions)?;
    let stopper = Stopper::default();
    signals::stop_on_signals(stopper.clone()).or_internal()?;
    let setup = LiveSetup {
        engine,
        instruments,
        market: run.venue,
        symbol: run.symbol,
        ws_url: run.ws_url,
        rest_url: run.rest_url,
        journal: run.journal,
        lasts: run.lasts,
        control: run.control,
        bundle: run.decisions.models.bundle,
        ort_lib: run.decisions.models.ort_lib,
    };
    let line = ProgressLine::counting("events");
    let outcome = run_live(setup, &stopper, &mut |progress| line.at(progress.events));
    line.clear();
    conclude_session(&outcome?, run.json)
}

fn load(decisions: &Decisions) -> Outcome<(EngineFile, Instruments)> {
    let engine = EngineFile::load(decisions.config.as_deref(), &decisions.overrides())
        .map_err(ConfigError::into_failure)?;
    tracing::info!("configuration:\n{}", engine.canonical());
    let instruments =
        Instruments::load(decisions.instruments.as_deref()).map_err(ConfigError::into_failure)?;
    let instruments = instruments.calibrated_by(&engine);
    Ok((engine, instruments))
}

fn conclude_session(summary: &RunSummary, json: bool) -> Outcome {
    for warning in &summary.warnings {
        tracing::warn!("{warning}");
    }
    summary.print(OutputMode::from_flag(json))?;
    Ok(Exit::Success)
}

fn control(control: &Control) -> Outcome {
    Answer(ask(&control.socket, &control.line().or_usage()?)?).print(OutputMode::Json)?;
    Ok(Exit::Success)
}

/// What a session answered: JSON, for people too.
#[derive(Serialize)]
struct Answer(serde_json::Value);

impl Output for Answer {
    fn rows(&self) -> Rows {
        Rows::new().note(self.0.to_string())
    }
}
