//! One side of a book: an array around the best price, ordered runs for the rest.
//!
//! A price is kept as its *key*, which is smaller the better the price is (asks: the ticks; bids:
//! their negative), so that one code path serves both sides. Levels before the window never exist:
//! the window moves as soon as one appears, which makes every far level worse than every
//! level of the window.

use fluxo_core::{Lots, Price, Side};

use super::{
    Level, Levels,
    far::{FarIter, FarLevels},
    window::{Occupied, Window},
};
use crate::Error;

/// The key of the best level of an empty side: beyond every price.
const NONE: i64 = i64::MAX;

#[derive(Clone, Debug)]
pub(super) struct Ladder {
    side: Side,
    best: i64,
    /// How many levels the window holds.
    near: usize,
    window: Window,
    far: FarLevels,
}

impl Ladder {
    pub(super) fn new(side: Side, window_ticks: usize) -> Self {
        Self { side, best: NONE, near: 0, window: Window::new(window_ticks), far: FarLevels::new() }
    }

    /// Puts the lots that rest at a key, and returns what rested there.
    #[inline]
    pub(super) fn set(&mut self, key: i64, lots: Lots) -> Lots {
        let lots = lots.get();
        assert!(lots >= 0, "a level holds negative lots");
        if !self.window.contains(key) {
            return Lots::new(self.set_far(key, lots));
        }
        let before = self.set_near(key, lots);
        if key <= self.best {
            self.move_best(key, lots);
        }
        Lots::new(before)
    }

    #[inline]
    pub(super) fn best(&self) -> Option<Level> {
        (self.best != NONE).then(|| self.level(self.best, self.window.get(self.best)))
    }

    pub(super) fn lots_at(&self, price: Price) -> Lots {
        let key = self.side.price_key(price);
        let near = self.window.contains(key);
        Lots::new(if near { self.window.get(key) } else { self.far.get(key) })
    }

    pub(super) fn levels(&self) -> Levels<'_> {
        Levels::new(self, self.best)
    }

    pub(super) fn levels_from(&self, price: Price) -> Levels<'_> {
        // Before the best level there is none, and the window need not reach that far.
        Levels::new(self, self.side.price_key(price).max(self.best))
    }

    pub(super) fn len(&self) -> usize {
        self.near + self.far.len()
    }

    pub(super) fn clear(&mut self) {
        if self.best != NONE {
            self.window.drain_from(self.best, |_, _| ());
        }
        self.far.clear();
        (self.best, self.near) = (NONE, 0);
    }

    pub(super) fn rescale(&mut self, price_factor: i64, lots_factor: i64) -> Result<(), Error> {
        let failed = Error::Rescale { price_factor, lots_factor };
        if price_factor < 1 || lots_factor < 1 {
            return Err(failed);
        }
        let levels: Option<Vec<Level>> = self
            .levels()
            .map(|level| {
                let price = level.price.rescaled(price_factor)?;
                Some(Level { price, lots: level.lots.rescaled(lots_factor)? })
            })
            .collect();
        let Some(levels) = levels else {
            return Err(failed);
        };
        self.clear();
        for level in levels {
            self.set(self.side.price_key(level.price), level.lots);
        }
        Ok(())
    }

    #[inline]
    pub(super) const fn level(&self, key: i64, lots: i64) -> Level {
        Level { price: self.side.price_of_key(key), lots: Lots::new(lots) }
    }

    /// The levels of the window at or after a key.
    #[inline]
    pub(super) fn near_from(&self, key: i64) -> Occupied {
        self.window.occupied_from(key)
    }

    /// The next level of the window.
    #[inline]
    pub(super) fn next_near(&self, near: &mut Occupied) -> Option<(i64, i64)> {
        let key = self.window.next_occupied(near)?;
        Some((key, self.window.get(key)))
    }

    /// The levels behind the window, at or after a key.
    pub(super) fn far_from(&self, key: i64) -> FarIter<'_> {
        self.far.iter_from(key)
    }

    pub(super) const fn window_ticks(&self) -> usize {
        self.window.len()
    }

    #[inline]
    fn set_near(&mut self, key: i64, lots: i64) -> i64 {
        let before = self.window.set(key, lots);
        // Every level that goes has come.
        let more = self.near.wrapping_add(usize::from(lots != 0));
        self.near = more.wrapping_sub(usize::from(before != 0));
        before
    }

    /// After a change at or before the best level.
    #[inline]
    fn move_best(&mut self, key: i64, lots: i64) {
        if lots != 0 {
            let was_empty = self.best == NONE;
            self.best = key;
            if was_empty {
                self.advance_window();
            }
        } else if key == self.best {
            self.find_best();
        }
    }

    /// After the best level was removed: the next one, and the window after it when it has drifted
    /// half a window away.
    fn find_best(&mut self) {
        let next = self.window.first_from(self.best);
        let first_far = || self.far.first().map_or(NONE, |(key, _)| key);
        self.best = next.unwrap_or_else(first_far);
        if self.best != NONE && self.best - self.window.start() > self.window.ticks() / 2 {
            self.advance_window();
        }
    }

    /// Moves the window towards worse prices. Nothing leaves: no level is better than the best.
    fn advance_window(&mut self) {
        self.window.move_to(self.best, self.headroom());
        while let Some((key, lots)) = self.far.first() {
            if !self.window.contains(key) {
                return;
            }
            self.far.remove(key);
            self.set_near(key, lots);
        }
    }

    /// Moves the window towards better prices, so that it holds `key`. What falls off its end goes
    /// to the far levels; that happens once in a quarter of a window's worth of ticks.
    fn retreat_window(&mut self, key: i64) {
        let headroom = self.headroom();
        let end = Window::start_for(key, headroom) + self.window.ticks();
        let (far, near) = (&mut self.far, &mut self.near);
        self.window.drain_from(end, |key, lots| {
            far.insert(key, lots);
            *near -= 1;
        });
        self.window.move_to(key, headroom);
    }

    /// Sets a level outside the window.
    #[inline(never)]
    fn set_far(&mut self, key: i64, lots: i64) -> i64 {
        if lots == 0 {
            return self.far.remove(key);
        }
        if self.best == NONE {
            self.best = key;
            self.advance_window();
            return self.set_near(key, lots);
        }
        if key < self.window.start() {
            self.retreat_window(key);
            self.best = key;
            return self.set_near(key, lots);
        }
        self.far.insert(key, lots)
    }

    /// How many ticks better than the best price the window reaches when it is placed.
    const fn headroom(&self) -> i64 {
        self.window.ticks() / 4
    }
}
