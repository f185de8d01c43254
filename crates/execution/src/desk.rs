//! The desk of one instrument: its orders, its ledger, its plans.

use fluxo_core::{
    CancelReason, ClientOrderId, InstrumentId, LimitUse, Lots, Order, OrderEvent, OrderUpdate,
    Side, Target,
};
use fluxo_risk::Approved;

use crate::orders::Orders;
use crate::plan::Planner;
use crate::{Config, Error, Ledger, Plan, Touch, WorkingOrder};

/// Everything that execution knows about one instrument.
#[derive(Debug)]
pub struct Desk {
    instrument: InstrumentId,
    config: Config,
    orders: Orders,
    ledger: Ledger,
    plan: Plan,
}

impl Desk {
    /// A desk without orders and without a position.
    #[must_use]
    pub fn new(instrument: InstrumentId, config: Config) -> Self {
        Self {
            instrument,
            config,
            orders: Orders::new(config.open_orders_max),
            ledger: Ledger::default(),
            plan: Plan::with_capacity(config.open_orders_max),
        }
    }

    /// What our fills add up to.
    #[must_use]
    pub const fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Lots of one side that may still trade, orders in flight included.
    #[must_use]
    pub fn working(&self, side: Side) -> Lots {
        self.orders.working(side)
    }

    /// The open orders, oldest first.
    pub fn open_orders(&self) -> impl Iterator<Item = &WorkingOrder> {
        self.orders.iter()
    }

    /// What it takes to get from what is open to `target`. The plan stays the desk's own; borrow it
    /// with [`Self::planned`].
    pub fn plan(&mut self, target: &Target, touch: Touch) {
        self.plan.clear();
        let Self { instrument, config, orders, ledger, plan } = self;
        Planner { instrument: *instrument, config, orders, ledger, touch }.fill(target, plan);
    }

    /// Plans the end of every open order.
    pub fn plan_withdrawal(&mut self, reason: CancelReason) {
        self.plan.clear();
        self.plan.cancel_all(&self.orders, reason);
    }

    /// The last plan.
    #[must_use]
    pub const fn planned(&self) -> &Plan {
        &self.plan
    }

    /// Takes an approved order on and gives it its identifier: from now on it may trade.
    pub fn submit(&mut self, approved: Approved<Order>, id: ClientOrderId) -> (Order, LimitUse) {
        let (order, limits) = approved.into_parts();
        let order = Order { id, ..order };
        self.orders.add(order);
        (order, limits)
    }

    /// Notes that the end of an order was asked for.
    pub fn cancel(&mut self, id: ClientOrderId) {
        self.orders.mark_canceling(id);
    }

    /// Follows an answer of the venue.
    ///
    /// # Errors
    /// An answer that contradicts what we know. Our orders stay as they were then, but a fill that
    /// has traded nevertheless is booked.
    pub fn on_order_event(&mut self, event: &OrderEvent) -> Result<(), Error> {
        let OrderUpdate::Filled(fill) = &event.update else {
            return self.orders.apply(event.id, &event.update);
        };
        // Before anything changes: a fill that cannot be booked is no fill of the order either.
        let after = self.ledger.after(fill).ok_or(Error::Unbookable { id: event.id })?;
        let verdict = self.orders.apply(event.id, &event.update);
        if verdict.as_ref().err().is_none_or(Error::has_traded) {
            self.ledger = after;
        }
        verdict
    }

    /// The instrument's tick or lot became finer by these factors.
    pub fn rescale(&mut self, price_factor: i64, lots_factor: i64) {
        self.orders.rescale(price_factor, lots_factor);
        self.ledger.position = self.ledger.position * lots_factor;
        self.config.take_through = self.config.take_through * price_factor;
        self.plan.clear();
    }
}

#[cfg(test)]
mod tests;
