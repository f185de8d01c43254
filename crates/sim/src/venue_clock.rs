//! When the venue knew what we received, on our own clock.
//!
//! Two clocks are never set alike: captures exist in which the recorder's is seconds behind the
//! venue's. Their difference contains a constant offset and a latency that is never negative, so
//! the latency of an event is how much its difference exceeds the smallest one seen so far. That
//! needs no knowledge of the future. What it cannot see is the part of the latency that every event
//! had in common: the fastest event so far counts as instant.

use fluxo_core::{Nanos, UnixNanos};

/// The venue's time of one event, on our clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VenueTime {
    /// When the venue's state came to include the event. Never decreases from event to event, and
    /// is never later than we received it.
    pub now: UnixNanos,
    /// When the venue says that it happened. Earlier than `now` where the streams of a connection
    /// overtook each other: such an event comes too late for the order of events, but an order that
    /// arrived after `stated` was not there when it happened.
    pub stated: UnixNanos,
}

impl VenueTime {
    /// An event that the venue knew the moment it happened.
    #[must_use]
    pub const fn prompt(now: UnixNanos) -> Self {
        Self { now, stated: now }
    }
}

/// The venue's time of one instrument's events.
#[derive(Clone, Copy, Debug, Default)]
pub struct VenueClock {
    /// The smallest `ts_recv - ts_event` so far.
    offset_min: Option<Nanos>,
    last: Option<UnixNanos>,
}

impl VenueClock {
    /// A clock that has seen nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { offset_min: None, last: None }
    }

    /// The venue's time of the next event. An event without a time of its own happened when the one
    /// before it did; the very first, when we received it. Differences beyond 292 years saturate.
    ///
    /// # Panics
    /// When `ts_recv` decreases: whoever reads a recording puts that right first.
    pub fn observe(&mut self, ts_recv: UnixNanos, ts_event: Option<UnixNanos>) -> VenueTime {
        let stated = match ts_event {
            Some(ts_event) => self.on_our_clock(ts_recv, ts_event),
            None => self.last.unwrap_or(ts_recv),
        };
        let now = self.last.map_or(stated, |last| last.max(stated));
        assert!(now <= ts_recv, "receive times decrease: {ts_recv} after {now}");
        self.last = Some(now);
        VenueTime { now, stated }
    }

    /// `ts_recv - latency`, which is the venue's stamp moved by the smallest offset so far.
    fn on_our_clock(&mut self, ts_recv: UnixNanos, ts_event: UnixNanos) -> UnixNanos {
        let offset = Nanos::new(ts_recv.get().saturating_sub(ts_event.get()));
        let smallest = self.offset_min.map_or(offset, |smallest| smallest.min(offset));
        self.offset_min = Some(smallest);
        UnixNanos::new(ts_event.get().saturating_add(smallest.get())).min(ts_recv)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each pair is `(ts_recv, ts_event)`; the answers are `(now, stated)`.
    fn times(events: &[(i64, Option<i64>)]) -> Vec<(i64, i64)> {
        let mut clock = VenueClock::new();
        let observe = |(recv, event): &(i64, Option<i64>)| {
            let time = clock.observe(UnixNanos::new(*recv), event.map(UnixNanos::new));
            (time.now.get(), time.stated.get())
        };
        events.iter().map(observe).collect()
    }

    #[test]
    fn the_fastest_event_so_far_is_instant() {
        // Latencies 7, 5, 9 behind an offset of zero: only what exceeds the smallest is seen.
        let events = [(107, Some(100)), (115, Some(110)), (129, Some(120))];
        assert_eq!(times(&events), [(107, 107), (115, 115), (125, 125)]);
    }

    #[test]
    fn a_recorder_that_is_behind_the_venue_works_alike() {
        let behind = 1_500;
        let events = [
            (107 - behind, Some(100)),
            (115 - behind, Some(110)),
            (129 - behind, Some(120)),
            (130 - behind, None),
        ];
        assert_eq!(
            times(&events),
            [(-1393, -1393), (-1385, -1385), (-1375, -1375), (-1375, -1375)]
        );
    }

    #[test]
    fn a_stream_that_was_overtaken_keeps_its_own_statement() {
        let events = [(105, Some(100)), (112, Some(107)), (113, Some(101)), (114, Some(109))];
        assert_eq!(times(&events), [(105, 105), (112, 112), (112, 106), (114, 114)]);
    }

    #[test]
    fn the_first_event_without_a_time_is_instant() {
        assert_eq!(times(&[(50, None), (60, None), (70, Some(1))]), [(50, 50), (50, 50), (70, 70)]);
    }

    #[test]
    fn absurd_stamps_saturate() {
        let events = [(-10, Some(i64::MAX)), (10, Some(i64::MIN)), (11, Some(i64::MAX))];
        let times = times(&events);
        assert!(times.windows(2).all(|pair| pair[0].0 <= pair[1].0));
        assert!(times.iter().zip(&events).all(|(time, event)| time.0 <= event.0));
    }

    #[test]
    #[should_panic(expected = "receive times decrease")]
    fn receive_times_that_decrease_are_a_bug() {
        times(&[(100, None), (99, Some(99))]);
    }
}
