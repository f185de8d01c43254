//! Why a recording cannot be read, and what helps.

use std::path::PathBuf;

use fluxo_core::{Market, UnixNanos};
use fluxo_market_data::InferredGrid;
use fluxo_report::Failure;

use crate::error::moment;
use crate::run::lake_failure;

/// Why a recording cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// A capture file.
    #[error(transparent)]
    Capture(#[from] fluxo_capture::Error),
    /// A lake.
    #[error(transparent)]
    Lake(#[from] fluxo_lake::Error),
    /// No instrument could be recognised.
    #[error("{path} holds no message of a known venue among its first lines")]
    NoInstrument {
        /// The file.
        path: PathBuf,
    },
    /// Files of several instruments.
    #[error("{path} holds {found}, and the run is of {expected}")]
    OtherInstrument {
        /// The file.
        path: PathBuf,
        /// Its instrument.
        found: String,
        /// The instrument of the first file.
        expected: String,
    },
    /// A lake or a file does not have exactly one instrument that was meant.
    #[error("{path} holds {}", list(found))]
    Choice {
        /// The lake or the file.
        path: PathBuf,
        /// What it holds of what was asked for.
        found: Vec<String>,
    },
    /// A file begins before the one that was given before it.
    #[error("{path} begins before {earlier}")]
    Order {
        /// The file.
        path: PathBuf,
        /// The one before it.
        earlier: PathBuf,
    },
    /// A file begins while the one before it was still being recorded.
    #[error(
        "{path} begins at {}, before {earlier} ends at {}: what both hold would happen twice",
        moment(*begins),
        moment(*ended)
    )]
    Overlap {
        /// The file.
        path: PathBuf,
        /// When its first message was received.
        begins: UnixNanos,
        /// The one before it.
        earlier: PathBuf,
        /// When the last message of that was received.
        ended: UnixNanos,
    },
    /// A file was given before, under this name or another.
    #[error("{path} was given before")]
    Twice {
        /// The file.
        path: PathBuf,
    },
    /// A folder among files.
    #[error("{path} is a folder beside other inputs")]
    Mixed {
        /// The folder.
        path: PathBuf,
    },
    /// The specification cannot be used by a synchroniser.
    #[error("{instrument} cannot be read")]
    Unusable {
        /// The instrument.
        instrument: String,
        /// Why.
        source: fluxo_market_data::Error,
    },
    /// The data shows no grid to infer.
    #[error("{instrument} is not listed, and the data shows no price to infer its grid from")]
    NoGrid {
        /// The instrument.
        instrument: String,
    },
    /// The data shows a grid, and nothing of what else an instrument is.
    #[error(
        "{market} {symbol} is not listed, and its feed tells neither fees nor currency nor multiplier"
    )]
    Unlisted {
        /// The market.
        market: Market,
        /// The symbol.
        symbol: String,
        /// The grid that the data shows.
        grid: InferredGrid,
    },
    /// There was never a whole book.
    #[error(
        "{instrument}: no depth snapshot joins the increments, so there was never a book to trade on"
    )]
    NoBook {
        /// The instrument.
        instrument: String,
    },
    /// There was never an order, where a feed tells every one.
    #[error("{instrument}: no message of an order can be read, so there was never a book")]
    NoOrders {
        /// The instrument.
        instrument: String,
    },
}

impl RecordingError {
    /// With the exit code that belongs to it, and what to do.
    #[must_use]
    pub fn into_failure(self) -> Failure {
        match self {
            Self::Capture(error) if error.is_damage() => {
                let remedy = remedy_of(&error);
                Failure::damaged(error).remedy(remedy)
            }
            Self::Capture(error) => Failure::usage(error).remedy("check the path"),
            Self::Lake(error) => lake_failure(error),
            Self::NoInstrument { .. } => {
                Failure::damaged(self).remedy(
                    "give captures with lines of `<receive time> <JSON>`, an archive of LOBSTER or a \
                     market-by-order file",
                )
            }
            Self::OtherInstrument { .. } => {
                Failure::usage(self).remedy("give the files of one instrument, in order")
            }
            Self::Overlap { .. } => Failure::usage(self).remedy("give one of the two"),
            Self::Twice { .. } => Failure::usage(self).remedy("give every file once"),
            Self::Order { .. } => {
                Failure::usage(self).remedy("give the files of a run in the order of their time")
            }
            Self::Choice { ref found, .. } if found.is_empty() => {
                Failure::usage(self).remedy("import a recording into it first")
            }
            Self::Choice { .. } => Failure::usage(self).remedy("choose one with --venue and --symbol"),
            Self::Mixed { .. } => Failure::usage(self).remedy("give one lake, or capture files"),
            Self::Unusable { .. } | Self::NoGrid { .. } => {
                Failure::damaged(self).remedy("list the instrument in instruments.toml")
            }
            Self::Unlisted { market, ref symbol, grid } => {
                let table = table_to_add(market, symbol, grid);
                Failure::usage(self).remedy(format!(
                    "add {table} to a copy of configs/instruments.toml and name it with --instruments"
                ))
            }
            Self::NoOrders { .. } => Failure::damaged(self).remedy(
                "look whether its message file and its book file are empty, or in each other's place",
            ),
            Self::NoBook { .. } => Failure::damaged(self)
                .remedy("give all files of the run in order, beginning with the one that holds the snapshot"),
        }
    }
}

/// What lists an instrument, in one line: what is in doubt stands in words.
fn table_to_add(market: Market, symbol: &str, grid: InferredGrid) -> String {
    let InferredGrid { tick_size, lot_size } = grid;
    format!(
        "[[instrument]] with market = \"{market}\", symbol = \"{symbol}\", base = \"{symbol}\", quote and \
         settle = its currency, tick_size = \"{tick_size}\" and lot_size = \"{lot_size}\" (or finer: so \
         much its first messages show), size_unit_lots, profile_row_ticks, footprint_row_ticks, and \
         multiplier where it is not its market's"
    )
}

/// What to do about a capture that is not whole, or is none.
fn remedy_of(error: &fluxo_capture::Error) -> &'static str {
    use fluxo_capture::{Error, NoRecording};
    match error {
        Error::Truncated { path, .. } | Error::Damaged { path, .. }
            if path.extension().is_some_and(|extension| extension == "gz") =>
        {
            "get a whole copy, or gunzip what is there to a plain file to use that part alone"
        }
        Error::NoRecording { what: NoRecording::NoSession, .. } => {
            "give the archive as LOBSTER packs it, with both files of a session and their names"
        }
        Error::NoRecording { what: NoRecording::Sessions { .. }, .. } => {
            "each session is an archive of its own"
        }
        Error::NoRecording { what: NoRecording::Packing, .. } => "pack it again by deflate",
        Error::NoRecording { what: NoRecording::Schema { .. }, .. } => {
            "get the same market in schema mbo"
        }
        Error::LineTooLong { .. } => "give captures with lines of `<receive time> <JSON>`",
        _ => "get a whole copy",
    }
}

fn list(found: &[String]) -> String {
    if found.is_empty() { "no recording".to_owned() } else { found.join(", ") }
}
