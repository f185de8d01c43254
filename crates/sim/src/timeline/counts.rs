//! What happened on the way between us and the venue.

/// What a message of ours met when it arrived, counted in recorded events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// How many the engine had been shown.
    pub shown: u64,
    /// How many the venue had applied.
    pub applied: u64,
}

impl Arrival {
    /// How many recorded events the venue was ahead of the engine; `None` when it was behind.
    #[must_use]
    pub const fn lead(self) -> Option<u64> {
        self.applied.checked_sub(self.shown)
    }
}

/// Counts of one timeline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TimelineCounts {
    /// Recorded events that were read.
    pub recorded: u64,
    /// Recorded events whose receive time lay before their predecessor's: it was moved up to it.
    pub late: u64,
    /// Recorded events that the venue came to know late, because the look-ahead was full.
    pub look_ahead_full: u64,
    /// Recorded events whose venue time was so far from that of the others that it was not believed.
    pub doubted_stamps: u64,
    /// Orders and cancels that reached the venue.
    pub arrived: u64,
    /// Orders that never left, because too many messages were on their way.
    pub refused: u64,
    /// Orders and cancels that were still on their way when the recording ended.
    pub unarrived: u64,
}
