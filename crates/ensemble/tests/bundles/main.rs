//! Bundles as they are loaded: refused where anything is wrong, asked where nothing is.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod forecasts;
mod refused;
mod support;
