//! What a market says: book batches, trades, quotes, phases, gaps.

use serde::{Deserialize, Serialize};

use crate::{InstrumentId, InstrumentSpec, Lots, Price, Side, UnixNanos};

/// One fact about one instrument, at the time the venue states.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MarketEvent {
    /// Which instrument.
    pub instrument: InstrumentId,
    /// The venue's own time: of the match or the book change where the feed has one, else of the
    /// sending. `None` where the feed has none at all (spot bookTicker).
    pub ts_event: Option<UnixNanos>,
    /// The fact.
    pub data: MarketData,
}

/// The facts that a market can state.
///
/// An order-by-order feed states what happened to orders, and then, where its message ends, the
/// levels that changed by it as one batch: whoever reads levels needs no order, and sees no state
/// inside a message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum MarketData {
    /// Price levels that changed together.
    Book(BookBatch),
    /// A print.
    Trade(Trade),
    /// The venue's own best bid and ask: validates the book and never feeds features.
    Quote(BestQuote),
    /// An order joined the book (order-by-order feeds).
    OrderAdd(RestingOrder),
    /// A resting order became smaller without a trade; `lots` is what left.
    OrderReduce(RestingOrder),
    /// A resting order left without a trade; `lots` is what left.
    OrderCancel(RestingOrder),
    /// A resting order traded; `lots` is what traded.
    OrderExecute(RestingOrder),
    /// An aggregated bar.
    Bar(Bar),
    /// The trading phase changed.
    Status(Phase),
    /// Data was lost, or a recording ended: the book is not valid until the next snapshot batch.
    Gap(Gap),
    /// The venue's mark and index price.
    Mark(MarkPrice),
    /// The meaning of ticks and lots changed, from the next event on.
    Spec(Box<InstrumentSpec>),
    /// Time passed and nothing happened.
    Heartbeat,
}

/// Level changes that are consistent only at their end.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookBatch {
    /// Whether the batch replaces the book or changes it.
    pub kind: BatchKind,
    /// The venue's identifier of the state that the batch leads to.
    pub update_id: u64,
    /// The new absolute sizes, in the order to apply them; zero lots remove a level.
    pub levels: Vec<LevelUpdate>,
}

/// What a batch does to the levels that it does not name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum BatchKind {
    /// They stay.
    #[default]
    Update,
    /// They are gone: the batch is the whole book, made of a snapshot and the increments that were
    /// buffered behind it.
    Snapshot,
}

/// The new absolute size of one level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LevelUpdate {
    /// Which side of the book.
    pub side: Side,
    /// Which price.
    pub price: Price,
    /// The size that rests there now; zero removes the level.
    pub lots: Lots,
}

/// Who took liquidity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aggressor {
    /// A buyer hit the asks.
    Buyer,
    /// A seller hit the bids.
    Seller,
    /// An auction, a cross, or a feed that does not say.
    Unknown,
}

impl Aggressor {
    /// +1 for a buyer, -1 for a seller, 0 when unknown.
    #[must_use]
    pub const fn sign(self) -> i64 {
        match self {
            Self::Buyer => 1,
            Self::Seller => -1,
            Self::Unknown => 0,
        }
    }

    /// The side of the book that was hit.
    #[must_use]
    pub const fn hit_side(self) -> Option<Side> {
        match self {
            Self::Buyer => Some(Side::Ask),
            Self::Seller => Some(Side::Bid),
            Self::Unknown => None,
        }
    }
}

/// Whether a print was made by an order that met the book.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TradeCondition {
    /// An ordinary trade.
    Market,
    /// An insurance fund, a forced deleveraging, a block: not at the market's price, so it reaches
    /// no price or volume feature.
    OffMarket,
}

/// A print.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trade {
    /// The price of the trade.
    pub price: Price,
    /// Its size.
    pub lots: Lots,
    /// Who took liquidity.
    pub aggressor: Aggressor,
    /// Whether it met the book.
    pub condition: TradeCondition,
    /// The venue's identifier: of the trade, or of the aggregate.
    pub trade_id: u64,
    /// The match event it belongs to, where the feed has one (FEATURES 17.3).
    pub match_id: Option<u64>,
}

/// The venue's best bid and ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BestQuote {
    /// The book state that it describes, on the book's own identifiers.
    pub update_id: u64,
    /// The best bid.
    pub bid: Price,
    /// What rests there.
    pub bid_lots: Lots,
    /// The best ask.
    pub ask: Price,
    /// What rests there.
    pub ask_lots: Lots,
}

/// The venue's identifier of an order of anybody's.
pub type OrderId = u64;

/// A resting order of an order-by-order feed, or the part of it that an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestingOrder {
    /// The venue's identifier.
    pub id: OrderId,
    /// Which side it rests on.
    pub side: Side,
    /// Where it rests.
    pub price: Price,
    /// How many lots the event is about.
    pub lots: Lots,
}

/// An aggregated bar over `[open_time, close_time]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bar {
    /// When the bar began.
    pub open_time: UnixNanos,
    /// When it ended.
    pub close_time: UnixNanos,
    /// First price.
    pub open: Price,
    /// Highest price.
    pub high: Price,
    /// Lowest price.
    pub low: Price,
    /// Last price.
    pub close: Price,
    /// Traded lots.
    pub volume: Lots,
}

/// The trading phase of an instrument.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Ordinary trading.
    Continuous,
    /// An auction collects orders.
    Auction,
    /// Trading is halted.
    Halt,
    /// The market is closed.
    Closed,
}

/// A stretch of time in which the data cannot be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// The last moment that was known to be whole.
    pub from: UnixNanos,
    /// When the loss was noticed.
    pub to: UnixNanos,
    /// What was lost.
    pub reason: GapReason,
}

/// Why a [`Gap`] was declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GapReason {
    /// The chain of update ids broke.
    Sequence {
        /// The identifier that should have followed.
        expected: u64,
        /// The one that came.
        got: u64,
    },
    /// One recording ended and the next one does not continue it.
    RecordingBoundary,
    /// A live connection was lost: what the venue said until it was back, nobody heard.
    Disconnected,
    /// Frames of a live feed were dropped, because they came faster than they were worked off.
    Overrun,
}

/// The venue's mark price, with the index behind it, in ticks of the instrument.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarkPrice {
    /// The price used for margin, rounded down to a tick.
    pub mark: Price,
    /// The index price, rounded down to a tick.
    pub index: Price,
    /// When funding is next exchanged.
    pub next_funding: UnixNanos,
}
