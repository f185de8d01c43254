//! Why an agent could not be built.

/// A number of the configuration that no agent can work with.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// A scale must be above zero.
    #[error("{name} must be above zero, got {value}")]
    Scale {
        /// The name of the scale.
        name: &'static str,
        /// What was given.
        value: f64,
    },
    /// A dead band must lie in [0, 1).
    #[error("dead_band must lie in [0, 1), got {value}")]
    DeadBand {
        /// What was given.
        value: f64,
    },
}
