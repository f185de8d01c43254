//! The house's own tool: `cargo verify` is all of CI, and runs the same at a desk.
#![expect(clippy::print_stdout, reason = "a tool for the terminal")]
#![expect(clippy::disallowed_methods, reason = "a tool reads the clock and the environment")]

mod layers;
mod readme;
mod step;
mod tidy;
mod verify;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The house's own tool.
#[derive(Parser)]
#[command(name = "xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Everything that must hold: formatting, lints, tests, benches once, documents, house rules.
    Verify,
    /// The house rules alone: layers, dead files, words, sizes.
    Tidy,
    /// Runs the commands that the README prints, as printed.
    Readme,
}

fn main() -> ExitCode {
    let root = root();
    let outcome = match Cli::parse().command {
        Command::Verify => verify::run(&root),
        Command::Tidy => verify::house_rules(&root),
        Command::Readme => readme::run(&root).map(|count| println!("{count} commands ran")),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("\nverify failed: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The project's root, wherever the tool was started.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_owned).unwrap_or_default()
}
