//! What an instrument's integers mean. A specification is data that changes, and a change is an event.

use serde::{Deserialize, Serialize};

use crate::{Decimal, Error, InstrumentKind, Lots, Market, Nanos, UnixNanos, Valuation};

/// Where a specification came from: an inferred one is flagged wherever it is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SpecSource {
    /// From `configs/instruments.toml` or the venue's own list.
    Configured,
    /// Configured, then made finer because the data did not fit its grid.
    Refined,
    /// Worked out from the data alone.
    Inferred,
}

/// When a market is open, and what its session is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Calendar {
    /// Always open; the session is the UTC day.
    #[serde(rename = "24x7")]
    AroundTheClock,
    /// The exchange session of B3, America/Sao_Paulo.
    B3,
    /// 09:30 to 16:00 of America/New_York, Monday to Friday.
    Nasdaq,
    /// 17:00 of America/Chicago to 16:00 of the next day, from Sunday to Friday.
    Cme,
}

impl Calendar {
    /// What it is called in configurations and metadata.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AroundTheClock => "24x7",
            Self::B3 => "b3",
            Self::Nasdaq => "nasdaq",
            Self::Cme => "cme",
        }
    }
}

/// What the features of an instrument are measured in, besides ticks, lots and the size unit
/// (FEATURES 14 and 17.28).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeatureUnits {
    /// The height of a row of the session's volume profile, in ticks; above zero.
    pub profile_row_ticks: i64,
    /// The height of a row of the footprint, in ticks; above zero.
    pub footprint_row_ticks: i64,
    /// Half the width of the band around the mid whose depth is counted, in bps; above zero.
    pub depth_band_bps: i64,
    /// How long a print and the depth change that belongs to it may lie apart; zero where both come
    /// in one ordered feed.
    pub match_ttl: Nanos,
    /// How often a perpetual exchanges funding, counted from midnight UTC; `None` where it does not.
    pub funding_interval: Option<Nanos>,
    /// Where the classes of parent trades begin.
    pub size_classes: SizeClasses,
}

/// From how many size units on a parent trade is medium, large, a block and a whale; below the first it
/// is small. Each is above zero and larger than the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SizeClasses(pub [i64; 4]);

impl SizeClasses {
    /// Those of FEATURES 2, for every instrument that says nothing else.
    pub const DEFAULT: Self = Self([5, 20, 50, 100]);

    /// Whether each is above zero and larger than the one before.
    #[must_use]
    pub fn are_ordered(self) -> bool {
        self.0[0] > 0 && self.0.is_sorted_by(|smaller, larger| smaller < larger)
    }

    /// The size units of the smallest large parent.
    #[must_use]
    pub const fn large(self) -> i64 {
        self.0[1]
    }

    /// The size units of the smallest whale.
    #[must_use]
    pub const fn whale(self) -> i64 {
        self.0[3]
    }
}

impl FeatureUnits {
    /// For an instrument that nobody described: rows of one tick, a band of 5 bps, prints and book on
    /// separate streams, no funding, the usual classes.
    pub const UNKNOWN: Self = Self {
        profile_row_ticks: 1,
        footprint_row_ticks: 1,
        depth_band_bps: 5,
        match_ttl: Nanos::from_millis(250),
        funding_interval: None,
        size_classes: SizeClasses::DEFAULT,
    };

    /// The same units where a tick became `factor` of the finer ones; `None` when they do not fit.
    #[must_use]
    pub fn rescaled(self, factor: i64) -> Option<Self> {
        Some(Self {
            profile_row_ticks: self.profile_row_ticks.checked_mul(factor)?,
            footprint_row_ticks: self.footprint_row_ticks.checked_mul(factor)?,
            ..self
        })
    }
}

/// The contract between integers and the world.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstrumentSpec {
    /// The market it trades on.
    pub market: Market,
    /// The venue's own symbol, in capitals: `BTCUSDT`, `BTCUSD_PERP`.
    pub symbol: String,
    /// Spot, linear or inverse.
    pub kind: InstrumentKind,
    /// The asset that is bought: `BTC`.
    pub base: String,
    /// The currency that prices are in: `USDT`.
    pub quote: String,
    /// The currency of profits and fees: the quote, or the base of an inverse contract.
    pub settle: String,
    /// The distance between neighbouring prices, in the quote currency.
    pub tick_size: Decimal,
    /// One lot, in base units (spot, linear) or contracts (inverse, B3).
    pub lot_size: Decimal,
    /// What one unit of size stands for: 1 on spot and USD-M; the contract's amount of quote
    /// currency on COIN-M (100 USD for BTC); money per point elsewhere.
    pub multiplier: Decimal,
    /// Fee of a resting fill as a share of its value; negative is a rebate.
    pub maker_fee: Decimal,
    /// Fee of an aggressive fill as a share of its value.
    pub taker_fee: Decimal,
    /// Lots in one size unit of FEATURES 2 (size classes).
    pub size_unit_lots: Lots,
    /// The other units of features.
    pub units: FeatureUnits,
    /// Sessions.
    pub calendar: Calendar,
    /// From when on it holds.
    pub valid_from: UnixNanos,
    /// Configured, refined or inferred.
    pub source: SpecSource,
}

impl InstrumentSpec {
    /// How sizes and prices of this instrument turn into money.
    ///
    /// # Errors
    /// [`Error::NotPositive`] for a tick, lot or multiplier of zero or less;
    /// [`Error::DecimalOverflow`] when their product does not fit.
    pub fn valuation(&self) -> Result<Valuation, Error> {
        Valuation::new(self)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    #[test]
    fn classes_of_size_go_up_from_above_zero() {
        assert!(SizeClasses::DEFAULT.are_ordered() && SizeClasses([1, 2, 3, 4]).are_ordered());
        for classes in [[0, 1, 2, 3], [-1, 1, 2, 3], [1, 1, 2, 3], [5, 20, 100, 50]] {
            assert!(!SizeClasses(classes).are_ordered(), "{classes:?}");
        }
    }

    /// A linear instrument with that grid and no fees.
    pub(crate) fn spec(tick: &str, lot: &str, multiplier: &str) -> InstrumentSpec {
        InstrumentSpec {
            market: Market::BinanceUsdm,
            symbol: "X".into(),
            kind: InstrumentKind::Linear,
            base: "B".into(),
            quote: "Q".into(),
            settle: "Q".into(),
            tick_size: tick.parse().unwrap(),
            lot_size: lot.parse().unwrap(),
            multiplier: multiplier.parse().unwrap(),
            maker_fee: Decimal::ZERO,
            taker_fee: Decimal::ZERO,
            size_unit_lots: Lots::new(1),
            units: FeatureUnits::UNKNOWN,
            calendar: Calendar::AroundTheClock,
            valid_from: UnixNanos::new(0),
            source: SpecSource::Configured,
        }
    }
}
