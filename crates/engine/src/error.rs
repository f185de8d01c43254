//! Why an engine could not be built.

/// A part of the engine refused its configuration.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// More instruments than an identifier can number.
    #[error("{instruments} instruments are more than {limit}")]
    TooManyInstruments {
        /// How many were given.
        instruments: usize,
        /// The most there can be.
        limit: usize,
    },
    /// The feature engine.
    #[error("features")]
    Features(#[from] fluxo_features::Error),
    /// The flow agents.
    #[error("agents")]
    Agents(#[from] fluxo_flow_agents::Error),
    /// The coordinator.
    #[error("strategy")]
    Coordinator(#[from] fluxo_coordinator::Error),
    /// The gate.
    #[error("risk")]
    Risk(#[from] fluxo_risk::Error),
    /// A recorded forecast was handed to an engine that asks models.
    #[error("the engine asks models, and was handed a recorded forecast")]
    TwoForecasters,
    /// An instrument's specification has no arithmetic.
    #[error("specification")]
    Specification(#[from] fluxo_core::Error),
}
