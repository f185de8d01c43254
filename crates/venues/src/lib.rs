//! The wire to a venue: what it says, a client that listens, and a double that speaks like it.

pub mod client;
pub mod double;
pub mod wire;
