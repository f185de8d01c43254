//! Joins what a feed says about one instrument into events that can be trusted.
//!
//! It promises that a book built from its batches is the venue's book whenever the state is
//! [`SyncState::Live`], that every break of the chain is an event, and that it allocates nothing
//! once its buffers are warm. It holds no book, and knows no clock but the receive time it is given.

mod backlog;
mod counts;
mod depth;
mod orders;
mod prints;
mod rule;
mod units;

use fluxo_core::{
    BestQuote, GapReason, InstrumentId, InstrumentSpec, LevelUpdate, MarkPrice, MarketData,
    MarketEvent, Nanos, Side, Trade, TradeCondition, UnixNanos,
};

pub use counts::FeedCounts;
pub use orders::OrderFeedCounts;

use crate::{Body, Digits, Error, Message, RawLevel, RawMarkPrice, RawTicker, RawTrade};
use depth::Depth;
use orders::OrderFeed;
use prints::{Prints, Verdict};
use units::{Piece, Units, UnitsChange};

/// The limits of a synchroniser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SyncConfig {
    /// The most depth updates that wait for a snapshot. At the limit the older half is dropped and
    /// counted.
    pub buffer_messages_max: usize,
    /// The most level changes that wait for a snapshot. At the limit the older half of the updates
    /// is dropped and counted.
    pub buffer_levels_max: usize,
    /// The most used batches that are kept for reuse; more are given back to the system.
    pub recycled_batches_max: usize,
    /// The longest silence between two recordings in which the second may still go on from the
    /// first before a depth update has said so.
    pub recording_pause_max: Nanos,
    /// How many times finer than at the start the tick and the lot may become. A value that needs a
    /// finer grid is out of range: one wrong digit must not take the range from all that follows.
    pub refinement_max: i64,
}

impl SyncConfig {
    /// Room for minutes of a busy stream while a snapshot is on its way.
    pub const DEFAULT: Self = Self {
        buffer_messages_max: 20_000,
        buffer_levels_max: 1_000_000,
        recycled_batches_max: 64,
        recording_pause_max: Nanos::from_millis(600_000),
        refinement_max: 10_000,
    };
}

/// How far the book is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyncState {
    /// No depth update has come.
    Unsynced,
    /// Depth updates wait for a snapshot that bridges to them.
    Buffering,
    /// The last batch led to the venue's book.
    Live,
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It became events.
    Events,
    /// It is kept until the book can be put together.
    Kept,
    /// It held nothing new.
    Stale,
    /// It is about another symbol or market.
    Foreign,
    /// It is of a kind that becomes no event, or a print without a price or a size.
    Unused,
}

/// Turns the messages of one instrument into events.
#[derive(Clone, Debug)]
pub struct Synchroniser {
    instrument: InstrumentId,
    units: Units,
    depth: Depth,
    /// The orders, on a market whose feeds state them.
    orders: Option<Box<OrderFeed>>,
    prints: Prints,
    counts: FeedCounts,
    /// Converted levels of the message at hand, where they do not go into a batch.
    scratch: Vec<LevelUpdate>,
}

/// When a message was received and what its venue's time is.
#[derive(Clone, Copy, Debug)]
struct Times {
    ts_recv: UnixNanos,
    ts_event: Option<UnixNanos>,
}

impl Synchroniser {
    /// A synchroniser that has seen nothing.
    ///
    /// # Errors
    /// [`Error::BadGrid`] when the tick or the lot of the specification is not positive,
    /// [`Error::UnsupportedMarket`] when its market is none of Binance's.
    pub fn new(
        instrument: InstrumentId,
        spec: InstrumentSpec,
        config: SyncConfig,
    ) -> Result<Self, Error> {
        Ok(Self {
            instrument,
            depth: Depth::new(rule::Rule::of(spec.market)?, config),
            orders: spec.market.is_order_by_order().then(|| Box::new(OrderFeed::new())),
            units: Units::new(spec, config.refinement_max)?,
            prints: Prints::default(),
            counts: FeedCounts::default(),
            scratch: Vec::with_capacity(2),
        })
    }

    /// Takes one message that was received at `ts_recv` and appends the events that follow from it.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] or [`Error::BadGrid`] when a value has no ticks or lots: the message is
    /// counted and dropped, and if it was a depth update the next one reveals a gap.
    pub fn on_message(
        &mut self,
        ts_recv: UnixNanos,
        message: &Message<'_>,
        out: &mut Vec<MarketEvent>,
    ) -> Result<Outcome, Error> {
        self.counts.messages += 1;
        if self.is_foreign(message) {
            self.counts.foreign += 1;
            return Ok(Outcome::Foreign);
        }
        self.break_silence(ts_recv, &message.body, out);
        let result = self.on_body(ts_recv, message, out);
        self.counts.out_of_range += u64::from(result.is_err());
        result
    }

    /// One recording ended at `ts_recv`, its last receive time, and another one goes on from here:
    /// should the next depth update not follow the last one, that is no fault of the feed.
    pub fn recording_boundary(&mut self, ts_recv: UnixNanos) {
        self.depth.recording_boundary(ts_recv);
        self.prints.recording_boundary();
        if let Some(orders) = &mut self.orders {
            orders.recording_boundary();
        }
    }

    /// Within a recording nothing came since `last`, for longer than a busy market is silent. What
    /// follows need not go on from there, except on a feed that states every order and every loss.
    pub fn recording_pause(&mut self, last: UnixNanos) {
        match &mut self.orders {
            Some(orders) => orders.pause(last),
            None => self.recording_boundary(last),
        }
    }

    /// A live feed was lost, which was noticed at `ts_recv`, for a reason that is no broken chain of
    /// ids: the book is none until a snapshot that comes after this joins updates that come after
    /// this. Where nothing had come, nothing was lost. `since` is when all of it was still heard,
    /// where that was before the last depth update: one of several connections fell silent.
    pub fn feed_lost(
        &mut self,
        ts_recv: UnixNanos,
        since: Option<UnixNanos>,
        reason: GapReason,
        out: &mut Vec<MarketEvent>,
    ) {
        self.on_loss(ts_recv, since, reason, out);
        self.on_orders_lost(ts_recv, since, reason, out);
    }

    /// Whether the updates that wait begin behind the newest snapshot, so that another one has to be
    /// asked for. `false` while none has come.
    #[must_use]
    pub fn is_snapshot_too_old(&self) -> bool {
        self.depth.is_snapshot_too_old()
    }

    /// Takes back an event that was used up, so that its memory serves again.
    pub fn recycle(&mut self, event: MarketEvent) {
        if let MarketData::Book(batch) = event.data {
            self.depth.recycle(batch.levels);
        }
    }

    /// How far the book is.
    #[must_use]
    pub const fn state(&self) -> SyncState {
        match &self.orders {
            Some(orders) => orders.state(),
            None => self.depth.state(),
        }
    }

    /// What an order-by-order feed brought; `None` on other markets.
    #[must_use]
    pub fn order_counts(&self) -> Option<OrderFeedCounts> {
        Some(self.orders.as_ref()?.counts())
    }

    /// The specification in force: what the ticks and lots of the next event mean.
    #[must_use]
    pub const fn spec(&self) -> &InstrumentSpec {
        self.units.spec()
    }

    /// What the feed brought so far.
    #[must_use]
    pub const fn counts(&self) -> &FeedCounts {
        &self.counts
    }

    fn is_foreign(&self, message: &Message<'_>) -> bool {
        let spec = self.units.spec();
        message.symbol.is_some_and(|symbol| symbol != spec.symbol)
            || message.market.is_some_and(|market| market != spec.market)
    }

    fn on_body(
        &mut self,
        ts_recv: UnixNanos,
        message: &Message<'_>,
        out: &mut Vec<MarketEvent>,
    ) -> Result<Outcome, Error> {
        let digits = message.digits;
        match &message.body {
            Body::Depth(update) => self.on_depth(ts_recv, digits, update, out),
            Body::Snapshot(snapshot) => self.on_snapshot(ts_recv, digits, snapshot, out),
            Body::Trade(trade) => {
                let verdict = self.prints.on_trade(trade);
                self.on_print(ts_recv, digits, trade, verdict, out)
            }
            Body::AggTrade(aggregate) => {
                let verdict = self.prints.on_aggregate(aggregate);
                self.on_print(ts_recv, digits, &aggregate.trade, verdict, out)
            }
            Body::Ticker(ticker) => self.on_ticker(ts_recv, digits, ticker, out),
            Body::MarkPrice(mark) => self.on_mark(digits, mark, out),
            Body::Order(order) => self.on_order(ts_recv, digits, order, out),
            Body::PartialDepth(_) | Body::Other => Ok(self.unused()),
        }
    }

    fn unused(&mut self) -> Outcome {
        self.counts.unused += 1;
        Outcome::Unused
    }

    fn on_print(
        &mut self,
        ts_recv: UnixNanos,
        digits: Digits,
        trade: &RawTrade,
        verdict: Verdict,
        out: &mut Vec<MarketEvent>,
    ) -> Result<Outcome, Error> {
        match verdict {
            Verdict::New { missing } => self.counts.missing_trades += missing,
            Verdict::Duplicate => {
                self.counts.duplicate_trades += 1;
                return Ok(Outcome::Stale);
            }
            Verdict::Covered => {
                self.counts.covered_aggregates += 1;
                return Ok(Outcome::Stale);
            }
        }
        let times = Times { ts_recv, ts_event: trade.ts_event };
        let level = match trade.condition {
            TradeCondition::Market => {
                let raw = RawLevel { side: Side::Bid, price: trade.price, size: trade.size };
                self.convert(times, digits, &[raw], out)?;
                self.scratch[0]
            }
            // Such a print is not of the market, so it has no say in the market's grid.
            TradeCondition::OffMarket => {
                let at = self.units.at(digits)?;
                let (price, lots) = (at.price_below(trade.price)?, at.lots_below(trade.size)?);
                LevelUpdate { side: Side::Bid, price, lots }
            }
        };
        if level.price.ticks() <= 0 || level.lots.get() <= 0 {
            self.counts.void_trades += 1;
            return Ok(Outcome::Unused);
        }
        self.counts.trades += 1;
        let trade = Trade {
            price: level.price,
            lots: level.lots,
            aggressor: trade.aggressor,
            condition: trade.condition,
            trade_id: trade.id,
            match_id: None,
        };
        self.emit(times.ts_event, MarketData::Trade(trade), out);
        Ok(Outcome::Events)
    }

    fn on_ticker(
        &mut self,
        ts_recv: UnixNanos,
        digits: Digits,
        ticker: &RawTicker,
        out: &mut Vec<MarketEvent>,
    ) -> Result<Outcome, Error> {
        let times = Times { ts_recv, ts_event: ticker.ts_event };
        let raw = [
            RawLevel { side: Side::Bid, price: ticker.bid, size: ticker.bid_size },
            RawLevel { side: Side::Ask, price: ticker.ask, size: ticker.ask_size },
        ];
        self.convert(times, digits, &raw, out)?;
        let (bid, ask) = (self.scratch[0], self.scratch[1]);
        self.counts.quotes += 1;
        let quote = BestQuote {
            update_id: ticker.update_id,
            bid: bid.price,
            bid_lots: bid.lots,
            ask: ask.price,
            ask_lots: ask.lots,
        };
        self.emit(times.ts_event, MarketData::Quote(quote), out);
        Ok(Outcome::Events)
    }

    /// A mark price has more digits than the grid, so it is rounded down. Without its index (COIN-M
    /// sends that on a stream of its own) it is no fact that an event could state.
    fn on_mark(
        &mut self,
        digits: Digits,
        mark: &RawMarkPrice,
        out: &mut Vec<MarketEvent>,
    ) -> Result<Outcome, Error> {
        let (Some(index), Some(next_funding)) = (mark.index, mark.next_funding) else {
            return Ok(self.unused());
        };
        let at = self.units.at(digits)?;
        let data = MarkPrice {
            mark: at.price_below(mark.mark)?,
            index: at.price_below(index)?,
            next_funding,
        };
        self.counts.marks += 1;
        self.emit(mark.ts_event, MarketData::Mark(data), out);
        Ok(Outcome::Events)
    }

    /// Converts values of the market into the scratch; a finer specification is said first.
    fn convert(
        &mut self,
        times: Times,
        digits: Digits,
        levels: &[RawLevel],
        out: &mut Vec<MarketEvent>,
    ) -> Result<(), Error> {
        self.scratch.clear();
        let piece = std::iter::once(Piece { digits, levels });
        let change = self.units.convert(&piece, times.ts_recv, &mut self.scratch)?;
        self.emit_change(change, times.ts_event, out);
        Ok(())
    }

    fn emit_change(
        &mut self,
        change: UnitsChange,
        ts_event: Option<UnixNanos>,
        out: &mut Vec<MarketEvent>,
    ) {
        if change == UnitsChange::Refined {
            self.counts.refinements += 1;
            let spec = Box::new(self.units.spec().clone());
            self.emit(ts_event, MarketData::Spec(spec), out);
        }
    }

    fn emit(&self, ts_event: Option<UnixNanos>, data: MarketData, out: &mut Vec<MarketEvent>) {
        out.push(MarketEvent { instrument: self.instrument, ts_event, data });
    }
}

#[cfg(test)]
mod tests;
