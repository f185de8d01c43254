//! `trainer-bridge train`.

use std::fs::File;
use std::time::Duration;

use anyhow::anyhow;
use fluxo_report::{Exit, Failure, Outcome, Output, OutputMode, Rows, seconds};
use serde::Serialize;
use serde_json::Value;

use crate::arguments::Train;
use crate::clock::Stopwatch;
use crate::place::Place;
use crate::python::Python;
use crate::verify::{self, Checked};

pub(crate) fn run(command: &Train) -> Outcome {
    let stopwatch = Stopwatch::start();
    let python = Python::required(command.python.as_deref())?;
    if !command.data.is_dir() {
        return Err(Failure::usage(anyhow!("there is no folder {}", command.data.display()))
            .remedy("make a dataset with `trainer-bridge dataset`"));
    }
    let place = Place::take(&command.out, command.replace)?;
    let trained = train(command, &python, &place);
    let (result, checked) = match trained {
        Ok(trained) => trained,
        Err(failure) => {
            place.abandon();
            return Err(failure);
        }
    };
    let bundle = place.bundle().display().to_string();
    let log = place.log().display().to_string();
    match checked {
        Some(_) => place.publish()?,
        // Too little data to learn from is a result, and no bundle.
        None => place.abandon(),
    }
    let text = |key: &str| result[key].as_str().unwrap_or_default().to_owned();
    let summary = Summary {
        verdict: text("verdict"),
        reason: text("reason"),
        bundle: checked.is_some().then_some(bundle),
        parity: checked,
        trainer: result,
        log,
        seconds: stopwatch.seconds(),
    };
    summary.print(OutputMode::from_flag(command.json))?;
    Ok(Exit::Success)
}

/// Trains beside the place, and has the runtime that trades check what came of it.
fn train(command: &Train, python: &Python, place: &Place) -> Outcome<(Value, Option<Checked>)> {
    let log = place.log();
    let shown = log.display().to_string();
    let file = File::create(&log).map_err(|error| {
        Failure::usage(error)
            .while_doing(format!("cannot write {shown}"))
            .remedy("choose another --out, or change its permissions")
    })?;
    let limit = command.time_limit.map(Duration::from_secs);
    let result = python.run(&arguments(command, place), Some(file), &shown, limit)?;
    if result["bundle"].is_null() {
        return Ok((result, None));
    }
    let unfinished = place.unfinished();
    let checked = verify::check(&unfinished, command.ort_lib.as_deref())?;
    match checked.failure(&unfinished) {
        Some(failure) => Err(failure),
        None => Ok((result, Some(checked))),
    }
}

fn arguments(command: &Train, place: &Place) -> Vec<String> {
    let data = command.data.display().to_string();
    let out = place.unfinished().display().to_string();
    let seed = command.seed.to_string();
    let name = command.name.clone().unwrap_or_else(|| {
        place.bundle().file_name().unwrap_or_default().to_string_lossy().into_owned()
    });
    let model = command.model.name();
    let own = ["train", "--data", &data, "--out", &out, "--model", model].into_iter().chain([
        "--target",
        &command.target,
        "--seed",
        &seed,
        "--name",
        &name,
    ]);
    own.map(str::to_owned).chain(command.more.iter().cloned()).collect()
}

/// What came of it.
#[derive(Debug, Serialize)]
struct Summary {
    /// `edge`, `no_edge` or `inconclusive`, as the trainer judges.
    verdict: String,
    reason: String,
    /// The folder; none when there was too little data.
    bundle: Option<String>,
    /// What the runtime that trades says of the golden rows.
    parity: Option<Checked>,
    /// Everything that the trainer reports.
    trainer: Value,
    log: String,
    seconds: f64,
}

impl Output for Summary {
    fn rows(&self) -> Rows {
        let mut rows = Rows::new()
            .heading(format!("trained · {}", self.bundle.as_deref().unwrap_or("no bundle")))
            .row("verdict", &self.verdict);
        if !self.reason.is_empty() {
            rows = rows.row("because", &self.reason);
        }
        if let Some(checked) = &self.parity {
            for model in &checked.models {
                rows = rows.row(&model.model, model);
            }
            rows = rows.row("bundle id", &checked.bundle_id);
        }
        rows.row("log", &self.log).row("time", seconds(self.seconds))
    }
}
