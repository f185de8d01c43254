//! A recording in memory that can be played again and again without allocating.

use std::convert::Infallible;

use fluxo_core::{MarketData, MarketEvent, UnixNanos};
use fluxo_sim::{MarketSource, Recorded};

/// Events go out in order and come back in order, each to its place.
pub(crate) struct Reel {
    events: Vec<Option<MarketEvent>>,
    times: Vec<UnixNanos>,
    next: usize,
    back: usize,
}

impl Reel {
    pub(crate) fn new(recorded: Vec<Recorded>) -> Self {
        let times = recorded.iter().map(|recorded| recorded.ts_recv).collect();
        let events = recorded.into_iter().map(|recorded| Some(recorded.event)).collect();
        Self { events, times, next: 0, back: 0 }
    }

    /// From the beginning again.
    pub(crate) fn rewound(mut self) -> Self {
        assert_eq!(self.back, self.events.len(), "every event came back");
        (self.next, self.back) = (0, 0);
        self
    }

    /// Level changes, snapshot levels and prints: what other systems count as one event each.
    pub(crate) fn logical_events(&self) -> usize {
        let logical = |event: &MarketEvent| match &event.data {
            MarketData::Book(batch) => batch.levels.len(),
            MarketData::Trade(_) => 1,
            _ => 0,
        };
        self.events.iter().flatten().map(logical).sum()
    }
}

impl MarketSource for Reel {
    type Error = Infallible;

    #[inline]
    fn next(&mut self) -> Result<Option<Recorded>, Infallible> {
        let Some(slot) = self.events.get_mut(self.next) else { return Ok(None) };
        let event = slot.take().expect("an event goes out once");
        let ts_recv = self.times[self.next];
        self.next += 1;
        Ok(Some(Recorded { ts_recv, event }))
    }

    #[inline]
    fn recycle(&mut self, event: MarketEvent) {
        self.events[self.back] = Some(event);
        self.back += 1;
    }
}
