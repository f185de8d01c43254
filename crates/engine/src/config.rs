//! What the engine is made of.

use fluxo_features::{Calibration, FeatureConfig};

/// The configuration of one instrument's path through the engine.
#[derive(Clone, Debug)]
pub struct Config {
    /// Rows.
    pub features: FeatureConfig,
    /// What of the rows was fitted on earlier sessions.
    pub calibration: Calibration,
    /// Which agents are on duty.
    pub agents: fluxo_flow_agents::Config,
    /// The rule that decides.
    pub coordinator: fluxo_coordinator::Config,
    /// The limits.
    pub risk: fluxo_risk::Config,
    /// How orders are made.
    pub execution: fluxo_execution::Config,
}
