//! The double of the venue, as a client meets it: over real sockets.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod book;
mod client;
mod ending;
mod protocol;
mod rest;
mod streams;
mod time;
mod trouble;
