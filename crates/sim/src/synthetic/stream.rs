//! A market of our own as the events that an engine is fed, one at a time and as fast as one likes.
//!
//! Each step changes the book in one batch; each trade is a print, and then a batch with what is left
//! of its level. Nothing is written down, and memory does not grow: a whole day of a busy venue comes
//! out of a few kilobytes.

use std::collections::VecDeque;
use std::convert::Infallible;

use fluxo_core::{
    BatchKind, BookBatch, InstrumentId, LevelUpdate, Lots, MarketData, MarketEvent, Nanos, Side,
    Trade, TradeCondition, UnixNanos,
};
use fluxo_market_data::Level;

use super::market::{LEVELS, Step, SyntheticMarket, SyntheticTrade};
use super::{FIRST_STEP, STEP, SyntheticConfig};
use crate::{MarketSource, Recorded};

/// The instrument of all its events.
const ONLY: InstrumentId = InstrumentId::new(0);

/// So many events of a market whose steps follow each other at a pace; each is received when it
/// happens.
#[derive(Clone, Debug)]
pub struct SyntheticStream {
    market: SyntheticMarket,
    pace: Nanos,
    events_left: u64,
    /// What the events so far left in the book; `None` before the first.
    book: Option<[[Level; LEVELS]; 2]>,
    /// The events of the step at hand that were not given yet.
    waiting: VecDeque<Recorded>,
    /// Lists of levels that came back, to be used again.
    spare: Vec<Vec<LevelUpdate>>,
    update_id: u64,
    trade_id: u64,
}

impl SyntheticStream {
    /// A stream before its first event. Numbers that the configuration gives per step hold per step
    /// here too, however short that is.
    ///
    /// # Panics
    /// When steps are longer than [`STEP`], or none is left to time.
    #[must_use]
    pub fn new(config: &SyntheticConfig, pace: Nanos, events: u64) -> Self {
        assert!(pace > Nanos::ZERO && pace <= STEP, "a step of {pace} has no room for its trades");
        Self {
            market: SyntheticMarket::new(config),
            pace,
            events_left: events,
            book: None,
            waiting: VecDeque::new(),
            spare: Vec::new(),
            update_id: 0,
            trade_id: 0,
        }
    }

    fn step(&mut self) {
        let step = self.market.step();
        let at = self.time_of(step.index);
        let levels = Side::BOTH.map(|side| *step.levels(side));
        match self.book.replace(levels) {
            None => self.batch(at, BatchKind::Snapshot, |all| all.extend(whole(&levels))),
            Some(before) => self.batch(at, BatchKind::Update, |all| {
                all.extend(gone(&before, &levels));
                all.extend(whole(&levels));
            }),
        }
        self.trades(&step, at);
    }

    fn trades(&mut self, step: &Step, at: UnixNanos) {
        for trade in step.trades() {
            let SyntheticTrade { after, aggressor, price, lots, left } = *trade;
            let at = at + Nanos::new(after.get() * self.pace.get() / STEP.get());
            self.trade_id += 1;
            let condition = TradeCondition::Market;
            let trade = Trade {
                price,
                lots,
                aggressor,
                condition,
                trade_id: self.trade_id,
                match_id: None,
            };
            self.push(at, MarketData::Trade(trade));
            let side = aggressor.hit_side().expect("the market knows who took");
            let book = self.book.as_mut().expect("trades come after a book");
            book[side.index()][0].lots = left;
            let level = LevelUpdate { side, price, lots: left };
            self.batch(at, BatchKind::Update, |all| all.push(level));
        }
    }

    fn batch(&mut self, at: UnixNanos, kind: BatchKind, fill: impl FnOnce(&mut Vec<LevelUpdate>)) {
        self.update_id += 1;
        let mut levels = self.spare.pop().unwrap_or_default();
        fill(&mut levels);
        let batch = BookBatch { kind, update_id: self.update_id, levels };
        self.push(at, MarketData::Book(batch));
    }

    fn push(&mut self, at: UnixNanos, data: MarketData) {
        let event = MarketEvent { instrument: ONLY, ts_event: Some(at), data };
        self.waiting.push_back(Recorded { ts_recv: at, event });
    }

    fn time_of(&self, step: u64) -> UnixNanos {
        let step = i64::try_from(step).expect("a step of this epoch");
        FIRST_STEP + Nanos::new(step * self.pace.get())
    }
}

impl MarketSource for SyntheticStream {
    type Error = Infallible;

    fn next(&mut self) -> Result<Option<Recorded>, Infallible> {
        if self.events_left == 0 {
            return Ok(None);
        }
        self.events_left -= 1;
        while self.waiting.is_empty() {
            self.step();
        }
        Ok(self.waiting.pop_front())
    }

    fn recycle(&mut self, event: MarketEvent) {
        if let MarketData::Book(BookBatch { mut levels, .. }) = event.data {
            levels.clear();
            self.spare.push(levels);
        }
    }
}

fn whole(book: &[[Level; LEVELS]; 2]) -> impl Iterator<Item = LevelUpdate> + use<'_> {
    let of = |side: Side| book[side.index()].iter().map(move |level| update(side, *level));
    Side::BOTH.into_iter().flat_map(of)
}

/// What is left behind is removed, before anything new can cross it.
fn gone<'b>(
    before: &'b [[Level; LEVELS]; 2],
    after: &'b [[Level; LEVELS]; 2],
) -> impl Iterator<Item = LevelUpdate> + use<'b> {
    let of = |side: Side| {
        let after = &after[side.index()];
        let is_gone = |old: &&Level| after.iter().all(|new| new.price != old.price);
        let gone = before[side.index()].iter().filter(is_gone);
        gone.map(move |level| update(side, Level { lots: Lots::ZERO, ..*level }))
    };
    Side::BOTH.into_iter().flat_map(of)
}

const fn update(side: Side, level: Level) -> LevelUpdate {
    LevelUpdate { side, price: level.price, lots: level.lots }
}
