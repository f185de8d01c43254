//! Orders whose level left the view of a feed that shows only its best levels (LOBSTER).
//!
//! They rest on unseen, or leave unseen; but one that is cancelled in view again is still the order
//! that joined then. Their number is bounded: in a bucket that is full the oldest one is forgotten.

use fluxo_core::{OrderId, RestingOrder};
use serde::{Deserialize, Serialize};

/// Bits of the hash of an identifier.
const BITS: u32 = 7;
/// Orders whose identifiers have the same hash.
const WAYS: usize = 8;
/// The odd number nearest to 2^64 over the golden ratio.
const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;

/// An order as it was when its level left the view; without lots it is a free place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Parted {
    pub(crate) id: OrderId,
    pub(crate) lots: i64,
    /// When it joined its queue.
    pub(crate) entered: i64,
}

/// The orders out of view, by identifier.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct OutOfView {
    places: Box<[Parted]>,
}

impl OutOfView {
    pub(crate) fn new() -> Self {
        Self { places: vec![Parted::default(); WAYS << BITS].into_boxed_slice() }
    }

    pub(crate) fn clear(&mut self) {
        self.places.fill(Parted::default());
    }

    /// An order's level left the view.
    pub(crate) fn insert(&mut self, order: Parted) {
        // A free place is older than any order.
        let age = |held: &&mut Parted| (held.lots > 0, held.entered);
        let place = self.bucket(order.id).iter_mut().min_by_key(age);
        *place.expect("a bucket has places") = order;
    }

    /// Lots of an order leave in view: when it had joined, and whether nothing of it is left.
    pub(crate) fn take(&mut self, order: &RestingOrder) -> Option<(i64, bool)> {
        let is_it = |held: &&mut Parted| held.lots > 0 && held.id == order.id;
        let held = self.bucket(order.id).iter_mut().find(is_it)?;
        held.lots = (held.lots - order.lots.get()).max(0);
        Some((held.entered, held.lots == 0))
    }

    fn bucket(&mut self, id: OrderId) -> &mut [Parted] {
        let hash = id.wrapping_mul(SPREAD) >> (u64::BITS - BITS);
        let first = usize::try_from(hash).expect("a few bits") * WAYS;
        &mut self.places[first..first + WAYS]
    }
}

#[cfg(test)]
mod tests {
    use fluxo_core::{Lots, Price, Side};

    use super::*;

    fn order(id: u64, lots: i64) -> RestingOrder {
        RestingOrder { id, side: Side::Bid, price: Price::from_ticks(1), lots: Lots::new(lots) }
    }

    #[test]
    fn an_order_is_found_again_until_nothing_is_left() {
        let mut orders = OutOfView::new();
        for id in 0..100 {
            orders.insert(Parted { id, lots: 5, entered: i64::try_from(id).unwrap() });
        }
        assert_eq!(orders.take(&order(7, 2)), Some((7, false)));
        assert_eq!(orders.take(&order(7, 3)), Some((7, true)));
        assert_eq!(orders.take(&order(7, 1)), None);
        assert_eq!(orders.take(&order(500, 1)), None);
        orders.clear();
        assert_eq!(orders.take(&order(8, 1)), None);
    }

    #[test]
    fn a_full_bucket_forgets_its_oldest() {
        let mut orders = OutOfView::new();
        let mut alike = (0_u64..).filter(|id| id.wrapping_mul(SPREAD) >> (u64::BITS - BITS) == 0);
        let ids: Vec<u64> = alike.by_ref().take(WAYS + 1).collect();
        for (id, entered) in ids.iter().zip(0..) {
            orders.insert(Parted { id: *id, lots: 1, entered });
        }
        assert_eq!(orders.take(&order(ids[0], 1)), None);
        assert_eq!(orders.take(&order(ids[WAYS], 1)), Some((8, true)));
    }
}
