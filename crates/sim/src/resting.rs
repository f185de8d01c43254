//! Our orders that rest at the venue, in the order in which they would trade.

use fluxo_core::{ClientOrderId, Lots, Price, Side, UnixNanos};

use crate::Refinement;
use crate::queue_position::QueuePosition;

/// One of our orders in the venue's book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Resting {
    pub(crate) id: ClientOrderId,
    pub(crate) price: Price,
    /// Lots that have not traded; positive except between a fill and its cleaning up.
    pub(crate) remaining: Lots,
    /// When it reached the venue: what happened before that cannot have filled it.
    pub(crate) arrived: UnixNanos,
    pub(crate) queue: QueuePosition,
}

/// A resting order as others may see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenOrder {
    /// Our identifier.
    pub id: ClientOrderId,
    /// The side it rests on.
    pub side: Side,
    /// Where it rests.
    pub price: Price,
    /// Lots that may still trade.
    pub remaining: Lots,
    /// Lots of others that trade before it; `None` while the recording has not said what rests there.
    pub ahead: Option<Lots>,
}

/// All resting orders of one instrument, by price and then by time.
#[derive(Clone, Debug)]
pub(crate) struct RestingOrders {
    /// Best price first; at one price the oldest first.
    sides: [Vec<Resting>; 2],
}

impl RestingOrders {
    pub(crate) fn with_capacity(orders: usize) -> Self {
        Self { sides: [Vec::with_capacity(orders), Vec::with_capacity(orders)] }
    }

    pub(crate) fn len(&self) -> usize {
        self.sides.iter().map(Vec::len).sum()
    }

    pub(crate) fn best(&self, side: Side) -> Option<&Resting> {
        self.sides[side.index()].first()
    }

    pub(crate) fn side(&self, side: Side) -> &[Resting] {
        &self.sides[side.index()]
    }

    pub(crate) fn side_mut(&mut self, side: Side) -> &mut [Resting] {
        &mut self.sides[side.index()]
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = OpenOrder> {
        let open = |side| {
            move |order: &Resting| OpenOrder {
                id: order.id,
                side,
                price: order.price,
                remaining: order.remaining,
                ahead: order.queue.ahead(),
            }
        };
        Side::BOTH.into_iter().flat_map(move |side| self.side(side).iter().map(open(side)))
    }

    /// Adds an order behind all of its price.
    pub(crate) fn insert(&mut self, side: Side, order: Resting) {
        let orders = &mut self.sides[side.index()];
        let at = orders.partition_point(|other| !side.is_better(order.price, other.price));
        orders.insert(at, order);
    }

    pub(crate) fn remove(&mut self, id: ClientOrderId) -> Option<Resting> {
        self.sides.iter_mut().find_map(|orders| {
            let at = orders.iter().position(|order| order.id == id)?;
            Some(orders.remove(at))
        })
    }

    /// Removes the orders that have nothing left to trade.
    pub(crate) fn remove_filled(&mut self, side: Side) {
        self.sides[side.index()].retain(|order| order.remaining > Lots::ZERO);
    }

    pub(crate) fn refine(&mut self, refinement: Refinement) {
        for order in self.sides.iter_mut().flatten() {
            order.price = refinement.price(order.price);
            order.remaining = refinement.lots(order.remaining);
            order.queue.refine(refinement);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(side: Side, prices: &[i64]) -> Vec<u64> {
        let mut orders = RestingOrders::with_capacity(8);
        for (id, ticks) in (0..).zip(prices) {
            orders.insert(
                side,
                Resting {
                    id: ClientOrderId::new(id),
                    price: Price::from_ticks(*ticks),
                    remaining: Lots::new(1),
                    arrived: UnixNanos::new(0),
                    queue: QueuePosition::behind(None),
                },
            );
        }
        assert_eq!(orders.remove(ClientOrderId::new(99)), None);
        orders.side(side).iter().map(|order| order.id.get()).collect()
    }

    #[test]
    fn better_prices_come_first_and_older_orders_at_one_price() {
        assert_eq!(ids(Side::Bid, &[100, 101, 100, 99, 101]), [1, 4, 0, 2, 3]);
        assert_eq!(ids(Side::Ask, &[100, 101, 100, 99, 101]), [3, 0, 2, 1, 4]);
    }
}
