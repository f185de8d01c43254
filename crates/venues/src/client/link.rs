//! One connection: opening, subscribing, streaming, waiting to be tried again.

use std::time::Duration;

use super::backoff::{Backoff, Budget};
use super::heard::{Heard, heard, stream_of};
use super::{ClientConfig, LinkPlan, Needed};

/// What a connection is doing, and since when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// It is tried again then.
    Waiting {
        until: Duration,
    },
    Opening {
        since: Duration,
    },
    Subscribing {
        since: Duration,
    },
    Streaming {
        since: Duration,
    },
}

/// Why a connection is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The venue said beforehand that it would be, or we planned it: come back at once.
    Announced,
    /// It broke, was refused or fell silent.
    Fault,
}

/// What is to be done with a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Connect { attempt: u64 },
    Send { attempt: u64, text: String },
}

/// What a text frame led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// It is market data.
    Data,
    /// It was about the connection, or of one that is over.
    Nothing,
    /// The connection is over.
    Over(End),
}

/// What is known of a needed stream.
#[derive(Clone, Copy, Debug)]
struct Spoke {
    last: Duration,
    /// Whether its silence counts: of some streams only once they spoke in this session.
    counts: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Link {
    plan: LinkPlan,
    config: ClientConfig,
    backoff: Backoff,
    phase: Phase,
    /// The number of the attempt at hand: what belongs to another one comes too late.
    attempt: u64,
    failures: u32,
    last_data: Duration,
    last_traffic: Duration,
    /// When each needed stream spoke last, in the order of the plan.
    needed: Vec<Spoke>,
    /// Whether this attempt brought data: only then is there something to lose.
    had_data: bool,
}

impl Link {
    pub(super) fn new(plan: LinkPlan, config: &ClientConfig, index: usize) -> Self {
        let spoke = |needed: &Needed| Spoke { last: Duration::ZERO, counts: needed.from_the_start };
        Self {
            needed: plan.needed.iter().map(spoke).collect(),
            plan,
            config: *config,
            backoff: Backoff::new(
                config.retry_first,
                config.retry_max,
                config.seed.wrapping_add(index as u64),
            ),
            phase: Phase::Waiting { until: Duration::ZERO },
            attempt: 0,
            failures: 0,
            last_data: Duration::ZERO,
            last_traffic: Duration::ZERO,
            had_data: false,
        }
    }

    pub(super) const fn plan(&self) -> &LinkPlan {
        &self.plan
    }

    pub(super) const fn is_streaming(&self) -> bool {
        matches!(self.phase, Phase::Streaming { .. })
    }

    pub(super) const fn had_data(&self) -> bool {
        self.had_data
    }

    /// When the last thing came that may have been followed by something unheard: the last data,
    /// or the last word of the needed stream that fell silent first.
    pub(super) fn whole_until(&self) -> Duration {
        let counted = self.needed.iter().filter(|spoke| spoke.counts);
        counted.map(|spoke| spoke.last).min().unwrap_or(self.last_data).min(self.last_data)
    }

    pub(super) const fn is_at(&self, attempt: u64) -> bool {
        self.attempt == attempt && !matches!(self.phase, Phase::Waiting { .. })
    }

    /// The connection is open: subscribe.
    pub(super) fn on_open(&mut self, now: Duration) -> Option<Step> {
        let Phase::Opening { .. } = self.phase else { return None };
        self.phase = Phase::Subscribing { since: now };
        self.last_traffic = now;
        self.begin_to_hear(now);
        let streams: Vec<String> =
            self.plan.streams.iter().map(|stream| format!("\"{stream}\"")).collect();
        let (attempt, streams) = (self.attempt, streams.join(","));
        let text = format!(r#"{{"method":"SUBSCRIBE","params":[{streams}],"id":{attempt}}}"#);
        Some(Step::Send { attempt, text })
    }

    /// A sign of life that is no text.
    pub(super) const fn on_ping(&mut self, now: Duration) {
        self.last_traffic = now;
    }

    pub(super) fn on_text(&mut self, now: Duration, text: &[u8]) -> Taken {
        self.last_traffic = now;
        match heard(text) {
            Heard::Data if matches!(self.phase, Phase::Opening { .. }) => Taken::Nothing,
            Heard::Data => {
                (self.last_data, self.had_data) = (now, true);
                self.note_stream(now, text);
                Taken::Data
            }
            Heard::Done { id } => {
                if id == self.attempt && matches!(self.phase, Phase::Subscribing { .. }) {
                    self.phase = Phase::Streaming { since: now };
                    self.begin_to_hear(now);
                }
                Taken::Nothing
            }
            Heard::Refused => Taken::Over(End::Fault),
            Heard::Shutdown => Taken::Over(End::Announced),
        }
    }

    /// Silence counts from here.
    fn begin_to_hear(&mut self, now: Duration) {
        self.last_data = now;
        for spoke in &mut self.needed {
            spoke.last = now;
        }
    }

    fn note_stream(&mut self, now: Duration, text: &[u8]) {
        let Some(stream) = stream_of(text) else { return };
        for (needed, spoke) in self.plan.needed.iter().zip(&mut self.needed) {
            if needed.stream.as_bytes() == stream {
                *spoke = Spoke { last: now, counts: true };
            }
        }
    }

    /// When the silence of the data is too long: of all of it, or of one needed stream.
    fn silent_at(&self) -> Duration {
        let needed = self.plan.needed.iter().zip(&self.needed);
        let needed = needed
            .filter(|(_, spoke)| spoke.counts)
            .map(|(needed, spoke)| spoke.last + needed.silence_max);
        needed.fold(self.last_data + self.plan.data_silence_max, Duration::min)
    }

    /// The connection is over; it is tried again after a wait, and at once when a healthy one was
    /// announced to end.
    pub(super) fn end(&mut self, now: Duration, end: End) {
        let healthy = matches!(self.phase, Phase::Streaming { since }
            if now >= since + self.config.healthy_after);
        self.failures = if healthy { 1 } else { self.failures.saturating_add(1) };
        let wait = match end {
            End::Announced if healthy => Duration::ZERO,
            End::Announced | End::Fault => self.backoff.wait(self.failures),
        };
        self.phase = Phase::Waiting { until: now + wait };
        self.had_data = false;
    }

    /// Whether its time is up, and why.
    pub(super) fn overdue(&self, now: Duration) -> Option<End> {
        let (at, end) = self.deadline()?;
        (now >= at).then_some(end)
    }

    /// Tries again, if it is time and the budget allows it.
    pub(super) fn retry(&mut self, now: Duration, budget: &mut Budget, next: u64) -> Option<Step> {
        let Phase::Waiting { until } = self.phase else { return None };
        if now < until {
            return None;
        }
        match budget.spend(now) {
            Ok(()) => {
                self.attempt = next;
                self.phase = Phase::Opening { since: now };
                Some(Step::Connect { attempt: next })
            }
            Err(until) => {
                self.phase = Phase::Waiting { until };
                None
            }
        }
    }

    pub(super) const fn attempt(&self) -> u64 {
        self.attempt
    }

    /// When something is to be done next.
    pub(super) fn due(&self) -> Duration {
        match self.phase {
            Phase::Waiting { until } => until,
            _ => self.deadline().map_or(Duration::MAX, |(at, _)| at),
        }
    }

    fn deadline(&self) -> Option<(Duration, End)> {
        match self.phase {
            Phase::Waiting { .. } => None,
            Phase::Opening { since } => Some((since + self.config.open_within, End::Fault)),
            Phase::Subscribing { since } => {
                Some((since + self.config.subscribe_within, End::Fault))
            }
            Phase::Streaming { since } => {
                let silence =
                    self.silent_at().min(self.last_traffic + self.plan.traffic_silence_max);
                let age = since + self.config.lifetime_max;
                Some(if age <= silence { (age, End::Announced) } else { (silence, End::Fault) })
            }
        }
    }
}
