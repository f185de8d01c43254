//! What the regime vector is made of: a few features of one grid second, each on a scale on which
//! it is roughly symmetric.

use serde::{Deserialize, Serialize};

use super::matrix::{SIZE_MAX, Vector};
use crate::catalogue::index;

/// Which features the regime vector sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum InputSet {
    /// Twelve, most of them of the book.
    Book,
    /// Eight of trades alone, for a feed without a book.
    Trades,
}

impl InputSet {
    /// How many inputs it has.
    #[must_use]
    pub const fn len(self) -> usize {
        match self {
            Self::Book => 12,
            Self::Trades => 8,
        }
    }

    /// A set is never empty.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The place of the logarithm of volatility, which decides between stress and quiet.
    pub(crate) const fn volatility(self) -> usize {
        match self {
            Self::Book => 3,
            Self::Trades => 2,
        }
    }
}

/// The inputs of one grid second: NaN where one is missing.
#[derive(Clone, Copy, Debug)]
pub struct NsmiInputs {
    pub(crate) values: Vector,
    pub(crate) efficiency_ratio: f64,
}

/// The inputs from the features of one grid second.
///
/// `value` gives a slot as the engine computed it, in `f64`, before the row narrows it to `f32`: so
/// the regime vector does not depend on whether a row is due at that second.
#[must_use]
pub fn inputs_from(set: InputSet, value: impl Fn(usize) -> Option<f64>) -> NsmiInputs {
    let at = |slot: usize| value(slot).unwrap_or(f64::NAN);
    let (asinh, ln) = (|slot| libm::asinh(at(slot)), |slot| libm::log(at(slot)));
    let volatility = |slot| libm::log(at(slot) + 0.01);
    let mut values = [f64::NAN; SIZE_MAX];
    match set {
        InputSet::Book => values[..12].copy_from_slice(&[
            asinh(index::RET_1S),
            asinh(index::RET_10S),
            volatility(index::VOL_10S),
            volatility(index::VOL_30S),
            ln(index::SPREAD_ABS),
            at(index::IMBALANCE),
            at(index::DEPTH_IMBALANCE),
            libm::log(at(index::AVG_BID_QTY) + at(index::AVG_ASK_QTY)),
            asinh(index::OFI_5S),
            at(index::VOLUME_IMBALANCE),
            libm::log1p(at(index::TRADE_INTENSITY_10S)),
            ln(index::TRADE_SIZE_EW),
        ]),
        InputSet::Trades => values[..8].copy_from_slice(&[
            asinh(index::TRET_1S),
            asinh(index::TRET_10S),
            volatility(index::RV_60S),
            at(index::EFFICIENCY_RATIO_60S),
            at(index::VOLUME_IMBALANCE),
            libm::log1p(at(index::TRADE_INTENSITY_10S)),
            ln(index::TRADE_SIZE_EW),
            at(index::VPIN),
        ]),
    }
    NsmiInputs { values, efficiency_ratio: at(index::EFFICIENCY_RATIO_60S) }
}
