//! The recorded events that the venue knows and we do not yet: a bounded queue between two cursors.
//!
//! The back of the queue is the next event that the venue will learn; the front is the next one that
//! we will be shown. One event is read beyond what the venue knows, because only its venue time tells
//! when the venue learns it.

use std::collections::VecDeque;

use fluxo_core::{Event, Gap, GapReason, MarketData, MarketEvent, Stamped, UnixNanos};

use crate::{MarketSource, VenueClock, VenueTime};

/// A recorded event between the venue and us, in the form in which we are shown it: it is moved in
/// once and moved out once, and borrowed in between.
#[derive(Debug)]
struct Ahead {
    /// With the receive time at which we are shown it, and a sequence as soon as we are.
    stamped: Stamped,
    venue: VenueTime,
}

impl Ahead {
    fn event(&self) -> &MarketEvent {
        let Event::Market(event) = &self.stamped.event else {
            unreachable!("only market events are recorded")
        };
        event
    }

    fn is_spec(&self) -> bool {
        matches!(self.event().data, MarketData::Spec(_))
    }
}

#[derive(Debug)]
pub(super) struct LookAhead {
    queue: VecDeque<Ahead>,
    /// How many at the front of the queue the venue knows.
    known: usize,
    /// Whether the front was shown and is still lent.
    lent: bool,
    /// By instrument.
    clocks: Vec<VenueClock>,
    len_max: usize,
    /// The venue waits for room.
    waiting: bool,
    ended: bool,
    last_recv: UnixNanos,
    recorded: u64,
    applied: u64,
    shown: u64,
    late: u64,
    full: u64,
}

impl LookAhead {
    pub(super) fn new(instruments: usize, len_max: usize) -> Self {
        Self {
            queue: VecDeque::new(),
            known: 0,
            lent: false,
            clocks: vec![VenueClock::new(); instruments],
            len_max,
            waiting: false,
            ended: false,
            last_recv: UnixNanos::new(i64::MIN),
            recorded: 0,
            applied: 0,
            shown: 0,
            late: 0,
            full: 0,
        }
    }

    /// Reads the next event when the venue has learned all that were read.
    #[inline]
    pub(super) fn fill<S: MarketSource>(
        &mut self,
        source: &mut S,
        now: UnixNanos,
    ) -> Result<(), S::Error> {
        if self.known < self.queue.len() || self.ended {
            return Ok(());
        }
        if self.queue.len() == self.len_max {
            self.waiting = true;
            return Ok(());
        }
        let Some(recorded) = source.next()? else {
            self.ended = true;
            return Ok(());
        };
        self.recorded += 1;
        self.late += u64::from(recorded.ts_recv < self.last_recv);
        self.last_recv = recorded.ts_recv.max(self.last_recv);
        let venue = self.venue_time(&recorded.event);
        self.full += u64::from(std::mem::take(&mut self.waiting) && venue.now < now);
        let event = Event::Market(recorded.event);
        let stamped = Stamped { ts_recv: self.last_recv, sequence: 0, event };
        self.queue.push_back(Ahead { stamped, venue });
        Ok(())
    }

    /// When the venue comes to know the event that was just received.
    fn venue_time(&mut self, event: &MarketEvent) -> VenueTime {
        let clock = &mut self.clocks[event.instrument.index()];
        match event.data {
            // Time passes at the venue when it passes here: that says nothing about its clock. So what
            // came before a heartbeat is shown before the venue learns of it, and need not wait for
            // the event behind it.
            MarketData::Heartbeat if event.ts_event.is_none() => {
                return VenueTime::prompt(self.last_recv);
            }
            MarketData::Gap(Gap { reason: GapReason::RecordingBoundary, .. }) => {
                clock.begin_recording();
            }
            _ => {}
        }
        clock.observe(self.last_recv, event.ts_event)
    }

    /// The venue time of the next event that the venue learns. `None` when there is none, and for a
    /// new specification, which the venue takes up when we do.
    #[inline]
    pub(super) fn next_known(&self) -> Option<UnixNanos> {
        let next = self.queue.get(self.known)?;
        (!next.is_spec()).then_some(next.venue.now)
    }

    /// The next event that the venue learns, and when it says that it happened: from now on it is
    /// known.
    #[inline]
    pub(super) fn learn(&mut self) -> (&MarketEvent, UnixNanos) {
        let next = &self.queue[self.known];
        self.known += 1;
        self.applied += 1;
        (next.event(), next.venue.stated)
    }

    /// When we are shown the next event; `None` at the end of the recording.
    #[inline]
    pub(super) fn next_shown(&self) -> Option<UnixNanos> {
        self.queue.front().map(|front| front.stamped.ts_recv)
    }

    /// The next event that we are shown.
    #[inline]
    pub(super) fn front(&self) -> Option<&MarketEvent> {
        self.queue.front().map(Ahead::event)
    }

    /// Shows us the next event: it is lent until [`Self::give_back`].
    ///
    /// # Panics
    /// When there is none, or when the venue does not know it and it is not a new specification.
    #[inline]
    pub(super) fn show(&mut self, sequence: u64) {
        let front = self.queue.front_mut().expect("an event is due");
        front.stamped.sequence = sequence;
        if self.known == 0 {
            assert!(front.is_spec(), "an event is shown before the venue knows it");
            self.known = 1;
            self.applied += 1;
        }
        self.lent = true;
        self.shown += 1;
    }

    /// What was shown last, while it is lent.
    #[inline]
    pub(super) fn lent(&self) -> Option<&Stamped> {
        self.queue.front().filter(|_| self.lent).map(|front| &front.stamped)
    }

    /// Takes what was lent out of the queue.
    #[inline]
    pub(super) fn give_back(&mut self) -> Option<MarketEvent> {
        if !std::mem::take(&mut self.lent) {
            return None;
        }
        self.known -= 1;
        match self.queue.pop_front()?.stamped.event {
            Event::Market(event) => Some(event),
            _ => unreachable!("only market events are recorded"),
        }
    }

    pub(super) const fn recorded(&self) -> u64 {
        self.recorded
    }

    pub(super) const fn applied(&self) -> u64 {
        self.applied
    }

    pub(super) const fn shown(&self) -> u64 {
        self.shown
    }

    pub(super) const fn late(&self) -> u64 {
        self.late
    }

    pub(super) fn doubted_stamps(&self) -> u64 {
        self.clocks.iter().map(VenueClock::doubts).sum()
    }

    pub(super) const fn full(&self) -> u64 {
        self.full
    }
}
