//! Turns a feature row, the opinions and the forecast of it into one intent per instrument, with its why.
//!
//! Rules stand behind the same door as the agents do: [`Coordinator::decide`]. It promises that the
//! same rows, opinions and views give the same intents, and that an intent names the number and the
//! threshold it rests on. It knows no orders.

mod config;
mod coordinator;
mod directional;
mod error;
mod maker;

pub use config::{AgentWeights, Config, Following, Hysteresis, Maker, Strategy};
pub use coordinator::{Coordinator, Said, View};
pub use error::Error;
