//! The level changes of one batch, as the book takes them: those near the best prices are found again
//! without a second look at the others.

use fluxo_core::{BatchKind, BookBatch, Side};
use fluxo_market_data::LevelChange;

/// Levels of a batch that there is room for from the start; a larger batch makes room once.
const LEVELS_AT_START: usize = 1 << 10;

/// What orders the prices of a side: the smaller, the better.
#[inline]
pub(crate) const fn price_key(side: Side, price: i64) -> i64 {
    match side {
        Side::Bid => -price,
        Side::Ask => price,
    }
}

/// Takes down the changes of a batch.
#[derive(Clone, Debug)]
pub(crate) struct BatchLog {
    /// What rested at each level of the batch before it: the first `levels` of them.
    before: Vec<i64>,
    levels: usize,
    /// The places in the batch of the levels near the best: the first `listed` of them.
    places: Vec<usize>,
    listed: usize,
    limits: Limits,
    /// By how much the batch changed the lots in the band.
    in_band: [i128; 2],
}

/// The keys of either side up to which a level is near the best, and inside the band.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) near: [i64; 2],
    pub(crate) band: [i64; 2],
}

impl Limits {
    const NOWHERE: Self = Self { near: [i64::MIN; 2], band: [i64::MIN; 2] };
}

/// One level of a batch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Change {
    pub(crate) side: Side,
    /// The [key](price_key) of its price.
    pub(crate) key: i64,
    /// What rested there before this level was applied, and since.
    pub(crate) before: i64,
    pub(crate) after: i64,
}

/// A batch that was applied to the book, and what was taken down of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BatchChanges<'a> {
    batch: &'a BookBatch,
    log: &'a BatchLog,
}

impl Default for BatchLog {
    fn default() -> Self {
        Self {
            before: vec![0; LEVELS_AT_START],
            levels: 0,
            places: vec![0; LEVELS_AT_START],
            listed: 0,
            limits: Limits::NOWHERE,
            in_band: [0; 2],
        }
    }
}

impl BatchLog {
    /// A batch begins. A snapshot replaces everything, so nothing of it is near what was.
    pub(crate) fn begin(&mut self, batch: &BookBatch, limits: Limits) {
        let levels = batch.levels.len();
        if self.before.len() < levels {
            self.before.resize(levels, 0);
            self.places.resize(levels, 0);
        }
        let is_update = batch.kind == BatchKind::Update;
        self.limits = if is_update { limits } else { Limits::NOWHERE };
        (self.levels, self.listed, self.in_band) = (0, 0, [0; 2]);
    }

    /// Takes the next change, of as many as the batch has levels.
    ///
    /// Without a branch: where a level lies is what a feed does not let us guess.
    #[inline]
    pub(crate) fn note(&mut self, change: &LevelChange) {
        let (at, key) = (change.side.index(), price_key(change.side, change.price.ticks()));
        let (before, after) = (change.before.get(), change.after.get());
        self.before[self.levels] = before;
        self.places[self.listed] = self.levels;
        self.levels += 1;
        self.listed += usize::from(key <= self.limits.near[at]);
        let more = if key <= self.limits.band[at] { after - before } else { 0 };
        self.in_band[at] += i128::from(more);
    }

    /// The batch is over.
    pub(crate) fn of<'a>(&'a self, batch: &'a BookBatch) -> BatchChanges<'a> {
        assert_eq!(batch.levels.len(), self.levels, "the changes are those of the batch");
        BatchChanges { batch, log: self }
    }
}

impl BatchChanges<'_> {
    /// By how much the batch changed the lots of either side in the band.
    pub(crate) const fn in_band(&self) -> [i128; 2] {
        self.log.in_band
    }

    /// The changes near the best, in the order of the batch.
    pub(crate) fn near(&self) -> impl Iterator<Item = Change> {
        self.log.places[..self.log.listed].iter().map(|place| self.at(*place))
    }

    /// Those that lie behind these and up to a key of either side, in the order of the batch.
    pub(crate) fn behind(&self, keys: [i64; 2]) -> impl Iterator<Item = Change> {
        let near = self.log.limits.near;
        let is_behind = move |change: &Change| {
            let at = change.side.index();
            near[at] < change.key && change.key <= keys[at]
        };
        (0..self.log.levels).map(|place| self.at(place)).filter(is_behind)
    }

    #[inline]
    fn at(&self, place: usize) -> Change {
        let (level, before) = (&self.batch.levels[place], self.log.before[place]);
        let key = price_key(level.side, level.price.ticks());
        Change { side: level.side, key, before, after: level.lots.get() }
    }
}
