//! The book, and whether it can be believed at a given moment.

use fluxo_core::{BatchKind, BookBatch, Phase, Side};
use fluxo_market_data::{Book, BookConfig, Level};

/// How many levels of a side the features look at.
pub(crate) const DEPTH_LEVELS: usize = 10;

/// The best level of both sides: the bid below the ask.
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

/// The best levels of one side.
#[derive(Clone, Copy, Debug, serde::Serialize, serde::Deserialize)]
pub(crate) struct SideDepth {
    /// Prices in ticks, best first.
    pub(crate) prices: [i64; DEPTH_LEVELS],
    /// Lots at those prices; zero where there is no such level.
    pub(crate) lots: [i64; DEPTH_LEVELS],
    /// How many levels there are.
    pub(crate) count: usize,
}

impl SideDepth {
    const EMPTY: Self = Self { prices: [0; DEPTH_LEVELS], lots: [0; DEPTH_LEVELS], count: 0 };

    fn of(levels: impl Iterator<Item = Level>) -> Self {
        let mut depth = Self::EMPTY;
        for level in levels.take(DEPTH_LEVELS) {
            depth.prices[depth.count] = level.price.ticks();
            depth.lots[depth.count] = level.lots.get();
            depth.count += 1;
        }
        depth
    }
}

/// The best levels of both sides: bids at 0, asks at 1.
pub(crate) type Depth = [SideDepth; 2];

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
    depth: Depth,
    depth_is_current: bool,
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
            depth: [SideDepth::EMPTY; 2],
            depth_is_current: false,
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

    /// Applies a batch, and says whether it could be: an update without a snapshot before it
    /// describes no book.
    pub(crate) fn apply(&mut self, ts: i64, batch: &BookBatch) -> bool {
        if batch.kind == BatchKind::Update && !self.live {
            return false;
        }
        self.book.apply(batch, |_| ());
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

    /// The best ten levels of both sides, whether the book is valid or not.
    pub(crate) fn depth(&mut self) -> &Depth {
        if !self.depth_is_current {
            self.depth = Side::BOTH.map(|side| SideDepth::of(self.book.levels(side)));
            self.depth_is_current = true;
        }
        &self.depth
    }

    fn refresh(&mut self) {
        self.top = Top::of(&self.book);
        self.depth_is_current = false;
    }
}
