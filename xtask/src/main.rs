//! The house's own tool: `cargo verify` is all of CI, and runs the same at a desk.
#![expect(clippy::print_stdout, reason = "a tool for the terminal")]
#![expect(clippy::disallowed_methods, reason = "a tool reads the clock and the environment")]

mod bench;
mod demo;
mod layers;
mod programs;
mod readme;
mod setup;
mod step;
mod tidy;
mod verify;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use programs::Profile;

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
    /// What no cargo build brings: ONNX Runtime into .ort, and with --python the environment into
    /// .venv.
    Setup {
        /// The Python environment of the cold path too.
        #[arg(long)]
        python: bool,
    },
    /// An hour of a planted market over a socket, traded on paper by models; two minutes, one page.
    Demo,
    /// Trains the bundle of the demo anew: the same bytes on the same kind of machine.
    DemoBundle {
        /// Only compare with what is in place.
        #[arg(long)]
        check: bool,
    },
    /// Runs the commands that the documents print, as printed.
    Readme,
    /// Every benchmark on one core, with median and 99th percentile.
    Bench {
        /// The core to pin to.
        #[arg(long, default_value_t = 1)]
        core: u32,
        /// Only benches whose name holds this.
        filter: Option<String>,
    },
}

fn main() -> ExitCode {
    let root = root();
    let command = Cli::parse().command;
    // What is missing on the machine is for its owner to fix.
    let failure = if matches!(command, Command::Setup { .. }) { 2 } else { 1 };
    let outcome = match command {
        Command::Verify => verify::run(&root),
        Command::Tidy => verify::house_rules(&root),
        Command::Bench { core, filter } => bench::run(&root, core, filter.as_deref()),
        Command::Setup { python } => setup::run(&root, python),
        Command::Demo => demo::run(&root, Profile::Release),
        Command::DemoBundle { check } => demo::make_bundle(&root, check),
        Command::Readme => readme::run(&root).map(|count| println!("{count} commands ran")),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("\nfailed: {error:#}");
            ExitCode::from(failure)
        }
    }
}

/// The project's root, wherever in it the tool was started. Cargo says so when it runs the tool; what
/// was true when it was compiled may be another clone that shares the build cache.
fn root() -> PathBuf {
    let own = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let root = own.as_deref().and_then(Path::parent).map(Path::to_owned);
    root.or_else(|| std::env::current_dir().ok()).unwrap_or_default()
}
