//! Bundles of the fixtures, and the runtime to load them into.

use std::collections::BTreeMap;

use fluxo_ensemble::{Bundle, BundleFiles, Error, Expectations, Hash, Runtime};
use fluxo_test_data::TestBundle;

/// Stands for a feature schema.
pub(crate) const SCHEMA: &str = "f1|one|f32|1|rev=1\n";
pub(crate) const SYMBOL: &str = "BTCUSDT";

pub(crate) fn bundle(models: &[&str]) -> TestBundle {
    TestBundle::new(models, SCHEMA, SYMBOL)
}

pub(crate) fn expectations() -> Expectations {
    let feature_schema = Some(Hash::of(SCHEMA.as_bytes()));
    Expectations { feature_schema, symbol: Some(SYMBOL.to_owned()) }
}

pub(crate) fn files(all: BTreeMap<String, Vec<u8>>) -> Result<BundleFiles, Error> {
    let mut files = BundleFiles::default();
    for (path, bytes) in all {
        files.insert(&path, bytes)?;
    }
    Ok(files)
}

pub(crate) fn verified(all: BTreeMap<String, Vec<u8>>) -> Result<Bundle, Error> {
    Bundle::verify(files(all)?, &expectations())
}

/// The runtime; `None` where there is none, which was said loudly then.
pub(crate) fn runtime() -> Option<Runtime> {
    let path = fluxo_test_data::runtime_library()?;
    let bytes = std::fs::read(&path).unwrap();
    Some(Runtime::load(&path, &bytes).unwrap())
}

/// One line: the error and what it rests on.
pub(crate) fn line(error: &Error) -> String {
    let mut line = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        line = format!("{line}: {cause}");
        source = cause.source();
    }
    line
}
