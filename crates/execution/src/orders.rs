//! The open orders of one instrument, in a table of fixed size.

use fluxo_core::{ClientOrderId, Lots, Order, OrderUpdate, Side};

use crate::Error;

/// Where an open order stands. An order that ended is no longer in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderState {
    /// Sent; the venue has not answered.
    Sent,
    /// The venue has it.
    Accepted,
    /// We asked for its end; it may still trade.
    Canceling,
}

/// An order that may still trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkingOrder {
    /// The order as it was sent.
    pub order: Order,
    /// Where it stands.
    pub state: OrderState,
    /// Lots that may still trade.
    pub open: Lots,
}

/// The open orders, oldest first.
#[derive(Debug)]
pub(crate) struct Orders {
    open: Vec<WorkingOrder>,
    capacity: usize,
}

impl Orders {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { open: Vec::with_capacity(capacity), capacity }
    }

    pub(crate) fn room(&self) -> usize {
        self.capacity - self.open.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &WorkingOrder> {
        self.open.iter()
    }

    /// Lots of one side that may still trade.
    pub(crate) fn working(&self, side: Side) -> Lots {
        self.open
            .iter()
            .filter(|working| working.order.side == side)
            .map(|working| working.open)
            .sum()
    }

    pub(crate) fn add(&mut self, order: Order) {
        assert!(self.room() > 0, "more orders than open_orders_max");
        self.open.push(WorkingOrder { order, state: OrderState::Sent, open: order.lots });
    }

    pub(crate) fn mark_canceling(&mut self, id: ClientOrderId) {
        if let Some(working) = self.open.iter_mut().find(|working| working.order.id == id) {
            working.state = OrderState::Canceling;
        }
    }

    /// Follows the venue's answer. Answers may come in any order: a fill may come before its
    /// acknowledgement, and after the cancel was sent.
    pub(crate) fn apply(&mut self, id: ClientOrderId, update: &OrderUpdate) -> Result<(), Error> {
        let at = self.open.iter().position(|working| working.order.id == id);
        let at = at.ok_or(Error::UnknownOrder { id })?;
        let working = &mut self.open[at];
        match update {
            OrderUpdate::Accepted if working.state == OrderState::Sent => {
                working.state = OrderState::Accepted;
            }
            // The end of the order, or the news of it, is on its way.
            OrderUpdate::Accepted | OrderUpdate::CancelRejected => {}
            OrderUpdate::Filled(fill) => {
                if fill.lots > working.open {
                    let (filled, open) = (fill.lots.get(), working.open.get());
                    return Err(Error::Overfilled { id, filled, open });
                }
                working.open -= fill.lots;
                if working.open == Lots::ZERO {
                    self.open.remove(at);
                }
            }
            OrderUpdate::Rejected(_)
            | OrderUpdate::Canceled { .. }
            | OrderUpdate::Expired { .. } => {
                self.open.remove(at);
            }
        }
        Ok(())
    }

    /// The lots and prices of the open orders after the instrument's grid became finer.
    pub(crate) fn rescale(&mut self, price_factor: i64, lots_factor: i64) {
        for working in &mut self.open {
            working.order.lots = working.order.lots * lots_factor;
            working.open = working.open * lots_factor;
            working.order.order_type = working
                .order
                .order_type
                .rescaled(price_factor)
                .expect("a price of an order stays a price on a finer grid");
        }
    }
}
