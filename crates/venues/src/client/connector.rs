//! The connection logic of one instrument: a state machine without sockets and without a clock.
//!
//! Time is what the caller says: a span since the start. It promises that whatever happens to the
//! connections, the next thing to do has a time, that nothing is tried without a wait that grows,
//! and that no data is delivered across a cut without the cut being declared in between.

use std::time::Duration;

use super::backoff::Budget;
use super::link::{End, Link, Step, Taken};
use super::rest::RestFault;
use super::snapshots::{BookReport, Snapshots};
use super::{ClientConfig, LinkPlan, Plan};

/// What happened.
#[derive(Debug)]
pub enum Input<'a> {
    /// A connection is open.
    Opened {
        /// Its place in the plan.
        link: usize,
        /// The attempt that opened it.
        attempt: u64,
    },
    /// A text frame.
    Text {
        /// The connection's place in the plan.
        link: usize,
        /// The attempt that it came on.
        attempt: u64,
        /// The frame.
        text: &'a [u8],
    },
    /// A ping or a pong: a sign of life.
    Ping {
        /// The connection's place in the plan.
        link: usize,
        /// The attempt that it came on.
        attempt: u64,
    },
    /// A connection is closed, or could not be opened.
    Closed {
        /// Its place in the plan.
        link: usize,
        /// The attempt.
        attempt: u64,
    },
    /// A snapshot came, or could not be had.
    Snapshot {
        /// The request.
        request: u64,
        /// Whether it came.
        answer: Result<(), &'a RestFault>,
    },
    /// What became of the book.
    Book(BookReport),
    /// Time passed.
    Tick,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Open a connection.
    Connect {
        /// Its place in the plan.
        link: usize,
        /// The attempt, unique within a session.
        attempt: u64,
    },
    /// Send a text frame.
    Send {
        /// The connection's place in the plan.
        link: usize,
        /// The attempt.
        attempt: u64,
        /// The frame.
        text: String,
    },
    /// Give a connection up.
    Close {
        /// Its place in the plan.
        link: usize,
        /// The attempt.
        attempt: u64,
    },
    /// Ask for the whole book.
    FetchSnapshot {
        /// The request, unique within a session.
        request: u64,
    },
    /// Hand over the frame or the snapshot that just came.
    Deliver,
    /// Declare that the feed was lost, behind everything that was handed over.
    DeclareLoss {
        /// When the connection that ended was last known to be whole.
        since: Duration,
    },
}

/// What a session's connections did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Connections that were tried.
    pub attempts: u64,
    /// Connections that opened.
    pub opened: u64,
    /// Connections that ended, for whatever reason.
    pub ended: u64,
    /// Losses that were declared.
    pub losses: u64,
    /// Snapshots that were asked for.
    pub snapshots: u64,
    /// Snapshots that could not be had.
    pub snapshot_faults: u64,
}

/// The connections of one instrument.
#[derive(Clone, Debug)]
pub struct Connector {
    links: Vec<Link>,
    budget: Budget,
    snapshots: Snapshots,
    counts: Counts,
    /// Losses that were declared from outside: frames that were dropped.
    overruns: u64,
}

impl Connector {
    /// Connections that are not open yet: a first tick opens them.
    #[must_use]
    pub fn new(plan: &Plan, config: &ClientConfig) -> Self {
        let links = plan.links.iter().enumerate();
        Self {
            links: links.map(|(at, link)| Link::new(link.clone(), config, at)).collect(),
            budget: Budget::new(config.attempts_max, config.attempts_window),
            snapshots: Snapshots::new(config, plan),
            counts: Counts::default(),
            overruns: 0,
        }
    }

    /// Takes what happened at `now` and appends what is to be done, in order.
    pub fn handle(&mut self, now: Duration, input: &Input<'_>, out: &mut Vec<Output>) {
        match *input {
            Input::Opened { link, attempt } => {
                if self.links[link].is_at(attempt) {
                    self.counts.opened += 1;
                    let step = self.links[link].on_open(now);
                    out.extend(step.map(|step| output(link, step)));
                }
            }
            Input::Text { link, attempt, text } => {
                if self.links[link].is_at(attempt) {
                    match self.links[link].on_text(now, text) {
                        Taken::Data => out.push(Output::Deliver),
                        Taken::Nothing => {}
                        Taken::Over(end) => self.give_up(now, link, end, out),
                    }
                }
            }
            Input::Ping { link, attempt } => {
                if self.links[link].is_at(attempt) {
                    self.links[link].on_ping(now);
                }
            }
            Input::Closed { link, attempt } => {
                if self.links[link].is_at(attempt) {
                    self.end(now, link, End::Fault, out);
                }
            }
            Input::Snapshot { request, answer } => self.on_snapshot(now, request, answer, out),
            Input::Book(report) => self.snapshots.on_report(now, self.losses(), report),
            Input::Tick => {}
        }
        self.go_on(now, out);
    }

    /// When [`Input::Tick`] is to be given at the latest.
    #[must_use]
    pub fn wait_until(&self) -> Duration {
        let links = self.links.iter().map(Link::due).min().unwrap_or(Duration::MAX);
        let snapshot = if self.is_streaming() { self.snapshots.due() } else { None };
        snapshot.map_or(links, |due| due.min(links))
    }

    /// Frames were dropped, and whoever takes them was told so: a loss that needs no declaring.
    pub fn overrun(&mut self, now: Duration) {
        self.overruns += 1;
        self.snapshots.lost(now);
    }

    /// Whether every connection streams.
    #[must_use]
    pub fn is_streaming(&self) -> bool {
        self.links.iter().all(Link::is_streaming)
    }

    /// Whether every connection streams and the book is known to be whole.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.is_streaming() && self.snapshots.is_live()
    }

    /// What the connections did so far.
    #[must_use]
    pub const fn counts(&self) -> &Counts {
        &self.counts
    }

    /// A connection's plan.
    ///
    /// # Panics
    /// When there is no such connection.
    #[must_use]
    pub fn link(&self, link: usize) -> &LinkPlan {
        self.links[link].plan()
    }

    /// Losses that whoever takes the frames is told of, or will be.
    const fn losses(&self) -> u64 {
        self.counts.losses + self.overruns
    }

    /// Does what is due: ends what is overdue, tries again, asks for a snapshot.
    fn go_on(&mut self, now: Duration, out: &mut Vec<Output>) {
        for at in 0..self.links.len() {
            if let Some(end) = self.links[at].overdue(now) {
                self.give_up(now, at, end, out);
            }
            let next = self.counts.attempts + 1;
            if let Some(step) = self.links[at].retry(now, &mut self.budget, next) {
                self.counts.attempts = next;
                out.push(output(at, step));
            }
        }
        if self.is_streaming()
            && let Some(request) = self.snapshots.begin(now, self.losses())
        {
            self.counts.snapshots += 1;
            out.push(Output::FetchSnapshot { request });
        }
    }

    /// Ends a connection of our own will.
    fn give_up(&mut self, now: Duration, link: usize, end: End, out: &mut Vec<Output>) {
        out.push(Output::Close { link, attempt: self.links[link].attempt() });
        self.end(now, link, end, out);
    }

    /// What one connection did not hear is lost to all: trades without depth, or depth without
    /// trades, would be half a market. Also what a connection that never said a word did not hear,
    /// where all of them streamed: the others were believed meanwhile.
    fn end(&mut self, now: Duration, link: usize, end: End, out: &mut Vec<Output>) {
        self.counts.ended += 1;
        let all_streamed = self.is_streaming();
        if all_streamed || self.links[link].had_data() {
            self.counts.losses += 1;
            self.snapshots.lost(now);
            out.push(Output::DeclareLoss { since: self.links[link].whole_until() });
        }
        self.links[link].end(now, end);
    }

    fn on_snapshot(
        &mut self,
        now: Duration,
        request: u64,
        answer: Result<(), &RestFault>,
        out: &mut Vec<Output>,
    ) {
        match answer {
            Ok(()) => {
                if self.snapshots.on_answer(now, self.losses(), request) {
                    out.push(Output::Deliver);
                }
            }
            Err(fault) => {
                self.counts.snapshot_faults += 1;
                self.snapshots.on_fault(now, request, fault);
            }
        }
    }
}

fn output(link: usize, step: Step) -> Output {
    match step {
        Step::Connect { attempt } => Output::Connect { link, attempt },
        Step::Send { attempt, text } => Output::Send { link, attempt, text },
    }
}
