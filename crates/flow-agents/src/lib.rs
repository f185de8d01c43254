//! Agents that read a feature row and have opinions, never orders; one file per agent.
//!
//! They promise that an opinion follows from its row alone, that its confidence lies in [0, 1], that
//! its evidence holds the numbers it rests on, and that a mirrored market mirrors it. An agent whose
//! inputs are undefined says nothing.

mod agents;
mod error;
mod order_flow;

pub use agents::{Agents, Config};
pub use error::Error;
pub use order_flow::{OrderFlowConfig, OrderFlowSpecialist};
