//! The command line.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use fluxo_core::Market;
use fluxo_session::{ReplayModels, Selection, market_named};

use crate::synth::Synth;

/// Runs the engine over the past: recordings against a simulated venue, journals against themselves.
#[derive(Debug, Parser)]
#[command(name = "backtester", version)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// Say more on stderr; twice for everything.
    #[arg(short, long, action = ArgAction::Count, global = true)]
    pub(crate) verbose: u8,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a strategy over recorded market data.
    Run(Run),
    /// Replay a paper session's journal and compare every action.
    ReplayJournal(ReplayJournal),
    /// Make a market with a seed, in which it is known what can be earned.
    Synth(Synth),
}

#[derive(Args, Debug)]
pub(crate) struct Run {
    /// Files of one run of one instrument, in order: captures (gzip or plain), archives of LOBSTER (zip),
    /// market-by-order files of Databento (dbn, dbn.zst). Or one lake.
    #[arg(required = true, value_name = "FILE|LAKE")]
    pub(crate) inputs: Vec<PathBuf>,
    /// A new or empty folder for report.json and fills.csv.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// The market that is meant: binance-spot, binance-usdm, binance-coinm, nasdaq or cme-futures.
    /// Needed where a lake has several.
    #[arg(long, value_name = "MARKET", value_parser = market_named)]
    venue: Option<Market>,
    /// The symbol that is meant: BTCUSDT. Needed where a lake has several.
    #[arg(long)]
    symbol: Option<String>,
    #[command(flatten)]
    pub(crate) configuration: Configuration,
    #[command(flatten)]
    pub(crate) models: Models,
    /// A list in place of the shipped configs/instruments.toml.
    #[arg(long, value_name = "FILE")]
    pub(crate) instruments: Option<PathBuf>,
    /// Print the summary as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct ReplayJournal {
    /// The folder of the journal.
    #[arg(value_name = "DIR")]
    pub(crate) journal: PathBuf,
    #[command(flatten)]
    pub(crate) configuration: Configuration,
    /// Where the models' scores come from. By default they are computed again where every bundle can
    /// be loaded, and taken from the journal otherwise, with a warning that says why.
    #[arg(long, value_enum)]
    scores: Option<Scores>,
    /// The folder of a bundle that the session used, where it no longer lies where it did; may be
    /// repeated.
    #[arg(long, value_name = "DIR")]
    bundle: Vec<PathBuf>,
    /// ONNX Runtime's library; looked for where `cargo setup` puts it, and elsewhere.
    #[arg(long, value_name = "FILE")]
    ort_lib: Option<PathBuf>,
    /// Print the verdict as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// What decides. A journal brings its own: there, these change it.
#[derive(Args, Debug)]
pub(crate) struct Configuration {
    /// The rule that decides; the configuration names one otherwise.
    #[arg(long, value_enum)]
    strategy: Option<Strategy>,
    /// Keys that differ from the shipped configs/engine.toml.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// One key that differs, as in strategy.imbalance.enter=0.7; may be repeated.
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
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

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Scores {
    /// Out of the journal: the same on any machine, without a bundle.
    Recorded,
    /// By the models, and compared with the journal's.
    Recompute,
}

impl ReplayJournal {
    pub(crate) fn models(&self) -> ReplayModels {
        let scores = self.scores.map(|scores| match scores {
            Scores::Recorded => fluxo_session::Scores::Recorded,
            Scores::Recompute => fluxo_session::Scores::Recompute,
        });
        let (bundles, library) = (self.bundle.clone(), self.ort_lib.clone());
        ReplayModels { scores, bundles, library }
    }
}

impl Run {
    pub(crate) fn selection(&self) -> Selection {
        Selection { market: self.venue, symbol: self.symbol.clone() }
    }
}

impl Configuration {
    /// What differs from the configuration file, `--strategy` last.
    pub(crate) fn overrides(&self) -> Vec<String> {
        let strategy = self.strategy.map(|strategy| {
            let name =
                strategy.to_possible_value().map_or_else(String::new, |v| v.get_name().to_owned());
            format!("strategy.name={name}")
        });
        self.set.iter().cloned().chain(strategy).collect()
    }

    /// Whether anything was asked for.
    pub(crate) fn is_given(&self) -> bool {
        self.config.is_some() || !self.set.is_empty() || self.strategy.is_some()
    }
}
