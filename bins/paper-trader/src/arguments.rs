//! The command line.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use fluxo_core::Market;
use fluxo_session::Selection;

/// Trades on paper: the engine decides, a simulated venue fills, a journal keeps everything.
#[derive(Debug, Parser)]
#[command(name = "paper-trader", version)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// Say more on stderr; twice for everything.
    #[arg(short, long, action = ArgAction::Count, global = true)]
    pub(crate) verbose: u8,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a paper session over recorded market data, and journal it.
    Replay(Replay),
}

#[derive(Args, Debug)]
pub(crate) struct Replay {
    /// Capture files of one run of one instrument, in order; gzip or plain. Or one lake.
    #[arg(required = true, value_name = "FILE|LAKE")]
    pub(crate) inputs: Vec<PathBuf>,
    /// The folder of the journal: new, empty, or of the same run, which is then continued.
    #[arg(long, value_name = "DIR")]
    pub(crate) journal: PathBuf,
    /// The market that is meant: binance-spot, binance-usdm or binance-coinm. Needed where a lake
    /// has several.
    #[arg(long, value_name = "MARKET", value_parser = market)]
    venue: Option<Market>,
    /// The symbol that is meant: BTCUSDT. Needed where a lake has several.
    #[arg(long)]
    symbol: Option<String>,
    /// The rule that decides; the configuration names one otherwise.
    #[arg(long, value_enum)]
    strategy: Option<Strategy>,
    /// Keys that differ from the shipped configs/engine.toml.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// One key that differs, as in strategy.imbalance.enter=0.7; may be repeated.
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    #[command(flatten)]
    pub(crate) models: Models,
    /// A list in place of the shipped configs/instruments.toml.
    #[arg(long, value_name = "FILE")]
    pub(crate) instruments: Option<PathBuf>,
    /// Print the summary as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Strategy {
    /// A threshold on the imbalance of the best level.
    Imbalance,
    /// Joins the best bid and the best ask.
    Maker,
    /// Follows the flow agents.
    Agents,
    /// Follows the models of a bundle.
    Ensemble,
}

/// The models that decide, or are kept beside the rule that does.
#[derive(Args, Debug)]
pub(crate) struct Models {
    /// The folder of a bundle of models, as trained/demo is.
    #[arg(long, value_name = "DIR")]
    pub(crate) bundle: Option<PathBuf>,
    /// ONNX Runtime's library; looked for where `cargo setup` puts it, and elsewhere.
    #[arg(long, value_name = "FILE")]
    pub(crate) ort_lib: Option<PathBuf>,
}

impl Replay {
    pub(crate) fn selection(&self) -> Selection {
        Selection { market: self.venue, symbol: self.symbol.clone() }
    }

    /// What differs from the configuration file, `--strategy` last.
    pub(crate) fn overrides(&self) -> Vec<String> {
        let strategy = self.strategy.map(|strategy| {
            let name =
                strategy.to_possible_value().map_or_else(String::new, |v| v.get_name().to_owned());
            format!("strategy.name={name}")
        });
        self.set.iter().cloned().chain(strategy).collect()
    }
}

fn market(name: &str) -> Result<Market, String> {
    Market::from_name(name).ok_or_else(|| {
        "there are binance-spot, binance-usdm, binance-coinm and b3-futures".to_owned()
    })
}
