//! Results on stdout: text for people, one JSON object for machines.

use std::io::{self, Write};

use serde::Serialize;

use crate::{Failure, Outcome, Rows};

/// Who reads the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputMode {
    /// A person.
    Text,
    /// A program.
    Json,
}

impl OutputMode {
    /// `--json` or not.
    #[must_use]
    pub const fn from_flag(json: bool) -> Self {
        if json { Self::Json } else { Self::Text }
    }
}

/// A result that can be printed either way.
pub trait Output: Serialize {
    /// The lines that a person reads.
    fn rows(&self) -> Rows;

    /// Prints the result on stdout.
    ///
    /// # Errors
    /// When stdout cannot be written: a closed pipe is the reader's choice and no failure.
    fn print(&self, mode: OutputMode) -> Outcome<()> {
        let text = match mode {
            OutputMode::Json => {
                serde_json::to_string_pretty(self).map_err(Failure::internal)? + "\n"
            }
            OutputMode::Text => self.rows().to_string(),
        };
        print_text(text.as_bytes())
    }
}

/// Prints on stdout what another program made for people, as it is.
///
/// # Errors
/// When stdout cannot be written: a closed pipe is the reader's choice and no failure.
pub fn print_text(text: &[u8]) -> Outcome<()> {
    match io::stdout().lock().write_all(text) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Failure::usage(error).while_doing("writing the result to stdout")),
        Ok(()) => Ok(()),
    }
}

/// Says on stderr, at once and whatever the verbosity, what somebody waits for: that a server listens.
#[expect(clippy::print_stderr, reason = "stdout is for the result, and logs can be off")]
pub fn announce(what: impl std::fmt::Display) {
    eprintln!("{what}");
}
