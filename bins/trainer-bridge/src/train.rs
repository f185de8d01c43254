//! `trainer-bridge train`.

use std::fs::File;
use std::time::Duration;

use anyhow::anyhow;
use fluxo_report::{Exit, Failure, Outcome, Output, OutputMode, Rows, print_text, seconds};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::arguments::Train;
use crate::clock::Stopwatch;
use crate::place::Place;
use crate::python::Python;
use crate::verify::{self, Checked};

pub(crate) fn run(command: &Train) -> Outcome {
    let stopwatch = Stopwatch::start();
    let python = Python::required(command.python.as_deref())?;
    if command.more.iter().any(|argument| argument == "--help" || argument == "-h") {
        print_text(&python.help("train")?)?;
        return Ok(Exit::Success);
    }
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
        // Too little data to learn from is a result and no bundle; so is a canary that failed.
        None => place.abandon(),
    }
    let summary = Summary {
        verdict: result.said.verdict,
        reason: result.said.reason,
        bundle: checked.is_some().then_some(bundle),
        parity: checked,
        trainer: result.all,
        log,
        seconds: stopwatch.seconds(),
    };
    summary.print(OutputMode::from_flag(command.json))?;
    Ok(Exit::Success)
}

/// Trains beside the place, and has the runtime that trades check what came of it.
fn train(command: &Train, python: &Python, place: &Place) -> Outcome<(Trained, Option<Checked>)> {
    let log = place.log();
    let shown = log.display().to_string();
    let file = File::create(&log).map_err(|error| {
        Failure::usage(error)
            .while_doing(format!("cannot write {shown}"))
            .remedy("choose another --out, or change its permissions")
    })?;
    let limit = command.time_limit.map(Duration::from_secs);
    let all = python.run(&arguments(command, place), Some(file), &shown, limit)?;
    let result = Trained::of(all)?;
    if result.said.bundle.is_none() {
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

/// What the trainer judges of its models.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    Edge,
    NoEdge,
    Inconclusive,
}

impl Verdict {
    const fn name(self) -> &'static str {
        match self {
            Self::Edge => "edge",
            Self::NoEdge => "no_edge",
            Self::Inconclusive => "inconclusive",
        }
    }
}

/// What every result of the trainer says.
#[derive(Debug, Deserialize)]
struct Said {
    verdict: Verdict,
    #[serde(default)]
    reason: String,
    /// Where it wrote the bundle; none where there is nothing that may be used.
    bundle: Option<String>,
}

/// A result of the trainer: what must be there, and everything.
struct Trained {
    said: Said,
    all: Value,
}

impl Trained {
    /// Only `inconclusive` explains that there is no bundle: everything else is a fault of the trainer.
    fn of(all: Value) -> Outcome<Self> {
        let said = Said::deserialize(&all).map_err(|error| {
            Failure::internal(error).while_doing("cannot read the trainer's result")
        })?;
        if said.bundle.is_none() && said.verdict != Verdict::Inconclusive {
            let verdict = said.verdict.name();
            return Err(Failure::internal(anyhow!(
                "the trainer says {verdict} and names no bundle"
            )));
        }
        Ok(Self { said, all })
    }
}

/// What came of it.
#[derive(Debug, Serialize)]
struct Summary {
    verdict: Verdict,
    reason: String,
    /// The folder; none when there was too little data, or a sign that the future leaked into it.
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
            .row("verdict", self.verdict.name());
        if !self.reason.is_empty() {
            rows = rows.row("because", &self.reason);
        }
        if self.bundle.is_none() {
            rows = rows.row("bundle", "none is published");
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
