//! One event in, actions out: the only path from what we learn to what we do.
//!
//! It promises that the same events give the same actions, byte for byte, that a warm engine
//! allocates nothing per event, and that every action is chained into one hash. It reads no clock
//! and no file: a backtest, a paper session and a live one differ only in who calls it.

mod chain;
mod config;
mod decision;
mod engine;
mod error;
mod instrument;
mod market_watch;
mod models;
mod stats;

pub use chain::ActionChain;
pub use config::Config;
pub use engine::Engine;
pub use error::Error;
pub use stats::Stats;
