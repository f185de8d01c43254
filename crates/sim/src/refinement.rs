//! How integers of an old specification read in a finer new one.

use fluxo_core::{InstrumentSpec, Lots, Order, OrderUpdate, Price};

/// By how much the tick and the lot of an instrument became finer: both at least 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refinement {
    /// New ticks in one old tick.
    pub price_factor: i64,
    /// New lots in one old lot.
    pub lots_factor: i64,
}

impl Refinement {
    /// From `old` to `new`; `None` when the new tick or lot does not divide the old one.
    #[must_use]
    pub fn between(old: &InstrumentSpec, new: &InstrumentSpec) -> Option<Self> {
        let price_factor = old.tick_size.multiple_of(new.tick_size)?;
        let lots_factor = old.lot_size.multiple_of(new.lot_size)?;
        (price_factor > 0 && lots_factor > 0).then_some(Self { price_factor, lots_factor })
    }

    /// The same price in new ticks.
    ///
    /// # Panics
    /// Beyond the price axis.
    #[must_use]
    pub fn price(self, price: Price) -> Price {
        price.rescaled(self.price_factor).expect("a price of ours stays a price on a finer grid")
    }

    /// The same size in new lots.
    ///
    /// # Panics
    /// When it overflows.
    #[must_use]
    pub fn lots(self, lots: Lots) -> Lots {
        lots * self.lots_factor
    }

    /// The same order in new units.
    pub(crate) fn order(self, order: &Order) -> Order {
        let order_type = order.order_type.rescaled(self.price_factor);
        Order {
            lots: self.lots(order.lots),
            order_type: order_type.expect("a price of ours stays a price on a finer grid"),
            ..*order
        }
    }

    /// The same answer in new units. What a fill moved in money stays what it was.
    pub(crate) fn update(self, update: OrderUpdate) -> OrderUpdate {
        match update {
            OrderUpdate::Filled(mut fill) => {
                fill.price = self.price(fill.price);
                fill.lots = self.lots(fill.lots);
                fill.remaining = self.lots(fill.remaining);
                OrderUpdate::Filled(fill)
            }
            OrderUpdate::Canceled { remaining } => {
                OrderUpdate::Canceled { remaining: self.lots(remaining) }
            }
            OrderUpdate::Expired { remaining } => {
                OrderUpdate::Expired { remaining: self.lots(remaining) }
            }
            OrderUpdate::Accepted | OrderUpdate::Rejected(_) | OrderUpdate::CancelRejected => {
                update
            }
        }
    }
}
