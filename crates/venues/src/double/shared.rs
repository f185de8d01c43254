//! What the threads of a double have in common.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use fluxo_core::{Market, UnixNanos};
use tokio::sync::watch;

use super::clock::{MarketClock, wall_now};
use super::hub::Hub;
use super::own_book::OwnBook;
use super::summary::Counts;
use super::{Config, Error};

/// The state of a double.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) config: Config,
    pub(super) hub: Arc<Hub>,
    pub(super) counts: Counts,
    book: Mutex<OwnBook>,
    course: Mutex<Course>,
    changed: Condvar,
    /// Becomes true when the player has ended.
    over: watch::Sender<bool>,
}

/// How far it is.
#[derive(Debug)]
struct Course {
    clock: MarketClock,
    /// Depth updates that are still to be withheld.
    losing: u64,
    stopping: Option<Stop>,
    over: bool,
}

/// How it stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// Everybody is told.
    Gently,
    /// Like a machine that lost its power.
    Abruptly,
}

impl Shared {
    pub(super) fn new(config: Config) -> Result<Self, Error> {
        let book = OwnBook::new(config.spec.clone())?;
        let clock = MarketClock::new(UnixNanos::new(0), config.speed);
        Ok(Self {
            config,
            hub: Arc::default(),
            counts: Counts::default(),
            book: Mutex::new(book),
            course: Mutex::new(Course { clock, losing: 0, stopping: None, over: false }),
            changed: Condvar::new(),
            over: watch::Sender::new(false),
        })
    }

    pub(super) fn market(&self) -> Market {
        self.config.spec.market
    }

    pub(super) fn book(&self) -> MutexGuard<'_, OwnBook> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The market's clock as it is now.
    pub(super) fn clock(&self) -> MarketClock {
        self.course().clock
    }

    /// The market's time.
    pub(super) fn now(&self) -> UnixNanos {
        self.clock().at(wall_now())
    }

    /// Says at which moment of the recording the clock stands until somebody listens.
    pub(super) fn set_origin(&self, origin: UnixNanos) {
        self.course().clock = MarketClock::new(origin, self.config.speed);
        self.counts.add(|counts| (counts.from, counts.to) = (origin, origin));
    }

    /// Somebody listens: the clock runs.
    pub(super) fn start_clock(&self) {
        if self.course().clock.start(wall_now()) {
            self.changed.notify_all();
        }
    }

    pub(super) fn stop(&self, how: Stop) {
        self.course().stopping.get_or_insert(how);
        self.changed.notify_all();
    }

    pub(super) fn stopping(&self) -> Option<Stop> {
        self.course().stopping
    }

    /// The player has ended.
    pub(super) fn end(&self) {
        self.course().over = true;
        self.changed.notify_all();
        self.over.send_replace(true);
    }

    /// Waits until the player has ended.
    pub(super) async fn ended(&self) {
        let mut over = self.over.subscribe();
        // The sender lives as long as this does.
        let _never_closed = over.wait_for(|over| *over).await;
    }

    /// Waits until the player has ended, or for a while; whether it has.
    pub(super) fn wait_for_end(&self, at_most: Duration) -> bool {
        let course = self.course();
        let wait = self.changed.wait_timeout_while(course, at_most, |course| !course.over);
        wait.unwrap_or_else(PoisonError::into_inner).0.over
    }

    /// Waits until a moment of the recording is due. Returns when that was on the wall; `None` when
    /// the double stops first.
    pub(super) fn wait_for(&self, moment: UnixNanos) -> Option<Instant> {
        let mut course = self.course();
        loop {
            if course.stopping.is_some() {
                return None;
            }
            let due = course.clock.due(moment);
            let left = due.map(|due| due.saturating_duration_since(wall_now()));
            course = match left {
                Some(Duration::ZERO) => return due,
                Some(left) => {
                    let wait = self.changed.wait_timeout(course, left);
                    wait.unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.changed.wait(course).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    pub(super) fn lose_next_depth(&self) {
        self.course().losing += 1;
    }

    /// Whether the depth update at hand is to be withheld.
    pub(super) fn takes_loss(&self) -> bool {
        let mut course = self.course();
        let loses = course.losing > 0;
        course.losing -= u64::from(loses);
        loses
    }

    pub(super) fn cut(&self) -> usize {
        let cut = self.hub.cut();
        self.counts.add(|counts| counts.cut += cut as u64);
        cut
    }

    fn course(&self) -> MutexGuard<'_, Course> {
        self.course.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
