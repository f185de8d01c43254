//! Trades on paper: the engine against the simulated venue, with a journal of everything.

mod arguments;

use std::process::ExitCode;

use clap::Parser;
use fluxo_report::{
    Exit, Outcome, Output, OutputMode, ProgressLine, Unfit, conclude, log_to_stderr,
};
use fluxo_session::{
    Destination, EngineFile, Inputs, Instruments, Models, Recording, RecordingError, Setup,
};

use arguments::{Arguments, Command, Replay};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    log_to_stderr(arguments.verbose);
    let Command::Replay(replay) = arguments.command;
    conclude(run(&replay))
}

fn run(replay: &Replay) -> Outcome {
    let engine = EngineFile::load(replay.config.as_deref(), &replay.overrides()).or_usage()?;
    tracing::info!("configuration:\n{}", engine.canonical());
    let instruments = Instruments::load(replay.instruments.as_deref()).or_usage()?;
    let inputs =
        Inputs::find(&replay.inputs, &replay.selection()).map_err(RecordingError::into_failure)?;
    let recording = Recording::open(&inputs, &instruments).map_err(RecordingError::into_failure)?;
    let models = Models::named(
        replay.models.bundle.as_deref(),
        &engine,
        &recording.spec().symbol,
        replay.models.ort_lib.as_deref(),
    )?;
    let line = ProgressLine::counting("events");
    let destination = Destination::Journal(replay.journal.clone());
    let setup = Setup { engine, recording, models };
    let outcome = fluxo_session::run(setup, &destination, &mut |progress| {
        line.at(progress.events);
    });
    line.clear();
    let summary = outcome?;
    for warning in &summary.warnings {
        tracing::warn!("{warning}");
    }
    summary.print(OutputMode::from_flag(replay.json))?;
    Ok(Exit::Success)
}
