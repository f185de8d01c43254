//! When the venue knew what we received, on our own clock.
//!
//! Two clocks are never set alike: captures exist in which the recorder's is seconds behind the
//! venue's. Their difference contains a constant offset and a latency that is never negative, so
//! the latency of an event is how much its difference exceeds the smallest one seen so far. That
//! needs no knowledge of the future. What it cannot see is the part of the latency that every event
//! had in common: the fastest event so far counts as instant.
//!
//! One absurd stamp must not bend the whole axis: a stamp far from what the others say is not
//! believed until the next one agrees with it. Another recording was made by another clock, so it
//! begins a new minimum.

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

/// How far an offset may lie from the smallest one and still be believed at once: no feed is ten
/// minutes late and then in time again.
const OFFSET_DOUBT: Nanos = Nanos::from_millis(600_000);

/// The venue's time of one instrument's events.
#[derive(Clone, Copy, Debug, Default)]
pub struct VenueClock {
    /// The smallest `ts_recv - ts_event` so far, of those that are believed.
    offset_min: Option<Nanos>,
    /// The offset of the event before, when it was not believed.
    doubted: Option<Nanos>,
    last: Option<UnixNanos>,
    doubts: u64,
}

impl VenueClock {
    /// A clock that has seen nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { offset_min: None, doubted: None, last: None, doubts: 0 }
    }

    /// What comes next was recorded by another clock: the offset is found anew, and time goes on.
    pub fn begin_recording(&mut self) {
        (self.offset_min, self.doubted) = (None, None);
    }

    /// How many stamps were not believed.
    #[must_use]
    pub const fn doubts(&self) -> u64 {
        self.doubts
    }

    /// The venue's time of the next event. An event without a time of its own, or with one that is
    /// not believed, happened when the one before it did; the very first, when we received it.
    /// Differences beyond 292 years saturate.
    ///
    /// # Panics
    /// When `ts_recv` decreases: whoever reads a recording puts that right first.
    pub fn observe(&mut self, ts_recv: UnixNanos, ts_event: Option<UnixNanos>) -> VenueTime {
        let stated = ts_event
            .and_then(|ts_event| self.on_our_clock(ts_recv, ts_event))
            .unwrap_or_else(|| self.last.unwrap_or(ts_recv));
        let now = self.last.map_or(stated, |last| last.max(stated));
        assert!(now <= ts_recv, "receive times decrease: {ts_recv} after {now}");
        self.last = Some(now);
        VenueTime { now, stated }
    }

    /// `ts_recv - latency`, which is the venue's stamp moved by the smallest offset so far. `None` for
    /// a stamp that is not believed.
    fn on_our_clock(&mut self, ts_recv: UnixNanos, ts_event: UnixNanos) -> Option<UnixNanos> {
        let offset = Nanos::new(ts_recv.get().saturating_sub(ts_event.get()));
        let smallest = match self.offset_min {
            Some(smallest) if !are_near(offset, smallest) => {
                let Some(doubted) = self.doubted.filter(|doubted| are_near(offset, *doubted))
                else {
                    self.doubted = Some(offset);
                    self.doubts += 1;
                    return None;
                };
                // Two in a row agree: what was believed before them is what was wrong.
                offset.min(doubted)
            }
            Some(smallest) => offset.min(smallest),
            None => offset,
        };
        (self.offset_min, self.doubted) = (Some(smallest), None);
        Some(UnixNanos::new(ts_event.get().saturating_add(smallest.get())).min(ts_recv))
    }
}

fn are_near(one: Nanos, other: Nanos) -> bool {
    one.get().abs_diff(other.get()) <= OFFSET_DOUBT.get().unsigned_abs()
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
    fn one_absurd_stamp_changes_nothing_after_it() {
        let far = 9_223_372_036_854_000_000;
        for absurd in [far, 0] {
            let events = [
                (far / 2, Some(far / 2 - 7)),
                (far / 2 + 10, Some(absurd)),
                (far / 2 + 20, Some(far / 2 + 11)),
            ];
            let expected = [far / 2, far / 2, far / 2 + 18].map(|time| (time, time));
            assert_eq!(times(&events), expected);
        }
    }

    #[test]
    fn an_absurd_first_stamp_is_outvoted() {
        let hour = 3_600_000_000_000;
        let events = [(0, Some(hour)), (10, Some(5)), (20, Some(13)), (40, Some(31))];
        // The second stamp is doubted, the third agrees with it: offsets 5, 7 and 9.
        assert_eq!(times(&events), [(0, 0), (0, 0), (18, 18), (36, 36)]);
    }

    #[test]
    fn another_recording_has_an_offset_of_its_own() {
        let mut clock = VenueClock::new();
        let stated = |clock: &mut VenueClock, recv, event| {
            clock.observe(UnixNanos::new(recv), Some(UnixNanos::new(event))).stated.get()
        };
        assert_eq!(stated(&mut clock, 1_000, 2_500), 1_000);
        clock.begin_recording();
        assert_eq!(stated(&mut clock, 2_000, 3_250), 2_000);
        assert_eq!(stated(&mut clock, 2_010, 3_251), 2_001);
    }

    #[test]
    #[should_panic(expected = "receive times decrease")]
    fn receive_times_that_decrease_are_a_bug() {
        times(&[(100, None), (99, Some(99))]);
    }
}
