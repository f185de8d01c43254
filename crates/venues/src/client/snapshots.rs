//! When a snapshot of the whole book has to be asked for, and when it may be.

use std::time::Duration;

use super::backoff::Backoff;
use super::rest::RestFault;
use super::{ClientConfig, Plan};

/// How far the book is, in the words of whoever puts it together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BookState {
    /// No update has come since the feed was lost, or ever.
    #[default]
    Empty,
    /// Updates wait for a snapshot that joins them.
    Waiting,
    /// They begin behind the newest snapshot: it can never join them.
    TooOld,
    /// It is whole.
    Live,
}

/// How far the book is, after so much of what the client handed over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BookReport {
    /// Losses that were taken note of.
    pub losses: u64,
    /// Snapshots that were taken up.
    pub snapshots: u64,
    /// The book after them.
    pub state: BookState,
}

/// A request that is on its way.
#[derive(Clone, Copy, Debug)]
struct Asked {
    request: u64,
    at: Duration,
    /// Losses until then: an answer that was asked for before a loss is not used.
    losses: u64,
}

/// The requests for one book.
#[derive(Clone, Debug)]
pub(super) struct Snapshots {
    backoff: Backoff,
    interval_min: Duration,
    bridge_within: Duration,
    answer_within: Duration,
    limited_wait: Duration,
    banned_wait: Duration,
    retry_after_max: Duration,
    healthy_after: Duration,
    book: BookState,
    asked: Option<Asked>,
    /// Requests so far.
    requests: u64,
    /// Answers that were handed over.
    delivered: u64,
    /// Requests in a row that did not lead to a book that stayed whole for a while.
    failures: u32,
    /// Since when the book has been whole.
    live_since: Option<Duration>,
    /// No request before this.
    not_before: Duration,
    /// When the last snapshot was handed over, while nobody knows whether it joins.
    handed_over: Option<Duration>,
}

impl Snapshots {
    pub(super) fn new(config: &ClientConfig, plan: &Plan) -> Self {
        Self {
            backoff: Backoff::new(config.retry_first, config.retry_max, !config.seed),
            interval_min: plan.snapshot_interval_min,
            bridge_within: config.bridge_within,
            answer_within: config.snapshot_within,
            limited_wait: config.limited_wait,
            banned_wait: config.banned_wait,
            retry_after_max: config.retry_after_max,
            healthy_after: config.healthy_after,
            book: BookState::Empty,
            asked: None,
            requests: 0,
            delivered: 0,
            failures: 0,
            live_since: None,
            not_before: Duration::ZERO,
            handed_over: None,
        }
    }

    /// The feed was lost: what was known of the book is not true any more.
    pub(super) fn lost(&mut self, now: Duration) {
        self.is_broken(now);
        (self.book, self.handed_over) = (BookState::Empty, None);
    }

    /// The book is not whole. One that was for a while pays for the failures before it; where it
    /// breaks again at once, the waits go on growing.
    fn is_broken(&mut self, now: Duration) {
        if self.live_since.take().is_some_and(|since| now >= since + self.healthy_after) {
            self.failures = 0;
        }
    }

    /// What is known of the book. A report that does not know of the latest loss or snapshot yet
    /// says nothing.
    pub(super) fn on_report(&mut self, now: Duration, losses: u64, report: BookReport) {
        if report.losses != losses || report.snapshots != self.delivered {
            return;
        }
        self.book = report.state;
        if report.state != BookState::Live {
            self.is_broken(now);
        }
        match report.state {
            BookState::Live => {
                self.live_since.get_or_insert(now);
                self.handed_over = None;
            }
            BookState::TooOld => {
                if self.handed_over.take().is_some() {
                    self.fail(now);
                }
            }
            BookState::Empty | BookState::Waiting => {}
        }
    }

    /// Whether the book is known to be whole.
    pub(super) fn is_live(&self) -> bool {
        self.book == BookState::Live
    }

    /// Begins a request when one is due.
    pub(super) fn begin(&mut self, now: Duration, losses: u64) -> Option<u64> {
        if let Some(asked) = self.asked
            && now >= asked.at + self.answer_within
        {
            self.asked = None;
            self.fail(now);
        }
        if self.waited_in_vain(now) {
            // It waited long enough for an update that it joins: a failure like any other.
            self.handed_over = None;
            self.fail(now);
        }
        if self.due()? > now {
            return None;
        }
        self.requests += 1;
        self.asked = Some(Asked { request: self.requests, at: now, losses });
        self.not_before = self.not_before.max(now + self.interval_min);
        Some(self.requests)
    }

    fn waited_in_vain(&self, now: Duration) -> bool {
        self.asked.is_none()
            && self.book == BookState::Waiting
            && self.handed_over.is_some_and(|at| now >= at + self.bridge_within)
    }

    /// When something is to be done next, while the connections stand.
    pub(super) fn due(&self) -> Option<Duration> {
        if let Some(asked) = self.asked {
            return Some(asked.at + self.answer_within);
        }
        let patience = self.handed_over.map(|at| at + self.bridge_within);
        match self.book {
            BookState::Empty | BookState::Live => None,
            BookState::TooOld => Some(self.not_before),
            BookState::Waiting => Some(patience.unwrap_or(self.not_before)),
        }
    }

    /// A snapshot came. Whether it is to be handed over.
    pub(super) fn on_answer(&mut self, now: Duration, losses: u64, request: u64) -> bool {
        if !self.is_awaited(request) {
            return false;
        }
        let fresh = self.asked.take().is_some_and(|asked| asked.losses == losses);
        if fresh {
            self.delivered += 1;
            // Until a report knows of it, it may join at any moment.
            (self.book, self.handed_over) = (BookState::Waiting, Some(now));
        }
        fresh
    }

    /// A request failed.
    pub(super) fn on_fault(&mut self, now: Duration, request: u64, fault: &RestFault) {
        if !self.is_awaited(request) {
            return;
        }
        self.asked = None;
        self.fail(now);
        let (status, named) = match fault {
            RestFault::Status { status, retry_after } => (*status, *retry_after),
            RestFault::Unreachable(_) | RestFault::Body(_) => return,
        };
        let wait = match (status, named) {
            (418 | 429 | 503, Some(named)) => named.min(self.retry_after_max),
            (418, None) => self.banned_wait,
            (429, None) => self.limited_wait,
            _ => return,
        };
        self.not_before = self.not_before.max(now + wait);
    }

    fn is_awaited(&self, request: u64) -> bool {
        self.asked.is_some_and(|asked| asked.request == request)
    }

    fn fail(&mut self, now: Duration) {
        self.failures = self.failures.saturating_add(1);
        self.not_before = self.not_before.max(now + self.backoff.wait(self.failures));
    }
}

#[cfg(test)]
mod tests {
    use fluxo_core::Market;

    use super::super::Endpoints;
    use super::*;

    fn usdm() -> Snapshots {
        let endpoints = Endpoints::of(Market::BinanceUsdm).unwrap();
        let plan = Plan::new(Market::BinanceUsdm, "BTCUSDT", &endpoints).unwrap();
        Snapshots::new(&ClientConfig::DEFAULT, &plan)
    }

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// Goes on to the next request, which is answered at once.
    fn next(snapshots: &mut Snapshots, now: &mut Duration) -> Duration {
        for _ in 0..5 {
            if let Some(request) = snapshots.begin(*now, 0) {
                assert!(snapshots.on_answer(*now, 0, request));
                return *now;
            }
            *now = snapshots.due().unwrap().max(*now);
        }
        panic!("no request: {snapshots:?}");
    }

    fn report(snapshots: &mut Snapshots, now: Duration, state: BookState) {
        let report = BookReport { losses: 0, snapshots: snapshots.delivered, state };
        snapshots.on_report(now, 0, report);
    }

    #[test]
    fn snapshots_that_wait_in_vain_are_asked_for_ever_more_rarely() {
        let (mut snapshots, mut now) = (usdm(), seconds(1));
        report(&mut snapshots, now, BookState::Waiting);
        let mut last = next(&mut snapshots, &mut now);
        let mut waits = Vec::new();
        for _ in 0..12 {
            report(&mut snapshots, now, BookState::Waiting);
            let at = next(&mut snapshots, &mut now);
            waits.push(at - last);
            last = at;
        }
        assert!(waits[0] >= seconds(2) && waits[11] >= seconds(17), "{waits:?}");
    }

    #[test]
    fn only_a_book_that_stayed_whole_makes_up_for_failures() {
        let (mut snapshots, mut now) = (usdm(), seconds(1));
        report(&mut snapshots, now, BookState::Waiting);
        for _ in 0..12 {
            next(&mut snapshots, &mut now);
            report(&mut snapshots, now, BookState::TooOld);
        }
        assert_eq!(snapshots.failures, 12);
        report(&mut snapshots, now, BookState::Live);
        report(&mut snapshots, now + seconds(1), BookState::Waiting);
        assert_eq!(snapshots.failures, 12, "it broke at once");
        report(&mut snapshots, now + seconds(2), BookState::Live);
        snapshots.lost(now + seconds(13));
        assert_eq!(snapshots.failures, 0);
    }
}
