//! The level-2 order book of one instrument, without a limit on depth.
//!
//! It promises the exact absolute size of every level that the batches named, the best level of
//! either side in constant time, and the same code for bids and asks. It does not judge: a crossed
//! book is reported by [`Book::is_crossed`] and left as it is.

mod far;
mod ladder;
mod levels;
mod saved;
mod window;

use fluxo_core::{BatchKind, BookBatch, LevelUpdate, Lots, Price, Side};

pub use levels::Levels;

use crate::Error;
use ladder::Ladder;

/// The sizes of a book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BookConfig {
    /// How many neighbouring prices of each side, around its best one, are kept in an array; a
    /// power of two, at least [`BookConfig::WINDOW_TICKS_MIN`]. Levels outside it are kept in an
    /// ordered map: slower, and never lost.
    pub window_ticks: usize,
}

impl BookConfig {
    /// The smallest window.
    pub const WINDOW_TICKS_MIN: usize = 256;

    /// A window that holds 19 of 20 changes of a liquid instrument, in half a megabyte per side.
    pub const DEFAULT: Self = Self { window_ticks: 1 << 16 };
}

/// One price of one side, and what rests there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// The price.
    pub price: Price,
    /// What rests there, above zero.
    pub lots: Lots,
}

/// What one level update did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LevelChange {
    /// Which side.
    pub side: Side,
    /// Which price.
    pub price: Price,
    /// What rested there before; zero when the level was not held.
    pub before: Lots,
    /// What rests there now; zero when the level is gone.
    pub after: Lots,
}

/// Both sides of a book, and the venue's identifier of its state.
#[derive(Clone, Debug)]
pub struct Book {
    sides: [Ladder; 2],
    update_id: Option<u64>,
}

impl Book {
    /// An empty book.
    ///
    /// # Panics
    /// When the window is not a power of two or smaller than [`BookConfig::WINDOW_TICKS_MIN`].
    #[must_use]
    pub fn new(config: BookConfig) -> Self {
        let ticks = config.window_ticks;
        assert!(
            ticks.is_power_of_two() && ticks >= BookConfig::WINDOW_TICKS_MIN,
            "the window has {ticks} ticks: not a power of two of at least {}",
            BookConfig::WINDOW_TICKS_MIN
        );
        Self { sides: Side::BOTH.map(|side| Ladder::new(side, ticks)), update_id: None }
    }

    /// Applies a batch and reports each of its level updates in order, also those that change
    /// nothing. Levels that a snapshot batch drops are not reported.
    ///
    /// # Panics
    /// When a level has negative lots: whoever made the batch has checked that.
    #[inline]
    pub fn apply(&mut self, batch: &BookBatch, mut on_change: impl FnMut(LevelChange)) {
        if batch.kind == BatchKind::Snapshot {
            self.clear();
        }
        for &LevelUpdate { side, price, lots: after } in &batch.levels {
            let before = self.sides[side.index()].set(side.price_key(price), after);
            on_change(LevelChange { side, price, before, after });
        }
        self.update_id = Some(batch.update_id);
    }

    /// The best level of a side.
    #[must_use]
    #[inline]
    pub fn best(&self, side: Side) -> Option<Level> {
        self.sides[side.index()].best()
    }

    /// The levels of a side, best first.
    #[must_use]
    pub fn levels(&self, side: Side) -> Levels<'_> {
        self.sides[side.index()].levels()
    }

    /// The levels of a side at a price and behind it, best first.
    #[must_use]
    pub fn levels_from(&self, side: Side, price: Price) -> Levels<'_> {
        self.sides[side.index()].levels_from(price)
    }

    /// What rests at a price; zero when the book holds no such level.
    #[must_use]
    pub fn lots_at(&self, side: Side, price: Price) -> Lots {
        self.sides[side.index()].lots_at(price)
    }

    /// How many levels a side has.
    #[must_use]
    pub fn level_count(&self, side: Side) -> usize {
        self.sides[side.index()].len()
    }

    /// Whether both sides are present and the best bid is not below the best ask.
    #[must_use]
    pub fn is_crossed(&self) -> bool {
        match (self.best(Side::Bid), self.best(Side::Ask)) {
            (Some(bid), Some(ask)) => bid.price >= ask.price,
            _ => false,
        }
    }

    /// The venue's identifier of the state that the last batch led to; `None` when there was none.
    #[must_use]
    pub const fn update_id(&self) -> Option<u64> {
        self.update_id
    }

    /// Forgets every level and the identifier.
    pub fn clear(&mut self) {
        for ladder in &mut self.sides {
            ladder.clear();
        }
        self.update_id = None;
    }

    /// Restates the book after the tick became `price_factor` and the lot `lots_factor` times finer.
    /// It allocates: a new specification is rare.
    ///
    /// # Errors
    /// [`Error::Rescale`] when a level no longer fits its integer, or a factor is not positive; the
    /// book is then empty.
    pub fn rescale(&mut self, price_factor: i64, lots_factor: i64) -> Result<(), Error> {
        for side in Side::BOTH {
            if let Err(error) = self.sides[side.index()].rescale(price_factor, lots_factor) {
                self.clear();
                return Err(error);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
