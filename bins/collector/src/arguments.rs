//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use fluxo_capture::RecordingKind;
use fluxo_core::{Market, Nanos, UnixNanos};
use fluxo_session::{Selection, market_named};
use fluxo_venues::double::{Start, Trouble};

/// Archives recorded market data, checks the archive, and plays it back as the venue would.
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
    /// Play a recording as the venue would: its WebSocket streams and its REST.
    ///
    /// A client of Binance connects unchanged: /ws, /stream, /public and /market of USD-M, with
    /// depth, exchangeInfo, time and ping of REST. The market's clock stands until the first
    /// subscription, so that nobody misses the start. When the recording is over, every client gets
    /// a serverShutdown event and a close, and a summary is printed. Ctrl-C ends it the same way.
    Serve(Serve),
}

#[derive(Args, Debug)]
pub(crate) struct Import {
    /// Files of recordings, in any order: captures, gzip or plain, archives, records.
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
    /// Archives of LOBSTER: a message file with its book file.
    Lobster,
    /// Market-by-order files of Databento.
    DbnMbo,
}

impl Format {
    /// What files of this format are.
    pub(crate) const fn kind(self) -> RecordingKind {
        match self {
            Self::BinanceRaw => RecordingKind::Capture,
            Self::Lobster => RecordingKind::Lobster,
            Self::DbnMbo => RecordingKind::MarketByOrder,
        }
    }
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

#[derive(Args, Debug)]
pub(crate) struct Serve {
    /// Capture files of one run of one instrument, in order; gzip or plain. Or one lake.
    #[arg(required = true, value_name = "FILE|LAKE")]
    pub(crate) inputs: Vec<PathBuf>,
    /// Where to listen; port 0 is any free one. The place is said on stderr.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) listen: SocketAddr,
    /// Allow an address that other machines reach: there is no encryption and no password.
    #[arg(long)]
    pub(crate) allow_remote: bool,
    /// How many seconds of the recording go by in one second.
    #[arg(long, value_name = "X", default_value_t = 1.0)]
    pub(crate) speed: f64,
    /// Where in the recording to start: 2024-08-08T23:54:15Z, or +SECONDS behind its first frame.
    /// What lies before is in the book and is not sent.
    #[arg(long, value_name = "TIME", value_parser = start)]
    pub(crate) from: Option<Start>,
    /// The market that is meant: binance-spot, binance-usdm or binance-coinm. Needed where a lake
    /// has several.
    #[arg(long, value_name = "MARKET", value_parser = market_named)]
    venue: Option<Market>,
    /// The symbol that is meant: BTCUSDT. Needed where a lake has several.
    #[arg(long)]
    symbol: Option<String>,
    /// A list in place of the shipped configs/instruments.toml.
    #[arg(long, value_name = "FILE")]
    pub(crate) instruments: Option<PathBuf>,
    /// Cut every WebSocket without a word, so many seconds of recording after the start; may be
    /// repeated.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    cut_after: Vec<Nanos>,
    /// Withhold one depth update from everybody, so many seconds of recording after the start; may
    /// be repeated.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    lose_after: Vec<Nanos>,
    /// Send on USD-M's old endpoints /ws and /stream too, which the venue retired: there they
    /// connect, and say nothing.
    #[arg(long)]
    pub(crate) retired_endpoints: bool,
    /// Print the summary as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

impl Serve {
    pub(crate) fn selection(&self) -> Selection {
        Selection { market: self.venue, symbol: self.symbol.clone() }
    }

    pub(crate) fn troubles(&self) -> Vec<(Nanos, Trouble)> {
        let cuts = self.cut_after.iter().map(|after| (*after, Trouble::Cut));
        let losses = self.lose_after.iter().map(|after| (*after, Trouble::LoseDepth));
        cuts.chain(losses).collect()
    }
}

/// Ten thousand days: more than a recording, and less than what overflows.
const SECONDS_MAX: f64 = 864e6;

fn seconds(text: &str) -> Result<Nanos, String> {
    let seconds = text.parse::<f64>().ok().filter(|seconds| (0.0..=SECONDS_MAX).contains(seconds));
    let seconds = seconds.ok_or_else(|| "a number of seconds, such as 90 or 0.5".to_owned())?;
    #[expect(clippy::cast_possible_truncation, reason = "the range was checked")]
    Ok(Nanos::new((seconds * 1e9).round() as i64))
}

fn start(text: &str) -> Result<Start, String> {
    if let Some(span) = text.strip_prefix('+') {
        return seconds(span).map(Start::After);
    }
    let time = text.parse::<jiff::Timestamp>().ok();
    let nanos = time.and_then(|time| i64::try_from(time.as_nanosecond()).ok());
    let nanos =
        nanos.ok_or_else(|| "a time such as 2024-08-08T23:54:15Z, or +SECONDS".to_owned())?;
    Ok(Start::At(UnixNanos::new(nanos)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_is_a_moment_or_a_span() {
        assert_eq!(start("+1.5"), Ok(Start::After(Nanos::from_millis(1_500))));
        let moment = UnixNanos::new(1_723_161_255_500_000_000);
        assert_eq!(start("2024-08-08T23:54:15.5Z"), Ok(Start::At(moment)));
        assert_eq!(start("2024-08-09T01:54:15.5+02:00"), Ok(Start::At(moment)));
        for text in ["", "+", "+-1", "+inf", "+nan", "1", "2024-08-08", "noon"] {
            assert!(start(text).is_err(), "{text}");
        }
    }
}
