//! The command line.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use fluxo_core::{Market, Nanos};
use fluxo_session::{Selection, market_named};

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
    /// Run a paper session on a venue's live market data, and journal it.
    Run(Run),
    /// Ask a running session for something; the answer is JSON.
    Control(Control),
}

#[derive(Args, Debug)]
pub(crate) struct Replay {
    /// Files of one run of one instrument, in order: captures (gzip or plain), archives of LOBSTER (zip),
    /// market-by-order files of Databento (dbn, dbn.zst). Or one lake.
    #[arg(required = true, value_name = "FILE|LAKE")]
    pub(crate) inputs: Vec<PathBuf>,
    /// The folder of the journal: new, empty, or of the same run, which is then continued.
    #[arg(long, value_name = "DIR")]
    pub(crate) journal: PathBuf,
    /// The market that is meant: binance-spot, binance-usdm, binance-coinm, nasdaq or cme-futures.
    /// Needed where a lake has several.
    #[arg(long, value_name = "MARKET", value_parser = market_named)]
    venue: Option<Market>,
    /// The symbol that is meant: BTCUSDT. Needed where a lake has several.
    #[arg(long)]
    symbol: Option<String>,
    #[command(flatten)]
    pub(crate) decisions: Decisions,
    /// Print the summary as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Run {
    /// The market: binance-spot, binance-usdm or binance-coinm.
    #[arg(long, value_name = "MARKET", value_parser = market_named)]
    pub(crate) venue: Market,
    /// The symbol: BTCUSDT.
    #[arg(long)]
    pub(crate) symbol: String,
    /// The folder of the journal: new or empty.
    #[arg(long, value_name = "DIR")]
    pub(crate) journal: PathBuf,
    /// A WebSocket address in place of the venue's own, without a path: ws://127.0.0.1:9001.
    #[arg(long, value_name = "URL", value_parser = ws_url)]
    pub(crate) ws_url: Option<String>,
    /// A REST address in place of the venue's own, without a path: http://127.0.0.1:9001.
    #[arg(long, value_name = "URL", value_parser = rest_url)]
    pub(crate) rest_url: Option<String>,
    #[command(flatten)]
    pub(crate) decisions: Decisions,
    /// Stop after so much of the market's time: 90s, 45m or 12h. Without it the session goes on
    /// until SIGINT, SIGTERM or `paper-trader control`.
    #[arg(long = "for", value_name = "DURATION", value_parser = duration)]
    pub(crate) lasts: Option<Nanos>,
    /// Listen here for `paper-trader control`.
    #[arg(long, value_name = "SOCKET")]
    pub(crate) control: Option<PathBuf>,
    /// Print the summary as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Control {
    /// What the session was given with --control.
    pub(crate) socket: PathBuf,
    /// What to ask for.
    #[command(subcommand)]
    word: Word,
}

#[derive(Debug, Subcommand)]
enum Word {
    /// How it goes.
    Status,
    /// Cancel everything and send nothing.
    Halt,
    /// Only bring the position nearer to zero.
    Reduce,
    /// Trade within the limits again.
    Resume,
    /// End the session in good order.
    Stop,
    /// Let the models of this bundle forecast from now on. It is verified first; one that is refused
    /// leaves the running one.
    Bundle {
        /// Its folder.
        folder: PathBuf,
    },
}

/// What decides, and what it knows beforehand.
#[derive(Args, Debug)]
pub(crate) struct Decisions {
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
}

impl Control {
    /// The command as the socket takes it. The session may run in another folder.
    pub(crate) fn line(&self) -> std::io::Result<String> {
        Ok(match &self.word {
            Word::Status => "status".to_owned(),
            Word::Halt => "halt".to_owned(),
            Word::Reduce => "reduce".to_owned(),
            Word::Resume => "resume".to_owned(),
            Word::Stop => "stop".to_owned(),
            Word::Bundle { folder } => format!("bundle {}", std::path::absolute(folder)?.display()),
        })
    }
}

impl Decisions {
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

fn ws_url(text: &str) -> Result<String, String> {
    base(text, ["ws://", "wss://"])
}

fn rest_url(text: &str) -> Result<String, String> {
    base(text, ["http://", "https://"])
}

fn base(text: &str, schemes: [&str; 2]) -> Result<String, String> {
    let [plain, secure] = schemes;
    let host = schemes.iter().find_map(|scheme| text.strip_prefix(scheme));
    match host.map(|host| host.trim_end_matches('/')) {
        Some(host) if host.is_empty() || host.contains(['/', '?', '#', ' ', '@']) => {}
        Some(host) if text.starts_with(plain) && !is_this_machine(host) => {
            return Err(format!(
                "plain {plain} is for this machine alone, and anybody on the way could change what \
                 {host} says: use {secure}{host}"
            ));
        }
        Some(_) => return Ok(text.to_owned()),
        None => {}
    }
    Err(format!("an address such as {plain}127.0.0.1:9001, without a path or a name"))
}

/// Whether a host, with or without a port, is this machine.
fn is_this_machine(host: &str) -> bool {
    let (name, port) = match host.strip_prefix('[') {
        Some(rest) => rest.split_once(']').unwrap_or((rest, "")),
        None => host.split_once(':').unwrap_or((host, "")),
    };
    let is_port = port.trim_start_matches(':').bytes().all(|byte| byte.is_ascii_digit());
    let is_loopback = name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    is_port && (is_loopback || name.eq_ignore_ascii_case("localhost"))
}

/// A year: no session lasts longer.
const SECONDS_MAX: i64 = 366 * 86_400;

fn duration(text: &str) -> Result<Nanos, String> {
    let units = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000)];
    let millis = units.iter().find_map(|(unit, millis)| {
        let count = text.strip_suffix(unit)?.parse::<i64>().ok()?;
        count.checked_mul(*millis).filter(|_| count > 0)
    });
    millis
        .filter(|millis| *millis <= SECONDS_MAX * 1_000)
        .map(Nanos::from_millis)
        .ok_or_else(|| "a whole number with its unit, such as 500ms, 90s, 45m or 12h".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_has_a_unit() {
        assert_eq!(duration("90s"), Ok(Nanos::from_millis(90_000)));
        assert_eq!(duration("500ms"), Ok(Nanos::from_millis(500)));
        assert_eq!(duration("2h"), Ok(Nanos::from_millis(7_200_000)));
        for text in ["", "90", "s", "-1s", "0s", "1.5h", "9999999999999h", "1d"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_address_has_a_scheme_and_no_path() {
        assert!(ws_url("ws://127.0.0.1:9001").is_ok() && ws_url("wss://x.example/").is_ok());
        assert!(rest_url("http://127.0.0.1:9001").is_ok());
        for text in ["127.0.0.1:9001", "http://", "ws://localhost/stream", "ws://", "ws://a b"] {
            assert!(ws_url(text).is_err(), "{text}");
        }
        assert!(ws_url("wss://127.0.0.1@x.example").is_err(), "it is at x.example");
        assert!(ws_url("ws://127.0.0.1@x.example").is_err());
    }

    #[test]
    fn plain_is_for_this_machine() {
        for host in ["127.0.0.1:9001", "localhost", "localhost:1", "[::1]:9001", "127.1.2.3/"] {
            assert!(ws_url(&format!("ws://{host}")).is_ok(), "{host}");
            assert!(rest_url(&format!("http://{host}")).is_ok(), "{host}");
        }
        for host in ["10.0.0.1:9001", "x.example", "[::2]:1", "127.0.0.1.x.example", "localhost:x"]
        {
            let refused = ws_url(&format!("ws://{host}")).unwrap_err();
            assert!(refused.contains(&format!("use wss://{host}")), "{refused}");
            assert!(rest_url(&format!("http://{host}")).is_err(), "{host}");
            assert!(ws_url(&format!("wss://{host}")).is_ok(), "{host}");
        }
    }
}
