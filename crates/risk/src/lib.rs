//! The gate that every order passes: limits on position, value, rate, loss, age of the book, spread.
//!
//! It promises that an [`Approved`] order was checked here, because nothing else can make one, that
//! a check which cannot be computed halts trading, and that every refusal carries its numbers. What
//! it approves is never more than what was asked for, and may be less. It sends nothing.

mod approved;
mod config;
mod error;
mod gate;
mod rate;

pub use approved::Approved;
pub use config::Config;
pub use error::Error;
pub use gate::{Gate, Situation, StateChange, Touch};
