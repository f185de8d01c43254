//! Every patience and every limit of the client, by name.

use std::time::Duration;

/// How patient the client is. Spans are of wall time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientConfig {
    /// The longest that a connection may take to open, TLS and upgrade included.
    pub open_within: Duration,
    /// The longest that a subscription may take to be confirmed.
    pub subscribe_within: Duration,
    /// The first wait before a connection is tried again; it doubles with every failure.
    pub retry_first: Duration,
    /// The longest wait before a connection is tried again.
    pub retry_max: Duration,
    /// A connection that streamed for so long was a good one: failures count from zero again.
    pub healthy_after: Duration,
    /// The age at which a connection is given up before the venue cuts it (at 24 h).
    pub lifetime_max: Duration,
    /// The most connection attempts within [`Self::attempts_window`]; the venue bans an address that
    /// makes more than 300. At the limit the next attempt waits until the oldest one has left the
    /// window.
    pub attempts_max: usize,
    /// The window of [`Self::attempts_max`].
    pub attempts_window: Duration,
    /// How long a delivered snapshot that joins nothing yet may wait for the update that it joins.
    pub bridge_within: Duration,
    /// The longest that a snapshot may take to come.
    pub snapshot_within: Duration,
    /// The wait after an answer of "too many requests" that names none.
    pub limited_wait: Duration,
    /// The wait after an answer of "banned" that names none.
    pub banned_wait: Duration,
    /// The longest wait that a venue's `Retry-After` can ask for.
    pub retry_after_max: Duration,
    /// How often the first call to a venue is tried before a session gives up: about eight seconds.
    pub first_calls_max: u32,
    /// Seed of the jitter: between half and all of every wait.
    pub seed: u64,
}

impl ClientConfig {
    /// Within what Binance asks for (PROTOCOLS 1 and 2 of the design).
    pub const DEFAULT: Self = Self {
        open_within: Duration::from_secs(10),
        subscribe_within: Duration::from_secs(5),
        retry_first: Duration::from_millis(250),
        retry_max: Duration::from_secs(30),
        healthy_after: Duration::from_secs(10),
        lifetime_max: Duration::from_secs(24 * 3_600 - 600),
        attempts_max: 280,
        attempts_window: Duration::from_secs(300),
        bridge_within: Duration::from_secs(2),
        snapshot_within: Duration::from_secs(15),
        limited_wait: Duration::from_secs(60),
        banned_wait: Duration::from_secs(300),
        retry_after_max: Duration::from_secs(3_600),
        first_calls_max: 6,
        seed: 0,
    };
}
