//! The worked cases of the text for the tests of this crate: one table, `tests/oracles.toml`.

use serde::Deserialize;
use serde::de::DeserializeOwned;

/// The part of the table that a test asks for.
pub(crate) fn table<T: DeserializeOwned>() -> T {
    toml::from_str(include_str!("../tests/oracles.toml")).unwrap()
}

/// To the digits that the text prints.
#[track_caller]
pub(crate) fn assert_near(got: f64, expected: f64, what: &str) {
    let error = (got - expected).abs();
    assert!(error <= 1e-9 * expected.abs(), "{what}: {got}, not {expected}");
}

/// Numbers that a part of the engine is asked about, by their names.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Given(toml::Table);

impl Given {
    #[track_caller]
    pub(crate) fn get<T: DeserializeOwned>(&self, name: &str) -> T {
        self.0[name].clone().try_into().unwrap()
    }
}
