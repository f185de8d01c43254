//! The command line.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand};
use fluxo_core::Market;
use fluxo_session::Selection;

/// Makes datasets of recordings, and bundles of models of datasets.
#[derive(Debug, Parser)]
#[command(name = "trainer-bridge", version)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// Say more on stderr; twice for everything.
    #[arg(short, long, action = ArgAction::Count, global = true)]
    pub(crate) verbose: u8,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Write the feature rows of a recording, with what came after each, as Parquet.
    Dataset(Dataset),
}

#[derive(Args, Debug)]
pub(crate) struct Dataset {
    /// Capture files of one run of one instrument, in order; gzip or plain. Or one lake.
    #[arg(required = true, value_name = "FILE|LAKE")]
    pub(crate) inputs: Vec<PathBuf>,
    /// The folder below which the dataset comes to lie, as MODE/VENUE/SYMBOL. The same dataset that
    /// lies there already is left as it is.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// The market that is meant: binance-spot, binance-usdm or binance-coinm. Needed where a lake
    /// has several.
    #[arg(long, value_name = "MARKET", value_parser = market)]
    venue: Option<Market>,
    /// The symbol that is meant: BTCUSDT. Needed where a lake has several.
    #[arg(long)]
    symbol: Option<String>,
    /// Keys that differ from the shipped configs/engine.toml; of these, [rows] matters here.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// One key that differs, as in rows.every_ms=1000; may be repeated.
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// A list in place of the shipped configs/instruments.toml.
    #[arg(long, value_name = "FILE")]
    pub(crate) instruments: Option<PathBuf>,
    /// Print the summary as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

impl Dataset {
    pub(crate) fn selection(&self) -> Selection {
        Selection { market: self.venue, symbol: self.symbol.clone() }
    }
}

fn market(name: &str) -> Result<Market, String> {
    Market::from_name(name).ok_or_else(|| {
        "there are binance-spot, binance-usdm, binance-coinm and b3-futures".to_owned()
    })
}
