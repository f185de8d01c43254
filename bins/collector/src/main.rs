//! Archives recorded market data, checks the archive, and plays it back as the venue would.

mod arguments;
mod clock;
mod reports;
mod serve;

use std::process::ExitCode;

use clap::Parser;
use fluxo_lake::archive::{ImportConfig, ImportReport, Importer, SourceReport, verify};
use fluxo_report::{
    Exit, Failure, Outcome, Output, OutputMode, ProgressLine, conclude, log_to_stderr,
};
use fluxo_session::lake_failure;

use arguments::{Arguments, Command, Import, Verify};
use clock::Stopwatch;
use reports::{Imported, Verified};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    log_to_stderr(arguments.verbose);
    conclude(match &arguments.command {
        Command::Import(command) => import(command),
        Command::Verify(command) => check(command),
        Command::Serve(command) => serve::serve(command),
    })
}

fn import(command: &Import) -> Outcome {
    let stopwatch = Stopwatch::start();
    let line = ProgressLine::counting("frames");
    Importer::check_files(&command.files, command.format.kind()).map_err(lake_failure)?;
    let mut importer =
        Importer::open(&command.out, ImportConfig::default()).map_err(lake_failure)?;
    let report = importer.import(&command.files, &mut |progress| {
        line.on(progress.file.display().to_string());
        line.at(progress.lines_kept);
    });
    line.clear();
    let report = report.map_err(lake_failure)?;
    warn_about(&report);
    let fault = report.sources.iter().any(|source| source.fault.is_some());
    let imported = Imported { report, seconds: stopwatch.seconds() };
    imported.print(OutputMode::from_flag(command.json))?;
    if fault {
        return Err(damaged_source(imported.report));
    }
    Ok(Exit::Success)
}

fn check(command: &Verify) -> Outcome {
    let stopwatch = Stopwatch::start();
    let report = verify(&command.lake).map_err(lake_failure)?;
    if report.unsealed_frames > 0 {
        tracing::warn!(
            "{} frames of a killed import wait to be sealed: run that import again",
            report.unsealed_frames
        );
    }
    for source in &report.incomplete {
        tracing::warn!(
            "{} ({}) is {}: import the whole recording again",
            source.name,
            source.instrument,
            source.state
        );
    }
    let unfinished = report.incomplete_sources > 0;
    let verified = Verified { report, seconds: stopwatch.seconds() };
    verified.print(OutputMode::from_flag(command.json))?;
    Ok(if unfinished { Exit::Partial } else { Exit::Success })
}

/// What a person should know about an import that did not fail.
fn warn_about(report: &ImportReport) {
    if let Some(first) = &report.first_malformed {
        tracing::warn!(
            "{} malformed frames, the first in {} line {} (byte {}): {}; they are archived as they are",
            report.counts.malformed,
            first.source,
            first.line,
            first.offset,
            first.what
        );
    }
    for source in &report.sources {
        warn_about_source(source);
    }
    let counts = &report.counts;
    for (count, what) in [
        (counts.gaps, "gaps in the chain of depth updates: see the lake's gaps/"),
        (counts.crossed, "states of the book were crossed"),
        (
            counts.foreign,
            "frames are of another instrument than their file; they are archived, not decoded",
        ),
        (counts.out_of_range, "frames hold a value beyond the range of prices and sizes"),
    ] {
        if count > 0 {
            tracing::warn!("{count} {what}");
        }
    }
}

fn warn_about_source(source: &SourceReport) {
    if source.book_lost {
        tracing::warn!(
            "{}: its book was lost in a gap and no depth snapshot came after it; its frames are archived",
            source.name
        );
    } else if source.unsynchronised {
        tracing::warn!(
            "{}: no depth snapshot joins its increments, so it has no book; its frames are archived: \
             import it together with, and after, the file that it continues",
            source.name
        );
    }
    if let Some(line) = &source.unfinished_line {
        tracing::warn!(
            "{}: line {} (byte {}) is cut off and was left out; it comes in when its rest is there",
            source.name,
            line.line,
            line.offset
        );
    }
}

/// The first file that ended in a fault of its own, as the failure of the command.
fn damaged_source(report: ImportReport) -> Failure {
    let fault = report.sources.into_iter().find_map(|source| source.fault);
    let fault = fault.expect("a source has a fault");
    let failure = if fault.is_damage() { Failure::damaged(fault) } else { Failure::usage(fault) };
    failure.remedy("what came before is archived; get a whole copy and import it again")
}
