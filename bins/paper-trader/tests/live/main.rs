//! `paper-trader run` as a user runs it, over real sockets, against a double of the venue.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bad_days;
mod captures;
mod control;
mod ends;
mod models;
mod support;
mod trades;
