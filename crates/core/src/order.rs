//! Our orders, and what the venue says of them.

use core::fmt;

use serde::{Deserialize, Serialize};

use crate::{Cash, InstrumentId, Lots, Price, Side, UnixNanos};

/// Our own identifier of an order: unique within a run, and the key of idempotency.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct ClientOrderId(u64);

impl ClientOrderId {
    /// The identifier with that number.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Its number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Display for ClientOrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How an order may trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderType {
    /// Trades what it can at `price` or better, then rests.
    Limit {
        /// The worst price.
        price: Price,
    },
    /// Rests at `price`, or is rejected when it would trade at once.
    PostOnly {
        /// The price to rest at.
        price: Price,
    },
    /// Trades what it can at `price` or better at once; the rest expires.
    ImmediateOrCancel {
        /// The worst price.
        price: Price,
    },
    /// Trades at once at whatever the book holds; the rest expires.
    Market,
}

impl OrderType {
    /// The worst price at which the order may trade; `None` for a market order.
    #[must_use]
    pub const fn limit(self) -> Option<Price> {
        match self {
            Self::Limit { price }
            | Self::PostOnly { price }
            | Self::ImmediateOrCancel { price } => Some(price),
            Self::Market => None,
        }
    }

    /// The same order type after the tick became `factor` times finer; `None` beyond the price axis.
    #[must_use]
    pub const fn rescaled(self, factor: i64) -> Option<Self> {
        let Some(limit) = self.limit() else { return Some(self) };
        let Some(price) = limit.rescaled(factor) else { return None };
        Some(match self {
            Self::Limit { .. } => Self::Limit { price },
            Self::PostOnly { .. } => Self::PostOnly { price },
            Self::ImmediateOrCancel { .. } => Self::ImmediateOrCancel { price },
            Self::Market => Self::Market,
        })
    }

    /// Whether what does not trade at once stays in the book.
    #[must_use]
    pub const fn rests(self) -> bool {
        matches!(self, Self::Limit { .. } | Self::PostOnly { .. })
    }
}

/// An order of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Our identifier.
    pub id: ClientOrderId,
    /// What to trade.
    pub instrument: InstrumentId,
    /// Buy or sell.
    pub side: Side,
    /// How much; positive.
    pub lots: Lots,
    /// How.
    pub order_type: OrderType,
}

/// What the venue told us about one of our orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderEvent {
    /// Which instrument.
    pub instrument: InstrumentId,
    /// Our identifier of the order.
    pub id: ClientOrderId,
    /// When it happened at the venue.
    pub ts_event: UnixNanos,
    /// What happened.
    pub update: OrderUpdate,
}

/// A step in the life of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OrderUpdate {
    /// The venue has it.
    Accepted,
    /// The venue does not want it; it never traded.
    Rejected(RejectReason),
    /// It traded, wholly or in part.
    Filled(Fill),
    /// It is gone because we asked; `remaining` never traded.
    Canceled {
        /// Lots that did not trade.
        remaining: Lots,
    },
    /// It is gone because it may not rest; `remaining` never traded.
    Expired {
        /// Lots that did not trade.
        remaining: Lots,
    },
    /// There was nothing left to cancel.
    CancelRejected,
}

/// Why the venue refused an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RejectReason {
    /// A post-only order would have traded at once.
    WouldCross,
    /// The venue's book is not valid: a gap, a halt, or no snapshot yet.
    MarketUnavailable,
    /// An order with this identifier was seen before.
    DuplicateId,
    /// The size is not positive, or the price is none.
    Invalid,
}

/// One execution of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fill {
    /// The side of our order.
    pub side: Side,
    /// The price of the fill.
    pub price: Price,
    /// Its size; positive.
    pub lots: Lots,
    /// Whether we rested or took.
    pub liquidity: Liquidity,
    /// What it moved into our account, before the fee: negative when we paid.
    pub cash: Cash,
    /// The fee: positive is paid, negative is a rebate.
    pub fee: Cash,
    /// Why the simulated venue filled it, or that a real one did.
    pub reason: FillReason,
    /// Lots of the order that were open after it.
    pub remaining: Lots,
}

/// Who waited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Liquidity {
    /// Our order rested.
    Maker,
    /// Our order took.
    Taker,
}

/// Why a fill happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FillReason {
    /// A print beyond our price: whoever made it would have met us first.
    TradeThrough,
    /// Prints at our price used up the queue ahead of us.
    QueueReached,
    /// The other side of the book came to rest at or beyond our price.
    Crossed,
    /// Our order walked the other side of the book.
    Took,
    /// A real venue reported it.
    Reported,
}
