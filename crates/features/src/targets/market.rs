//! The mid price, and what makes it doubtful.

use fluxo_core::{BookBatch, Decimal, Gap, GapReason, InstrumentSpec, Phase};

use super::Unlabelled;
use crate::FeatureConfig;
use crate::book_state::{BookState, Top};

/// The book as the events left it, its last valid mid, and since when nothing is wrong with it.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub(super) struct Market {
    book: BookState,
    /// The last valid mid since the last break, in half-ticks, above zero.
    mid: Option<i64>,
    /// Since when that is the mid.
    mid_since: i64,
    /// The last valid spread since the last break, in ticks.
    spread: Option<i64>,
    /// Why there is no book while there is none.
    lost: Unlabelled,
    /// Since when nothing is wrong, or what is wrong now.
    state: Result<i64, Unlabelled>,
    tick: Decimal,
    lot: Decimal,
}

impl Market {
    pub(super) fn new(config: &FeatureConfig, spec: &InstrumentSpec) -> Self {
        Self {
            book: BookState::new(config.book, config.stale_book_after.get()),
            mid: None,
            mid_since: i64::MIN,
            spread: None,
            lost: Unlabelled::NoMid,
            state: Err(Unlabelled::NoMid),
            tick: spec.tick_size,
            lot: spec.lot_size,
        }
    }

    pub(super) const fn mid(&self) -> Option<i64> {
        self.mid
    }

    /// Since when [`Market::mid`] is what it is.
    pub(super) const fn mid_since(&self) -> i64 {
        self.mid_since
    }

    /// The last valid spread since the last break, in ticks.
    pub(super) const fn spread(&self) -> Option<i64> {
        self.spread
    }

    /// The best levels at a moment after the last event, when the book is valid then and its mid above
    /// zero.
    pub(super) fn touch_at(&self, moment: i64) -> Option<Top> {
        self.book.top_at(moment).filter(|touch| touch.mid_half_ticks() > 0)
    }

    /// Whether there is a book, and it is crossed or locked.
    pub(super) fn is_crossed(&self) -> bool {
        self.is_whole().is_ok() && self.book.book().is_crossed()
    }

    /// What is wrong now for targets that a crossed book is no trouble for: its last valid mid counts.
    pub(super) fn is_whole(&self) -> Result<(), Unlabelled> {
        if self.book.phase() != Phase::Continuous {
            Err(Unlabelled::Halt)
        } else if !self.book.is_live() {
            Err(self.lost)
        } else {
            Ok(())
        }
    }

    /// Since when nothing is wrong, or what is wrong now. A silent or one-sided book is not wrong:
    /// its last valid mid counts.
    pub(super) const fn state(&self) -> Result<i64, Unlabelled> {
        self.state
    }

    /// The last moment at which the book is valid if nothing more comes; before all others when it
    /// is not.
    pub(super) fn valid_until(&self) -> i64 {
        let until = self.book.fresh_until();
        if self.book.top_at(until).is_some() { until } else { i64::MIN }
    }

    /// Applies a batch, and says whether it could be.
    pub(super) fn apply(&mut self, ts: i64, batch: &BookBatch) -> bool {
        let applied = self.book.apply(ts, batch, |_| ());
        self.judge(ts);
        applied
    }

    /// Returns whether it was a break.
    pub(super) fn set_phase(&mut self, ts: i64, phase: Phase) -> bool {
        let reopens = self.book.phase() == Phase::Closed && phase != Phase::Closed;
        self.book.set_phase(phase);
        self.forget_if(reopens);
        self.judge(ts);
        reopens
    }

    /// Returns whether it was a break.
    pub(super) fn lose(&mut self, ts: i64, gap: &Gap) -> bool {
        self.book.lose();
        self.lost = Unlabelled::Gap;
        let is_break = gap.reason == GapReason::RecordingBoundary;
        self.forget_if(is_break);
        self.judge(ts);
        is_break
    }

    /// Returns whether it was a break: the same grid again is none.
    pub(super) fn respecify(&mut self, ts: i64, spec: &InstrumentSpec) -> bool {
        let factors =
            self.tick.multiple_of(spec.tick_size).zip(self.lot.multiple_of(spec.lot_size));
        (self.tick, self.lot) = (spec.tick_size, spec.lot_size);
        if factors == Some((1, 1)) {
            return false;
        }
        if !factors.is_some_and(|(price, lots)| self.book.rescale(price, lots)) {
            self.book.lose();
            self.lost = Unlabelled::Respecified;
        }
        self.forget_if(true);
        // Even where the book goes on, what was known of its prices does not.
        self.state = Err(Unlabelled::Respecified);
        self.judge(ts);
        true
    }

    fn forget_if(&mut self, is_break: bool) {
        if is_break {
            (self.mid, self.spread) = (None, None);
        }
    }

    fn judge(&mut self, ts: i64) {
        if let Some(top) = self.book.top_at(ts) {
            let mid = Some(top.mid_half_ticks()).filter(|mid| *mid > 0);
            if mid != self.mid {
                (self.mid, self.mid_since) = (mid, ts);
            }
            self.spread = Some(top.ask - top.bid);
        }
        self.state = match (self.trouble(), self.state) {
            (Some(trouble), _) => Err(trouble),
            (None, Ok(since)) => Ok(since),
            (None, Err(_)) => Ok(ts),
        };
    }

    fn trouble(&self) -> Option<Unlabelled> {
        self.is_whole().err().or_else(|| self.is_crossed().then_some(Unlabelled::Crossed))
    }
}
