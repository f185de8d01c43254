//! What the runtime that trades makes of a bundle: whole, and saying what it said.

use std::path::Path;

use anyhow::anyhow;
use fluxo_ensemble::{Bundle, Expectations, ModelParity};
use fluxo_report::{Failure, Outcome};
use fluxo_session::{bundle_failure, load_runtime, read_bundle};
use serde::Serialize;

/// A whole bundle, and how its models compare with their golden vectors on this machine.
#[derive(Debug, Serialize)]
pub(crate) struct Checked {
    pub(crate) bundle_id: String,
    pub(crate) models: Vec<ModelCheck>,
    #[serde(skip)]
    beyond: Option<String>,
}

/// One model.
#[derive(Debug, Serialize)]
pub(crate) struct ModelCheck {
    pub(crate) model: String,
    /// Golden rows, each compared in every batch size.
    pub(crate) rows: usize,
    /// The largest absolute difference; none where an answer is no number.
    pub(crate) max_abs: Option<f32>,
}

impl Checked {
    /// The first model that does not say what it said, as a failure.
    pub(crate) fn failure(&self, bundle: &Path) -> Option<Failure> {
        let beyond = self.beyond.as_ref()?;
        let what = anyhow!("{}: {beyond}", bundle.display());
        Some(Failure::damaged(what).remedy("train it again with this version"))
    }
}

/// Verifies a bundle and asks its models for their golden rows.
///
/// # Errors
/// A bundle that is refused, or no runtime. A model beyond the tolerance is no error here.
pub(crate) fn check(bundle: &Path, library: Option<&Path>) -> Outcome<Checked> {
    let refused = |error| bundle_failure(error, bundle);
    let verified =
        Bundle::verify(read_bundle(bundle)?, &Expectations::default()).map_err(refused)?;
    let runtime = load_runtime(library)?;
    let parities = verified.parity(&runtime).map_err(refused)?;
    let beyond = parities.iter().find_map(|parity| {
        let golden = parity.beyond.as_ref()?;
        Some(format!("{} does not say what it said: {golden}", parity.model))
    });
    let models = parities
        .into_iter()
        .map(|ModelParity { model, rows, max_abs, .. }| ModelCheck {
            model,
            rows,
            max_abs: Some(max_abs).filter(|value| value.is_finite()),
        })
        .collect();
    Ok(Checked { bundle_id: verified.id().to_string(), models, beyond })
}
