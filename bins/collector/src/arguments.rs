//! The command line.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

/// Archives recorded market data, and checks the archive.
#[derive(Debug, Parser)]
#[command(name = "collector", version)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// Say more on stderr; twice for everything.
    #[arg(short, long, action = ArgAction::Count, global = true)]
    pub(crate) verbose: u8,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Bring recordings into a lake: a recording's frames once, however often it comes, packed or not.
    Import(Import),
    /// Check a lake: every file against its hash, every event against its frame.
    Verify(Verify),
}

#[derive(Args, Debug)]
pub(crate) struct Import {
    /// Files of recordings, gzip or plain, in any order.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// How the files are written.
    #[arg(long, value_enum)]
    pub(crate) format: Format,
    /// The folder of the lake: new, empty, or a lake.
    #[arg(long, value_name = "LAKE")]
    pub(crate) out: PathBuf,
    /// Print the report as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Format {
    /// Lines of `<receive time> <JSON of Binance>`.
    BinanceRaw,
}

#[derive(Args, Debug)]
pub(crate) struct Verify {
    /// The folder of the lake.
    #[arg(value_name = "LAKE")]
    pub(crate) lake: PathBuf,
    /// Print the report as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}
