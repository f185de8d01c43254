//! What a feed brought, in numbers.

/// Counts since the synchroniser was made. They only grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FeedCounts {
    /// Messages given to the synchroniser, of every kind and symbol.
    pub messages: u64,
    /// Depth updates of this instrument, whatever became of them.
    pub depth_updates: u64,
    /// Whole books received.
    pub snapshots: u64,
    /// Level changes of depth updates that were applied, those included that a snapshot kept of the
    /// ones buffered before it. Levels of snapshots do not count.
    pub levels: u64,
    /// Prints that became events.
    pub trades: u64,
    /// Best bids and asks that became events.
    pub quotes: u64,
    /// Mark prices that became events.
    pub marks: u64,
    /// Chains of update ids that broke within a recording.
    pub gaps: u64,
    /// Chains of update ids that broke where one recording ended and another began.
    pub boundary_gaps: u64,
    /// Stretches of a live feed that nobody heard: a lost connection, dropped frames.
    pub losses: u64,
    /// How often the book became live after it had been live before.
    pub resyncs: u64,
    /// Depth updates that held nothing new.
    pub stale_depth: u64,
    /// Buffered depth updates that were dropped because the buffer was full.
    pub dropped_depth: u64,
    /// Prints that had been seen before.
    pub duplicate_trades: u64,
    /// Aggregates of prints that arrive one by one as well.
    pub covered_aggregates: u64,
    /// Identifiers of prints that the feed jumped over.
    pub missing_trades: u64,
    /// Prints without a price or a size.
    pub void_trades: u64,
    /// Specifications made finer because a value did not fit.
    pub refinements: u64,
    /// Messages of another symbol or market.
    pub foreign: u64,
    /// Messages of a kind that becomes no event.
    pub unused: u64,
    /// Messages with a value beyond the range of ticks and lots.
    pub out_of_range: u64,
}
