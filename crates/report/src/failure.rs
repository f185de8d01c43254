//! Failures: one line that says what, where, and what to do.

use std::fmt;
use std::process::ExitCode;

use crate::Exit;

/// A failure with the exit code that belongs to it and a word on what to do about it.
#[derive(Debug)]
pub struct Failure {
    exit: Exit,
    what: anyhow::Error,
    remedy: Option<String>,
}

/// What a command returns.
pub type Outcome<T = Exit> = Result<T, Failure>;

impl Failure {
    /// The user can fix it.
    pub fn usage(what: impl Into<anyhow::Error>) -> Self {
        Self { exit: Exit::Usage, what: what.into(), remedy: None }
    }

    /// An input is damaged or unfit.
    pub fn damaged(what: impl Into<anyhow::Error>) -> Self {
        Self { exit: Exit::Damaged, what: what.into(), remedy: None }
    }

    /// A fault of the program or of the machine.
    pub fn internal(what: impl Into<anyhow::Error>) -> Self {
        Self { exit: Exit::Internal, what: what.into(), remedy: None }
    }

    /// Time ran out.
    pub fn stopped(what: impl Into<anyhow::Error>) -> Self {
        Self { exit: Exit::Stopped, what: what.into(), remedy: None }
    }

    /// Says what to do about it.
    #[must_use]
    pub fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    /// Says what the command was doing.
    #[must_use]
    pub fn while_doing(mut self, what: impl fmt::Display + Send + Sync + 'static) -> Self {
        self.what = self.what.context(what);
        self
    }

    /// Whether any of its causes is so.
    #[must_use]
    pub fn is_because_of<E: std::error::Error + 'static>(
        &self,
        is_so: impl Fn(&E) -> bool,
    ) -> bool {
        self.what.chain().filter_map(|cause| cause.downcast_ref()).any(is_so)
    }

    /// The exit code.
    #[must_use]
    pub const fn exit(&self) -> Exit {
        self.exit
    }
}

impl fmt::Display for Failure {
    /// Everything on one line: the chain of causes, then the remedy.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", one_line(&format!("{:#}", self.what)))?;
        match &self.remedy {
            Some(remedy) => write!(f, "; {remedy}"),
            None => Ok(()),
        }
    }
}

/// Turns what a library reports into a failure with the right exit code.
pub trait Unfit<T> {
    /// On an error: the user can fix it.
    ///
    /// # Errors
    /// The error, as a [`Failure`] of exit code 2.
    fn or_usage(self) -> Outcome<T>;
    /// On an error: the input is damaged or unfit.
    ///
    /// # Errors
    /// The error, as a [`Failure`] of exit code 4.
    fn or_damaged(self) -> Outcome<T>;
    /// On an error: the program or the machine is at fault.
    ///
    /// # Errors
    /// The error, as a [`Failure`] of exit code 1.
    fn or_internal(self) -> Outcome<T>;
}

impl<T, E: Into<anyhow::Error>> Unfit<T> for Result<T, E> {
    fn or_usage(self) -> Outcome<T> {
        self.map_err(Failure::usage)
    }
    fn or_damaged(self) -> Outcome<T> {
        self.map_err(Failure::damaged)
    }
    fn or_internal(self) -> Outcome<T> {
        self.map_err(Failure::internal)
    }
}

/// Prints a failure on stderr, if there is one, and gives the process its exit code.
#[expect(clippy::print_stderr, reason = "the one place where a failure is printed")]
pub fn conclude(outcome: Outcome) -> ExitCode {
    match outcome {
        Ok(exit) => exit.into(),
        Err(failure) => {
            eprintln!("error: {failure}");
            failure.exit().into()
        }
    }
}

/// Libraries sometimes explain themselves over several lines; a failure has one.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_one_line_with_its_causes_and_its_remedy() {
        let cause = std::io::Error::other("no\n  such thing");
        let failure = Failure::usage(cause).while_doing("reading x.toml").remedy("write it");
        assert_eq!(failure.to_string(), "reading x.toml: no such thing; write it");
        assert_eq!(failure.exit(), Exit::Usage);
    }
}
