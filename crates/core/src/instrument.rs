//! Which instrument, and what kind of contract it is.

use core::fmt;

use serde::{Deserialize, Serialize};

/// A dense index of an instrument within one run: it indexes vectors sized at start-up.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct InstrumentId(u16);

impl InstrumentId {
    /// The instrument at `index`.
    #[must_use]
    pub const fn new(index: u16) -> Self {
        Self(index)
    }

    /// Its place in vectors of instruments.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// Where an instrument trades.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Venue {
    /// Binance.
    Binance,
    /// B3, the Brazilian exchange.
    B3,
    /// NASDAQ.
    Nasdaq,
    /// CME Group.
    Cme,
}

/// One order-matching market of a venue: symbols are unique within it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Market {
    /// Binance spot.
    BinanceSpot,
    /// Binance futures margined in a stablecoin.
    BinanceUsdm,
    /// Binance futures margined in the coin itself.
    BinanceCoinm,
    /// B3 futures.
    B3Futures,
    /// Stocks on NASDAQ.
    Nasdaq,
    /// Futures of CME Group on Globex.
    CmeFutures,
}

impl Market {
    /// Every market.
    pub const ALL: [Self; 6] = [
        Self::BinanceSpot,
        Self::BinanceUsdm,
        Self::BinanceCoinm,
        Self::B3Futures,
        Self::Nasdaq,
        Self::CmeFutures,
    ];

    /// Whether its feeds state every order: a book is made of orders here, not of levels.
    #[must_use]
    pub const fn is_order_by_order(self) -> bool {
        matches!(self, Self::Nasdaq | Self::CmeFutures)
    }

    /// The venue that runs this market.
    #[must_use]
    pub const fn venue(self) -> Venue {
        match self {
            Self::BinanceSpot | Self::BinanceUsdm | Self::BinanceCoinm => Venue::Binance,
            Self::B3Futures => Venue::B3,
            Self::Nasdaq => Venue::Nasdaq,
            Self::CmeFutures => Venue::Cme,
        }
    }

    /// The kind of contract that trades here.
    #[must_use]
    pub const fn kind(self) -> InstrumentKind {
        match self {
            Self::BinanceSpot | Self::Nasdaq => InstrumentKind::Spot,
            Self::BinanceUsdm | Self::B3Futures | Self::CmeFutures => InstrumentKind::Linear,
            Self::BinanceCoinm => InstrumentKind::Inverse,
        }
    }

    /// The name used on command lines, in configurations and as the lake's `venue=` folder.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::BinanceSpot => "binance-spot",
            Self::BinanceUsdm => "binance-usdm",
            Self::BinanceCoinm => "binance-coinm",
            Self::B3Futures => "b3-futures",
            Self::Nasdaq => "nasdaq",
            Self::CmeFutures => "cme-futures",
        }
    }

    /// The market of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|market| market.name() == name)
    }
}

impl fmt::Display for Market {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// How a position turns price changes into money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InstrumentKind {
    /// The asset itself, paid in the quote currency.
    Spot,
    /// A contract on a quantity of the base, settled in the quote currency.
    Linear,
    /// A contract on an amount of the quote currency, settled in the base: its profit is inverse.
    Inverse,
}
