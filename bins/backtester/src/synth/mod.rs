//! `backtester synth`: a synthetic market as a lake, and what could be earned in it.

mod arguments;
mod clock;
mod frames;
mod summary;

use std::io::Read;
use std::path::Path;

use fluxo_lake::archive::{ImportConfig, ImportReport, Importer, MadeRecording};
use fluxo_report::{Exit, Failure, Outcome, Output, OutputMode, ProgressLine, Unfit};
use fluxo_session::lake_failure;
use fluxo_sim::synthetic::Oracle;

pub(crate) use arguments::Synth;

use clock::Stopwatch;
use frames::Frames;
use summary::{LakeSummary, Summary};

pub(crate) fn synth(command: &Synth) -> Outcome {
    let stopwatch = Stopwatch::start();
    let window = command.window()?;
    let lake = command.out.as_deref().map(|lake| write(command, lake)).transpose()?;
    let oracle = Oracle::fit(&command.config(), command.cost_bps);
    let summary = Summary::new(command, &oracle, window, lake, stopwatch.seconds());
    summary.print(OutputMode::from_flag(command.json))?;
    Ok(Exit::Success)
}

/// Writes the lake, or what is missing of it.
fn write(command: &Synth, lake: &Path) -> Outcome<LakeSummary> {
    let (config, steps) = (command.config(), command.steps());
    let name = format!("{}-seed{}-{}h", config.kind.name(), command.seed, command.hours);
    let frames = Frames::new(&config, steps).or_internal()?;
    // The same text each time: a market that was not begun is cloned, not gone on with.
    let text = || Box::new(frames.clone()) as Box<dyn Read + Send>;
    let made = MadeRecording { name: &name, text: &text };
    let mut line: Option<ProgressLine> = None;
    let mut importer = Importer::open(lake, ImportConfig::default()).map_err(lake_failure)?;
    let report = importer.import_made(made, &mut |progress| {
        line.get_or_insert_with(|| ProgressLine::towards("frames", progress.lines))
            .at(progress.lines_kept);
    });
    if let Some(line) = line {
        line.clear();
    }
    let report = report.map_err(lake_failure)?;
    check(&report)?;
    Ok(LakeSummary::new(lake.display().to_string(), name, &report))
}

/// A market of ours has no bad days: one that does is our fault.
fn check(report: &ImportReport) -> Outcome<()> {
    let counts = &report.counts;
    let faults =
        counts.malformed + counts.gaps + counts.crossed + counts.foreign + counts.out_of_range;
    let unequal = counts.book_ticker_compared - counts.book_ticker_equal;
    if faults + unequal == 0 && report.sources.iter().all(|source| !source.unsynchronised) {
        return Ok(());
    }
    Err(Failure::internal(anyhow::anyhow!("the market came out damaged: {counts:?}")))
}
