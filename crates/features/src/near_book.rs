//! The ten best levels of both sides, as they were before the last batch and as they are after it.

use fluxo_core::{Price, Side};
use fluxo_market_data::{Book, Level};
use serde::{Deserialize, Serialize};

use crate::batch_changes::{BatchChanges, Change};

/// How many levels of a side the features look at.
pub(crate) const DEPTH_LEVELS: usize = 10;
/// Changes near the best prices that there is room for from the start; a batch of more makes room once.
const CHANGES_AT_START: usize = 1 << 10;
/// How many levels press on the price.
const PRESSURE_LEVELS: usize = 5;
/// Where nothing changed, the best key that did: behind every price.
const NOTHING: i64 = i64::MAX;

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

    /// The first so many levels are still the best ones; these come behind them.
    fn read_from(&mut self, kept: usize, levels: impl Iterator<Item = Level>) {
        self.count = kept;
        for level in levels.take(DEPTH_LEVELS - kept) {
            self.prices[self.count] = level.price.ticks();
            self.lots[self.count] = level.lots.get();
            self.count += 1;
        }
        self.prices[self.count..].fill(0);
        self.lots[self.count..].fill(0);
        self.total = self.sum(DEPTH_LEVELS);
    }

    /// The lots of the best so many levels.
    pub(crate) fn sum(&self, levels: usize) -> i128 {
        self.lots[..levels].iter().map(|lots| i128::from(*lots)).sum()
    }

    /// How many levels lie before a price.
    fn count_before(&self, side: Side, price: Price) -> usize {
        let is_before = |held: &&i64| side.is_better(Price::from_ticks(**held), price);
        self.prices[..self.count].iter().take_while(is_before).count()
    }

    /// The key of the last price that a level would have to be among the best ten.
    fn reach(&self, side: Side) -> i64 {
        let last = Price::from_ticks(self.prices[DEPTH_LEVELS - 1]);
        if self.count < DEPTH_LEVELS { i64::MAX } else { side.price_key(last) }
    }

    /// Whether a level at that price would be among the best ten of the side.
    #[inline]
    pub(crate) fn reaches(&self, side: Side, price: Price) -> bool {
        side.price_key(price) <= self.reach(side)
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
                let distance = ((mid_half_ticks - 2 * price) as f64).abs() / 2.0;
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

/// Follows the batches of one book; a side is read anew only from the best level that a batch changed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct NearBook {
    before: Depth,
    after: Depth,
    /// How many of the best levels of each side the last batch left as they were; all of them where it
    /// reached none of the ten.
    unmoved: [usize; 2],
    /// The keys that a level must not lie behind to be among the best ten.
    reaches: [i64; 2],
    /// The changes of the last batch that may count.
    #[serde(skip)]
    near: Vec<Change>,
}

impl NearBook {
    pub(crate) fn new() -> Self {
        Self {
            before: [SideDepth::EMPTY; 2],
            after: [SideDepth::EMPTY; 2],
            unmoved: [DEPTH_LEVELS; 2],
            reaches: [i64::MAX; 2],
            near: Vec::with_capacity(CHANGES_AT_START),
        }
    }

    /// The ten best levels, whether the book is valid or not.
    pub(crate) const fn depth(&self) -> &Depth {
        &self.after
    }

    /// For each rank of a side from the first that the last batch changed: the rank, 0 the best, and
    /// its level before the batch and after it. The side has a best level in both.
    pub(crate) fn for_each_moved_rank(
        &self,
        side: Side,
        mut f: impl FnMut(usize, (i64, i64), (i64, i64)),
    ) {
        let [old, new] = [&self.before[side.index()], &self.after[side.index()]];
        for rank in self.unmoved[side.index()]..DEPTH_LEVELS {
            f(rank, old.rank(side, rank), new.rank(side, rank));
        }
    }

    /// Whether the last batch may have changed the ten best levels of a side.
    pub(crate) const fn is_touched(&self, side: Side) -> bool {
        self.unmoved[side.index()] < DEPTH_LEVELS
    }

    /// The keys that a level must not lie behind to be among the best ten of either side.
    pub(crate) const fn reaches(&self) -> [i64; 2] {
        self.reaches
    }

    /// An update was applied, and led to this book.
    pub(crate) fn settle(&mut self, changes: &BatchChanges<'_>, book: &Book) {
        let (old, mut best_changed) = (self.reaches, [NOTHING; 2]);
        self.near.clear();
        for change in changes.near().filter(|change| change.before != change.after) {
            let best = &mut best_changed[change.side.index()];
            *best = change.key.min(*best);
            self.near.push(change);
        }
        for side in Side::BOTH {
            let at = side.index();
            self.unmoved[at] = DEPTH_LEVELS;
            if best_changed[at] != NOTHING {
                let from = side.price_of_key(best_changed[at]);
                let unmoved = self.after[at].count_before(side, from);
                self.reread(side, unmoved, book.levels_from(side, from));
            }
        }
        if self.reaches[0] > old[0] || self.reaches[1] > old[1] {
            self.near.extend(changes.behind(self.reaches));
        }
    }

    fn reread(&mut self, side: Side, unmoved: usize, levels: impl Iterator<Item = Level>) {
        let at = side.index();
        self.before[at] = self.after[at];
        self.after[at].read_from(unmoved, levels);
        self.unmoved[at] = unmoved;
        self.reaches[at] = self.after[at].reach(side);
    }

    /// The changes of the last batch, an update, on both sides: each level that is or was among the ten
    /// best, bids first and best first, where its size in the full book is another one.
    pub(crate) fn for_each_change(&mut self, mut f: impl FnMut(Side, NearChange)) {
        let was_touched = Side::BOTH.map(|side| self.is_touched(side));
        let Self { before, after, near, .. } = self;
        sort(near);
        for same in near.chunk_by(|a, b| (a.side, a.key) == (b.side, b.key)) {
            let Change { side, key, before: lots_before, .. } = same[0];
            let lots_after = same[same.len() - 1].after;
            let at = side.index();
            let old = if was_touched[at] { before[at] } else { after[at] };
            let was_near = lots_before > 0 && key <= old.reach(side);
            let is_near = lots_after > 0 && key <= after[at].reach(side);
            if lots_before != lots_after && (was_near || is_near) {
                let price = side.price_of_key(key).ticks();
                f(side, NearChange { price, before: lots_before, after: lots_after });
            }
        }
    }

    /// The book changed without a batch, or all of it.
    pub(crate) fn replace(&mut self, book: &Book) {
        for side in Side::BOTH {
            self.reread(side, 0, book.levels(side));
        }
    }
}

/// Bids first and best first; a batch may name a level more than once, in an order that counts.
fn sort(near: &mut [Change]) {
    let rank = |change: &Change| (change.side, change.key, change.place);
    // Venues tell each side as a run, best first or by growing prices: that needs no search.
    for side in near.chunk_by_mut(|a, b| a.side == b.side) {
        if side.is_sorted_by(|a, b| a.key > b.key) {
            side.reverse();
        }
    }
    if !near.is_sorted_by_key(rank) {
        near.sort_unstable_by_key(rank);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use fluxo_core::{BatchKind, BookBatch, LevelUpdate, Lots};
    use fluxo_market_data::BookConfig;
    use proptest::prelude::*;

    use super::*;
    use crate::batch_changes::{BatchLog, Limits};

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
        let mut log = BatchLog::default();
        let mut notes = log.begin(batch, Limits { near: near.reaches(), band: [0; 2] });
        book.apply(batch, |change| notes.take(&change));
        let noted = notes.end();
        match batch.kind {
            BatchKind::Snapshot => near.replace(book),
            BatchKind::Update => near.settle(&log.of(batch, noted), book),
        }
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
                near.for_each_change(|_, change| found.push(change));
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
                    prop_assert!(moved || ranked(&before, rank) == ranked(&levels, rank));
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
