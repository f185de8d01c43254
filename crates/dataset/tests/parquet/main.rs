//! Are the files what the contract says, cell by cell? Everything is computed a second time, from the
//! recording, and read back with a reader that knows nothing of the writer.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod balance;
mod below_zero;
mod calibrated;
mod cells;
mod checked;
mod facts;
mod folders;
mod moments;
mod recomputed;
mod regimes;
mod support;
