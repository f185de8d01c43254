//! The models of a run: the folder of a bundle, the runtime's library, and the two put together.

mod folder;
mod library;
mod troubles;

use std::path::{Path, PathBuf};

use fluxo_core::{BundleId, InstrumentSpec};
use fluxo_ensemble::{Bundle, Error, Expectations, Hash, ModelEnsemble};
use fluxo_report::{Failure, Outcome, Unfit};

use crate::EngineFile;

pub use folder::{bundle_id, read_bundle};
pub use library::{find_library, load_runtime};
pub(crate) use troubles::Troubles;

/// A verified bundle, with its models ready to be asked.
#[derive(Debug)]
pub struct Models {
    ensemble: ModelEnsemble,
    place: PathBuf,
}

impl Models {
    /// Reads a bundle's folder, verifies it for a configuration and an instrument, and loads its
    /// models; `library` is the runtime's, looked for where none is named.
    ///
    /// # Errors
    /// A folder that is no whole bundle, a bundle for other rows or another instrument, one that says
    /// something else on this machine, or no runtime.
    pub fn load(
        folder: &Path,
        file: &EngineFile,
        spec: &InstrumentSpec,
        library: Option<&Path>,
    ) -> Outcome<Self> {
        let expected = Expectations {
            feature_schema: Some(Hash::of(file.feature_schema_text(spec).or_usage()?.as_bytes())),
            symbol: Some(spec.symbol.clone()),
        };
        let refused = |error| bundle_failure(error, folder);
        let bundle = Bundle::verify(read_bundle(folder)?, &expected).map_err(refused)?;
        let runtime = load_runtime(library)?;
        let ensemble = bundle.ensemble(&runtime).map_err(refused)?;
        let place = std::path::absolute(folder).or_usage()?;
        Ok(Self { ensemble, place })
    }

    /// The models of the folder that is named, if one is.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn named(
        folder: Option<&Path>,
        file: &EngineFile,
        spec: &InstrumentSpec,
        library: Option<&Path>,
    ) -> Outcome<Option<Self>> {
        folder.map(|folder| Self::load(folder, file, spec, library)).transpose()
    }

    /// Whose models they are.
    #[must_use]
    pub const fn id(&self) -> BundleId {
        self.ensemble.bundle()
    }

    /// The folder that they were read from.
    #[must_use]
    pub fn place(&self) -> &Path {
        &self.place
    }

    /// The models, for an engine to begin with or to keep at hand.
    #[must_use]
    pub fn into_ensemble(self) -> ModelEnsemble {
        self.ensemble
    }
}

/// Says of a bundle that is refused what can be done about it.
#[must_use]
pub fn bundle_failure(error: Error, folder: &Path) -> Failure {
    if let Error::Runtime(error) = error {
        return library::refused(error);
    }
    let remedy = match &error {
        Error::FeatureSchema { .. } => {
            "run with the configuration that it was trained with, or train it again"
        }
        Error::Symbol { .. } => "use a bundle of this instrument",
        Error::MadeWith { .. } | Error::Schema { .. } | Error::Golden { .. } => {
            "train it again with this version"
        }
        _ => "put a whole copy of the bundle back, or train it again",
    };
    Failure::damaged(error)
        .while_doing(format!("the bundle {} is refused", folder.display()))
        .remedy(remedy)
}
