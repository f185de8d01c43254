//! What the coordinator wants, and why.

use serde::{Deserialize, Serialize};

use crate::{Forecast, InstrumentId, Lots, Opinions, Price, UnixNanos};

/// The rule that formed an intent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StrategyKind {
    /// A threshold on the imbalance of the best level, with hysteresis.
    Imbalance,
    /// Joins the best bid and the best ask.
    Maker,
    /// Follows the flow agents.
    Agents,
    /// Follows the models of a bundle.
    Ensemble,
}

impl StrategyKind {
    /// The name used on command lines and in configurations.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Imbalance => "imbalance",
            Self::Maker => "maker",
            Self::Agents => "agents",
            Self::Ensemble => "ensemble",
        }
    }
}

/// A price and a size to rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// Where.
    pub price: Price,
    /// How much; positive.
    pub lots: Lots,
}

/// The state of affairs that the coordinator wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Target {
    /// Hold this many lots (signed), and take liquidity to get there.
    Position(Lots),
    /// Rest these quotes, and nothing else.
    Quotes {
        /// On the bid; `None` to rest nothing there.
        bid: Option<Quote>,
        /// On the ask; `None` to rest nothing there.
        ask: Option<Quote>,
        /// Cancel and quote again on every decision, also where the price did not move.
        renew: bool,
    },
}

/// Why a decision was taken: recorded as data with every order.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Why {
    /// The grid time of the feature row that was decided on.
    pub row: UnixNanos,
    /// The rule that decided.
    pub strategy: StrategyKind,
    /// The number it decided on, in the rule's own unit; positive points up.
    pub signal: f64,
    /// The threshold that the number was held against.
    pub threshold: f64,
    /// What the agents thought at that moment, whether or not the rule listens to them.
    pub opinions: Opinions,
    /// What the models said of the row, whether or not the rule listens to them; `None` without a
    /// bundle.
    pub forecast: Option<Forecast>,
}

/// What the coordinator wants for one instrument.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Intent {
    /// Which instrument.
    pub instrument: InstrumentId,
    /// What is wanted.
    pub target: Target,
    /// Why.
    pub why: Why,
}
