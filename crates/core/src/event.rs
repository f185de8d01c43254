//! Everything the engine can ever learn.

use serde::{Deserialize, Serialize};

use crate::{BundleId, MarketEvent, OrderEvent, UnixNanos};

/// An event and the moment we learned it. Inside the engine, "now" is always `ts_recv`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stamped {
    /// When we learned it, on the receive clock; never decreases within a run.
    pub ts_recv: UnixNanos,
    /// Its place in the run: 0, 1, 2, …
    pub sequence: u64,
    /// What we learned.
    pub event: Event,
}

/// A live socket, the simulated venue and a recorded day all speak this. Nothing else gets in: no
/// clock, no file, no unseeded randomness.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// The market said something.
    Market(MarketEvent),
    /// The venue said something about an order of ours.
    Order(OrderEvent),
    /// A timer that was set ran out.
    Timer(TimerId),
    /// A person asked for something.
    Operator(OperatorCommand),
}

/// The timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimerId {
    /// Closes a grid time of the feature rows when no event does it.
    RowClock,
}

/// What a person can ask of a running engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperatorCommand {
    /// Trade within the limits again.
    Resume,
    /// Only bring positions nearer to zero.
    Reduce,
    /// Cancel everything and send nothing.
    Halt,
    /// Forecast with the models of this bundle from now on; it was handed to the engine before.
    UseBundle(BundleId),
}
