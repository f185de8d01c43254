//! Turns an intent into orders, one instrument at a time.
//!
//! [`Desk::plan`] says which orders an intent needs; the gate judges them; [`Desk::submit`] takes
//! only what the gate approved. The desk promises that its view of orders, position and cash follows
//! from the venue's answers alone: the fills of one order in the order in which they happened, but
//! before, between or after the acknowledgement and the end of the order. An answer that contradicts
//! what it knows is an [`Error`] and changes no order. It sends nothing itself.

mod config;
mod desk;
mod error;
mod ledger;
mod orders;
mod plan;

pub use config::Config;
pub use desk::Desk;
pub use error::Error;
pub use ledger::Ledger;
pub use orders::{OrderState, WorkingOrder};
pub use plan::{Plan, Touch};
