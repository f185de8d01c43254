//! Messages of one instrument as the events of a recording, in order.

use std::collections::VecDeque;

use fluxo_core::{GapReason, InstrumentId, InstrumentSpec, MarketEvent, UnixNanos};
use fluxo_market_data::{
    Error, FeedCounts, Message, OrderFeedCounts, SyncConfig, SyncState, Synchroniser,
};
use fluxo_sim::Recorded;

use crate::receive_clock::{ReceiveClock, Received};

/// A synchroniser with a queue behind it: one message can become several events, or none.
#[derive(Debug)]
pub(crate) struct Feed {
    synchroniser: Synchroniser,
    clock: ReceiveClock,
    made: Vec<MarketEvent>,
    waiting: VecDeque<Recorded>,
    was_live: bool,
}

impl Feed {
    pub(crate) fn new(spec: InstrumentSpec) -> Result<Self, Error> {
        let synchroniser = Synchroniser::new(InstrumentId::new(0), spec, SyncConfig::DEFAULT)?;
        Ok(Self {
            synchroniser,
            clock: ReceiveClock::new(),
            made: Vec::new(),
            waiting: VecDeque::new(),
            was_live: false,
        })
    }

    /// Takes a message; a value beyond the range of the instrument is counted there and ends nothing.
    pub(crate) fn on_message(&mut self, ts_recv: UnixNanos, message: &Message<'_>) {
        let Received { ts_recv, pause_since } = self.clock.observe(ts_recv);
        if let Some(last) = pause_since {
            self.synchroniser.recording_pause(last);
        }
        self.on_received(ts_recv, message);
    }

    /// Takes a message whose receive time is our own, and needs no believing.
    pub(crate) fn on_received(&mut self, ts_recv: UnixNanos, message: &Message<'_>) {
        let _counted = self.synchroniser.on_message(ts_recv, message, &mut self.made);
        self.was_live |= self.state() == SyncState::Live;
        self.queue(ts_recv);
    }

    /// The live feed was lost.
    pub(crate) fn lost(&mut self, ts_recv: UnixNanos, since: Option<UnixNanos>, reason: GapReason) {
        self.synchroniser.feed_lost(ts_recv, since, reason, &mut self.made);
        self.queue(ts_recv);
    }

    /// How far the book is.
    pub(crate) const fn state(&self) -> SyncState {
        self.synchroniser.state()
    }

    /// Whether another snapshot has to be asked for.
    pub(crate) fn is_snapshot_too_old(&self) -> bool {
        self.synchroniser.is_snapshot_too_old()
    }

    fn queue(&mut self, ts_recv: UnixNanos) {
        self.waiting.extend(self.made.drain(..).map(|event| Recorded { ts_recv, event }));
    }

    /// The recording at hand ended, and another one goes on from here.
    pub(crate) fn boundary(&mut self) {
        if let Some(last) = self.clock.begin_recording() {
            self.synchroniser.recording_boundary(last);
        }
    }

    /// When the last message came so far.
    pub(crate) const fn latest(&self) -> Option<UnixNanos> {
        self.clock.latest()
    }

    /// Receive times that were not believed.
    pub(crate) const fn doubted_times(&self) -> u64 {
        self.clock.doubts()
    }

    pub(crate) fn pop(&mut self) -> Option<Recorded> {
        self.waiting.pop_front()
    }

    pub(crate) fn recycle(&mut self, event: MarketEvent) {
        self.synchroniser.recycle(event);
    }

    pub(crate) const fn counts(&self) -> &FeedCounts {
        self.synchroniser.counts()
    }

    /// What an order-by-order feed brought; nothing on other markets.
    pub(crate) fn order_counts(&self) -> OrderFeedCounts {
        self.synchroniser.order_counts().unwrap_or_default()
    }

    /// Whether there was ever a whole book.
    pub(crate) const fn was_live(&self) -> bool {
        self.was_live
    }
}
