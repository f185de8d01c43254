//! How much must trade before one of our resting orders does.
//!
//! A level-2 feed shows how much rests at a price, not in which order. We assume the worst that it
//! allows: everything shown when we joined is ahead of us, everything that leaves without a trade
//! was behind us, and a queue never shrinks by more than the feed forces us to admit.

use fluxo_core::{Lots, Nanos, UnixNanos};

use crate::Refinement;

/// The place of one order in the queue of its price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct QueuePosition {
    /// Lots of others before us; `None` while the recording has not said what rests at the price.
    ahead: Option<Lots>,
    /// Lots of recorded prints that an earlier order of ours took. In the recording they hit others,
    /// whom it no longer shows; in our market those others still wait before us.
    displaced: Lots,
    /// Lots by which the book already shortened the queue. The print that explains them may still
    /// come, and then it must not shorten the queue again.
    credit: Lots,
    credit_until: UnixNanos,
}

impl QueuePosition {
    /// The back of a queue of `ahead` lots.
    pub(crate) const fn behind(ahead: Option<Lots>) -> Self {
        Self {
            ahead,
            displaced: Lots::ZERO,
            credit: Lots::ZERO,
            credit_until: UnixNanos::new(i64::MIN),
        }
    }

    /// The place of a later order of ours at the same price, where the book shows `others`. Whoever is
    /// ahead of us is ahead of it too, and what is doubtful for us is doubtful for it.
    pub(crate) fn followed_by(self, others: Option<Lots>) -> Self {
        let ahead = self.ahead.zip(others).map(|(ahead, others)| ahead.max(others));
        Self { ahead, ..self }
    }

    pub(crate) const fn ahead(&self) -> Option<Lots> {
        self.ahead
    }

    /// The book shows `shown` lots of others at our price: no more than those can be ahead of us.
    pub(crate) fn on_shown(&mut self, shown: Lots, now: UnixNanos, match_ttl: Nanos) {
        let ahead_max = shown + self.displaced;
        let Some(ahead) = self.ahead else {
            self.ahead = Some(ahead_max);
            return;
        };
        if ahead_max < ahead {
            self.drop_stale_credit(now);
            self.ahead = Some(ahead_max);
            self.credit += ahead - ahead_max;
            self.credit_until = UnixNanos::new(now.get().saturating_add(match_ttl.get()));
        }
    }

    /// Lots of a print at our price that get as far as us, after what the book showed already and
    /// after the queue.
    pub(crate) fn on_print(&mut self, lots: Lots, now: UnixNanos) -> Lots {
        self.drop_stale_credit(now);
        let Some(ahead) = self.ahead else { return Lots::ZERO };
        let known = lots.min(self.credit);
        self.credit -= known;
        let queued = (lots - known).min(ahead);
        self.ahead = Some(ahead - queued);
        lots - known - queued
    }

    /// An earlier order of ours took `lots` of a print that hit others at our price.
    pub(crate) fn displace(&mut self, lots: Lots) {
        self.displaced += lots;
    }

    pub(crate) fn refine(&mut self, refinement: Refinement) {
        self.ahead = self.ahead.map(|lots| refinement.lots(lots));
        self.displaced = refinement.lots(self.displaced);
        self.credit = refinement.lots(self.credit);
    }

    fn drop_stale_credit(&mut self, now: UnixNanos) {
        if now > self.credit_until {
            self.credit = Lots::ZERO;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TTL: Nanos = Nanos::new(10);

    struct Check {
        queue: QueuePosition,
        now: UnixNanos,
    }

    fn behind(lots: i64) -> Check {
        let queue = QueuePosition::behind(Some(Lots::new(lots)));
        Check { queue, now: UnixNanos::new(0) }
    }

    impl Check {
        fn shown(mut self, lots: i64, ahead: i64) -> Self {
            self.queue.on_shown(Lots::new(lots), self.now, TTL);
            assert_eq!(self.queue.ahead(), Some(Lots::new(ahead)));
            self
        }

        fn print(mut self, lots: i64, reaches: i64, ahead: i64) -> Self {
            let reached = self.queue.on_print(Lots::new(lots), self.now);
            assert_eq!((reached.get(), self.queue.ahead()), (reaches, Some(Lots::new(ahead))));
            self
        }

        fn wait(mut self, nanos: i64) -> Self {
            self.now = self.now + Nanos::new(nanos);
            self
        }
    }

    #[test]
    fn prints_shorten_the_queue_and_then_reach_us() {
        behind(10).print(4, 0, 6).print(8, 2, 0).print(3, 3, 0);
    }

    #[test]
    fn what_leaves_without_a_trade_was_behind_us() {
        behind(10).shown(30, 10).shown(12, 10).shown(7, 7).shown(9, 7);
    }

    #[test]
    fn a_trade_that_the_book_shows_first_is_counted_once() {
        behind(10).shown(6, 6).print(4, 0, 6).print(1, 0, 5);
    }

    #[test]
    fn a_trade_that_the_book_shows_later_is_counted_once() {
        behind(10).print(4, 0, 6).shown(6, 6).print(6, 0, 0).shown(0, 0);
    }

    #[test]
    fn credit_ends_with_its_time() {
        behind(10).shown(6, 6).wait(10).print(3, 0, 6).wait(1).print(3, 0, 3);
    }

    #[test]
    fn a_drop_that_takes_nothing_from_us_leaves_no_credit() {
        behind(3).shown(6, 3).print(4, 1, 0);
    }

    #[test]
    fn an_unknown_queue_lets_nothing_through_until_it_is_shown() {
        let mut queue = QueuePosition::behind(None);
        assert_eq!(queue.on_print(Lots::new(100), UnixNanos::new(0)), Lots::ZERO);
        queue.on_shown(Lots::new(5), UnixNanos::new(1), TTL);
        Check { queue, now: UnixNanos::new(2) }.print(6, 1, 0);
    }

    #[test]
    fn a_finer_lot_changes_nothing_but_the_numbers() {
        let mut check = behind(10).shown(6, 6);
        check.queue.displace(Lots::new(2));
        check.queue.refine(Refinement { price_factor: 1, lots_factor: 10 });
        check.print(40, 0, 60).shown(30, 50).print(60, 0, 0);
    }

    #[test]
    fn others_that_we_displaced_still_wait() {
        let mut check = behind(5);
        // An earlier order of ours took 5 of a print of 5, so the recording's level is empty …
        check.queue.displace(Lots::new(5));
        // … and the 5 lots that it hit are still before us.
        check.shown(0, 5).print(5, 0, 0).print(1, 1, 0);
    }
}
