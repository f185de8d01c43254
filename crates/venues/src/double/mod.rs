//! A double of the venue: replays a recording and speaks Binance's own protocol, so that a real
//! client connects unchanged.
//!
//! It promises every frame's payload byte for byte as it was recorded, at the recording's own pace
//! times a speed, to every stream that the frame belongs to; and that a depth snapshot is the book of
//! that moment. What the recording does not hold is not said, with one exception: where prints were
//! recorded one by one and never as aggregates, `aggTrade` says each of them as an aggregate of its
//! own, because the venue says it always. It takes no orders.
//!
//! The market's clock stands until the first subscription, so that nobody misses the start. Every
//! answer says its time: `x-fluxo-speed`, `x-fluxo-time` (nanoseconds since 1970), and
//! `x-fluxo-clock`, which is `waiting` while it stands.
//!
//! ```no_run
//! # use fluxo_core::*;
//! # use fluxo_venues::double::{Captures, Config, Double, Error};
//! # fn serve(spec: InstrumentSpec) -> Result<(), Error> {
//! let config = Config { speed: 60.0, ..Config::new(spec) };
//! let double = Double::start(config, Captures::new(["usdm_btcusdt.gz".into()]))?;
//! let url = format!("{}/public/ws/btcusdt@depth", double.ws_url());
//! // … a client connects to it …
//! let ended = double.wait();
//! assert!(ended.fault.is_none());
//! # Ok(()) }
//! ```

mod clock;
mod config;
mod connection;
mod error;
mod hub;
mod own_book;
mod player;
mod receive_times;
mod rest;
mod server;
mod shared;
mod signals;
mod source;
mod stream_name;
mod subscriptions;
mod summary;

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use fluxo_core::UnixNanos;

pub use config::{Config, Limits, Start, Trouble};
pub use error::{Error, SourceError};
pub use source::{Captures, FrameSource, SourceItem};
pub use summary::Summary;

use player::Player;
use shared::{Shared, Stop};

/// A running double. To drop it ends it abruptly, as a machine that lost its power.
#[derive(Debug)]
pub struct Double {
    address: SocketAddr,
    shared: Arc<Shared>,
    player: Option<JoinHandle<Result<(), SourceError>>>,
    server: Option<JoinHandle<std::io::Result<()>>>,
}

/// Stops a double from another thread.
#[derive(Clone, Debug)]
pub struct Stopper {
    shared: Arc<Shared>,
}

/// How a double ended.
#[derive(Debug)]
pub struct Ended {
    /// What it did.
    pub summary: Summary,
    /// Why it ended before the recording did, other than being stopped.
    pub fault: Option<Error>,
}

impl Double {
    /// Reads the recording up to its start and listens. The clock waits for the first subscription.
    ///
    /// # Errors
    /// An address or a speed that cannot be used, an instrument without Binance's protocol, a
    /// recording that cannot be read up to its start or ends before it.
    pub fn start(config: Config, source: impl FrameSource + 'static) -> Result<Self, Error> {
        let (speed, max) = (config.speed, Config::SPEED_MAX);
        if !(speed > 0.0 && speed <= max) {
            return Err(Error::Speed { speed, max });
        }
        let address = config.listen;
        if !config.allow_remote && !address.ip().is_loopback() {
            return Err(Error::NotLoopback { address });
        }
        let shared = Arc::new(Shared::new(config)?);
        let listen = || -> std::io::Result<(TcpListener, SocketAddr)> {
            let listener = TcpListener::bind(address)?;
            listener.set_nonblocking(true)?;
            let address = listener.local_addr()?;
            Ok((listener, address))
        };
        let (listener, address) = listen().map_err(|source| Error::Listen { address, source })?;
        let player = Player::open(source, &shared)?;
        let mut double = Self { address, shared, player: None, server: None };
        let shared = Arc::clone(&double.shared);
        double.server = Some(spawn("server", move || {
            let result = server::serve(listener, &shared);
            // Without a server there is nobody to play for.
            shared.stop(Stop::Abruptly);
            result
        })?);
        let shared = Arc::clone(&double.shared);
        double.player = Some(spawn("player", move || player.run(&shared))?);
        Ok(double)
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where its sockets begin: `ws://127.0.0.1:43210`.
    #[must_use]
    pub fn ws_url(&self) -> String {
        format!("ws://{}", self.address)
    }

    /// Where its REST begins: `http://127.0.0.1:43210`.
    #[must_use]
    pub fn rest_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The market's time now.
    #[must_use]
    pub fn market_time(&self) -> UnixNanos {
        self.shared.now()
    }

    /// What it did so far.
    #[must_use]
    pub fn summary(&self) -> Summary {
        self.shared.counts.summary()
    }

    /// Cuts every WebSocket without a word, and says how many there were. The market goes on.
    pub fn cut_sockets(&self) -> usize {
        self.shared.cut()
    }

    /// Withholds the next depth update from everybody; the double's own book knows it.
    pub fn lose_next_depth(&self) {
        self.shared.lose_next_depth();
    }

    /// Something that stops it from another thread.
    #[must_use]
    pub fn stopper(&self) -> Stopper {
        Stopper { shared: Arc::clone(&self.shared) }
    }

    /// Stops gently on Ctrl-C and on SIGTERM.
    ///
    /// # Errors
    /// [`Error::Server`] when the system does not let us listen to signals.
    pub fn stop_on_signals(&self) -> Result<(), Error> {
        signals::stop_on_signals(self.stopper()).map_err(|source| Error::Server { source })
    }

    /// Waits until the recording is over or the double is stopped, but no longer than `at_most`;
    /// whether it is over.
    #[must_use]
    pub fn is_over_within(&self, at_most: Duration) -> bool {
        self.shared.wait_for_end(at_most)
    }

    /// Waits until the recording is over or the double is stopped, and every client was told.
    #[must_use]
    pub fn wait(mut self) -> Ended {
        let fault = self.join();
        Ended { summary: self.summary(), fault }
    }

    /// Stops it now, and tells every client.
    #[must_use]
    pub fn stop(self) -> Ended {
        self.shared.stop(Stop::Gently);
        self.wait()
    }

    fn join(&mut self) -> Option<Error> {
        let failed = |name| Error::Thread { name };
        let player = self.player.take().map(JoinHandle::join);
        let player = match player {
            Some(Ok(result)) => result.err().map(Error::Source),
            Some(Err(_)) => Some(failed("player")),
            None => None,
        };
        let server = match self.server.take().map(JoinHandle::join) {
            Some(Ok(result)) => result.err().map(|source| Error::Server { source }),
            Some(Err(_)) => Some(failed("server")),
            None => None,
        };
        player.or(server)
    }
}

impl Stopper {
    /// Stops the double; every client is told.
    pub fn stop(&self) {
        self.shared.stop(Stop::Gently);
    }
}

impl Drop for Double {
    fn drop(&mut self) {
        self.shared.stop(Stop::Abruptly);
        // What it ended with is of no interest to whoever drops it.
        drop(self.join());
    }
}

fn spawn<T: Send + 'static>(
    name: &'static str,
    run: impl FnOnce() -> T + Send + 'static,
) -> Result<JoinHandle<T>, Error> {
    let builder = thread::Builder::new().name(format!("double-{name}"));
    builder.spawn(run).map_err(|source| Error::Server { source })
}
