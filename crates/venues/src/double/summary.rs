//! What a double did, in numbers.

use std::sync::{Mutex, PoisonError};

use fluxo_core::UnixNanos;
use serde::Serialize;

/// Counts since the start. They only grow.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Summary {
    /// Frames of the recording that were played, whoever listened.
    pub frames: u64,
    /// Frames before the start, which only the book knows.
    pub frames_before: u64,
    /// Frames that are no JSON of Binance; they were left out.
    pub malformed: u64,
    /// Frames that no stream says: snapshots, answers. They were not sent.
    pub unsent: u64,
    /// Messages that went to clients, answers to them aside.
    pub messages: u64,
    /// WebSockets that were opened.
    pub connections: u64,
    /// Requests of REST.
    pub requests: u64,
    /// Answers to `depth`.
    pub snapshots: u64,
    /// Requests for `depth` that came before there was a whole book.
    pub snapshots_refused: u64,
    /// WebSockets that were cut on purpose.
    pub cut: u64,
    /// Depth updates that were withheld on purpose.
    pub lost: u64,
    /// WebSockets that were cut because their client does not read.
    pub slow: u64,
    /// WebSockets that were closed because their client broke a rule: no pong, too many messages.
    pub expelled: u64,
    /// The moment of the recording at which the clock starts.
    pub from: UnixNanos,
    /// The receive time of the last frame played.
    pub to: UnixNanos,
    /// The latest that a frame went out, in seconds of the wall.
    pub behind_seconds_max: f64,
}

/// A summary that several threads add to.
#[derive(Debug, Default)]
pub(super) struct Counts(Mutex<Summary>);

impl Counts {
    pub(super) fn add(&self, change: impl FnOnce(&mut Summary)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(super) fn summary(&self) -> Summary {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
