//! Plays the recording: every frame to the double's book and to everybody who listens, when it is due.
//!
//! A thread reads ahead, so that a disk does not make the market late; another one waits for each
//! frame's moment. A frame that is late goes out at once, and those behind it are not delayed by it.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use bytes::Bytes;
use fluxo_core::UnixNanos;
use fluxo_market_data::{Body, Decoder};

use super::clock::wall_now;
use super::own_book::{Outgoing, Taken};
use super::receive_times::ReceiveTimes;
use super::shared::{Shared, Stop};
use super::source::{FrameSource, SourceItem};
use super::stream_name::Topic;
use super::{Error, SourceError, Start, Trouble};

/// Frames that are read ahead.
const FRAMES_AHEAD: usize = 1024;
/// How far to look for aggregates at the beginning: so many frames, or prints between which there
/// would have been one.
const LOOK_AHEAD_FRAMES: usize = 5_000;
const LOOK_AHEAD_PRINTS: usize = 50;
/// The close code of a server that goes away.
const GOING_AWAY: u16 = 1001;

/// A frame in time.
#[derive(Debug)]
struct Frame {
    ts_recv: UnixNanos,
    payload: Bytes,
}

/// What the reading thread hands over.
enum Read {
    Recording,
    Frame { ts_recv: UnixNanos, payload: Bytes },
    Fault(SourceError),
}

/// The recording on its way out.
pub(super) struct Player {
    read: Receiver<Read>,
    /// What was looked at and not taken yet.
    ahead: VecDeque<Read>,
    times: ReceiveTimes,
    /// The first frame that is to be sent.
    first: Option<Frame>,
    /// When which trouble comes, the next one last.
    troubles: Vec<(UnixNanos, Trouble)>,
}

impl Player {
    /// Reads up to the start, so that the book knows what lies before it.
    pub(super) fn open(
        mut source: impl FrameSource + 'static,
        shared: &Shared,
    ) -> Result<Self, Error> {
        let (sender, read) = sync_channel(FRAMES_AHEAD);
        thread::Builder::new()
            .name("double-reader".to_owned())
            .spawn(move || read_all(&mut source, &sender))
            .map_err(|source| Error::Server { source })?;
        let mut player = Self {
            read,
            ahead: VecDeque::new(),
            times: ReceiveTimes::default(),
            first: None,
            troubles: Vec::new(),
        };
        if player.lacks_aggregates() {
            shared.book().make_aggregates();
        }
        let origin = player.seek(shared)?;
        shared.set_origin(origin);
        let troubles = shared.config.troubles.iter();
        player.troubles = troubles
            .map(|(after, trouble)| {
                (origin.checked_add(*after).unwrap_or(UnixNanos::new(i64::MAX)), *trouble)
            })
            .collect();
        player.troubles.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
        Ok(player)
    }

    /// Whether the recording tells prints one by one, and never as aggregates.
    fn lacks_aggregates(&mut self) -> bool {
        let (mut decoder, mut prints) = (Decoder::new(), 0);
        while prints < LOOK_AHEAD_PRINTS && self.ahead.len() < LOOK_AHEAD_FRAMES {
            let Ok(read) = self.read.recv() else { break };
            if let Read::Frame { payload, .. } = &read {
                let has_aggregate = decoder.decode_with(payload, |result| {
                    let body = result.ok()?.body;
                    prints += usize::from(matches!(body, Body::Trade(_)));
                    matches!(body, Body::AggTrade(_)).then_some(())
                });
                if has_aggregate.is_some() {
                    self.ahead.push_back(read);
                    return false;
                }
            }
            self.ahead.push_back(read);
        }
        prints > 0
    }

    fn seek(&mut self, shared: &Shared) -> Result<UnixNanos, Error> {
        let mut start = match shared.config.start {
            Start::At(moment) => Some(moment),
            Start::Beginning | Start::After(_) => None,
        };
        let mut last = None;
        while let Some(frame) = self.next_frame(shared).map_err(Error::Source)? {
            let start = *start.get_or_insert_with(|| match shared.config.start {
                Start::After(span) => frame.ts_recv.checked_add(span).unwrap_or(frame.ts_recv),
                Start::Beginning | Start::At(_) => frame.ts_recv,
            });
            if frame.ts_recv >= start {
                self.first = Some(frame);
                return Ok(start);
            }
            last = last.max(Some(frame.ts_recv));
            shared.book().take(frame.ts_recv, &frame.payload);
            shared.counts.add(|counts| counts.frames_before += 1);
        }
        match start.zip(last) {
            Some((start, end)) => Err(Error::StartBehindEnd { start, end }),
            None => Err(Error::Empty),
        }
    }

    /// Plays to the end, or until the double is stopped, and says goodbye.
    pub(super) fn run(mut self, shared: &Shared) -> Result<(), SourceError> {
        let _ending = Ending(shared);
        let result = self.play(shared);
        match shared.stopping() {
            Some(Stop::Abruptly) => shared.hub.shut(),
            Some(Stop::Gently) | None => {
                let millis = shared.now().get() / 1_000_000;
                let event = format!("{{\"e\":\"serverShutdown\",\"E\":{millis}}}");
                shared.hub.close(&event, GOING_AWAY, "going away");
            }
        }
        result
    }

    fn play(&mut self, shared: &Shared) -> Result<(), SourceError> {
        let mut next = self.first.take();
        loop {
            let Some(frame) = next else { return Ok(()) };
            while let Some((at, trouble)) = self.troubles.pop_if(|(at, _)| *at <= frame.ts_recv) {
                if shared.wait_for(at).is_none() {
                    return Ok(());
                }
                make(trouble, shared);
            }
            let Some(due) = shared.wait_for(frame.ts_recv) else { return Ok(()) };
            send(&frame, shared);
            let behind = wall_now().saturating_duration_since(due).as_secs_f64();
            shared.counts.add(|counts| {
                counts.frames += 1;
                counts.to = frame.ts_recv;
                counts.behind_seconds_max = counts.behind_seconds_max.max(behind);
            });
            next = self.next_frame(shared)?;
        }
    }

    /// The next frame, with a receive time that can be believed; `None` behind the last.
    fn next_frame(&mut self, shared: &Shared) -> Result<Option<Frame>, SourceError> {
        loop {
            match self.ahead.pop_front().map_or_else(|| self.read.recv(), Ok) {
                Ok(Read::Frame { ts_recv, payload }) => {
                    return Ok(Some(Frame { ts_recv: self.times.observe(ts_recv), payload }));
                }
                Ok(Read::Recording) => {
                    if let Some(last) = self.times.begin_recording() {
                        shared.book().boundary(last);
                    }
                }
                Ok(Read::Fault(fault)) => return Err(fault),
                // The reader came to its end.
                Err(_) => return Ok(None),
            }
        }
    }
}

fn make(trouble: Trouble, shared: &Shared) {
    match trouble {
        Trouble::Cut => {
            let sockets = shared.cut();
            tracing::info!(sockets, "cut on purpose");
        }
        Trouble::LoseDepth => shared.lose_next_depth(),
    }
}

fn send(frame: &Frame, shared: &Shared) {
    // The book first: a snapshot is never older than what was sent before it was asked for.
    let taken = shared.book().take(frame.ts_recv, &frame.payload);
    match taken {
        Taken::Malformed => shared.counts.add(|counts| counts.malformed += 1),
        Taken::Unsent => shared.counts.add(|counts| counts.unsent += 1),
        Taken::Stream(outgoing, aggregate) => {
            if *outgoing.stream.topic() == Topic::Depth && shared.takes_loss() {
                shared.counts.add(|counts| counts.lost += 1);
                tracing::info!("withheld a depth update on purpose");
                return;
            }
            for outgoing in [Some(outgoing), aggregate].into_iter().flatten() {
                spread(&outgoing, shared);
            }
        }
    }
}

fn spread(outgoing: &Outgoing, shared: &Shared) {
    let spread = shared.hub.spread(outgoing);
    if spread.slow > 0 {
        tracing::warn!(sockets = spread.slow, "cut: their clients do not read");
    }
    shared.counts.add(|counts| {
        counts.messages += spread.messages;
        counts.slow += spread.slow;
    });
}

/// Reads until the end, a fault, or nobody who takes.
fn read_all(source: &mut dyn FrameSource, sender: &SyncSender<Read>) {
    let result = source.read(&mut |item| {
        let read = match item {
            SourceItem::Recording => Read::Recording,
            SourceItem::Frame { ts_recv, payload } => {
                Read::Frame { ts_recv, payload: Bytes::copy_from_slice(payload) }
            }
        };
        if sender.send(read).is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    if let Err(fault) = result {
        let _nobody_takes = sender.send(Read::Fault(fault));
    }
}

/// Nobody waits for a player that is gone, whatever it fell over.
struct Ending<'a>(&'a Shared);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.hub.shut();
        }
        self.0.end();
    }
}

impl core::fmt::Debug for Player {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Player").field("first", &self.first).finish_non_exhaustive()
    }
}
