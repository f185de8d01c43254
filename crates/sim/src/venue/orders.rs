//! What the venue does with our orders when they arrive.

use fluxo_core::{
    ClientOrderId, FillReason, Liquidity, Lots, Order, OrderEvent, OrderType, OrderUpdate, Price,
    RejectReason, Side, UnixNanos,
};

use super::{SimVenue, improves};
use crate::account::Execution;
use crate::queue_position::QueuePosition;
use crate::resting::Resting;

/// What an arriving order did not trade at once.
struct Rest {
    lots: Lots,
    /// Whether something other than its own limit ended its walk: then it may not rest.
    stopped: bool,
}

impl SimVenue {
    /// An order of ours arrives. Answers are added to `out`.
    pub fn on_place(&mut self, now: UnixNanos, order: &Order, out: &mut Vec<OrderEvent>) {
        if let Some(reason) = self.refusal(order) {
            out.push(self.account.event(now, order.id, OrderUpdate::Rejected(reason)));
            return;
        }
        out.push(self.account.event(now, order.id, OrderUpdate::Accepted));
        let rest = self.take(now, order, out);
        if rest.lots == Lots::ZERO {
            return;
        }
        match order.order_type {
            OrderType::Limit { price } | OrderType::PostOnly { price } if !rest.stopped => {
                self.rest(now, order, price, rest.lots);
            }
            _ => {
                let update = OrderUpdate::Expired { remaining: rest.lots };
                out.push(self.account.event(now, order.id, update));
            }
        }
    }

    /// A cancel of ours arrives. The answer is added to `out`.
    pub fn on_cancel(&mut self, now: UnixNanos, id: ClientOrderId, out: &mut Vec<OrderEvent>) {
        let update = match self.resting.remove(id) {
            Some(order) => OrderUpdate::Canceled { remaining: order.remaining },
            None => OrderUpdate::CancelRejected,
        };
        out.push(self.account.event(now, id, update));
    }

    /// Why the order is not wanted. Its identifier counts as used either way.
    fn refusal(&mut self, order: &Order) -> Option<RejectReason> {
        if !self.seen.insert(order.id) {
            return Some(RejectReason::DuplicateId);
        }
        let has_value = |price| {
            order.lots > Lots::ZERO && self.account.has_value(order.side, price, order.lots)
        };
        if order.lots <= Lots::ZERO || !order.order_type.limit().is_none_or(has_value) {
            return Some(RejectReason::Invalid);
        }
        let full = self.resting.len() >= self.config.open_orders_max;
        if !self.is_open() || (full && order.order_type.rests()) {
            return Some(RejectReason::MarketUnavailable);
        }
        match order.order_type {
            OrderType::PostOnly { price } if self.would_cross(order.side, price) => {
                Some(RejectReason::WouldCross)
            }
            _ => None,
        }
    }

    /// Against the book as it is shown: a level that we consumed but that the recording still holds
    /// refuses us the maker's fee. An order of ours on the other side does the same.
    fn would_cross(&self, side: Side, price: Price) -> bool {
        let recorded = self.book.best(side.opposite()).map(|level| level.price);
        [recorded, self.own_quote(side.opposite())]
            .into_iter()
            .flatten()
            .any(|quote| side.crosses(price, quote))
    }

    fn own_quote(&self, side: Side) -> Option<Price> {
        self.resting.best(side).map(|order| order.price)
    }

    /// Walks the other side of the book, level by level, up to the order's limit.
    fn take(&mut self, now: UnixNanos, order: &Order, out: &mut Vec<OrderEvent>) -> Rest {
        let (side, limit) = (order.side, order.order_type.limit());
        let other = side.opposite();
        let own_quote = self.own_quote(other);
        let Self { book, account, consumed, .. } = self;
        let mut rest = Rest { lots: order.lots, stopped: false };
        for level in book.levels(other) {
            let price = level.price;
            if limit.is_some_and(|limit| !side.crosses(limit, price)) || rest.lots == Lots::ZERO {
                break;
            }
            // We never trade with ourselves: what would reach our own quote expires.
            if own_quote.is_some_and(|own| !other.is_better(price, own)) {
                rest.stopped = true;
                break;
            }
            let lots = rest.lots.min(level.lots - consumed.lots(other, price));
            if lots == Lots::ZERO {
                continue;
            }
            let charge = account.charge(side, price, lots, Liquidity::Taker);
            let Some(charge) = charge.filter(|_| consumed.add(other, price, lots)) else {
                rest.stopped = true;
                break;
            };
            rest.lots -= lots;
            let (id, reason, remaining) = (order.id, FillReason::Took, rest.lots);
            account.take(now, &Execution { id, side, price, lots, reason, remaining }, charge, out);
        }
        // Also where the recorded book has nothing at or before our own quote.
        let meets_ourselves = |limit| own_quote.is_some_and(|own| side.crosses(limit, own));
        rest.stopped |= limit.is_some_and(meets_ourselves);
        rest
    }

    fn rest(&mut self, now: UnixNanos, order: &Order, price: Price, remaining: Lots) {
        let own = self.resting.side(order.side).iter().rfind(|own| own.price == price);
        let queue = self.back_of_queue(order.side, price, own.map(|own| own.queue));
        let resting = Resting { id: order.id, price, remaining, arrived: now, queue };
        self.resting.insert(order.side, resting);
    }

    /// The queue at a price as a newcomer finds it. `own` is the place of the last order of ours
    /// there, if there is one: the newcomer trades after it.
    pub(super) fn back_of_queue(
        &self,
        side: Side,
        price: Price,
        own: Option<QueuePosition>,
    ) -> QueuePosition {
        let shown = self.book.lots_at(side, price);
        // Where the book shows nothing behind its best price, perhaps nobody waits, and perhaps the
        // recording never said who.
        let known = shown > Lots::ZERO || improves(&self.book, side, price);
        let others = known.then(|| shown - self.consumed.lots(side, price));
        own.map_or(QueuePosition::behind(others), |own| own.followed_by(others))
    }
}
