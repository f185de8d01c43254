//! From what is wanted and what is open to what must be sent.

use fluxo_core::{
    CancelReason, ClientOrderId, InstrumentId, Lots, Order, OrderType, Price, Quote, Side, Target,
};

use crate::orders::{OrderState, Orders, WorkingOrder};
use crate::{Config, Ledger};

/// The best prices that an order would meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Touch {
    /// The best bid.
    pub bid: Price,
    /// The best ask.
    pub ask: Price,
}

/// What an intent needs: cancels first, then orders. Reused from decision to decision.
#[derive(Debug, Default)]
pub struct Plan {
    /// Orders to cancel.
    pub cancels: Vec<(ClientOrderId, CancelReason)>,
    /// Orders to put before the gate. Their identifiers are given out by [`crate::Desk::submit`].
    pub orders: Vec<Order>,
}

impl Plan {
    /// A plan with room for what `open_orders_max` orders can need.
    #[must_use]
    pub fn with_capacity(open_orders_max: usize) -> Self {
        Self { cancels: Vec::with_capacity(open_orders_max), orders: Vec::with_capacity(2) }
    }

    pub(crate) fn clear(&mut self) {
        self.cancels.clear();
        self.orders.clear();
    }

    fn cancel(&mut self, working: &WorkingOrder, reason: CancelReason) {
        if matches!(working.state, OrderState::Sent | OrderState::Accepted) {
            self.cancels.push((working.order.id, reason));
        }
    }

    pub(crate) fn cancel_all(&mut self, orders: &Orders, reason: CancelReason) {
        for working in orders.iter() {
            self.cancel(working, reason);
        }
    }
}

/// What one decision is made of.
pub(crate) struct Planner<'a> {
    pub(crate) instrument: InstrumentId,
    pub(crate) config: &'a Config,
    pub(crate) orders: &'a Orders,
    pub(crate) ledger: &'a Ledger,
    pub(crate) touch: Touch,
}

impl Planner<'_> {
    pub(crate) fn fill(&self, target: &Target, plan: &mut Plan) {
        match *target {
            Target::Position(wanted) => self.take(wanted, plan),
            Target::Quotes { bid, ask, renew } => {
                self.quote(Side::Bid, bid, renew, plan);
                self.quote(Side::Ask, ask, renew, plan);
            }
        }
        plan.orders.truncate(self.orders.room());
    }

    /// One order at a time: until the venue has answered, nobody knows what is still missing.
    fn take(&self, wanted: Lots, plan: &mut Plan) {
        plan.cancel_all(self.orders, CancelReason::Replaced);
        let missing = wanted - self.ledger.position;
        if missing == Lots::ZERO || self.orders.iter().next().is_some() {
            return;
        }
        let side = if missing > Lots::ZERO { Side::Bid } else { Side::Ask };
        let touch = match side {
            Side::Bid => self.touch.ask,
            Side::Ask => self.touch.bid,
        };
        // A worse price is further into the other side: the opposite of standing behind.
        let limit = side.opposite().behind(touch, self.config.take_through).unwrap_or(touch);
        let order_type = OrderType::ImmediateOrCancel { price: limit };
        plan.orders.push(self.order(side, missing.abs(), order_type));
    }

    /// An order that stands where it is wanted is left alone, everything else of the side is
    /// canceled. An order that is being canceled does not stand, even where the price came back to
    /// it: it will be gone, and its place in the queue with it. So another one is quoted at once,
    /// and the gate counts both until the venue has answered. (The peers' rule waits for the answer
    /// first; with decisions further apart than a round trip to the venue there is no difference.)
    fn quote(&self, side: Side, wanted: Option<Quote>, renew: bool, plan: &mut Plan) {
        let mut stands = false;
        for working in self.orders.iter().filter(|working| working.order.side == side) {
            let keeps = !renew
                && !stands
                && matches!(working.state, OrderState::Sent | OrderState::Accepted)
                && wanted
                    .is_some_and(|quote| working.order.order_type.limit() == Some(quote.price));
            if keeps {
                stands = true;
            } else {
                plan.cancel(working, CancelReason::Replaced);
            }
        }
        if let (Some(quote), false) = (wanted, stands) {
            let order_type = OrderType::PostOnly { price: quote.price };
            plan.orders.push(self.order(side, quote.lots, order_type));
        }
    }

    fn order(&self, side: Side, lots: Lots, order_type: OrderType) -> Order {
        // The identifier is given out when the order is sent, so that a refused one uses none up.
        Order { id: ClientOrderId::new(0), instrument: self.instrument, side, lots, order_type }
    }
}
