//! The book, and whether it can be believed at a given moment.

use fluxo_core::{BatchKind, BookBatch, Phase, Side};
use fluxo_market_data::{Book, BookConfig, LevelChange};

/// A level of both sides, the best one or that of another rank: the bid below the ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Top {
    pub(crate) bid: i64,
    pub(crate) bid_lots: i64,
    pub(crate) ask: i64,
    pub(crate) ask_lots: i64,
}

impl Top {
    /// Twice the mid price: in half-ticks, to stay an integer.
    pub(crate) const fn mid_half_ticks(&self) -> i64 {
        self.bid + self.ask
    }

    /// `e = [b>=b']qb - [b<=b']qb' - [a<=a']qa + [a>=a']qa'` (FEATURES 7.1): lots that joined the bids
    /// since `before`, less lots that joined the asks.
    pub(crate) fn pressure_since(&self, before: &Self) -> i128 {
        pressure_of(Side::Bid, (before.bid, before.bid_lots), (self.bid, self.bid_lots))
            + pressure_of(Side::Ask, (before.ask, before.ask_lots), (self.ask, self.ask_lots))
    }

    fn of(book: &Book) -> Option<Self> {
        let (bid, ask) = (book.best(Side::Bid)?, book.best(Side::Ask)?);
        (bid.price < ask.price).then(|| Self {
            bid: bid.price.ticks(),
            bid_lots: bid.lots.get(),
            ask: ask.price.ticks(),
            ask_lots: ask.lots.get(),
        })
    }
}

/// One side's part of e: what its level, a price and its lots, was before and is after.
#[inline]
pub(crate) fn pressure_of(side: Side, before: (i64, i64), after: (i64, i64)) -> i128 {
    let (worse, better) = match side {
        Side::Bid => (after.0 < before.0, after.0 > before.0),
        Side::Ask => (after.0 > before.0, after.0 < before.0),
    };
    let came = if worse { 0 } else { i128::from(after.1) };
    let left = if better { 0 } else { i128::from(before.1) };
    i128::from(side.sign()) * (came - left)
}

/// The book of one instrument with what makes it valid: a snapshot and no gap since, both sides
/// present, the best bid below the best ask, the continuous phase, and a recent depth message.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub(crate) struct BookState {
    book: Book,
    /// Whether a snapshot came, and no gap since.
    live: bool,
    phase: Phase,
    /// When the last depth message was applied.
    updated_at: i64,
    stale_after: i64,
    top: Option<Top>,
}

impl BookState {
    pub(crate) fn new(config: BookConfig, stale_after: i64) -> Self {
        Self {
            book: Book::new(config),
            live: false,
            phase: Phase::Continuous,
            updated_at: i64::MIN,
            stale_after,
            top: None,
        }
    }

    pub(crate) const fn book(&self) -> &Book {
        &self.book
    }

    /// Whether a snapshot made it, and it was not lost since.
    pub(crate) const fn is_live(&self) -> bool {
        self.live
    }

    pub(crate) const fn phase(&self) -> Phase {
        self.phase
    }

    pub(crate) fn set_phase(&mut self, phase: Phase) {
        self.phase = phase;
    }

    /// Applies a batch, reports each of its level changes, and says whether it could be applied: an
    /// update without a snapshot before it describes no book.
    pub(crate) fn apply(
        &mut self,
        ts: i64,
        batch: &BookBatch,
        on_change: impl FnMut(LevelChange),
    ) -> bool {
        if batch.kind == BatchKind::Update && !self.live {
            return false;
        }
        self.book.apply(batch, on_change);
        (self.live, self.updated_at) = (true, ts);
        self.refresh();
        true
    }

    /// The book cannot be trusted until the next snapshot.
    pub(crate) fn lose(&mut self) {
        self.book.clear();
        self.live = false;
        self.refresh();
    }

    /// Restates the book on a finer grid, and says whether it could be; when not, it is lost.
    pub(crate) fn rescale(&mut self, price_factor: i64, lots_factor: i64) -> bool {
        let fits = self.book.rescale(price_factor, lots_factor).is_ok();
        self.live &= fits;
        self.refresh();
        fits
    }

    /// The last moment at which the book is not stale.
    pub(crate) const fn fresh_until(&self) -> i64 {
        self.updated_at.saturating_add(self.stale_after)
    }

    /// The best levels at `ts`, when the book is valid then.
    pub(crate) fn top_at(&self, ts: i64) -> Option<Top> {
        let valid = self.live && self.phase == Phase::Continuous && ts <= self.fresh_until();
        self.top.filter(|_| valid)
    }

    fn refresh(&mut self) {
        self.top = Top::of(&self.book);
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::oracles::Given;

    /// The pressure of all steps from one top to the next, in average levels.
    pub(crate) fn normed_pressure(given: &Given) -> f64 {
        let top = |[bid, bid_lots, ask, ask_lots]: &[i64; 4]| Top {
            bid: *bid,
            bid_lots: *bid_lots,
            ask: *ask,
            ask_lots: *ask_lots,
        };
        let tops: Vec<Top> = given.get::<Vec<[i64; 4]>>("tops").iter().map(top).collect();
        let steps: Vec<i128> = tops.windows(2).map(|w| w[1].pressure_since(&w[0])).collect();
        let wanted: Vec<i64> = given.get("pressures");
        assert!(steps.iter().copied().eq(wanted.into_iter().map(i128::from)), "{steps:?}");
        steps.iter().sum::<i128>() as f64 / given.get::<f64>("level")
    }
}
