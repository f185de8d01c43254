//! One axis of time for a recording, our orders and the venue's answers: our own clock.
//!
//! The venue comes to know a recorded event at its venue time, we are shown it at its receive time,
//! and what we send arrives at the venue one latency later. It promises that time never goes back,
//! that the same recording and the same actions give the same events, and that an order never meets
//! a venue state older than the last event that the engine was shown.
//!
//! At one moment the venue learns first, then orders arrive, then we learn: of our orders, then of a
//! closed grid time, then of the market. So the venue has applied everything that we were shown.
//!
//! A new specification is not the venue's doing: it says how we read numbers from then on. Venue and
//! engine therefore take it up at one moment, its receive time, together with every message that is
//! on its way.

mod counts;
mod look_ahead;
mod post;

use fluxo_core::{
    Action, Event, Gap, GapReason, InstrumentId, InstrumentSpec, MarketData, MarketEvent,
    OrderEvent, RejectReason, Stamped, TimerId, UnixNanos,
};

use crate::row_clock::RowClock;
use crate::{Error, MarketSource, SimConfig, SimVenue, VenueTime};
pub use counts::{Arrival, TimelineCounts};
use look_ahead::LookAhead;
use post::{Post, Request};

/// What happens next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// The venue learns of the next recorded event.
    Apply,
    /// A message of ours reaches the venue.
    Arrive,
    /// An answer of the venue reaches us.
    Answer,
    /// A grid time closes.
    Timer,
    /// A recorded event reaches us.
    Show,
}

/// Merges a recording with order traffic: ask for [`Self::next`], [`Self::perform`] what the engine
/// decided, and so on until the end.
#[derive(Debug)]
pub struct Timeline<S: MarketSource> {
    source: S,
    /// By instrument.
    venues: Vec<SimVenue>,
    look_ahead: LookAhead,
    row_clock: RowClock,
    post: Post,
    /// The answers that one step makes: empty between two steps.
    making: Vec<OrderEvent>,
    now: UnixNanos,
    /// The last answer or timer that was shown; recorded events are lent by the look-ahead.
    own: Stamped,
    sequence: u64,
    arrived: u64,
    worst_arrival: Option<Arrival>,
}

impl<S: MarketSource> Timeline<S> {
    /// A timeline before its first event. `specs` are indexed by instrument and hold until the
    /// recording says otherwise.
    ///
    /// # Errors
    /// A configuration that cannot work, or a specification without a value.
    pub fn new(source: S, specs: &[InstrumentSpec], config: SimConfig) -> Result<Self, Error> {
        config.check()?;
        let start = UnixNanos::new(i64::MIN);
        Ok(Self {
            source,
            venues: venues(specs, &config)?,
            look_ahead: LookAhead::new(specs.len(), config.look_ahead_max),
            row_clock: RowClock::new(config.row_clock),
            post: Post::new(&config),
            making: Vec::new(),
            now: start,
            own: Stamped { ts_recv: start, sequence: 0, event: Event::Timer(TimerId::RowClock) },
            sequence: 0,
            arrived: 0,
            worst_arrival: None,
        })
    }

    /// The next event that the engine learns, or `None` when the recording has ended and the last
    /// answer has been delivered.
    ///
    /// # Errors
    /// When the source cannot be read on.
    #[expect(clippy::should_implement_trait, reason = "the event is lent, which no iterator does")]
    pub fn next(&mut self) -> Result<Option<&Stamped>, S::Error> {
        self.recycle_shown();
        loop {
            self.look_ahead.fill(&mut self.source, self.now)?;
            let Some((at, step)) = self.earliest() else {
                self.post.drop_messages();
                return Ok(None);
            };
            assert!(at >= self.now, "time goes back from {} to {at}", self.now);
            self.now = at;
            match step {
                Step::Apply => self.apply(),
                Step::Arrive => self.arrive(),
                Step::Answer => {
                    let answer = self.post.deliver().expect("an answer is due");
                    return Ok(Some(self.show_own(Event::Order(answer))));
                }
                Step::Timer => {
                    self.row_clock.advance();
                    return Ok(Some(self.show_own(Event::Timer(TimerId::RowClock))));
                }
                Step::Show => {
                    self.show();
                    return Ok(self.look_ahead.lent());
                }
            }
        }
    }

    /// Does what the engine decided on the last event: orders and cancels leave now. Refusals and
    /// changes of the gate's state are no messages.
    ///
    /// # Panics
    /// Before the first event: there is nothing yet that an engine could have decided on.
    pub fn perform(&mut self, actions: &[Action]) {
        assert!(self.sequence > 0 || actions.is_empty(), "actions before the first event");
        for action in actions {
            let request = match action {
                Action::Place { order, .. } => Request::Place(*order),
                Action::Cancel { instrument, id, .. } => Request::Cancel(*instrument, *id),
                Action::Refuse { .. } | Action::RiskState { .. } => continue,
            };
            self.post.send(self.now, request);
        }
    }

    /// Stamps what neither the market nor the venue brought, the command of a person for instance: it
    /// happens now, right behind the last event.
    ///
    /// # Panics
    /// Before the first event: there is no now yet.
    pub fn interject(&mut self, event: Event) -> &Stamped {
        assert!(self.sequence > 0, "{event:?} before the first event");
        self.show_own(event)
    }

    /// The venue of an instrument as it is now, which is ahead of what the engine was shown.
    ///
    /// # Panics
    /// When there is no such instrument.
    #[must_use]
    pub fn venue(&self, instrument: InstrumentId) -> &SimVenue {
        &self.venues[instrument.index()]
    }

    /// What happened so far.
    #[must_use]
    pub fn counts(&self) -> TimelineCounts {
        TimelineCounts {
            recorded: self.look_ahead.recorded(),
            late: self.look_ahead.late(),
            look_ahead_full: self.look_ahead.full(),
            doubted_stamps: self.look_ahead.doubted_stamps(),
            arrived: self.arrived,
            refused: self.post.refused(),
            unarrived: self.post.unarrived(),
        }
    }

    /// The arrival that met the oldest market: the one where the venue was least ahead of what the
    /// engine had been shown. `None` before the first arrival.
    #[must_use]
    pub const fn worst_arrival(&self) -> Option<Arrival> {
        self.worst_arrival
    }

    /// The source.
    #[must_use]
    pub const fn source(&self) -> &S {
        &self.source
    }

    /// The source, to be told something.
    #[must_use]
    pub const fn source_mut(&mut self) -> &mut S {
        &mut self.source
    }

    /// Gives the source back.
    #[must_use]
    pub fn into_source(mut self) -> S {
        self.recycle_shown();
        self.source
    }

    #[inline]
    fn recycle_shown(&mut self) {
        if let Some(event) = self.look_ahead.give_back() {
            self.source.recycle(event);
        }
    }

    /// What happens next, and when. The order of the offers is the order within one moment.
    #[inline]
    fn earliest(&mut self) -> Option<(UnixNanos, Step)> {
        let timer = self.timer_due();
        let mut next: Option<(UnixNanos, Step)> = None;
        let mut offer = |at: UnixNanos, step| {
            if next.is_none_or(|(first, _)| at < first) {
                next = Some((at, step));
            }
        };
        if let Some(known) = self.look_ahead.next_known() {
            offer(known.max(self.now), Step::Apply);
        }
        let shown = self.look_ahead.next_shown();
        // The venue ends with the recording.
        if let (Some(arrival), Some(_)) = (self.post.next_arrival(), shown) {
            offer(arrival, Step::Arrive);
        }
        if let Some(answer) = self.post.next_answer() {
            offer(answer, Step::Answer);
        }
        if let Some(due) = timer {
            offer(due, Step::Timer);
        }
        if let Some(shown) = shown {
            offer(shown, Step::Show);
        }
        next
    }

    /// When the next grid time closes, if an event is still to come at or after that. Between two
    /// recordings no grid time closes.
    #[inline]
    fn timer_due(&mut self) -> Option<UnixNanos> {
        let shown = self.look_ahead.next_shown()?;
        if self.row_clock.due()? > shown {
            return None;
        }
        if let MarketData::Gap(Gap { from, to, reason: GapReason::RecordingBoundary }) =
            self.look_ahead.front()?.data
        {
            self.row_clock.skip(from, to);
        }
        self.row_clock.due().filter(|due| *due <= shown)
    }

    /// The venue learns of the next recorded event.
    #[inline]
    fn apply(&mut self) {
        let (event, stated) = self.look_ahead.learn();
        let at = VenueTime { now: self.now, stated };
        self.venues[event.instrument.index()].on_market(at, event, &mut self.making);
        self.post.answer(&mut self.making);
    }

    /// A message of ours reaches the venue.
    fn arrive(&mut self) {
        self.audit_arrival();
        let request = self.post.arrive().expect("a message is due");
        let Some(venue) = self.venues.get_mut(request.instrument().index()) else {
            self.post.refuse(self.now, &request, RejectReason::Invalid);
            return;
        };
        match request {
            Request::Place(order) => venue.on_place(self.now, &order, &mut self.making),
            Request::Cancel(_, id) => venue.on_cancel(self.now, id, &mut self.making),
        }
        self.post.answer(&mut self.making);
    }

    fn audit_arrival(&mut self) {
        let arrival =
            Arrival { shown: self.look_ahead.shown(), applied: self.look_ahead.applied() };
        let lead = arrival.lead().expect("an order meets a market older than the one it answers");
        if self.worst_arrival.and_then(Arrival::lead).is_none_or(|worst| lead < worst) {
            self.worst_arrival = Some(arrival);
        }
        self.arrived += 1;
    }

    /// A recorded event reaches us.
    #[inline]
    fn show(&mut self) {
        if self.look_ahead.shown() == 0 {
            self.row_clock.start(self.now);
        }
        self.look_ahead.show(self.sequence);
        self.sequence += 1;
        self.take_up_spec();
    }

    /// An answer or a timer reaches us.
    fn show_own(&mut self, event: Event) -> &Stamped {
        self.own = Stamped { ts_recv: self.now, sequence: self.sequence, event };
        self.sequence += 1;
        &self.own
    }

    /// Where a new specification is shown, the venue takes it up, and so does all that is on its way.
    #[inline]
    fn take_up_spec(&mut self) {
        let Some(MarketEvent { instrument: of, data: MarketData::Spec(spec), .. }) =
            self.look_ahead.front()
        else {
            return;
        };
        let refinement = self.venues[of.index()].refine(spec);
        self.post.refine(*of, refinement);
    }
}

fn venues(specs: &[InstrumentSpec], config: &SimConfig) -> Result<Vec<SimVenue>, Error> {
    let got = specs.len();
    if got == 0 || got > 1 << 16 {
        return Err(Error::Instruments { got });
    }
    (0..=u16::MAX)
        .zip(specs)
        .map(|(index, spec)| SimVenue::new(InstrumentId::new(index), spec, config.venue))
        .collect()
}
