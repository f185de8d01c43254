//! Logs on stderr.

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;

/// Sends logs to stderr: warnings by default, states with one `-v`, the rest with two.
pub fn log_to_stderr(verbosity: u8) {
    let level = match verbosity {
        0 => "warn",
        1 => "info",
        _ => "debug",
    };
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(level))
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .with_target(false)
        .without_time()
        .init();
}
