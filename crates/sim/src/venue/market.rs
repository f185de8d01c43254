//! What the recorded market does to our resting orders.

use fluxo_core::{
    BatchKind, BookBatch, FillReason, Lots, OrderEvent, Phase, Price, Side, Trade, TradeCondition,
    UnixNanos,
};

use super::{SimVenue, improves};
use crate::VenueTime;
use crate::account::{Account, Execution};
use crate::queue_position::QueuePosition;
use crate::resting::Resting;

impl SimVenue {
    #[inline]
    pub(super) fn on_batch(
        &mut self,
        now: UnixNanos,
        batch: &BookBatch,
        out: &mut Vec<OrderEvent>,
    ) {
        let whole = batch.kind == BatchKind::Snapshot;
        if !self.synchronised && !whole {
            // A change of a state that nobody knows.
            return;
        }
        self.book.apply(batch, |_| ());
        if whole {
            self.consumed.clear();
        } else {
            self.consumed.refresh(batch);
        }
        let was_lost = !std::mem::replace(&mut self.synchronised, true);
        if self.phase != Phase::Continuous || self.resting.len() == 0 {
            return;
        }
        if was_lost {
            self.rejoin_queues();
        } else {
            self.follow_queues(now);
        }
        for side in Side::BOTH {
            self.fill_crossed(now, side, out);
        }
    }

    /// A print: it fills whoever of us it must have met.
    ///
    /// A print with an unknown aggressor does nothing: if it went through our price, the other side
    /// of the book comes to rest there, and that is the better witness.
    pub(super) fn on_print(&mut self, at: VenueTime, trade: &Trade, out: &mut Vec<OrderEvent>) {
        let Some(side) = trade.aggressor.hit_side() else { return };
        let nobody = self.resting.side(side).is_empty();
        if nobody || trade.condition == TradeCondition::OffMarket || !self.is_open() {
            return;
        }
        assert!(trade.lots > Lots::ZERO, "a print of {:?} lots", trade.lots);
        let Self { resting, account, .. } = self;
        let mut left = trade.lots;
        for order in resting.side_mut(side) {
            if side.is_better(trade.price, order.price) {
                break;
            }
            let at_our_price = order.price == trade.price;
            if at_our_price {
                order.queue.displace(trade.lots - left);
            }
            if at.stated <= order.arrived {
                // It was made before our order was there.
                continue;
            }
            let (reaches_us, reason) = if at_our_price {
                (order.queue.on_print(left, at.now), FillReason::QueueReached)
            } else {
                (left, FillReason::TradeThrough)
            };
            left -= fill(account, at.now, side, order, reaches_us, reason, out);
        }
        resting.remove_filled(side);
    }

    /// The book is not valid until the next snapshot; our orders stay, and nothing fills them.
    pub(super) fn lose_the_book(&mut self) {
        self.synchronised = false;
        self.book.clear();
        self.consumed.clear();
    }

    /// When trading resumes, our orders are at the back of their queues.
    pub(super) fn on_phase(&mut self, phase: Phase) {
        let resumes = self.phase != Phase::Continuous && phase == Phase::Continuous;
        self.phase = phase;
        if resumes && self.synchronised {
            self.rejoin_queues();
        }
    }

    /// Every order joins its queue anew, in the order in which they would trade.
    fn rejoin_queues(&mut self) {
        for side in Side::BOTH {
            let mut before: Option<(Price, QueuePosition)> = None;
            for at in 0..self.resting.side(side).len() {
                let price = self.resting.side(side)[at].price;
                let own = before.filter(|(own, _)| *own == price).map(|(_, queue)| queue);
                let queue = self.back_of_queue(side, price, own);
                self.resting.side_mut(side)[at].queue = queue;
                before = Some((price, queue));
            }
        }
    }

    /// Queues become as short as the book now shows them, and no shorter.
    fn follow_queues(&mut self, now: UnixNanos) {
        let Self { resting, book, config, .. } = self;
        for side in Side::BOTH {
            for order in resting.side_mut(side) {
                let shown = book.lots_at(side, order.price);
                let known = order.queue.ahead().is_some();
                if known || shown > Lots::ZERO || improves(book, side, order.price) {
                    order.queue.on_shown(shown, now, config.match_ttl);
                }
            }
        }
    }

    /// The other side came to rest at or beyond our prices: what is shown there trades with us, at
    /// our prices.
    fn fill_crossed(&mut self, now: UnixNanos, side: Side, out: &mut Vec<OrderEvent>) {
        let other = side.opposite();
        let Self { resting, book, account, consumed, .. } = self;
        let mut orders = resting.side_mut(side).iter_mut().peekable();
        for level in book.levels(other) {
            let mut shown = level.lots - consumed.lots(other, level.price);
            while shown > Lots::ZERO
                && let Some(order) = orders.peek_mut()
                && side.crosses(order.price, level.price)
            {
                let lots = shown.min(order.remaining);
                if !consumed.add(other, level.price, lots) {
                    break;
                }
                shown -= fill(account, now, side, order, lots, FillReason::Crossed, out);
                if order.remaining == Lots::ZERO {
                    orders.next();
                }
            }
            if orders.peek().is_none_or(|order| !side.crosses(order.price, level.price)) {
                break;
            }
        }
        resting.remove_filled(side);
    }
}

/// Trades up to `lots` with a resting order, and returns how many.
fn fill(
    account: &mut Account,
    now: UnixNanos,
    side: Side,
    order: &mut Resting,
    lots: Lots,
    reason: FillReason,
    out: &mut Vec<OrderEvent>,
) -> Lots {
    let lots = lots.min(order.remaining);
    if lots > Lots::ZERO {
        order.remaining -= lots;
        let Resting { id, price, remaining, .. } = *order;
        account.make(now, &Execution { id, side, price, lots, reason, remaining }, out);
    }
    lots
}
