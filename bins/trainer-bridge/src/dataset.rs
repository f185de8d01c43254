//! `trainer-bridge dataset`.

use std::collections::BTreeMap;

use fluxo_dataset::{LabelCounts, Manifest, Verdict, write_dataset};
use fluxo_report::{Exit, Outcome, Output, OutputMode, ProgressLine, Rows, count, seconds};
use fluxo_session::{ConfigError, EngineFile, Inputs, Instruments, RecordingError};
use serde::Serialize;

use crate::arguments::Dataset;
use crate::clock::Stopwatch;

pub(crate) fn run(command: &Dataset) -> Outcome {
    let stopwatch = Stopwatch::start();
    let mut engine = EngineFile::load(command.config.as_deref(), &command.overrides())
        .map_err(ConfigError::into_failure)?;
    if let Some(calibration) = &command.calibration {
        engine = engine.calibrated(calibration).map_err(ConfigError::into_failure)?;
    }
    tracing::info!("configuration:\n{}", engine.canonical());
    let instruments =
        Instruments::load(command.instruments.as_deref()).map_err(ConfigError::into_failure)?;
    let instruments = instruments.calibrated_by(&engine);
    let inputs = Inputs::find(&command.inputs, &command.selection())
        .map_err(RecordingError::into_failure)?;
    let line = ProgressLine::counting("rows");
    let written = write_dataset(&inputs, &instruments, &engine, &command.out, &mut |progress| {
        line.at(progress.rows);
        line.on(format!("{} events", count(progress.events)));
    });
    line.clear();
    let written = written.map_err(fluxo_dataset::Error::into_failure)?;
    for warning in &written.warnings {
        tracing::warn!("{warning}");
    }
    if written.existed {
        tracing::warn!("{} is this very dataset: nothing was written", written.path.display());
    }
    let seconds = stopwatch.seconds();
    let rows = written.manifest.number("ds.rows");
    let summary = Summary {
        path: written.path.display().to_string(),
        sha256: written.manifest.sha256().to_string(),
        existed: written.existed,
        events: written.events,
        rows,
        rows_dropped: dropped(&written.manifest),
        files: written.manifest.files.len(),
        labels: written.manifest.labels,
        rows_per_second: if written.existed { 0.0 } else { rows as f64 / seconds },
        seconds,
        warnings: written.warnings,
    };
    summary.print(OutputMode::from_flag(command.json))?;
    Ok(Exit::Success)
}

fn dropped(manifest: &Manifest) -> BTreeMap<String, u64> {
    let dropped = manifest.facts.get("ds.rows_dropped").cloned();
    dropped.and_then(|dropped| serde_json::from_value(dropped).ok()).unwrap_or_default()
}

/// The reason of rows that are not written, because a later one is of the same moment.
const SUPERSEDED: &str = "superseded";

/// What was written.
#[derive(Debug, Serialize)]
struct Summary {
    /// The folder.
    path: String,
    /// The hash of the dataset: over its files, as the trainer computes it.
    sha256: String,
    /// Whether it lay there before.
    existed: bool,
    events: u64,
    rows: u64,
    /// Rows that training leaves out, by reason; superseded ones are not in the files.
    rows_dropped: BTreeMap<String, u64>,
    files: usize,
    labels: BTreeMap<String, LabelCounts>,
    rows_per_second: f64,
    seconds: f64,
    warnings: Vec<String>,
}

impl Output for Summary {
    fn rows(&self) -> Rows {
        let superseded = self.rows_dropped.get(SUPERSEDED).copied().unwrap_or(0);
        let dropped = self.rows_dropped.iter().filter(|(why, _)| *why != SUPERSEDED);
        let dropped: Vec<String> =
            dropped.map(|(why, rows)| format!("{} {why}", count(*rows))).collect();
        let mut rows = Rows::new()
            .heading(format!("dataset · {}", self.path))
            .row("rows", count(self.rows))
            .row("left out in training", dropped.join(", "));
        if superseded > 0 {
            let why = "not written: a later one has the same time";
            rows = rows.row("superseded rows", format!("{}, {why}", count(superseded)));
        }
        rows = rows.row("files", self.files);
        for (target, labels) in &self.labels {
            rows = rows.row(target, line(labels));
        }
        if !self.existed {
            rows = rows.row("events", count(self.events)).row(
                "speed",
                format!("{:.0} rows/s, {}", self.rows_per_second, seconds(self.seconds)),
            );
        }
        rows.row("sha256", &self.sha256)
    }
}

/// Fewer labels than this are too few to learn a class from (TRAINING 1.7).
const LABELS_FEW: u64 = 200;

/// `3 421 labelled (31.0 % -1, 38.2 % 0, 30.8 % 1); 600 cold, 12 gap`, `only 57 labelled`, `no labels`
fn line(labels: &LabelCounts) -> String {
    let share = |rows: u64| 100.0 * rows as f64 / labels.labelled as f64;
    let classes: Vec<String> = labels
        .classes
        .iter()
        .map(|(class, rows)| format!("{:.1} % {class}", share(*rows)))
        .collect();
    let classes = match labels.labelled {
        0 => String::new(),
        _ if classes.is_empty() => String::new(),
        _ => format!(" ({})", classes.join(", ")),
    };
    let without: Vec<String> =
        labels.unlabelled.iter().map(|(why, rows)| format!("{} {why}", count(*rows))).collect();
    let without =
        if without.is_empty() { String::new() } else { format!("; {}", without.join(", ")) };
    let balance = match labels.balance {
        Some(Verdict::Fail) => ", unbalanced",
        Some(Verdict::Degenerate) => ", degenerate",
        Some(Verdict::Pass) | None => "",
    };
    let labelled = match labels.labelled {
        0 => "no labels".to_owned(),
        few @ ..LABELS_FEW => format!("only {few} labelled"),
        enough => format!("{} labelled", count(enough)),
    };
    format!("{labelled}{classes}{balance}{without}")
}
