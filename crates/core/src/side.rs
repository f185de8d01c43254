//! The two sides of a market, written once.

use serde::{Deserialize, Serialize};

use crate::{Lots, Price, Ticks};

/// A side of the book, or of an order: bids buy, asks sell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Buyers.
    Bid,
    /// Sellers.
    Ask,
}

impl Side {
    /// Both sides, bids first.
    pub const BOTH: [Self; 2] = [Self::Bid, Self::Ask];

    /// The other side.
    #[must_use]
    pub const fn opposite(self) -> Self {
        match self {
            Self::Bid => Self::Ask,
            Self::Ask => Self::Bid,
        }
    }

    /// 0 for bids, 1 for asks: an index into arrays of two.
    #[must_use]
    pub const fn index(self) -> usize {
        match self {
            Self::Bid => 0,
            Self::Ask => 1,
        }
    }

    /// +1 for bids, -1 for asks.
    #[must_use]
    pub const fn sign(self) -> i64 {
        match self {
            Self::Bid => 1,
            Self::Ask => -1,
        }
    }

    /// Whether `price` is closer to a trade than `than`, seen from this side: higher for bids,
    /// lower for asks.
    #[must_use]
    pub const fn is_better(self, price: Price, than: Price) -> bool {
        match self {
            Self::Bid => price.ticks() > than.ticks(),
            Self::Ask => price.ticks() < than.ticks(),
        }
    }

    /// A number that orders the prices of a side: the smaller, the better. It wraps at the end of the
    /// price axis, because a check would be a branch that a feed does not let the processor guess.
    #[must_use]
    #[inline]
    pub const fn price_key(self, price: Price) -> i64 {
        let flip = self.flip();
        (price.ticks() ^ flip).wrapping_sub(flip)
    }

    /// The price that has this [key](Self::price_key).
    #[must_use]
    #[inline]
    pub const fn price_of_key(self, key: i64) -> Price {
        let flip = self.flip();
        Price::from_ticks((key ^ flip).wrapping_sub(flip))
    }

    /// All ones where keys are negated, for two's complement: `-x` is `(x ^ -1) - -1`.
    const fn flip(self) -> i64 {
        match self {
            Self::Bid => -1,
            Self::Ask => 0,
        }
    }

    /// Whether an order of this side at `limit` would trade with a resting `quote` of the other side.
    #[must_use]
    pub const fn crosses(self, limit: Price, quote: Price) -> bool {
        match self {
            Self::Bid => limit.ticks() >= quote.ticks(),
            Self::Ask => limit.ticks() <= quote.ticks(),
        }
    }

    /// The price `distance` further away from a trade; `None` beyond the price axis.
    #[must_use]
    pub const fn behind(self, price: Price, distance: Ticks) -> Option<Price> {
        match self {
            Self::Bid => price.checked_add(Ticks::new(-distance.get())),
            Self::Ask => price.checked_add(distance),
        }
    }

    /// `lots` as a change of position: positive when this side buys.
    #[must_use]
    pub fn signed(self, lots: Lots) -> Lots {
        match self {
            Self::Bid => lots,
            Self::Ask => -lots,
        }
    }
}
