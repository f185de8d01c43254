//! What we took out of the recorded book and the recording does not know of.
//!
//! The recording goes on as if we had never traded, so a level that we took from still shows its
//! whole size. What we took stays taken until the recording states that level anew: our impact is
//! bounded, and it is never nothing.

use fluxo_core::{BookBatch, Lots, Price, Side};

use crate::Refinement;

#[derive(Clone, Copy, Debug)]
struct Consumed {
    price: Price,
    lots: Lots,
}

/// Consumed lots by side and price: both sides together hold a bounded number of levels.
#[derive(Clone, Debug)]
pub(crate) struct Consumption {
    /// Sorted by price.
    sides: [Vec<Consumed>; 2],
    levels_max: usize,
}

impl Consumption {
    pub(crate) fn new(levels_max: usize) -> Self {
        Self { sides: [Vec::new(), Vec::new()], levels_max }
    }

    /// What we took at a price.
    pub(crate) fn lots(&self, side: Side, price: Price) -> Lots {
        let levels = &self.sides[side.index()];
        find(levels, price).map_or(Lots::ZERO, |at| levels[at].lots)
    }

    /// Notes that we took `lots` at a price. `false` when the limit is reached and nothing was noted.
    #[must_use]
    pub(crate) fn add(&mut self, side: Side, price: Price, lots: Lots) -> bool {
        let full = self.sides.iter().map(Vec::len).sum::<usize>() >= self.levels_max;
        let levels = &mut self.sides[side.index()];
        match find(levels, price) {
            Ok(at) => levels[at].lots += lots,
            Err(_) if full => return false,
            Err(at) => levels.insert(at, Consumed { price, lots }),
        }
        true
    }

    /// The recording states these levels anew.
    pub(crate) fn refresh(&mut self, batch: &BookBatch) {
        if self.sides.iter().all(Vec::is_empty) {
            return;
        }
        for level in &batch.levels {
            let levels = &mut self.sides[level.side.index()];
            if let Ok(at) = find(levels, level.price) {
                levels.remove(at);
            }
        }
    }

    pub(crate) fn clear(&mut self) {
        self.sides.iter_mut().for_each(Vec::clear);
    }

    pub(crate) fn refine(&mut self, refinement: Refinement) {
        for level in self.sides.iter_mut().flatten() {
            level.price = refinement.price(level.price);
            level.lots = refinement.lots(level.lots);
        }
    }
}

/// Where a price is, or where it belongs.
fn find(levels: &[Consumed], price: Price) -> Result<usize, usize> {
    levels.binary_search_by_key(&price, |level| level.price)
}

#[cfg(test)]
mod tests {
    use fluxo_core::{BatchKind, LevelUpdate};

    use super::*;

    fn at(price: i64) -> Price {
        Price::from_ticks(price)
    }

    #[test]
    fn what_was_taken_stays_taken_until_its_own_level_is_named() {
        let mut consumed = Consumption::new(8);
        assert!(consumed.add(Side::Ask, at(101), Lots::new(2)));
        assert!(consumed.add(Side::Ask, at(100), Lots::new(1)));
        assert!(consumed.add(Side::Ask, at(101), Lots::new(3)));
        let named = |side, price| LevelUpdate { side, price: at(price), lots: Lots::new(9) };
        let levels = vec![named(Side::Bid, 101), named(Side::Ask, 100)];
        consumed.refresh(&BookBatch { kind: BatchKind::Update, update_id: 1, levels });
        assert_eq!(consumed.lots(Side::Ask, at(101)), Lots::new(5));
        assert_eq!(consumed.lots(Side::Ask, at(100)), Lots::ZERO);
        consumed.clear();
        assert_eq!(consumed.lots(Side::Ask, at(101)), Lots::ZERO);
    }

    #[test]
    fn at_the_limit_only_known_levels_take_more() {
        let mut consumed = Consumption::new(1);
        assert!(consumed.add(Side::Ask, at(101), Lots::new(2)));
        assert!(!consumed.add(Side::Bid, at(99), Lots::new(2)));
        assert!(consumed.add(Side::Ask, at(101), Lots::new(1)));
        assert_eq!(consumed.lots(Side::Ask, at(101)), Lots::new(3));
        assert_eq!(consumed.lots(Side::Bid, at(99)), Lots::ZERO);
    }
}
