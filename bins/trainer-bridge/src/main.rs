//! Datasets out, bundles in: drives the cold path.

mod arguments;
mod calibrate;
mod check;
mod clock;
mod columns;
mod dataset;
mod features;
mod parity;
mod place;
mod python;
mod train;
mod verify;

use std::process::ExitCode;

use clap::Parser;
use fluxo_report::{conclude, log_to_stderr};

use arguments::{Arguments, Command};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    log_to_stderr(arguments.verbose);
    conclude(match &arguments.command {
        Command::Dataset(command) => dataset::run(command),
        Command::Calibrate(command) => calibrate::run(command),
        Command::Features(command) => features::run(command),
        Command::Train(command) => train::run(command),
        Command::Parity(command) => parity::run(command),
    })
}
