//! Real recordings, and each of the traps that they are known to hold.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod damage;
mod other_recorders;
mod replay;
mod runs;
mod traps;
