//! An order-by-order feed: what happened to orders, and behind it the levels that changed.
//!
//! It keeps the orders, because a feed may say only what an order is now, or how much of it traded.
//! [`records`] reads feeds that state every order, [`shown`] those that state the best levels behind
//! each message.

mod records;
mod shown;

use fluxo_core::{
    Aggressor, BatchKind, BookBatch, Gap, GapReason, InstrumentId, LevelUpdate, Lots, MarketData,
    MarketEvent, Phase, Price, RestingOrder, Side, Ticks, Trade, TradeCondition, UnixNanos,
};

use super::depth::Depth;
use super::{Outcome, SyncState, Synchroniser, Times};
use crate::order_book::{OrderBook, OrderBookConfig};
use crate::{
    Book, BookConfig, Digits, Error, Level, LevelChange, OrderAction, OrderBookCounts,
    OrderMessage, RawLevel,
};

/// A size beyond this, of an order, a fill, a print or a level, is out of range: as many orders as there
/// may be still add up in 64 bits.
const LOTS_MAX: Lots = Lots::new(1 << 40);
/// Fills of one event that wait for what they did to the book; more are counted as unexplained.
const FILLS_MAX: usize = 1_024;

/// The orders of one instrument, and how far they can be believed.
#[derive(Clone, Debug)]
pub(super) struct OrderFeed {
    orders: OrderBook,
    /// The levels that were said so far.
    levels: Book,
    state: SyncState,
    /// The last phase that was said.
    phase: Option<Phase>,
    /// When the last message came, and whether the recording ended with it.
    last: Option<UnixNanos>,
    has_ended: bool,
    /// When the last message before a long pause came, until the next one comes.
    paused_since: Option<UnixNanos>,
    /// Levels that changed since the last batch, as often as they did.
    touched: Vec<LevelUpdate>,
    /// Fills of the event at hand that wait for what they did to the book.
    fills: Vec<(u64, Lots)>,
    /// Whether a print came in this phase.
    traded: bool,
    /// The most levels of a side that the feed showed.
    depth_shown: usize,
    shown: Vec<LevelUpdate>,
    raw: Vec<RawLevel>,
    prints: u64,
    counts: OrderFeedCounts,
}

/// What an order-by-order feed brought that its events do not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OrderFeedCounts {
    /// What the book of orders had to cope with.
    pub orders: OrderBookCounts,
    /// Levels that the feed shows otherwise than its messages say.
    pub contradicted_levels: u64,
    /// Levels that came into view, or went out of it.
    pub levels_in_view: u64,
    /// Fills behind which nothing left the book: of orders that were never displayed.
    pub unexplained_fills: u64,
    /// Prints between two ticks, rounded to the one where the taker pays less.
    pub rounded_prints: u64,
    /// Events behind which the best bid was not below the best ask.
    pub crossed: u64,
    /// Changes of orders that were never seen to join: they join with them.
    pub unknown_changes: u64,
}

/// Where events go.
struct Out<'a> {
    instrument: InstrumentId,
    ts_recv: UnixNanos,
    ts_event: Option<UnixNanos>,
    events: &'a mut Vec<MarketEvent>,
    depth: &'a mut Depth,
}

impl Out<'_> {
    fn event(&self, data: MarketData) -> MarketEvent {
        MarketEvent { instrument: self.instrument, ts_event: self.ts_event, data }
    }

    fn say(&mut self, data: MarketData) {
        let event = self.event(data);
        self.events.push(event);
    }

    fn say_batch(&mut self, kind: BatchKind, update_id: u64, levels: &[LevelUpdate]) {
        let mut copy = self.depth.empty_batch();
        copy.extend_from_slice(levels);
        self.say(MarketData::Book(BookBatch { kind, update_id, levels: copy }));
    }
}

impl OrderFeed {
    pub(super) fn new() -> Self {
        Self {
            orders: OrderBook::new(OrderBookConfig::DEFAULT),
            levels: Book::new(BookConfig::DEFAULT),
            state: SyncState::Unsynced,
            phase: None,
            last: None,
            has_ended: false,
            paused_since: None,
            touched: Vec::with_capacity(64),
            fills: Vec::with_capacity(FILLS_MAX),
            traded: false,
            depth_shown: 0,
            shown: Vec::with_capacity(64),
            raw: Vec::with_capacity(64),
            prints: 0,
            counts: OrderFeedCounts::default(),
        }
    }

    pub(super) const fn state(&self) -> SyncState {
        self.state
    }

    pub(super) const fn counts(&self) -> OrderFeedCounts {
        OrderFeedCounts { orders: *self.orders.counts(), ..self.counts }
    }

    pub(super) const fn recording_boundary(&mut self) {
        self.has_ended = self.last.is_some();
    }

    /// Nothing came for long, and nothing was lost: a market sleeps. Who reads the events learns of a
    /// break, and is told the book anew behind it.
    pub(super) const fn pause(&mut self, since: UnixNanos) {
        self.paused_since = Some(since);
    }

    fn wake(&mut self, since: UnixNanos, out: &mut Out<'_>) {
        if self.state == SyncState::Unsynced {
            return;
        }
        let (from, reason) = (since.min(out.ts_recv), GapReason::RecordingBoundary);
        out.say(MarketData::Gap(Gap { from, to: out.ts_recv, reason }));
        self.touched.clear();
        for side in Side::BOTH {
            for level in self.levels.levels(side) {
                let Level { price, lots } = level;
                self.touched.push(LevelUpdate { side, price, lots });
                for queued in self.orders.queue(side, price) {
                    out.say(MarketData::OrderAdd(queued.order));
                }
            }
        }
        self.say_levels(BatchKind::Snapshot, 0, out);
    }

    /// What is known of the book is lost: a gap, if there was one.
    fn lose(&mut self, from: UnixNanos, reason: GapReason, out: &mut Out<'_>) {
        if self.state != SyncState::Unsynced {
            out.say(MarketData::Gap(Gap { from, to: out.ts_recv, reason }));
        }
        self.forget();
        self.state = SyncState::Unsynced;
    }

    fn forget(&mut self) {
        self.orders.clear();
        self.levels.clear();
        self.touched.clear();
        self.fills.clear();
    }

    fn say_phase(&mut self, phase: Phase, out: &mut Out<'_>) {
        if self.phase != Some(phase) {
            self.phase = Some(phase);
            out.say(MarketData::Status(phase));
        }
    }

    fn add(&mut self, order: RestingOrder, out: &mut Out<'_>) {
        if let Some(older) = self.orders.order(order.id) {
            let change = self.orders.take(&older.order);
            self.touch(change.level);
            out.say(MarketData::OrderCancel(older.order));
        }
        let change = self.orders.add(out.ts_recv, &order);
        self.touch(change.level);
        out.say(MarketData::OrderAdd(order));
    }

    /// Lots of an order leave without a trade.
    fn cancel(&mut self, order: RestingOrder, out: &mut Out<'_>) {
        let rests = self.orders.order(order.id).map(|known| known.order.lots);
        let change = self.orders.take(&order);
        self.touch(change.level);
        out.say(match rests {
            Some(rests) if order.lots < rests => MarketData::OrderReduce(order),
            _ => MarketData::OrderCancel(order),
        });
    }

    fn execute(&mut self, order: RestingOrder, out: &mut Out<'_>) {
        let change = self.orders.take(&order);
        self.touch(change.level);
        out.say(MarketData::OrderExecute(order));
    }

    fn print(&mut self, print: Print, out: &mut Out<'_>) {
        self.prints += 1;
        self.traded = true;
        out.say(MarketData::Trade(Trade {
            price: print.price,
            lots: print.lots,
            aggressor: print.aggressor,
            condition: TradeCondition::Market,
            trade_id: self.prints,
            match_id: print.match_id,
        }));
    }

    fn touch(&mut self, change: LevelChange) {
        if change.before != change.after {
            let LevelChange { side, price, after, .. } = change;
            self.touched.push(LevelUpdate { side, price, lots: after });
        }
    }

    /// Says the levels that changed since the last batch, each once and as it is now.
    fn say_levels(&mut self, kind: BatchKind, update_id: u64, out: &mut Out<'_>) -> u64 {
        self.touched.sort_unstable_by_key(|level| (level.side, level.price));
        self.touched.dedup_by_key(|level| (level.side, level.price));
        for level in &mut self.touched {
            let held = self.orders.level(level.side, level.price);
            level.lots = held.map_or(Lots::ZERO, |held| held.total());
        }
        if self.touched.is_empty() && kind == BatchKind::Update {
            return 0;
        }
        out.say_batch(kind, update_id, &self.touched);
        let batch = BookBatch { kind, update_id, levels: std::mem::take(&mut self.touched) };
        self.levels.apply(&batch, |_| ());
        self.touched = batch.levels;
        let said = self.touched.len() as u64;
        self.touched.clear();
        said
    }
}

/// A print on its way to an event.
#[derive(Clone, Copy)]
struct Print {
    price: Price,
    lots: Lots,
    aggressor: Aggressor,
    match_id: Option<u64>,
}

const fn aggressor(taker: Option<Side>) -> Aggressor {
    match taker {
        Some(Side::Bid) => Aggressor::Buyer,
        Some(Side::Ask) => Aggressor::Seller,
        None => Aggressor::Unknown,
    }
}

/// Numbers of a message in the units of the instrument.
struct Converted {
    /// The order of an action that changes the book.
    order: Option<RestingOrder>,
    print: Option<Print>,
    /// How much of an order was filled.
    filled: Option<Lots>,
}

impl Synchroniser {
    pub(super) fn on_order(
        &mut self,
        ts_recv: UnixNanos,
        digits: Digits,
        message: &OrderMessage<'_>,
        out: &mut Vec<MarketEvent>,
    ) -> Result<Outcome, Error> {
        let Some(mut feed) = self.orders.take() else { return Ok(self.unused()) };
        let result = self.on_feed(&mut feed, ts_recv, digits, message, out);
        self.orders = Some(feed);
        result
    }

    /// An order-by-order feed was lost.
    pub(super) fn on_orders_lost(
        &mut self,
        ts_recv: UnixNanos,
        since: Option<UnixNanos>,
        reason: GapReason,
        events: &mut Vec<MarketEvent>,
    ) {
        let (instrument, depth) = (self.instrument, &mut self.depth);
        let mut out = Out { instrument, ts_recv, ts_event: None, events, depth };
        if let Some(feed) = &mut self.orders {
            let last = feed.last.unwrap_or(ts_recv);
            self.counts.losses += u64::from(feed.state != SyncState::Unsynced);
            feed.lose(since.unwrap_or(last).min(last).min(ts_recv), reason, &mut out);
        }
    }

    fn on_feed(
        &mut self,
        feed: &mut OrderFeed,
        ts_recv: UnixNanos,
        digits: Digits,
        message: &OrderMessage<'_>,
        events: &mut Vec<MarketEvent>,
    ) -> Result<Outcome, Error> {
        let ts_event = message.ts_event.or(Some(ts_recv));
        let times = Times { ts_recv, ts_event };
        self.counts.depth_updates += 1;
        let converted = self.convert_order(feed, times, digits, message, events)?;
        let last = feed.last.replace(ts_recv).unwrap_or(ts_recv).min(ts_recv);
        let (instrument, depth) = (self.instrument, &mut self.depth);
        let mut out = Out { instrument, ts_recv, ts_event, events, depth };
        if std::mem::take(&mut feed.has_ended) {
            self.counts.boundary_gaps += u64::from(feed.state != SyncState::Unsynced);
            feed.lose(last, GapReason::RecordingBoundary, &mut out);
            (feed.phase, feed.traded) = (None, false);
        }
        if let Some(since) = feed.paused_since.take() {
            feed.wake(since, &mut out);
            if message.shown.is_none() {
                feed.traded = false;
                feed.say_phase(Phase::Auction, &mut out);
            }
        }
        if message.after_loss && feed.state == SyncState::Live && !message.of_snapshot {
            self.counts.gaps += 1;
            feed.lose(last, GapReason::Disconnected, &mut out);
        }
        let (was_live, levels) = (feed.state == SyncState::Live, feed.prints);
        let said = match (message.action, message.shown) {
            (OrderAction::Phase(phase), _) => {
                feed.say_phase(phase, &mut out);
                0
            }
            (_, Some(_)) => feed.on_shown(message, &converted, &mut out),
            (_, None) => feed.on_record(message, &converted, &mut out),
        };
        self.counts.levels += said;
        self.counts.trades += feed.prints - levels;
        if feed.state == SyncState::Live && !was_live {
            self.counts.resyncs += u64::from(self.counts.snapshots > 0);
            self.counts.snapshots += 1;
        }
        self.counts.dropped_depth += u64::from(feed.state == SyncState::Unsynced);
        Ok(Outcome::Events)
    }

    /// The numbers of a message in ticks and lots; those of levels are left in the feed.
    fn convert_order(
        &mut self,
        feed: &mut OrderFeed,
        times: Times,
        digits: Digits,
        message: &OrderMessage<'_>,
        out: &mut Vec<MarketEvent>,
    ) -> Result<Converted, Error> {
        let rests = matches!(
            message.action,
            OrderAction::Add | OrderAction::Cancel | OrderAction::Execute | OrderAction::Modify
        );
        let order = message.side.filter(|_| rests);
        feed.raw.clear();
        feed.raw.extend(order.map(|side| RawLevel {
            side,
            price: message.price,
            size: message.size,
        }));
        feed.raw.extend_from_slice(message.shown.unwrap_or_default());
        let (tick, lot) = (self.spec().tick_size, self.spec().lot_size);
        self.convert(times, digits, &feed.raw, out)?;
        let beyond = |size| Error::OutOfRange { value: size, digits: digits.size };
        let sizes = self.scratch.iter().zip(&feed.raw);
        if let Some((_, raw)) = sizes.into_iter().find(|(level, _)| level.lots > LOTS_MAX) {
            return Err(beyond(raw.size));
        }
        let factors = [(tick, self.spec().tick_size), (lot, self.spec().lot_size)]
            .map(|(before, now)| before.multiple_of(now).unwrap_or(1));
        if factors != [1, 1] {
            let orders = feed.orders.rescale(factors[0], factors[1]);
            let rescaled = orders.and_then(|()| feed.levels.rescale(factors[0], factors[1]));
            if rescaled.is_err() {
                // Whoever reads the specification in the events finds the same, and loses the book.
                feed.forget();
                feed.state = SyncState::Unsynced;
            }
            rescaled?;
        }
        let (own, shown) = self.scratch.split_at(usize::from(order.is_some()));
        feed.shown.clear();
        feed.shown.extend_from_slice(shown);
        let order = own.first().map(|level| RestingOrder {
            id: message.id,
            side: level.side,
            price: level.price,
            lots: level.lots,
        });
        let print = self.convert_print(feed, digits, message)?;
        let filled = match message.action {
            OrderAction::Fill => Some(self.units.at(digits)?.lots(message.size)?),
            _ => None,
        };
        let traded = filled.or(print.map(|print| print.lots));
        if traded.is_some_and(|lots| lots > LOTS_MAX) {
            return Err(beyond(message.size));
        }
        Ok(Converted { order, print, filled })
    }

    /// A hidden order can rest between two ticks. Its print counts at the tick where the taker pays
    /// less, so that no resting order of ours ever seems to be traded through.
    fn convert_print(
        &mut self,
        feed: &mut OrderFeed,
        digits: Digits,
        message: &OrderMessage<'_>,
    ) -> Result<Option<Print>, Error> {
        let (taker, match_id) = match message.action {
            OrderAction::Execute | OrderAction::ExecuteHidden => {
                (message.side.map(Side::opposite), None)
            }
            OrderAction::Cross => (None, None),
            // The order that took, where the venue names it: all its prints are one match.
            OrderAction::Print => (message.side, Some(message.id).filter(|id| *id != 0)),
            _ => return Ok(None),
        };
        let at = self.units.at(digits)?;
        let (price, lots) = match (at.price(message.price), at.lots(message.size)) {
            (Ok(price), Ok(lots)) => (price, lots),
            _ => {
                feed.counts.rounded_prints += 1;
                let below = at.price_below(message.price)?;
                let is_between = at.price(message.price).is_err();
                let up = is_between && taker == Some(Side::Ask);
                let price = if up { below.checked_add(Ticks::new(1)) } else { Some(below) };
                let beyond = Error::OutOfRange { value: message.price, digits: digits.price };
                (price.ok_or(beyond)?, at.lots_below(message.size)?)
            }
        };
        if lots <= Lots::ZERO {
            self.counts.void_trades += 1;
            return Ok(None);
        }
        Ok(Some(Print { price, lots, aggressor: aggressor(taker), match_id }))
    }
}
