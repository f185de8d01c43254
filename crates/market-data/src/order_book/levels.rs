//! The levels of an order book: what rests at each price, and the ends of its queue.

use fluxo_core::{Price, Side};

use super::keyed::{Keyed, NO_SLOT};

/// One price of one side.
#[derive(Clone, Copy, Debug)]
pub(super) struct LevelState {
    pub(super) key: u64,
    /// The order that trades next, and the one that came last.
    pub(super) head: u32,
    pub(super) tail: u32,
    /// How many orders are known, and what they hold.
    pub(super) orders: u32,
    pub(super) lots: i64,
    /// The sum of the squares of what they hold.
    pub(super) squares: i128,
    /// What rests there beyond them.
    pub(super) unseen: i64,
    /// The snapshot that named it last.
    pub(super) round: u32,
}

impl LevelState {
    pub(super) const fn total(&self) -> i64 {
        self.lots + self.unseen
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.orders == 0 && self.unseen == 0
    }
}

/// Levels by price and side.
#[derive(Clone, Debug)]
pub(super) struct LevelStore {
    by_key: Keyed,
    states: Vec<LevelState>,
    free: Vec<u32>,
    levels_max: usize,
}

impl LevelStore {
    pub(super) fn new(levels_max: usize) -> Self {
        Self {
            by_key: Keyed::new(levels_max),
            states: Vec::with_capacity(levels_max),
            free: Vec::with_capacity(levels_max),
            levels_max,
        }
    }

    #[inline]
    pub(super) fn find(&self, side: Side, price: Price) -> Option<u32> {
        self.find_key(key(side, price))
    }

    #[inline]
    fn find_key(&self, key: u64) -> Option<u32> {
        self.by_key.get(key, |slot| self.states[slot as usize].key == key)
    }

    /// The level of a price, a new one if need be; `None` when there is no room for another.
    #[inline]
    pub(super) fn find_or_open(&mut self, side: Side, price: Price) -> Option<u32> {
        let key = key(side, price);
        if let Some(slot) = self.find_key(key) {
            return Some(slot);
        }
        let state = LevelState {
            key,
            head: NO_SLOT,
            tail: NO_SLOT,
            orders: 0,
            lots: 0,
            squares: 0,
            unseen: 0,
            round: 0,
        };
        let slot = match self.free.pop() {
            Some(slot) => {
                *self.at_mut(slot) = state;
                slot
            }
            None if self.states.len() < self.levels_max => {
                let slot = u32::try_from(self.states.len()).ok()?;
                self.states.push(state);
                slot
            }
            None => return None,
        };
        self.by_key.insert(key, slot);
        Some(slot)
    }

    /// Forgets a level when nothing rests there any more.
    #[inline]
    pub(super) fn close_if_empty(&mut self, slot: u32) {
        let state = self.at(slot);
        if state.is_empty() {
            self.by_key.remove(state.key, slot);
            self.free.push(slot);
        }
    }

    #[inline]
    pub(super) fn at(&self, slot: u32) -> &LevelState {
        &self.states[slot as usize]
    }

    #[inline]
    pub(super) fn at_mut(&mut self, slot: u32) -> &mut LevelState {
        &mut self.states[slot as usize]
    }

    /// The most levels there may be.
    pub(super) const fn levels_max(&self) -> usize {
        self.levels_max
    }

    /// The slots that were ever used; those that are free are empty levels.
    pub(super) fn slots(&self) -> std::ops::Range<u32> {
        0..u32::try_from(self.states.len()).expect("a slot fits 32 bits")
    }

    pub(super) fn clear(&mut self) {
        self.by_key.clear();
        self.states.clear();
        self.free.clear();
    }
}

/// A price and its side as one number: prices have fewer than 63 bits.
#[inline]
const fn key(side: Side, price: Price) -> u64 {
    let side = match side {
        Side::Bid => 0,
        Side::Ask => 1,
    };
    (price.ticks() << 1 | side).cast_unsigned()
}

/// The price and the side of a key.
pub(super) const fn of_key(key: u64) -> (Side, Price) {
    let side = if key & 1 == 0 { Side::Bid } else { Side::Ask };
    (side, Price::from_ticks(key.cast_signed() >> 1))
}
