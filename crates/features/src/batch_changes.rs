//! The level changes of one batch, as the book takes them: those near the best prices are found again
//! without a second look at the others.

use fluxo_core::{BatchKind, BookBatch, Side};
use fluxo_market_data::LevelChange;

/// Levels of a batch that there is room for from the start; a larger batch makes room once.
const LEVELS_AT_START: usize = 1 << 10;

/// The keys of either side up to which a level is near the best, and inside the band.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) near: [i64; 2],
    pub(crate) band: [i64; 2],
}

impl Limits {
    const NOWHERE: Self = Self { near: [i64::MIN; 2], band: [i64::MIN; 2] };
}

/// Room to take down the changes of a batch.
#[derive(Clone, Debug)]
pub(crate) struct BatchLog {
    /// What rested at each level of the batch before it.
    before: Vec<i64>,
    /// The places in the batch of the levels near the best.
    near: Vec<u32>,
}

/// Takes down the changes of one batch as the book makes them.
#[derive(Debug)]
pub(crate) struct BatchNotes<'a> {
    before: &'a mut [i64],
    levels: u32,
    near: &'a mut [u32],
    listed: usize,
    limits: Limits,
    in_band: [i128; 2],
}

/// What was taken down of a batch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BatchNoted {
    levels: u32,
    listed: usize,
    limits: Limits,
    in_band: [i128; 2],
}

/// One level of a batch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Change {
    pub(crate) side: Side,
    /// The [key](Side::price_key) of its price.
    pub(crate) key: i64,
    /// What rested there before this level was applied, and since.
    pub(crate) before: i64,
    pub(crate) after: i64,
    /// Where it stands in the batch.
    pub(crate) place: u32,
}

/// A batch that was applied to the book, and what was taken down of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BatchChanges<'a> {
    batch: &'a BookBatch,
    before: &'a [i64],
    near: &'a [u32],
    limits: Limits,
    in_band: [i128; 2],
}

impl Default for BatchLog {
    fn default() -> Self {
        Self { before: vec![0; LEVELS_AT_START], near: vec![0; LEVELS_AT_START] }
    }
}

impl BatchLog {
    /// A batch begins. A snapshot replaces everything, so nothing of it is near what was.
    #[inline]
    pub(crate) fn begin(&mut self, batch: &BookBatch, limits: Limits) -> BatchNotes<'_> {
        let levels = batch.levels.len();
        if self.before.len() < levels {
            self.before.reserve_exact(levels - self.before.len());
            self.near.reserve_exact(levels - self.near.len());
            self.before.resize(levels, 0);
            self.near.resize(levels, 0);
        }
        let is_update = batch.kind == BatchKind::Update;
        let limits = if is_update { limits } else { Limits::NOWHERE };
        let Self { before, near } = self;
        BatchNotes { before, levels: 0, near, listed: 0, limits, in_band: [0; 2] }
    }

    /// The batch is over, and this was taken down of it.
    pub(crate) fn of<'a>(&'a self, batch: &'a BookBatch, noted: BatchNoted) -> BatchChanges<'a> {
        let BatchNoted { levels, listed, limits, in_band } = noted;
        assert_eq!(batch.levels.len(), levels as usize, "the changes are those of the batch");
        let (before, near) = (&self.before[..levels as usize], &self.near[..listed]);
        BatchChanges { batch, before, near, limits, in_band }
    }
}

impl BatchNotes<'_> {
    /// Takes the next change, of as many as the batch has levels.
    ///
    /// Without a branch: where a level lies is what a feed does not let us guess. No count wraps before
    /// its place is missing.
    #[inline]
    pub(crate) fn take(&mut self, change: &LevelChange) {
        let (at, key) = (change.side.index(), change.side.price_key(change.price));
        let (before, after) = (change.before.get(), change.after.get());
        self.before[self.levels as usize] = before;
        self.near[self.listed] = self.levels;
        self.levels = self.levels.wrapping_add(1);
        self.listed = self.listed.wrapping_add(usize::from(key <= self.limits.near[at]));
        // Lots are not negative.
        let more = after.wrapping_sub(before);
        let inside = if key <= self.limits.band[at] { more } else { 0 };
        self.in_band[at] = self.in_band[at].wrapping_add(i128::from(inside));
    }

    pub(crate) const fn end(&self) -> BatchNoted {
        let Self { levels, listed, limits, in_band, .. } = *self;
        BatchNoted { levels, listed, limits, in_band }
    }
}

impl BatchChanges<'_> {
    /// By how much the batch changed the lots of either side in the band.
    pub(crate) const fn in_band(&self) -> [i128; 2] {
        self.in_band
    }

    /// The changes near the best, in the order of the batch.
    pub(crate) fn near(&self) -> impl Iterator<Item = Change> {
        self.near.iter().map(|place| self.at(*place))
    }

    /// Those that lie behind these and up to a key of either side, in the order of the batch.
    pub(crate) fn behind(&self, keys: [i64; 2]) -> impl Iterator<Item = Change> {
        let near = self.limits.near;
        let is_behind = move |change: &Change| {
            let at = change.side.index();
            near[at] < change.key && change.key <= keys[at]
        };
        (0..).zip(self.before).map(|(place, _)| self.at(place)).filter(is_behind)
    }

    #[inline]
    fn at(&self, place: u32) -> Change {
        let (level, before) = (&self.batch.levels[place as usize], self.before[place as usize]);
        let key = level.side.price_key(level.price);
        Change { side: level.side, key, before, after: level.lots.get(), place }
    }
}
