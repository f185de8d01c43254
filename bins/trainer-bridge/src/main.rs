//! Datasets out, bundles in: drives the cold path.

mod arguments;
mod clock;
mod dataset;

use std::process::ExitCode;

use clap::Parser;
use fluxo_report::{conclude, log_to_stderr};

use arguments::{Arguments, Command};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    log_to_stderr(arguments.verbose);
    conclude(match &arguments.command {
        Command::Dataset(command) => dataset::run(command),
    })
}
