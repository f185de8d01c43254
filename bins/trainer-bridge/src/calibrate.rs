//! `trainer-bridge calibrate`.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::Path;

use anyhow::anyhow;
use fluxo_dataset::{Calibrated, Calibrating, calibrate};
use fluxo_report::{Exit, Failure, Outcome, Output, OutputMode, ProgressLine, Rows, Unfit, count};
use fluxo_session::{
    CalibrationFacts, CalibrationFile, ConfigError, EngineFile, Inputs, Instruments, RecordingError,
};
use serde::Serialize;

use crate::arguments::Calibrate;

pub(crate) fn run(command: &Calibrate) -> Outcome {
    let engine = EngineFile::load(command.config.as_deref(), &command.set)
        .map_err(ConfigError::into_failure)?;
    let instruments =
        Instruments::load(command.instruments.as_deref()).map_err(ConfigError::into_failure)?;
    let inputs = Inputs::find(&command.inputs, &command.selection())
        .map_err(RecordingError::into_failure)?;
    let wanted = Calibrating { before: command.before, size_unit: command.size_unit };
    let line = ProgressLine::counting("events");
    let fitted = calibrate(&inputs, &instruments, &engine, wanted, &mut |events| line.at(events));
    line.clear();
    let Calibrated { facts, events, warnings } =
        fitted.map_err(fluxo_dataset::Error::into_failure)?;
    for warning in &warnings {
        tracing::warn!("{warning}");
    }
    let text = facts.to_text();
    // What is written must be what is read.
    let sha256 = CalibrationFile::parse(text.clone(), "the fit").or_internal()?.sha256();
    let existed = write(&command.out, &text)?;
    let path = command.out.display().to_string();
    if existed {
        tracing::warn!("{path} is this very calibration: nothing was written");
    }
    let summary = Summary { path, sha256: sha256.to_string(), existed, events, facts, warnings };
    summary.print(OutputMode::from_flag(command.json))?;
    Ok(Exit::Success)
}

/// Puts the file in its place, whole or not at all. Returns whether it lay there before.
fn write(path: &Path, text: &str) -> Outcome<bool> {
    let failed = |error: std::io::Error| {
        let remedy = match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
                "free some space and run the same command again"
            }
            ErrorKind::NotFound => "make its folder, or choose another --out",
            ErrorKind::PermissionDenied => "choose another --out, or change its permissions",
            _ => "choose another --out",
        };
        Failure::usage(error).while_doing(format!("cannot write {}", path.display())).remedy(remedy)
    };
    // A pipe or a device is never read to its end.
    if fs::metadata(path).is_ok_and(|there| !there.is_file()) {
        let what = anyhow!("{} is no file", path.display());
        return Err(Failure::usage(what).remedy("choose another --out"));
    }
    match fs::read(path) {
        Ok(found) if found == text.as_bytes() => return Ok(true),
        Ok(_) => {
            let what = anyhow!("{} holds something else", path.display());
            return Err(Failure::usage(what).remedy("choose another --out, or delete it first"));
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(failed(error)),
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let unfinished = path.with_file_name(format!(".{name}.unfinished"));
    let put = || -> std::io::Result<()> {
        let mut file = File::create(&unfinished)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&unfinished, path)
    };
    put().map_err(|error| {
        // What is not whole takes room that a full disk does not have.
        let _it_may_not_be_there = fs::remove_file(&unfinished);
        failed(error)
    })?;
    Ok(false)
}

/// What was fitted.
#[derive(Debug, Serialize)]
struct Summary {
    path: String,
    sha256: String,
    /// Whether it lay there before.
    existed: bool,
    events: u64,
    #[serde(flatten)]
    facts: CalibrationFacts,
    warnings: Vec<String>,
}

impl Output for Summary {
    fn rows(&self) -> Rows {
        let facts = &self.facts;
        let (sessions, bucket) = (facts.sessions, facts.volume_bucket);
        let whole = if bucket.are_whole { "whole" } else { "partial" };
        let micro_price = match &facts.micro_price {
            Some(fit) => {
                let classes = fit.table.rows.len();
                format!("{classes} spread classes, from {} updates", count(fit.updates))
            }
            None => "none: the book was seen too little".to_owned(),
        };
        let size_unit = match facts.size_unit {
            Some(unit) => format!("{} lots, of {} parents", unit.lots, count(unit.parents)),
            None => "the instrument's".to_owned(),
        };
        Rows::new()
            .heading(format!("calibration · {}", self.path))
            .row("instrument", &facts.instrument)
            .row("sessions", format!("{}, {} to {}", sessions.count, sessions.first, sessions.last))
            .row("events", count(self.events))
            .row(
                "VPIN bucket",
                format!("{} lots, of {} {whole} sessions", bucket.lots, bucket.sessions),
            )
            .row("micro-price", micro_price)
            .row("size unit", size_unit)
            .row("sha256", &self.sha256)
    }
}
