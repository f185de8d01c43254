//! Runs the engine over the past.

mod arguments;
mod synth;

use std::process::ExitCode;

use clap::Parser;
use fluxo_report::{
    Exit, Outcome, Output, OutputMode, ProgressLine, Unfit, Verdict, conclude, log_to_stderr,
};
use fluxo_session::{
    ConfigError, Destination, EngineFile, Inputs, Instruments, Models, Recording, RecordingError,
    Setup, recorded_configuration, replay_journal,
};

use arguments::{Arguments, Command, ReplayJournal, Run};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    log_to_stderr(arguments.verbose);
    conclude(match &arguments.command {
        Command::Run(command) => run(command),
        Command::ReplayJournal(command) => replay(command),
        Command::Synth(command) => synth::synth(command),
    })
}

fn run(command: &Run) -> Outcome {
    let configuration = &command.configuration;
    let engine = EngineFile::load(configuration.config.as_deref(), &configuration.overrides())
        .map_err(ConfigError::into_failure)?;
    tracing::info!("configuration:\n{}", engine.canonical());
    let instruments =
        Instruments::load(command.instruments.as_deref()).map_err(ConfigError::into_failure)?;
    let instruments = instruments.calibrated_by(&engine);
    let inputs = Inputs::find(&command.inputs, &command.selection())
        .map_err(RecordingError::into_failure)?;
    let recording = Recording::open(&inputs, &instruments).map_err(RecordingError::into_failure)?;
    let models = Models::named(
        command.models.bundle.as_deref(),
        &engine,
        recording.spec(),
        command.models.ort_lib.as_deref(),
    )?;
    let line = ProgressLine::counting("events");
    let destination = Destination::Report(command.out.clone());
    let setup = Setup { engine, recording, models };
    let outcome = fluxo_session::run(setup, &destination, &mut |progress| {
        line.at(progress.events);
    });
    line.clear();
    let summary = outcome?;
    for warning in &summary.warnings {
        tracing::warn!("{warning}");
    }
    summary.print(OutputMode::from_flag(command.json))?;
    Ok(Exit::Success)
}

fn replay(command: &ReplayJournal) -> Outcome {
    let configuration = &command.configuration;
    let changed = match configuration.is_given() {
        true => Some(
            recorded_configuration(&command.journal)?
                .changed(configuration.config.as_deref(), &configuration.overrides())
                .or_usage()?,
        ),
        false => None,
    };
    let verdict = replay_journal(&command.journal, changed.as_ref(), &command.models())?;
    for warning in &verdict.warnings {
        tracing::warn!("{warning}");
    }
    verdict.print(OutputMode::from_flag(command.json))?;
    Ok(if verdict.verdict == Verdict::Different && changed.is_none() {
        // The same events and the same configuration gave other actions: that is our fault.
        Exit::Internal
    } else if !verdict.finished {
        Exit::Partial
    } else {
        Exit::Success
    })
}
