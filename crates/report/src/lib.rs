//! What a command says at its end: summaries for people or machines, failures in one line.
//!
//! It promises that results go to stdout, everything else to stderr, and that exit codes are those
//! of the table in [`Exit`]. It computes nothing.

mod exit;
mod failure;
mod logging;
mod output;
mod progress;
mod run;
mod table;

pub use exit::Exit;
pub use failure::{Failure, Outcome, Unfit, conclude};
pub use logging::log_to_stderr;
pub use output::{Output, OutputMode, announce, print_text};
pub use progress::ProgressLine;
pub use run::{
    Difference, JournalPlace, JournalReplay, Latency, LiveSummary, ModelSummary, ModelsSummary,
    RunSummary, SCORES_AGREE_WITHIN, SimulationCounts, Verdict,
};
pub use table::{Rows, count, money, seconds};
