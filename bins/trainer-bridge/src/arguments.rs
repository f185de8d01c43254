//! The command line.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use fluxo_core::Market;
use fluxo_dataset::session_named;
use fluxo_features::SamplingClock;
use fluxo_session::{Selection, market_named};

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
    /// Train models on a dataset, in Python, and publish them as a bundle once the runtime that
    /// trades says the same as they do.
    Train(Train),
    /// Fit on recordings of earlier sessions what rows take as given: the bucket of VPIN, the
    /// micro-price table and, when asked, the size unit.
    Calibrate(Calibrate),
    /// Say what the values of a row are, or whether those of a dataset are fit to learn from.
    Features(Features),
    /// Ask the models of bundles for their golden rows: in Rust, and in Python where that is there.
    Parity(Parity),
}

#[derive(Args, Debug)]
pub(crate) struct Dataset {
    /// Files of one run of one instrument, in order: captures (gzip or plain), archives of LOBSTER (zip),
    /// market-by-order files of Databento (dbn, dbn.zst). Or one lake.
    #[arg(required = true, value_name = "FILE|LAKE")]
    pub(crate) inputs: Vec<PathBuf>,
    /// The folder below which the dataset comes to lie, as MODE/VENUE/SYMBOL. The same dataset that
    /// lies there already is left as it is.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// The market that is meant: binance-spot, binance-usdm, binance-coinm, nasdaq or cme-futures.
    /// Needed where a lake has several.
    #[arg(long, value_name = "MARKET", value_parser = market_named)]
    venue: Option<Market>,
    /// The symbol that is meant: BTCUSDT. Needed where a lake has several.
    #[arg(long)]
    symbol: Option<String>,
    /// When a row is made: time:MS every so many milliseconds, book-change after each change of the ten
    /// best levels, volume:LOTS whenever so much has traded. Wins over `rows.clock`; otherwise time:100.
    #[arg(long, value_name = "CLOCK")]
    pub(crate) clock: Option<SamplingClock>,
    /// Keys that differ from the shipped configs/engine.toml; of these, the section `rows` matters here.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// One key that differs, as in rows.warm_after_s=60; may be repeated.
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// A list in place of the shipped configs/instruments.toml.
    #[arg(long, value_name = "FILE")]
    pub(crate) instruments: Option<PathBuf>,
    /// What `trainer-bridge calibrate` fitted on earlier sessions of this instrument.
    #[arg(long, value_name = "FILE")]
    pub(crate) calibration: Option<PathBuf>,
    /// Print the summary as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Calibrate {
    /// Files of one run of one instrument, in order: captures (gzip or plain), archives of LOBSTER (zip),
    /// market-by-order files of Databento (dbn, dbn.zst). Or one lake.
    #[arg(required = true, value_name = "FILE|LAKE")]
    pub(crate) inputs: Vec<PathBuf>,
    /// The file to write. The same file that lies there already is left as it is.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// Look only at sessions before this one: those of the dataset must not be fitted on.
    #[arg(long, value_name = "YYYYMMDD", value_parser = session_named)]
    pub(crate) before: Option<i32>,
    /// Fit the size unit too: the median parent trade, rounded to 1, 2 or 5 times a power of ten lots.
    #[arg(long)]
    pub(crate) size_unit: bool,
    /// The market that is meant: binance-spot, binance-usdm, binance-coinm, nasdaq or cme-futures.
    /// Needed where a lake has several.
    #[arg(long, value_name = "MARKET", value_parser = market_named)]
    venue: Option<Market>,
    /// The symbol that is meant: BTCUSDT. Needed where a lake has several.
    #[arg(long)]
    symbol: Option<String>,
    /// Keys that differ from the shipped configs/engine.toml; of these, the section `rows` matters here.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// One key that differs, as in rows.parent_gap_ms=2; may be repeated.
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// A list in place of the shipped configs/instruments.toml.
    #[arg(long, value_name = "FILE")]
    pub(crate) instruments: Option<PathBuf>,
    /// Print the summary as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Features {
    /// Everything about one value: a feature, a value of the regime or consensus vector, a target, or
    /// another column of a dataset.
    #[arg(long, value_name = "NAME")]
    pub(crate) explain: Option<String>,
    /// Look at every value of a dataset: shares, ranges, order. Exit code 4 where it is not fit.
    #[arg(long, value_name = "DATASET", conflicts_with = "explain")]
    pub(crate) check: Option<PathBuf>,
    /// Print the result as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Train {
    /// The folder of a dataset, or one below which it lies.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// The folder of the bundle: new, unless --replace.
    #[arg(long, value_name = "BUNDLE")]
    pub(crate) out: PathBuf,
    /// Which models.
    #[arg(long, value_enum, default_value_t = Model::All)]
    pub(crate) model: Model,
    /// What to learn: a target of three classes.
    #[arg(long, default_value = "dir_10s")]
    pub(crate) target: String,
    /// The same seed, data and arguments give the same bytes.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// The bundle's own name; that of its folder otherwise.
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Put the new bundle in the place of one that is there.
    #[arg(long)]
    pub(crate) replace: bool,
    /// Stop after so many seconds, with exit code 5 and no bundle.
    #[arg(long, value_name = "SECONDS")]
    pub(crate) time_limit: Option<u64>,
    /// The interpreter; FLUXO_PYTHON or the nearest .venv otherwise.
    #[arg(long, value_name = "PATH")]
    pub(crate) python: Option<PathBuf>,
    /// ONNX Runtime's library; ORT_DYLIB_PATH or the nearest .ort otherwise.
    #[arg(long, value_name = "PATH")]
    pub(crate) ort_lib: Option<PathBuf>,
    /// Print the result as JSON.
    #[arg(long)]
    pub(crate) json: bool,
    /// Further arguments for the trainer, behind `--`: `-- --rounds 100 --holdout 0.3`.
    #[arg(last = true, value_name = "ARGUMENT")]
    pub(crate) more: Vec<String>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Model {
    Lightgbm,
    Xgboost,
    /// Both.
    All,
}

impl Model {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Lightgbm => "lightgbm",
            Self::Xgboost => "xgboost",
            Self::All => "all",
        }
    }
}

#[derive(Args, Debug)]
pub(crate) struct Parity {
    /// Folders of bundles; trained/demo otherwise.
    #[arg(value_name = "BUNDLE")]
    pub(crate) bundles: Vec<PathBuf>,
    /// The interpreter; FLUXO_PYTHON or the nearest .venv otherwise.
    #[arg(long, value_name = "PATH")]
    pub(crate) python: Option<PathBuf>,
    /// ONNX Runtime's library; ORT_DYLIB_PATH or the nearest .ort otherwise.
    #[arg(long, value_name = "PATH")]
    pub(crate) ort_lib: Option<PathBuf>,
    /// Print the result as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

impl Calibrate {
    pub(crate) fn selection(&self) -> Selection {
        Selection { market: self.venue, symbol: self.symbol.clone() }
    }
}

impl Dataset {
    /// The keys that differ, the clock among them.
    pub(crate) fn overrides(&self) -> Vec<String> {
        let clock = self.clock.map(|clock| format!("rows.clock={clock}"));
        self.set.iter().cloned().chain(clock).collect()
    }

    pub(crate) fn selection(&self) -> Selection {
        Selection { market: self.venue, symbol: self.symbol.clone() }
    }
}
