//! Why a double does not start, or ends early.

use std::io;
use std::net::SocketAddr;

use fluxo_core::UnixNanos;

use crate::wire;

/// What a source of frames reports: its own error, whatever it reads.
pub type SourceError = Box<dyn std::error::Error + Send + Sync>;

/// Why there is no double, or no more of it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Other machines would reach it.
    #[error("{address} can be reached from other machines")]
    NotLoopback {
        /// Where it should have listened.
        address: SocketAddr,
    },
    /// It cannot listen there.
    #[error("cannot listen on {address}")]
    Listen {
        /// Where it should have listened.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// No clock has this speed.
    #[error("a speed of {speed} is not above 0 and at most {max}")]
    Speed {
        /// What was asked for.
        speed: f64,
        /// The fastest.
        max: f64,
    },
    /// The instrument does not speak Binance's protocol.
    #[error(transparent)]
    Wire(#[from] wire::Error),
    /// The instrument's grid cannot be used.
    #[error(transparent)]
    MarketData(#[from] fluxo_market_data::Error),
    /// The recording has no frames.
    #[error("the recording has no frame that says when it was received")]
    Empty,
    /// The start lies behind the end.
    #[error("the recording ends at {end}, before the start at {start}")]
    StartBehindEnd {
        /// Where to start.
        start: UnixNanos,
        /// The last receive time.
        end: UnixNanos,
    },
    /// The recording cannot be read on.
    #[error(transparent)]
    Source(SourceError),
    /// The system does not give what a server needs.
    #[error("the server cannot run")]
    Server {
        /// What the system said.
        source: io::Error,
    },
    /// A thread of the double failed: a fault of its own.
    #[error("the {name} of the double failed")]
    Thread {
        /// Which one.
        name: &'static str,
    },
}
