//! What a double is told before it starts.

use std::net::SocketAddr;
use std::time::Duration;

use fluxo_core::{InstrumentSpec, Market, Nanos, UnixNanos};

/// How a double behaves.
#[derive(Clone, Debug)]
pub struct Config {
    /// The instrument of the recording: it says whose protocol is spoken, and what `exchangeInfo`
    /// answers.
    pub spec: InstrumentSpec,
    /// Where to listen; port 0 is any free one.
    pub listen: SocketAddr,
    /// Whether an address that other machines reach is allowed.
    pub allow_remote: bool,
    /// How many seconds of the recording go by in one second: above zero, at most
    /// [`Config::SPEED_MAX`].
    pub speed: f64,
    /// Where in the recording to start.
    pub start: Start,
    /// Trouble on purpose, each after a span of recording time behind the start.
    pub troubles: Vec<(Nanos, Trouble)>,
    /// Whether USD-M's old endpoints, which the venue retired, still send.
    pub retired_endpoints: bool,
    /// What connections are held to.
    pub limits: Limits,
}

/// Where in the recording a double starts. What lies before it is known to its book and sent to
/// nobody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Start {
    /// At its first frame.
    #[default]
    Beginning,
    /// At a moment of its receive clock.
    At(UnixNanos),
    /// So long after its first frame.
    After(Nanos),
}

/// What can go wrong on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Every WebSocket ends at once, without a word.
    Cut,
    /// The next depth update reaches nobody: whoever counts finds a gap.
    LoseDepth,
}

/// What the venue holds connections to. The times are of the wall, whatever the speed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How often a connection is pinged.
    pub ping_every: Duration,
    /// How long an answer to a ping may take; then the connection is closed.
    pub pong_within: Duration,
    /// The most messages of any kind that a client may send within a second; beyond, the connection
    /// is closed.
    pub incoming_per_second_max: usize,
    /// The most streams of a connection; a subscription beyond is refused as a whole.
    pub streams_max: usize,
    /// The most bytes that wait for a client; beyond, the connection is cut: it does not read.
    pub queue_bytes_max: usize,
    /// How long a connection may live.
    pub lifetime: Duration,
}

impl Config {
    /// The fastest clock: a day goes by in less than a second.
    pub const SPEED_MAX: f64 = 1e5;

    /// A double of an instrument on a free port of this machine, at the recording's own pace.
    #[must_use]
    pub fn new(spec: InstrumentSpec) -> Self {
        let limits = Limits::of(spec.market);
        Self {
            spec,
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            allow_remote: false,
            speed: 1.0,
            start: Start::Beginning,
            troubles: Vec::new(),
            retired_endpoints: false,
            limits,
        }
    }
}

impl Limits {
    /// The limits that a market states (PROTOCOLS 1 and 2).
    #[must_use]
    pub const fn of(market: Market) -> Self {
        let (ping_seconds, pong_seconds, incoming_per_second_max, streams_max) = match market {
            Market::BinanceSpot => (20, 60, 5, 1024),
            Market::BinanceUsdm
            | Market::BinanceCoinm
            | Market::B3Futures
            | Market::Nasdaq
            | Market::CmeFutures => (180, 600, 10, 200),
        };
        Self {
            ping_every: Duration::from_secs(ping_seconds),
            pong_within: Duration::from_secs(pong_seconds),
            incoming_per_second_max,
            streams_max,
            queue_bytes_max: 32 << 20,
            lifetime: Duration::from_secs(24 * 3600),
        }
    }
}

impl Trouble {
    /// With the span of recording time behind the start at which it comes.
    #[must_use]
    pub const fn after(self, span: Nanos) -> (Nanos, Self) {
        (span, self)
    }
}
