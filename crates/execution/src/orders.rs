//! The open orders of one instrument, in a table of fixed size.

use fluxo_core::{ClientOrderId, Fill, Lots, Order, OrderUpdate, RejectReason, Side};

use crate::Error;

/// Where an open order stands. An order that ended, and whose fills all came, is no longer in the
/// table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderState {
    /// Sent; the venue has not answered.
    Sent,
    /// The venue has it.
    Accepted,
    /// We asked for its end; it may still trade.
    Canceling,
    /// It ended at the venue, but fills from before that are still on their way.
    Ended {
        /// Lots that never trade.
        remaining: Lots,
    },
}

/// An order that may still trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkingOrder {
    /// The order as it was sent.
    pub order: Order,
    /// Where it stands.
    pub state: OrderState,
    /// Lots whose fills may still come.
    pub open: Lots,
}

impl WorkingOrder {
    /// Lots of which no fill came.
    fn unfilled(&self) -> Lots {
        match self.state {
            OrderState::Ended { remaining } => self.open + remaining,
            _ => self.open,
        }
    }

    /// Whether a fill is the next one of this order. The fills of one order come in the order in
    /// which they happened, so that each says how much was left after it.
    fn check(&self, fill: &Fill) -> Result<(), Error> {
        let (id, open, unfilled) = (self.order.id, self.open.get(), self.unfilled().get());
        let (filled, remaining) = (fill.lots.get(), fill.remaining.get());
        if filled <= 0 || remaining < 0 {
            return Err(Error::NoFill { id, filled, remaining });
        }
        if fill.side != self.order.side {
            return Err(Error::WrongSide { id });
        }
        if filled > self.order.lots.get() - remaining {
            return Err(Error::Overfilled { id, filled, open });
        }
        let expected = unfilled - filled;
        if remaining != expected {
            return Err(Error::OutOfStep { id, remaining, expected });
        }
        // It ended before it could trade this much.
        if filled > open {
            return Err(Error::Overfilled { id, filled, open });
        }
        Ok(())
    }
}

/// The open orders, oldest first.
#[derive(Debug)]
pub(crate) struct Orders {
    open: Vec<WorkingOrder>,
    capacity: usize,
    /// The first and the last identifier that were sent.
    sent: Option<(ClientOrderId, ClientOrderId)>,
}

impl Orders {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { open: Vec::with_capacity(capacity), capacity, sent: None }
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
        let (first, last) = self.sent.map_or((order.id, None), |(first, last)| (first, Some(last)));
        assert!(
            last.is_none_or(|last| last < order.id),
            "identifiers rise, so that none comes twice"
        );
        self.sent = Some((first, order.id));
        self.open.push(WorkingOrder { order, state: OrderState::Sent, open: order.lots });
    }

    pub(crate) fn mark_canceling(&mut self, id: ClientOrderId) {
        if let Some(working) = self.open.iter_mut().find(|working| working.order.id == id) {
            working.state = OrderState::Canceling;
        }
    }

    /// Follows the venue's answer. A fill may come before its order's acknowledgement, after the
    /// cancel was sent, and after the order ended.
    pub(crate) fn apply(&mut self, id: ClientOrderId, update: &OrderUpdate) -> Result<(), Error> {
        let Some(at) = self.open.iter().position(|working| working.order.id == id) else {
            return self.apply_to_none(id, update);
        };
        match update {
            OrderUpdate::Accepted => self.accept(at),
            // The end of the order, or the news of it, is on its way.
            OrderUpdate::CancelRejected => {}
            OrderUpdate::Filled(fill) => self.fill(at, fill)?,
            OrderUpdate::Rejected(reason) => self.reject(at, *reason)?,
            OrderUpdate::Canceled { remaining } | OrderUpdate::Expired { remaining } => {
                self.end(at, *remaining)?;
            }
        }
        Ok(())
    }

    /// News of an order that is not in the table. When it has ended, its fills may have overtaken
    /// its acknowledgement, and our cancel may have come too late: that is no contradiction.
    fn apply_to_none(&self, id: ClientOrderId, update: &OrderUpdate) -> Result<(), Error> {
        let ours = self.sent.is_some_and(|(first, last)| first <= id && id <= last);
        match update {
            OrderUpdate::Accepted | OrderUpdate::CancelRejected if ours => Ok(()),
            OrderUpdate::Rejected(RejectReason::DuplicateId) => Err(Error::DuplicateId { id }),
            _ => Err(Error::UnknownOrder { id }),
        }
    }

    fn accept(&mut self, at: usize) {
        let working = &mut self.open[at];
        if working.state == OrderState::Sent {
            working.state = OrderState::Accepted;
        }
    }

    fn fill(&mut self, at: usize, fill: &Fill) -> Result<(), Error> {
        let working = &mut self.open[at];
        working.check(fill)?;
        working.open -= fill.lots;
        if working.open == Lots::ZERO {
            self.open.remove(at);
        }
        Ok(())
    }

    fn reject(&mut self, at: usize, reason: RejectReason) -> Result<(), Error> {
        let WorkingOrder { order: Order { id, lots, .. }, state, open } = self.open[at];
        if reason == RejectReason::DuplicateId {
            return Err(Error::DuplicateId { id });
        }
        if !matches!(state, OrderState::Sent | OrderState::Canceling) || open < lots {
            return Err(Error::RejectedLate { id });
        }
        self.open.remove(at);
        Ok(())
    }

    /// The order ended and `remaining` never traded. What else is open did trade, and stays until
    /// the fills have come: it is part of a position that nobody has booked.
    fn end(&mut self, at: usize, remaining: Lots) -> Result<(), Error> {
        let working = &mut self.open[at];
        let (id, open) = (working.order.id, working.open);
        if matches!(working.state, OrderState::Ended { .. }) {
            return Err(Error::UnknownOrder { id });
        }
        if remaining < Lots::ZERO || remaining > open {
            let (remaining, expected) = (remaining.get(), open.get());
            return Err(Error::OutOfStep { id, remaining, expected });
        }
        if remaining == open {
            self.open.remove(at);
        } else {
            working.open -= remaining;
            working.state = OrderState::Ended { remaining };
        }
        Ok(())
    }

    /// The lots and prices of the open orders after the instrument's grid became finer.
    pub(crate) fn rescale(&mut self, price_factor: i64, lots_factor: i64) {
        for working in &mut self.open {
            working.order.lots = working.order.lots * lots_factor;
            working.open = working.open * lots_factor;
            if let OrderState::Ended { remaining } = &mut working.state {
                *remaining = *remaining * lots_factor;
            }
            working.order.order_type = working
                .order
                .order_type
                .rescaled(price_factor)
                .expect("a price of an order stays a price on a finer grid");
        }
    }
}
