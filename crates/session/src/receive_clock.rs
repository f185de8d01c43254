//! Whether a recorded receive time can be believed.
//!
//! One flipped digit must not send a run decades ahead. A time far from the one before is not
//! believed until the next message agrees with it; its message counts as received with the message
//! before it. Two that agree are a pause of the recording, and no row describes a pause.

use fluxo_core::{Nanos, UnixNanos};

/// How far a receive time may lie from the one before it and still be believed at once.
const DOUBT: Nanos = Nanos::from_millis(3_600_000);

/// When a message was received, as far as it is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Received {
    pub(crate) ts_recv: UnixNanos,
    /// The recording paused before this message; what came last came then.
    pub(crate) pause_since: Option<UnixNanos>,
}

/// The receive times of recordings that are read one after the other.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ReceiveClock {
    /// The last believed time of the recording at hand.
    last: Option<UnixNanos>,
    /// The time of the message before, when it was not believed.
    doubted: Option<UnixNanos>,
    /// The latest believed time of all recordings.
    latest: Option<UnixNanos>,
    doubts: u64,
}

impl ReceiveClock {
    pub(crate) const fn new() -> Self {
        Self { last: None, doubted: None, latest: None, doubts: 0 }
    }

    /// Another recording begins, at any time. Returns when the last message came so far.
    pub(crate) fn begin_recording(&mut self) -> Option<UnixNanos> {
        (self.last, self.doubted) = (None, None);
        self.latest
    }

    /// When the last message came so far, of all recordings.
    pub(crate) const fn latest(&self) -> Option<UnixNanos> {
        self.latest
    }

    pub(crate) const fn doubts(&self) -> u64 {
        self.doubts
    }

    pub(crate) fn observe(&mut self, ts_recv: UnixNanos) -> Received {
        match self.last {
            Some(last) if !are_near(ts_recv, last) => {
                if self.doubted.is_some_and(|doubted| are_near(ts_recv, doubted)) {
                    return self.believe(ts_recv, Some(last));
                }
                self.doubted = Some(ts_recv);
                self.doubts += 1;
                Received { ts_recv: last, pause_since: None }
            }
            _ => self.believe(ts_recv, None),
        }
    }

    fn believe(&mut self, ts_recv: UnixNanos, pause_since: Option<UnixNanos>) -> Received {
        (self.last, self.doubted) = (Some(ts_recv), None);
        self.latest = self.latest.max(Some(ts_recv));
        Received { ts_recv, pause_since }
    }
}

fn are_near(one: UnixNanos, other: UnixNanos) -> bool {
    one.get().abs_diff(other.get()) <= DOUBT.get().unsigned_abs()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000_000_000;

    fn believed(times: &[i64]) -> Vec<(i64, Option<i64>)> {
        let mut clock = ReceiveClock::new();
        let observe = |time: &i64| {
            let received = clock.observe(UnixNanos::new(*time));
            (received.ts_recv.get(), received.pause_since.map(UnixNanos::get))
        };
        times.iter().map(observe).collect()
    }

    #[test]
    fn one_absurd_time_is_not_believed() {
        let expected = [(5, None), (5, None), (7, None), (7, None), (9, None)];
        assert_eq!(believed(&[5, 900 * HOUR, 7, -900 * HOUR, 9]), expected);
    }

    #[test]
    fn two_that_agree_are_a_pause() {
        let expected = [(5, None), (5, None), (9 * HOUR + 1, Some(5)), (9 * HOUR + 2, None)];
        assert_eq!(believed(&[5, 9 * HOUR, 9 * HOUR + 1, 9 * HOUR + 2]), expected);
    }

    #[test]
    fn another_recording_begins_when_it_likes() {
        let mut clock = ReceiveClock::new();
        assert_eq!(clock.begin_recording(), None);
        clock.observe(UnixNanos::new(5));
        assert_eq!(clock.begin_recording(), Some(UnixNanos::new(5)));
        let far = UnixNanos::new(900 * HOUR);
        assert_eq!(clock.observe(far), Received { ts_recv: far, pause_since: None });
    }
}
