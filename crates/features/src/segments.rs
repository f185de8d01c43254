//! Which stretch of unbroken data a row belongs to, so that training and trading call the same rows warm.

use fluxo_core::{Decimal, GapReason, InstrumentSpec, MarketData, Phase};
use serde::{Deserialize, Serialize};

/// Says which events end the segment at hand.
///
/// A segment ends at every gap, where one recording ends and another begins, where trading stops, and
/// where the meaning of ticks or lots changes: nothing that was learned before is sure to hold after.
/// The roll of the UTC day of a market that never closes is no break (FEATURES 2), so it begins no
/// segment.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SegmentBreaks {
    phase: Phase,
    tick: Decimal,
    lot: Decimal,
}

impl SegmentBreaks {
    /// Before the first event of an instrument.
    #[must_use]
    pub const fn new(spec: &InstrumentSpec) -> Self {
        Self { phase: Phase::Continuous, tick: spec.tick_size, lot: spec.lot_size }
    }

    /// Whether a row before the next event and one after it belong to different segments.
    pub fn breaks(&mut self, data: &MarketData) -> bool {
        match data {
            MarketData::Gap(_) => true,
            MarketData::Status(phase) => core::mem::replace(&mut self.phase, *phase) != *phase,
            MarketData::Spec(spec) => {
                let before = (self.tick, self.lot);
                (self.tick, self.lot) = (spec.tick_size, spec.lot_size);
                before != (self.tick, self.lot)
            }
            _ => false,
        }
    }
}

/// Follows the events of one instrument.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Segments {
    warm_after: i64,
    id: u32,
    /// When the segment at hand began; `None` before its first event.
    began: Option<i64>,
    /// Whether the segment at hand has a row.
    has_rows: bool,
    breaks: SegmentBreaks,
}

/// Where a row belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) segment: u32,
    pub(crate) is_warm: bool,
}

impl Segments {
    /// Rows are warm so long after their segment began.
    pub(crate) const fn new(warm_after_ns: i64, spec: &InstrumentSpec) -> Self {
        Self {
            warm_after: warm_after_ns,
            id: 0,
            began: None,
            has_rows: false,
            breaks: SegmentBreaks::new(spec),
        }
    }

    /// The next event; rows that it closes come before it.
    pub(crate) fn on_event(&mut self, ts: i64, data: &MarketData) {
        if matches!(data, MarketData::Heartbeat) {
            return;
        }
        if self.breaks.breaks(data) {
            self.id += u32::from(self.has_rows);
            (self.began, self.has_rows) = (None, false);
        }
        self.began.get_or_insert(ts);
    }

    pub(crate) fn on_row(&mut self, at: i64) -> Place {
        self.has_rows = true;
        let began = self.began.unwrap_or(at);
        Place { segment: self.id, is_warm: at - began >= self.warm_after }
    }
}

/// Whether two recordings meet here.
pub(crate) fn is_recording_boundary(event: &MarketData) -> bool {
    matches!(event, MarketData::Gap(gap) if gap.reason == GapReason::RecordingBoundary)
}
