//! What one frame says, as exact integers and without an instrument's specification.
//!
//! A value is `mantissa * 10^-digits`: the decimal that the venue printed, with nothing lost and
//! nothing rounded. What the integers are in ticks and lots is [`Grid`](crate::Grid)'s business.
//! Everything here borrows from the decoder and the payload, so that decoding allocates nothing.

use fluxo_core::{Aggressor, Market, Side, TradeCondition, UnixNanos};

use crate::OrderMessage;

/// One decoded frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    /// The market it came from; `None` where one payload cannot tell.
    pub market: Option<Market>,
    /// The venue's symbol as printed, in capitals: `BTCUSDT`; `None` where the payload has none
    /// (REST snapshots of spot and USD-M, partial depth of spot).
    pub symbol: Option<&'a str>,
    /// What the mantissas of the body mean.
    pub digits: Digits,
    /// What was said.
    pub body: Body<'a>,
}

impl Message<'_> {
    /// Whether a stream of this kind is subscribed to for one instrument at a time, so that its
    /// symbol says what a recording is of. Mark prices, candles and notices come for all of them.
    #[must_use]
    pub const fn is_of_one_instrument(&self) -> bool {
        match self.body {
            Body::Depth(_)
            | Body::Snapshot(_)
            | Body::Trade(_)
            | Body::AggTrade(_)
            | Body::Order(_)
            | Body::Ticker(_) => true,
            Body::PartialDepth(_) | Body::MarkPrice(_) | Body::Other => false,
        }
    }
}

/// How many decimal digits after the point the mantissas of a message have. They start at zero and
/// grow with what a decoder sees, so that neighbouring messages can be compared as integers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digits {
    /// Digits of prices.
    pub price: u8,
    /// Digits of sizes.
    pub size: u8,
}

/// The kinds of frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body<'a> {
    /// Levels that changed together.
    Depth(DepthUpdate<'a>),
    /// A whole book, as the REST call answers it.
    Snapshot(DepthSnapshot<'a>),
    /// The best few levels, as a stream repeats them: never a snapshot to build a book on.
    PartialDepth(DepthSnapshot<'a>),
    /// A print.
    Trade(RawTrade),
    /// Prints of one taker order at one price, as one.
    AggTrade(RawAggTrade),
    /// The venue's best bid and ask.
    Ticker(RawTicker),
    /// The venue's mark price.
    MarkPrice(RawMarkPrice),
    /// What happened to an order, as an order-by-order feed says it.
    Order(OrderMessage<'a>),
    /// Well formed, and nothing that we use: a candle, the answer to a subscription, a shutdown notice.
    Other,
}

/// The new absolute size of one price level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RawLevel {
    /// Which side of the book.
    pub side: Side,
    /// The price, above zero, at [`Digits::price`].
    pub price: i64,
    /// The size that rests there now, at [`Digits::size`]; zero removes the level.
    pub size: i64,
}

/// Levels that changed together, and where they stand in the chain of changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DepthUpdate<'a> {
    /// The first update that it holds (`U`).
    pub first_id: u64,
    /// The last update that it holds (`u`): the state that it leads to.
    pub last_id: u64,
    /// The last update of the message before it (`pu`); futures only.
    pub previous_id: Option<u64>,
    /// When the book changed (`T`), else when the message was made (`E`).
    pub ts_event: Option<UnixNanos>,
    /// When the venue sent it (`E`).
    pub ts_sent: Option<UnixNanos>,
    /// In the order of the frame: one side after the other, bids first as Binance prints them.
    pub levels: &'a [RawLevel],
}

/// Levels of a book at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DepthSnapshot<'a> {
    /// The last update that it holds.
    pub last_id: u64,
    /// When the book had this state (`T`, else `E`); spot does not say.
    pub ts_event: Option<UnixNanos>,
    /// When the venue sent it (`E`); spot does not say.
    pub ts_sent: Option<UnixNanos>,
    /// In the order of the frame: one side after the other, bids first as Binance prints them.
    pub levels: &'a [RawLevel],
}

/// A print.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RawTrade {
    /// The venue's identifier: of the trade, or of the aggregate.
    pub id: u64,
    /// The price at [`Digits::price`]. Zero occurs on prints that are not of the market.
    pub price: i64,
    /// The size at [`Digits::size`].
    pub size: i64,
    /// Who took liquidity.
    pub aggressor: Aggressor,
    /// Whether it met the book.
    pub condition: TradeCondition,
    /// When it was matched (`T`), else when the message was made (`E`).
    pub ts_event: Option<UnixNanos>,
    /// When the venue sent it (`E`).
    pub ts_sent: Option<UnixNanos>,
}

/// Prints of one taker order at one price, as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RawAggTrade {
    /// The aggregate; its `id` counts aggregates.
    pub trade: RawTrade,
    /// The identifier of the first trade in it.
    pub first_trade_id: u64,
    /// The identifier of the last trade in it.
    pub last_trade_id: u64,
}

/// The venue's best bid and ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RawTicker {
    /// The book state that it describes, on the book's own identifiers.
    pub update_id: u64,
    /// The best bid at [`Digits::price`]; zero, with a size of zero, when there is none.
    pub bid: i64,
    /// What rests there, at [`Digits::size`].
    pub bid_size: i64,
    /// The best ask at [`Digits::price`]; zero, with a size of zero, when there is none.
    pub ask: i64,
    /// What rests there, at [`Digits::size`].
    pub ask_size: i64,
    /// When the book changed (`T`), else when the message was made (`E`); spot does not say.
    pub ts_event: Option<UnixNanos>,
    /// When the venue sent it (`E`); spot does not say.
    pub ts_sent: Option<UnixNanos>,
}

/// The venue's mark price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RawMarkPrice {
    /// The price used for margin, at [`Digits::price`]; finer than the tick.
    pub mark: i64,
    /// The index price, at [`Digits::price`]; COIN-M sends it on a stream of its own.
    pub index: Option<i64>,
    /// When funding is next exchanged; `None` on contracts without funding.
    pub next_funding: Option<UnixNanos>,
    /// When the message was made (`E`).
    pub ts_event: Option<UnixNanos>,
}
