//! The one queue between the sockets and the engine thread: bounded, and in one order.
//!
//! **At the limit** a frame is dropped, and so is every one after it until half of the queue is
//! worked off; the hole is declared as a loss where it begins, so that the book is fetched anew. To
//! make the socket wait instead would keep every frame, and trade on ever older ones without anybody
//! noticing. Losses, snapshots and
//! commands are never dropped.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use fluxo_core::{GapReason, UnixNanos};

/// What the engine thread takes.
#[derive(Debug)]
pub enum Incoming<C> {
    /// A frame.
    Frame {
        /// When it was read from its socket, on the session clock.
        ts_recv: UnixNanos,
        /// The connection's place in the plan.
        link: usize,
        /// The frame.
        bytes: Bytes,
    },
    /// A whole book, as the venue answered.
    Snapshot {
        /// When it had been read.
        ts_recv: UnixNanos,
        /// The answer.
        bytes: Bytes,
    },
    /// The feed was lost here.
    Lost {
        /// When that was noticed.
        ts_recv: UnixNanos,
        /// When all of it was still heard; `None` where that is what came last.
        since: Option<UnixNanos>,
        /// Why.
        reason: GapReason,
    },
    /// What a person asks for.
    Command(C),
    /// The feed's thread is gone: nothing comes any more.
    Ended,
}

/// The limits of an inbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InboxConfig {
    /// The most frames that wait.
    pub frames_max: usize,
    /// The most bytes of frames that wait.
    pub bytes_max: usize,
    /// The most commands that wait. At the limit a command is refused.
    pub commands_max: usize,
}

impl InboxConfig {
    /// Seconds of the busiest instrument, and a start in which the engine has not begun yet.
    pub const DEFAULT: Self = Self { frames_max: 16_384, bytes_max: 64 << 20, commands_max: 64 };
}

/// What went through an inbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InboxCounts {
    /// Frames that were taken in.
    pub frames: u64,
    /// Frames that were dropped.
    pub dropped: u64,
    /// The most frames that waited.
    pub waiting_max: usize,
}

/// Why a command was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// At the limit.
    #[error("too many commands wait")]
    Full,
    /// Nobody takes commands any more.
    #[error("the session is over")]
    Over,
}

/// What became of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pushed {
    Kept,
    /// It and what follows is dropped; a loss was declared in its place.
    Overrun,
    /// It belongs to a hole that was declared already.
    Dropped,
}

#[derive(Debug)]
struct Queue<C> {
    waiting: VecDeque<Incoming<C>>,
    frames: usize,
    bytes: usize,
    commands: usize,
    in_overrun: bool,
    /// Nobody pops any more.
    is_over: bool,
    counts: InboxCounts,
}

/// The queue. One end pushes, the other pops.
#[derive(Debug)]
pub struct Inbox<C> {
    config: InboxConfig,
    queue: Mutex<Queue<C>>,
    came: Condvar,
}

impl<C> Inbox<C> {
    /// An empty queue.
    #[must_use]
    pub fn new(config: InboxConfig) -> Self {
        let queue = Queue {
            waiting: VecDeque::new(),
            frames: 0,
            bytes: 0,
            commands: 0,
            in_overrun: false,
            is_over: false,
            counts: InboxCounts::default(),
        };
        Self { config, queue: Mutex::new(queue), came: Condvar::new() }
    }

    /// Gives a command a place in the one order.
    ///
    /// # Errors
    /// When too many wait, or nobody takes any.
    pub fn push_command(&self, command: C) -> Result<(), Refused> {
        self.push_up_to(self.config.commands_max, command)
    }

    /// The same for a command that has to be heard however many wait: the one to stop.
    ///
    /// # Errors
    /// When nobody takes commands.
    pub fn push_urgent(&self, command: C) -> Result<(), Refused> {
        self.push_up_to(usize::MAX, command)
    }

    /// Nobody pops any more: what waits is dropped, and commands are refused from now on.
    pub fn close(&self) {
        let waiting = self.with(|queue| {
            queue.is_over = true;
            std::mem::take(&mut queue.waiting)
        });
        // Whoever waits for an answer learns that there will be none.
        drop(waiting);
    }

    fn push_up_to(&self, commands_max: usize, command: C) -> Result<(), Refused> {
        self.with(|queue| {
            if queue.is_over {
                return Err(Refused::Over);
            }
            if queue.commands >= commands_max {
                return Err(Refused::Full);
            }
            queue.commands += 1;
            queue.waiting.push_back(Incoming::Command(command));
            Ok(())
        })
    }

    /// The next one, or `None` when none came within `patience`.
    pub fn pop(&self, patience: Duration) -> Option<Incoming<C>> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        if queue.waiting.is_empty() && !patience.is_zero() {
            let waited = self.came.wait_timeout_while(queue, patience, |q| q.waiting.is_empty());
            queue = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        let next = queue.waiting.pop_front()?;
        match &next {
            Incoming::Frame { bytes, .. } | Incoming::Snapshot { bytes, .. } => {
                queue.frames -= 1;
                queue.bytes -= bytes.len();
            }
            Incoming::Command(_) => queue.commands -= 1,
            Incoming::Lost { .. } | Incoming::Ended => {}
        }
        Some(next)
    }

    /// What went through so far.
    #[must_use]
    pub fn counts(&self) -> InboxCounts {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).counts
    }

    pub(super) fn push_frame(&self, ts_recv: UnixNanos, link: usize, bytes: Bytes) -> Pushed {
        self.push_data(ts_recv, bytes, |bytes| Incoming::Frame { ts_recv, link, bytes })
    }

    /// A snapshot always fits: there is one at a time, and a book that waits for one that was dropped
    /// would wait for ever.
    pub(super) fn push_snapshot(&self, ts_recv: UnixNanos, bytes: Bytes) {
        self.with(|queue| {
            queue.frames += 1;
            queue.bytes += bytes.len();
            queue.counts.frames += 1;
            queue.waiting.push_back(Incoming::Snapshot { ts_recv, bytes });
        });
    }

    pub(super) fn push_loss(&self, ts_recv: UnixNanos, since: UnixNanos, reason: GapReason) {
        let (since, lost) = (Some(since.min(ts_recv)), ts_recv);
        self.with(|queue| {
            queue.waiting.push_back(Incoming::Lost { ts_recv: lost, since, reason });
        });
    }

    pub(super) fn push_end(&self) {
        self.with(|queue| queue.waiting.push_back(Incoming::Ended));
    }

    fn push_data(
        &self,
        ts_recv: UnixNanos,
        bytes: Bytes,
        make: impl FnOnce(Bytes) -> Incoming<C>,
    ) -> Pushed {
        let InboxConfig { frames_max, bytes_max, .. } = self.config;
        self.with(|queue| {
            let (frames, size) = (queue.frames, queue.bytes + bytes.len());
            if queue.in_overrun {
                queue.in_overrun = frames > frames_max / 2 || size > bytes_max / 2;
                if queue.in_overrun {
                    queue.counts.dropped += 1;
                    return Pushed::Dropped;
                }
            }
            // One that is larger than the limit alone still goes through an empty queue.
            if frames >= frames_max || (size > bytes_max && frames > 0) {
                queue.in_overrun = true;
                queue.counts.dropped += 1;
                let reason = GapReason::Overrun;
                queue.waiting.push_back(Incoming::Lost { ts_recv, since: None, reason });
                return Pushed::Overrun;
            }
            (queue.frames, queue.bytes) = (frames + 1, size);
            queue.counts.frames += 1;
            queue.counts.waiting_max = queue.counts.waiting_max.max(queue.frames);
            queue.waiting.push_back(make(bytes));
            Pushed::Kept
        })
    }

    fn with<R>(&self, change: impl FnOnce(&mut Queue<C>) -> R) -> R {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let result = change(&mut queue);
        drop(queue);
        self.came.notify_one();
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TINY: InboxConfig = InboxConfig { frames_max: 4, bytes_max: 100, commands_max: 1 };

    fn push(inbox: &Inbox<u8>, at: i64) -> Pushed {
        inbox.push_frame(UnixNanos::new(at), 0, Bytes::from_static(b"0123456789"))
    }

    fn pop(inbox: &Inbox<u8>) -> String {
        match inbox.pop(Duration::ZERO) {
            None => "-".to_owned(),
            Some(Incoming::Frame { ts_recv, .. }) => format!("frame {ts_recv}"),
            Some(Incoming::Snapshot { ts_recv, .. }) => format!("snapshot {ts_recv}"),
            Some(Incoming::Lost { ts_recv, reason, .. }) => format!("{reason:?} {ts_recv}"),
            Some(Incoming::Command(number)) => format!("command {number}"),
            Some(Incoming::Ended) => "end".to_owned(),
        }
    }

    #[test]
    fn at_the_limit_a_hole_is_declared_and_lasts_until_half_is_worked_off() {
        let inbox = Inbox::new(TINY);
        for at in 0..4 {
            assert_eq!(push(&inbox, at), Pushed::Kept);
        }
        assert_eq!((push(&inbox, 4), push(&inbox, 5)), (Pushed::Overrun, Pushed::Dropped));
        assert_eq!(pop(&inbox), "frame 0");
        assert_eq!(push(&inbox, 6), Pushed::Dropped, "three of four still wait");
        assert_eq!(pop(&inbox), "frame 1");
        assert_eq!(push(&inbox, 7), Pushed::Kept);
        let rest: Vec<String> = (0..5).map(|_| pop(&inbox)).collect();
        assert_eq!(rest, ["frame 2", "frame 3", "Overrun 4", "frame 7", "-"]);
        let counts = inbox.counts();
        assert_eq!((counts.frames, counts.dropped, counts.waiting_max), (5, 3, 4));
    }

    #[test]
    fn bytes_have_a_limit_too_and_one_large_frame_still_passes() {
        let inbox = Inbox::<u8>::new(TINY);
        let large = || Bytes::from(vec![0; 200]);
        assert_eq!(inbox.push_frame(UnixNanos::new(0), 0, large()), Pushed::Kept);
        assert_eq!(inbox.push_frame(UnixNanos::new(1), 0, large()), Pushed::Overrun);
        assert_eq!([pop(&inbox), pop(&inbox)], ["frame 0", "Overrun 1"]);
    }

    #[test]
    fn commands_and_frames_have_one_order_and_losses_always_fit() {
        let inbox = Inbox::new(TINY);
        push(&inbox, 0);
        assert_eq!(inbox.push_command(7), Ok(()));
        assert_eq!(inbox.push_command(8), Err(Refused::Full), "one waits already");
        for at in 1..5 {
            push(&inbox, at);
        }
        inbox.push_loss(UnixNanos::new(9), UnixNanos::new(8), GapReason::Disconnected);
        let all: Vec<String> = (0..7).map(|_| pop(&inbox)).collect();
        assert_eq!(
            all,
            [
                "frame 0",
                "command 7",
                "frame 1",
                "frame 2",
                "frame 3",
                "Overrun 4",
                "Disconnected 9"
            ]
        );
        assert_eq!(inbox.push_command(8), Ok(()));
        assert_eq!(inbox.push_urgent(9), Ok(()), "a stop is heard however many wait");
        assert_eq!([pop(&inbox), pop(&inbox)], ["command 8", "command 9"]);
    }

    #[test]
    fn a_snapshot_fits_into_a_full_queue() {
        let inbox = Inbox::<u8>::new(TINY);
        for at in 0..5 {
            push(&inbox, at);
        }
        inbox.push_snapshot(UnixNanos::new(5), Bytes::from(vec![0; 200]));
        let all: Vec<String> = (0..7).map(|_| pop(&inbox)).collect();
        let frames = ["frame 0", "frame 1", "frame 2", "frame 3"];
        assert_eq!(all[..4], frames);
        assert_eq!(all[4..], ["Overrun 4", "snapshot 5", "-"]);
        assert_eq!(push(&inbox, 6), Pushed::Kept, "the room that it took is free again");
    }

    #[test]
    fn a_closed_queue_refuses_commands_and_drops_those_that_wait() {
        let inbox = Inbox::new(TINY);
        let waits = std::sync::Arc::new(());
        assert_eq!(inbox.push_command(std::sync::Arc::clone(&waits)), Ok(()));
        inbox.close();
        assert_eq!(std::sync::Arc::strong_count(&waits), 1);
        assert_eq!(inbox.push_command(waits), Err(Refused::Over));
    }
}
