//! `trainer-bridge parity`.

use std::path::PathBuf;

use anyhow::anyhow;
use fluxo_report::{Exit, Failure, Outcome, Output, OutputMode, Rows};
use serde::Serialize;
use serde_json::Value;

use crate::arguments::Parity;
use crate::python::Python;
use crate::verify::{self, Checked, ModelCheck};

/// The bundle that ships with the project.
const DEFAULT: &str = "trained/demo";

pub(crate) fn run(command: &Parity) -> Outcome {
    let bundles = match command.bundles.as_slice() {
        [] => vec![PathBuf::from(DEFAULT)],
        named => named.to_vec(),
    };
    let python = Python::find(command.python.as_deref())?;
    let mut checks = Vec::new();
    for bundle in &bundles {
        let rust = verify::check(bundle, command.ort_lib.as_deref())?;
        checks.push(Check { bundle: bundle.display().to_string(), rust, python: None });
    }
    let python_leg = match &python {
        Some(python) => in_python(python, &bundles, &mut checks),
        None => {
            tracing::warn!("there is no Python environment: only the runtime in Rust was asked");
            Ok(())
        }
    };
    let failure = bundles
        .iter()
        .zip(&checks)
        .find_map(|(bundle, check)| check.rust.failure(bundle))
        .or(python_leg.err());
    let summary = Summary { equal: failure.is_none(), bundles: checks };
    summary.print(OutputMode::from_flag(command.json))?;
    failure.map_or(Ok(Exit::Success), Err)
}

/// The same question to ONNX Runtime in Python.
fn in_python(python: &Python, bundles: &[PathBuf], checks: &mut [Check]) -> Outcome<()> {
    let paths = bundles.iter().map(|bundle| bundle.display().to_string());
    let arguments: Vec<String> = ["parity".to_owned()].into_iter().chain(paths).collect();
    let result = python.run(&arguments, None, "the log, with -v", None)?;
    for (check, said) in checks.iter_mut().zip(result["bundles"].as_array().into_iter().flatten()) {
        if said["bundle_id"].as_str() != Some(&check.rust.bundle_id) {
            let what = anyhow!("{} has two identifiers: {said}", check.bundle);
            return Err(Failure::internal(what));
        }
        let models = said["models"].as_object().into_iter().flatten();
        check.python = Some(models.map(|(name, model)| in_python_model(name, model)).collect());
    }
    Ok(())
}

fn in_python_model(name: &str, said: &Value) -> ModelCheck {
    ModelCheck {
        model: name.to_owned(),
        rows: said["rows"].as_u64().and_then(|rows| usize::try_from(rows).ok()).unwrap_or(0),
        max_abs: said["max_abs"].as_f64().map(narrow),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a difference of two f32, to be shown")]
fn narrow(value: f64) -> f32 {
    value as f32
}

/// Every bundle that was asked about.
#[derive(Debug, Serialize)]
struct Summary {
    /// Whether all models say what they said, everywhere.
    equal: bool,
    bundles: Vec<Check>,
}

#[derive(Debug, Serialize)]
struct Check {
    bundle: String,
    rust: Checked,
    /// None where there is no Python, or it refused the bundle.
    python: Option<Vec<ModelCheck>>,
}

impl Output for Summary {
    fn rows(&self) -> Rows {
        let mut rows = Rows::new();
        for check in &self.bundles {
            rows = rows.heading(format!("parity · {}", check.bundle));
            for model in &check.rust.models {
                rows = rows.row(format!("{} in Rust", model.model), model);
            }
            for model in check.python.iter().flatten() {
                rows = rows.row(format!("{} in Python", model.model), model);
            }
            rows = rows.row("bundle id", &check.rust.bundle_id);
        }
        rows
    }
}

impl std::fmt::Display for ModelCheck {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.max_abs {
            Some(max_abs) => write!(f, "at most {max_abs:.1e} apart on {} golden rows", self.rows),
            None => write!(f, "no number on one of {} golden rows", self.rows),
        }
    }
}
