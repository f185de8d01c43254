//! The exit codes of every command.

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// It did what it was asked; "no edge found" counts.
    Success = 0,
    /// A fault of the program itself.
    Internal = 1,
    /// The user can fix it: the command line, the configuration, a path, a second instance.
    Usage = 2,
    /// Part of the work was done, and it says which.
    Partial = 3,
    /// An input is damaged or unfit.
    Damaged = 4,
    /// Time ran out.
    Stopped = 5,
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
