//! Of the rows of one moment, the last one.
//!
//! Where events make rows, a nanosecond can have several. The last one supersedes the others of its
//! segment: it is what trading saw at that event, and nothing of its moment is missing from it that
//! makes a row. It is given when the moment is over, because a label begins with the mid that the
//! moment ends with.

use fluxo_core::{InstrumentSpec, MarketData, UnixNanos};
use fluxo_features::{FeatureRow, SegmentBreaks};

use crate::row::Row;

/// A row, and what labels are made of.
#[derive(Debug)]
pub(crate) struct Given {
    pub(crate) features: FeatureRow,
    pub(crate) row: Row,
}

/// The row of the moment at hand.
#[derive(Debug)]
pub(crate) struct Moment {
    held: Option<Given>,
    breaks: SegmentBreaks,
}

impl Moment {
    pub(crate) const fn new(spec: &InstrumentSpec) -> Self {
        Self { held: None, breaks: SegmentBreaks::new(spec) }
    }

    /// The row that an event completed takes the place of one of the same moment.
    ///
    /// # Panics
    /// When the one that is held is of another moment: it had to be taken first.
    pub(crate) fn hold(&mut self, mut given: Given) {
        if let Some(Given { row: before, .. }) = &self.held {
            let row = &mut given.row;
            assert_eq!((before.ts, before.segment), (row.ts, row.segment), "one moment at a time");
            row.superseded = before.superseded + 1;
        }
        self.held = Some(given);
    }

    /// The row of a moment that the next event ends, by its time or because it ends the segment.
    pub(crate) fn end_before(&mut self, ts_recv: UnixNanos, data: &MarketData) -> Option<Given> {
        let breaks = self.breaks.breaks(data);
        let given = self.held.take_if(|held| breaks || held.row.ts < ts_recv)?;
        Some(given.known_at(ts_recv))
    }

    /// The row of the last moment.
    pub(crate) fn end(&mut self) -> Option<Given> {
        self.held.take()
    }
}

impl Given {
    /// An event that comes later than the row says that its moment is over.
    fn known_at(mut self, ts_recv: UnixNanos) -> Self {
        self.features.known_at = self.features.known_at.max(ts_recv);
        self
    }
}
