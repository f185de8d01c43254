//! The live feed as a source of events: frames as they come, and heartbeats in between.
//!
//! A timeline reads one event ahead. So when nothing waits, one heartbeat is given at once, which
//! lets everything before it be shown, and from then on one in every [`HEARTBEAT`] of silence, which
//! lets timers run out and answers come.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::time::Duration;

use fluxo_core::{
    GapReason, InstrumentId, InstrumentSpec, MarketData, MarketEvent, Nanos, UnixNanos,
};
use fluxo_lake::journal::SourceFile;
use fluxo_market_data::{Decoder, SyncState};
use fluxo_report::{Failure, Latency, LiveSummary};
use fluxo_sim::{MarketSource, Recorded};
use fluxo_venues::client::{
    BookReport, BookState, Endpoints, FeedHandle, Inbox, Incoming, SessionClock,
};

use super::Pulse;
use super::asked::{Asked, Claim, Command, SessionState, Status};
use crate::feed::Feed;
use crate::source::{SessionSource, SourceCounts};

/// How much silence passes between two heartbeats, in wall time.
const HEARTBEAT: Duration = Duration::from_millis(10);

/// A command and who waits for the answer.
#[derive(Debug)]
pub(crate) struct Ask {
    pub(crate) command: Command,
    pub(crate) answer_to: Option<SyncSender<Status>>,
    /// A command whose claim is taken is not done: whoever asked gave up.
    pub(crate) claim: Claim,
}

/// Why a live session cannot go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LiveError {
    /// The thread of the sockets is gone.
    #[error("the thread that reads the sockets ended")]
    FeedEnded,
}

/// What a live source is made of.
pub(crate) struct Parts {
    pub(crate) inbox: Arc<Inbox<Ask>>,
    pub(crate) handle: FeedHandle,
    pub(crate) feed: Feed,
    pub(crate) spec: InstrumentSpec,
    pub(crate) clock: SessionClock,
    pub(crate) endpoints: Endpoints,
    /// The names of the connections.
    pub(crate) links: Vec<&'static str>,
    /// How long the venue's answers may take: a session that stops waits for them.
    pub(crate) answers_within: Nanos,
    /// The session stops by itself after so much of its own time.
    pub(crate) lasts: Option<Nanos>,
    pub(crate) warnings: Vec<String>,
}

/// The feed of a live session.
pub(crate) struct LiveSource {
    inbox: Arc<Inbox<Ask>>,
    handle: Option<FeedHandle>,
    feed: Feed,
    decoder: Decoder,
    spec: InstrumentSpec,
    clock: SessionClock,
    endpoints: Endpoints,
    /// The connections, and whether each ever brought data.
    links: Vec<(&'static str, bool)>,
    answers_within: Nanos,
    ends_at: Option<UnixNanos>,
    warnings: Vec<String>,
    pulse: Pulse,
    asked: VecDeque<Asked>,
    /// The last receive time that was given.
    last: UnixNanos,
    last_heartbeat: UnixNanos,
    /// Whether time was told since the last frame.
    told_time: bool,
    idle: bool,
    stops_at: Option<UnixNanos>,
    report: BookReport,
    /// What the feed was told last.
    reported: BookReport,
    frames: u64,
    malformed: u64,
    commands: u64,
}

impl LiveSource {
    pub(crate) fn new(parts: Parts) -> Self {
        let t0 = parts.clock.t0();
        Self {
            pulse: Pulse::new(parts.clock.clone()),
            ends_at: parts.lasts.and_then(|lasts| t0.checked_add(lasts)),
            inbox: parts.inbox,
            handle: Some(parts.handle),
            feed: parts.feed,
            decoder: Decoder::new(),
            spec: parts.spec,
            clock: parts.clock,
            endpoints: parts.endpoints,
            links: parts.links.into_iter().map(|name| (name, false)).collect(),
            answers_within: parts.answers_within,
            warnings: parts.warnings,
            asked: VecDeque::new(),
            last: t0,
            last_heartbeat: t0,
            told_time: false,
            idle: false,
            stops_at: None,
            report: BookReport::default(),
            reported: BookReport::default(),
            frames: 0,
            malformed: 0,
            commands: 0,
        }
    }

    /// A receive time on the session's axis, which never goes back: a frame may have been read just
    /// before the last heartbeat, and come just after it.
    fn admit(&mut self, ts_recv: UnixNanos) -> UnixNanos {
        self.last = self.last.max(ts_recv);
        self.last
    }

    fn take(&mut self, incoming: Incoming<Ask>) -> Result<(), LiveError> {
        match incoming {
            Incoming::Frame { ts_recv, link, bytes } => {
                self.frames += 1;
                if let Some((_, heard)) = self.links.get_mut(link) {
                    *heard = true;
                }
                self.decode(ts_recv, &bytes);
            }
            Incoming::Snapshot { ts_recv, bytes } => {
                self.decode(ts_recv, &bytes);
                self.report.snapshots += 1;
            }
            Incoming::Lost { ts_recv, since, reason } => self.lose(ts_recv, since, reason),
            Incoming::Command(ask) => self.ask(ask),
            Incoming::Ended => return Err(LiveError::FeedEnded),
        }
        self.tell_the_feed();
        Ok(())
    }

    fn decode(&mut self, ts_recv: UnixNanos, bytes: &[u8]) {
        let ts_recv = self.admit(ts_recv);
        let feed = &mut self.feed;
        let taken = self
            .decoder
            .decode_with(bytes, |result| result.map(|message| feed.on_received(ts_recv, &message)));
        if let Err(error) = taken {
            self.malformed += 1;
            tracing::warn!(%error, "a frame cannot be decoded");
        }
    }

    fn lose(&mut self, ts_recv: UnixNanos, since: Option<UnixNanos>, reason: GapReason) {
        let ts_recv = self.admit(ts_recv);
        self.report.losses += 1;
        self.feed.lost(ts_recv, since, reason);
    }

    /// The feed fetches a snapshot where the book needs one. Each loss and each snapshot is answered,
    /// whatever the state is after it.
    fn tell_the_feed(&mut self) {
        self.report.state = self.book();
        if self.report == self.reported {
            return;
        }
        tracing::debug!(report = ?self.report, "book");
        self.reported = self.report;
        if let Some(handle) = &self.handle {
            handle.report(self.report);
        }
    }

    fn book(&self) -> BookState {
        match self.feed.state() {
            SyncState::Unsynced => BookState::Empty,
            SyncState::Buffering if self.feed.is_snapshot_too_old() => BookState::TooOld,
            SyncState::Buffering => BookState::Waiting,
            SyncState::Live => BookState::Live,
        }
    }

    fn ask(&mut self, Ask { command, answer_to, claim }: Ask) {
        if !claim.take() {
            return;
        }
        self.commands += u64::from(!matches!(command, Command::Status));
        if matches!(command, Command::Stop) {
            self.begin_to_stop();
        }
        let session =
            if self.stops_at.is_some() { SessionState::Stopping } else { SessionState::Running };
        let book = match self.book() {
            BookState::Empty => "empty",
            BookState::Waiting | BookState::TooOld => "waiting",
            BookState::Live => "live",
        };
        let status = Status::of_source(session, self.clock.now().get(), book);
        self.asked.push_back(Asked::new(command, status, answer_to));
        // It is due now, not behind the next frame.
        self.told_time = false;
    }

    fn begin_to_stop(&mut self) {
        if self.stops_at.is_none() {
            // A clock that still waits for the venue's would never come to the end.
            self.clock.run();
            let now = self.last.max(self.clock.now());
            self.stops_at = Some(now.checked_add(self.answers_within).unwrap_or(now));
        }
    }

    fn heartbeat(&mut self) -> Recorded {
        let now = self.clock.now();
        let ts_recv = self.admit(now);
        (self.last_heartbeat, self.told_time) = (ts_recv, true);
        if self.stops_at.is_none() && self.ends_at.is_some_and(|end| ts_recv >= end) {
            self.ask(Ask { command: Command::Stop, answer_to: None, claim: Claim::default() });
        }
        let event = MarketEvent {
            instrument: InstrumentId::new(0),
            ts_event: None,
            data: MarketData::Heartbeat,
        };
        Recorded { ts_recv, event }
    }

    /// Whether the session was stopped, and the answers to its last cancels are in.
    fn is_over(&self) -> bool {
        self.stops_at.is_some_and(|at| self.last >= at) && self.asked.is_empty()
    }

    fn next_recorded(&mut self) -> Result<Option<Recorded>, LiveError> {
        loop {
            if let Some(recorded) = self.feed.pop() {
                self.told_time = false;
                return Ok(Some(recorded));
            }
            if self.is_over() {
                return Ok(None);
            }
            let since = Duration::from_nanos(self.clock.wall_nanos_since(self.last_heartbeat));
            let patience =
                if self.told_time { HEARTBEAT.saturating_sub(since) } else { Duration::ZERO };
            if self.told_time && patience.is_zero() {
                return Ok(Some(self.heartbeat()));
            }
            match self.inbox.pop(patience) {
                Some(incoming) => {
                    self.idle = false;
                    let asked = self.asked.len();
                    self.take(incoming)?;
                    if self.asked.len() > asked {
                        return Ok(Some(self.heartbeat()));
                    }
                }
                None => {
                    self.idle = self.told_time;
                    return Ok(Some(self.heartbeat()));
                }
            }
        }
    }
}

impl MarketSource for LiveSource {
    type Error = LiveError;

    fn next(&mut self) -> Result<Option<Recorded>, LiveError> {
        let next = self.next_recorded()?;
        if let Some(recorded) = &next {
            self.pulse.gave(recorded.ts_recv);
        }
        Ok(next)
    }

    fn recycle(&mut self, event: MarketEvent) {
        self.feed.recycle(event);
    }
}

impl SessionSource for LiveSource {
    fn failure(error: LiveError) -> Failure {
        Failure::internal(error)
    }

    fn spec(&self) -> &InstrumentSpec {
        &self.spec
    }

    fn match_ttl(&self) -> Nanos {
        self.spec.units.match_ttl
    }

    fn sources(&self) -> &[SourceFile] {
        &[]
    }

    fn counts(&self) -> SourceCounts {
        let counts = self.feed.counts();
        SourceCounts {
            frames: self.frames,
            gaps: counts.gaps + counts.losses,
            malformed: self.malformed,
        }
    }

    fn warnings(&self) -> Vec<String> {
        let mut warnings = self.warnings.clone();
        if !self.feed.was_live() {
            warnings.push("there was never a whole book, so nothing could be traded".to_owned());
        }
        let silent = self.links.iter().filter(|(_, heard)| !heard);
        warnings.extend(silent.map(|(name, _)| {
            format!("the connection `{name}` never brought data: what it is there for is missing")
        }));
        let counts = self.feed.counts();
        let losses = [
            (counts.gaps, "gaps in the chain of depth updates, each mended by a snapshot"),
            (
                counts.losses,
                "stretches of the feed were lost: a connection was cut, or frames came too fast",
            ),
            (self.inbox.counts().dropped, "frames were dropped because they came too fast"),
            (counts.missing_trades, "trades are missing by their identifiers"),
            (counts.void_trades, "prints have no price or no size and were left out"),
            (counts.foreign, "frames are of another instrument and were left out"),
            (counts.out_of_range, "frames hold a value beyond the range of ticks and lots"),
            (self.malformed, "frames could not be decoded"),
        ];
        let losses = losses.into_iter().filter(|(count, _)| *count > 0);
        warnings.extend(losses.map(|(count, what)| format!("{count} {what}")));
        warnings
    }

    fn check_book(&self) -> Result<(), LiveError> {
        // A session without a book did nothing, and says so in its warnings.
        Ok(())
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        vec![
            ("speed", self.clock.speed().to_string()),
            ("clock_t0_ns", self.clock.t0().get().to_string()),
            ("clock_wall0_ns", self.clock.wall0().get().to_string()),
            ("ws_url", self.endpoints.ws.clone()),
            ("rest_url", self.endpoints.rest.clone()),
        ]
    }

    fn take_asked(&mut self) -> Option<Asked> {
        self.asked.pop_front()
    }

    fn is_idle(&self) -> bool {
        self.idle
    }

    fn pulse(&self) -> Option<Pulse> {
        Some(self.pulse.clone())
    }

    fn end(&mut self) -> Option<LiveSummary> {
        self.inbox.close();
        let counts = self.handle.take().map(FeedHandle::stop).unwrap_or_default();
        let inbox = self.inbox.counts();
        #[expect(clippy::cast_precision_loss, reason = "a view for a report")]
        let market_seconds = (self.last - self.clock.t0()).get() as f64 / 1e9;
        Some(LiveSummary {
            speed: self.clock.speed(),
            market_seconds,
            connections: counts.opened,
            reconnects: counts.opened.saturating_sub(self.links.len() as u64),
            losses: self.feed.counts().losses,
            resyncs: self.feed.counts().resyncs,
            snapshots: self.report.snapshots,
            dropped: inbox.dropped,
            waiting_max: inbox.waiting_max as u64,
            commands: self.commands,
            read_to_actions_ns: Latency::default(),
        })
    }
}
