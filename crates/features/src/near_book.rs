//! The ten best levels of both sides, as they were before the last batch and as they are after it.

use fluxo_core::{BatchKind, Price, Side};
use fluxo_market_data::{Book, Level, LevelChange};
use serde::{Deserialize, Serialize};

/// How many levels of a side the features look at.
pub(crate) const DEPTH_LEVELS: usize = 10;
/// Changes behind those levels that a batch has room for from the start; a larger batch makes room
/// once.
const BEHIND_AT_START: usize = 1 << 10;
/// How many levels press on the price.
const PRESSURE_LEVELS: usize = 5;

/// The best levels of one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SideDepth {
    /// Prices in ticks, best first.
    pub(crate) prices: [i64; DEPTH_LEVELS],
    /// Lots at those prices; zero where there is no such level.
    pub(crate) lots: [i64; DEPTH_LEVELS],
    /// How many levels there are.
    pub(crate) count: usize,
    /// The lots of all of them.
    pub(crate) total: i128,
}

impl SideDepth {
    const EMPTY: Self =
        Self { prices: [0; DEPTH_LEVELS], lots: [0; DEPTH_LEVELS], count: 0, total: 0 };

    fn of(levels: impl Iterator<Item = Level>) -> Self {
        let mut depth = Self::EMPTY;
        for level in levels.take(DEPTH_LEVELS) {
            depth.prices[depth.count] = level.price.ticks();
            depth.lots[depth.count] = level.lots.get();
            depth.count += 1;
        }
        depth.total = depth.sum(DEPTH_LEVELS);
        depth
    }

    /// The lots of the best so many levels.
    pub(crate) fn sum(&self, levels: usize) -> i128 {
        self.lots[..levels].iter().map(|lots| i128::from(*lots)).sum()
    }

    fn price(&self, rank: usize) -> Option<Price> {
        (rank < self.count).then(|| Price::from_ticks(self.prices[rank]))
    }

    /// Whether a level at that price would be among the best ten of the side.
    #[inline]
    pub(crate) fn reaches(&self, side: Side, price: Price) -> bool {
        let last = Price::from_ticks(self.prices[DEPTH_LEVELS - 1]);
        self.count < DEPTH_LEVELS || !side.is_better(last, price)
    }

    /// A missing level has no lots, and lies one tick behind the last one (FEATURES 7.2).
    fn rank(&self, side: Side, rank: usize) -> (i64, i64) {
        let behind = || self.prices[self.count - 1] - side.sign();
        let price = if rank < self.count { self.prices[rank] } else { behind() };
        (price, self.lots[rank])
    }

    fn pressure(&self, mid_half_ticks: i64) -> f64 {
        let levels = self.prices.iter().zip(&self.lots).take(self.count.min(PRESSURE_LEVELS));
        levels
            .map(|(price, lots)| {
                let distance = (mid_half_ticks - 2 * price).unsigned_abs() as f64 / 2.0;
                *lots as f64 / distance
            })
            .sum()
    }
}

/// The best levels of both sides: bids at 0, asks at 1.
pub(crate) type Depth = [SideDepth; 2];

/// `price_pressure`: how much more the bids press on the price than the asks, where lots weigh by one
/// over their distance to the mid. Both sides have a best level, and the bid lies below the ask.
pub(crate) fn price_pressure(depth: &Depth) -> f64 {
    let mid_half_ticks = depth[0].prices[0] + depth[1].prices[0];
    let [bid, ask] = [&depth[0], &depth[1]].map(|side| side.pressure(mid_half_ticks));
    (bid - ask) / (bid + ask)
}

/// A level whose size a batch changed, of those that were or are among the best ten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NearChange {
    pub(crate) price: i64,
    /// What the full book held there before the batch, and after it.
    pub(crate) before: i64,
    pub(crate) after: i64,
}

/// Follows the batches of one book; a side is read anew only when a batch reached its ten best levels.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct NearBook {
    before: Depth,
    after: Depth,
    /// Which sides the last batch touched among their best ten; the other ones are as before.
    touched: [bool; 2],
    /// Whether the last batch was a snapshot.
    replaced: bool,
    /// What the last batch changed behind the ten levels that were the best before it.
    behind: Vec<Behind>,
}

/// A price, and what rested there before the change.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Behind {
    side: Side,
    price: i64,
    before: i64,
}

impl NearBook {
    pub(crate) fn new() -> Self {
        Self {
            before: [SideDepth::EMPTY; 2],
            after: [SideDepth::EMPTY; 2],
            touched: [false; 2],
            replaced: false,
            behind: Vec::with_capacity(BEHIND_AT_START),
        }
    }

    /// The ten best levels, whether the book is valid or not.
    pub(crate) const fn depth(&self) -> &Depth {
        &self.after
    }

    /// For each rank of a side that the last batch gave another price or other lots: the rank, 0 the
    /// best, and its level before the batch and after it. The side has a best level in both.
    pub(crate) fn for_each_moved_rank(
        &self,
        side: Side,
        mut f: impl FnMut(usize, (i64, i64), (i64, i64)),
    ) {
        if !self.is_touched(side) {
            return;
        }
        let [old, new] = [&self.before[side.index()], &self.after[side.index()]];
        for rank in 0..DEPTH_LEVELS {
            let (before, after) = (old.rank(side, rank), new.rank(side, rank));
            if before != after {
                f(rank, before, after);
            }
        }
    }

    /// Whether the last batch may have changed the ten best levels of a side.
    pub(crate) const fn is_touched(&self, side: Side) -> bool {
        self.touched[side.index()]
    }

    /// A batch begins.
    pub(crate) fn begin(&mut self, kind: BatchKind) {
        self.replaced = kind == BatchKind::Snapshot;
        self.touched = [self.replaced; 2];
        self.behind.clear();
    }

    /// Takes the next change of the batch. A snapshot replaces everything, so its changes say nothing.
    #[inline]
    pub(crate) fn note(&mut self, change: &LevelChange) {
        let (side, at) = (change.side, change.side.index());
        if change.before == change.after || self.replaced {
            return;
        }
        if self.after[at].reaches(side, change.price) {
            self.touched[at] = true;
        } else {
            let (price, before) = (change.price.ticks(), change.before.get());
            self.behind.push(Behind { side, price, before });
        }
    }

    /// The batch is over, and led to this book.
    pub(crate) fn settle(&mut self, book: &Book) {
        for side in Side::BOTH.into_iter().filter(|side| self.touched[side.index()]) {
            let at = side.index();
            self.before[at] = self.after[at];
            self.after[at] = SideDepth::of(book.levels(side));
        }
    }

    /// The changes of the last batch, an update, on one side: each level that is or was among the ten
    /// best, best first, where its size in the full book is another one. `book` is what it led to.
    pub(crate) fn for_each_change(&self, side: Side, book: &Book, mut f: impl FnMut(NearChange)) {
        if !self.is_touched(side) {
            return;
        }
        let [old, new] = [&self.before[side.index()], &self.after[side.index()]];
        let (mut of_old, mut of_new) = (0, 0);
        loop {
            let (left, came) = (old.price(of_old), new.price(of_new));
            let price = match (left, came) {
                (None, None) => return,
                (Some(price), None) | (None, Some(price)) => price,
                (Some(left), Some(came)) => {
                    if side.is_better(left, came) {
                        left
                    } else {
                        came
                    }
                }
            };
            let after = match came {
                Some(came) if came == price => new.lots[of_new],
                _ => book.lots_at(side, price).get(),
            };
            let before = match left {
                Some(left) if left == price => old.lots[of_old],
                // All levels up to the last of the ten were among the ten.
                _ if old.reaches(side, price) => 0,
                _ => self.lots_behind(side, price).unwrap_or(after),
            };
            of_old += usize::from(left == Some(price));
            of_new += usize::from(came == Some(price));
            if before != after {
                f(NearChange { price: price.ticks(), before, after });
            }
        }
    }

    /// What rested behind the ten best levels before the last batch, where the batch changed it.
    fn lots_behind(&self, side: Side, price: Price) -> Option<i64> {
        let is_it = |behind: &&Behind| behind.side == side && behind.price == price.ticks();
        self.behind.iter().find(is_it).map(|behind| behind.before)
    }

    /// The book changed without a batch.
    pub(crate) fn replace(&mut self, book: &Book) {
        self.begin(BatchKind::Snapshot);
        self.settle(book);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use fluxo_core::{BookBatch, LevelUpdate, Lots};
    use fluxo_market_data::BookConfig;
    use proptest::prelude::*;

    use super::*;

    const CONFIG: BookConfig = BookConfig { window_ticks: 256 };

    fn batch(kind: BatchKind, levels: &[(i64, i64)]) -> BookBatch {
        let level = |(price, lots): &(i64, i64)| LevelUpdate {
            side: Side::Bid,
            price: Price::from_ticks(*price),
            lots: Lots::new(*lots),
        };
        BookBatch { kind, update_id: 0, levels: levels.iter().map(level).collect() }
    }

    fn apply(near: &mut NearBook, book: &mut Book, batch: &BookBatch) {
        near.begin(batch.kind);
        book.apply(batch, |change| near.note(&change));
        near.settle(book);
    }

    fn ten_best(levels: &BTreeMap<i64, i64>) -> BTreeSet<i64> {
        levels.keys().rev().take(DEPTH_LEVELS).copied().collect()
    }

    /// A missing level has no lots, and lies one tick behind the last one.
    fn ranked(levels: &BTreeMap<i64, i64>, rank: usize) -> (i64, i64) {
        let mut best = levels.iter().rev().take(DEPTH_LEVELS).map(|(price, lots)| (*price, *lots));
        let last = best.clone().next_back().map(|(price, _)| (price - 1, 0));
        best.nth(rank).or(last).unwrap_or_default()
    }

    proptest! {
        /// Against whole maps of the book before and after each batch.
        #[test]
        fn changes_are_those_of_the_full_book(
            batches in prop::collection::vec(
                prop::collection::vec((1_000_i64..1_030, 0_i64..4), 0..25), 1..20)
        ) {
            let (mut near, mut book) = (NearBook::new(), Book::new(CONFIG));
            let mut levels = BTreeMap::new();
            apply(&mut near, &mut book, &batch(BatchKind::Snapshot, &[(1_000, 1)]));
            levels.insert(1_000, 1);
            for update in batches {
                let before = levels.clone();
                for (price, lots) in &update {
                    levels.insert(*price, *lots);
                }
                levels.retain(|_, lots| *lots > 0);
                apply(&mut near, &mut book, &batch(BatchKind::Update, &update));
                let at = |levels: &BTreeMap<i64, i64>, price| levels.get(price).copied().unwrap_or(0);
                let near_prices: BTreeSet<i64> =
                    ten_best(&before).union(&ten_best(&levels)).copied().collect();
                let wanted: Vec<NearChange> = near_prices.iter().rev()
                    .map(|price| NearChange {
                        price: *price, before: at(&before, price), after: at(&levels, price),
                    })
                    .filter(|change| change.before != change.after)
                    .collect();
                let mut found = Vec::new();
                near.for_each_change(Side::Bid, &book, |change| found.push(change));
                prop_assert_eq!(found, wanted);
                let depth = near.depth()[0];
                let prices: BTreeSet<i64> = depth.prices[..depth.count].iter().copied().collect();
                prop_assert_eq!(prices, ten_best(&levels));
                let lots: i64 = levels.values().rev().take(DEPTH_LEVELS).sum();
                prop_assert_eq!(depth.total, i128::from(lots));
                if before.is_empty() || levels.is_empty() {
                    continue;
                }
                let mut moved = [false; DEPTH_LEVELS];
                near.for_each_moved_rank(Side::Bid, |rank, left, came| {
                    moved[rank] = true;
                    assert_eq!((left, came), (ranked(&before, rank), ranked(&levels, rank)));
                });
                for (rank, moved) in moved.into_iter().enumerate() {
                    prop_assert_eq!(moved, ranked(&before, rank) != ranked(&levels, rank));
                }
            }
        }
    }

    #[test]
    fn a_missing_level_lies_behind_the_last_one() {
        let (mut near, mut book) = (NearBook::new(), Book::new(CONFIG));
        let mut snapshot = batch(BatchKind::Snapshot, &[(100, 5), (97, 6)]);
        let (price, lots) = (Price::from_ticks(103), Lots::new(7));
        snapshot.levels.push(LevelUpdate { side: Side::Ask, price, lots });
        apply(&mut near, &mut book, &snapshot);
        let rank = |at| Side::BOTH.map(|side| near.depth()[side.index()].rank(side, at));
        assert_eq!(rank(0), [(100, 5), (103, 7)]);
        assert_eq!(rank(1), [(97, 6), (104, 0)]);
        assert_eq!(rank(9), [(96, 0), (104, 0)]);
    }
}
