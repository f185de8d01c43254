//! What an engine does, told in words.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bad_news;
mod models;
mod story;
