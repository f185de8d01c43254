//! What there is to say, before it is written.

use core::fmt;

use fluxo_core::{Aggressor, Lots, Price, UnixNanos};
use fluxo_market_data::Level;

/// The streams of one instrument.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    /// Increments of the book.
    Depth {
        /// Milliseconds between two of them; `None` for the venue's default.
        every_ms: Option<u32>,
    },
    /// Every print.
    Trade,
    /// Prints of one taker order at one price, as one.
    AggTrade,
    /// The best prices, whenever they change.
    BookTicker,
}

impl fmt::Display for Channel {
    /// The part of a stream's name behind the symbol and its `@`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Depth { every_ms: None } => f.write_str("depth"),
            Self::Depth { every_ms: Some(millis) } => write!(f, "depth@{millis}ms"),
            Self::Trade => f.write_str("trade"),
            Self::AggTrade => f.write_str("aggTrade"),
            Self::BookTicker => f.write_str("bookTicker"),
        }
    }
}

/// When something happened, and when the venue told of it. The wire has whole milliseconds: what is
/// below is cut off. Spot does not tell the first of a book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// `T`: when it happened.
    pub event: UnixNanos,
    /// `E`: when the message was made.
    pub sent: UnixNanos,
}

impl Times {
    /// Told when it happened.
    #[must_use]
    pub const fn at(moment: UnixNanos) -> Self {
        Self { event: moment, sent: moment }
    }
}

/// Where an increment stands in the chain of changes of a book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DepthIds {
    /// `U`: the first update that it holds.
    pub first: u64,
    /// `u`: the last update that it holds.
    pub last: u64,
    /// `pu`: the last update of the increment before it. Spot does not tell it.
    pub previous: u64,
}

/// A print.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Print {
    /// The venue's identifier: of the trade, or of the aggregate.
    pub id: u64,
    /// At what price.
    pub price: Price,
    /// How much.
    pub lots: Lots,
    /// Who took liquidity. The wire knows buyers and sellers; who is unknown is written as a buyer.
    pub aggressor: Aggressor,
    /// When.
    pub times: Times,
}

/// Which trades an aggregate holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AggregatedIds {
    /// The first of them.
    pub first: u64,
    /// The last of them.
    pub last: u64,
}

/// The best bid and ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BestPrices {
    /// The book state that they are of.
    pub update_id: u64,
    /// The best bid; a side without one is written as zero at zero.
    pub bid: Option<Level>,
    /// The best ask; likewise.
    pub ask: Option<Level>,
    /// When the book changed. Spot does not tell.
    pub times: Times,
}
