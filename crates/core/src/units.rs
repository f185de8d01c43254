//! Prices, distances, sizes and money as integers that cannot be mixed up.
//!
//! Operators are checked in every profile, also where this crate is a dependency of somebody whose
//! release builds wrap: an overflow panics.

use core::fmt;
use core::ops::{Add, AddAssign, Mul, Neg, Sub, SubAssign};

use serde::{Deserialize, Serialize};

/// Ticks beyond this are not a price: 2^53, the last integer that an `f64` counts exactly.
pub const PRICE_TICKS_MAX: i64 = 1 << 53;

/// Digits after the point of [`Cash`]: one unit is 1e-8 of the settlement currency.
pub const CASH_SCALE_DIGITS: u32 = 8;

/// Where an order can rest, in ticks of the instrument's specification. A position on the price
/// axis: two of them differ by [`Ticks`], and their sum means nothing.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Price(i64);

/// A distance between two prices, in ticks.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Ticks(i64);

/// A size in lots of the instrument's specification. Signed where it is a position: long is positive.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Lots(i64);

/// Money in units of 1e-8 of the settlement currency, exact. Positive is ours.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Cash(i128);

impl Price {
    /// The price at `ticks`, or `None` beyond [`PRICE_TICKS_MAX`] on either side.
    #[must_use]
    pub const fn new(ticks: i64) -> Option<Self> {
        if ticks >= -PRICE_TICKS_MAX && ticks <= PRICE_TICKS_MAX { Some(Self(ticks)) } else { None }
    }

    /// The price at `ticks`.
    ///
    /// # Panics
    /// Beyond [`PRICE_TICKS_MAX`]: for constants and for ticks that were checked before.
    #[must_use]
    pub const fn from_ticks(ticks: i64) -> Self {
        match Self::new(ticks) {
            Some(price) => price,
            None => panic!("price beyond PRICE_TICKS_MAX"),
        }
    }

    /// The number of ticks from zero.
    #[must_use]
    pub const fn ticks(self) -> i64 {
        self.0
    }

    /// The price `distance` away, or `None` beyond [`PRICE_TICKS_MAX`].
    #[must_use]
    pub const fn checked_add(self, distance: Ticks) -> Option<Self> {
        match self.0.checked_add(distance.0) {
            Some(ticks) => Self::new(ticks),
            None => None,
        }
    }

    /// The same price after the tick became `factor` times finer; `None` beyond the maximum.
    #[must_use]
    pub const fn rescaled(self, factor: i64) -> Option<Self> {
        match self.0.checked_mul(factor) {
            Some(ticks) => Self::new(ticks),
            None => None,
        }
    }
}

impl Add<Ticks> for Price {
    type Output = Self;
    fn add(self, distance: Ticks) -> Self {
        self.checked_add(distance).expect("price beyond PRICE_TICKS_MAX")
    }
}

impl Sub<Ticks> for Price {
    type Output = Self;
    fn sub(self, distance: Ticks) -> Self {
        self + -distance
    }
}

impl Sub for Price {
    type Output = Ticks;
    fn sub(self, other: Self) -> Ticks {
        // Both lie within 2^53, so the difference fits.
        Ticks(self.0 - other.0)
    }
}

impl Ticks {
    /// A distance of `ticks`.
    #[must_use]
    pub const fn new(ticks: i64) -> Self {
        Self(ticks)
    }

    /// The number of ticks.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl Lots {
    /// No lots.
    pub const ZERO: Self = Self(0);

    /// A size of `lots`.
    #[must_use]
    pub const fn new(lots: i64) -> Self {
        Self(lots)
    }

    /// The number of lots.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }

    /// The size without its sign.
    ///
    /// # Panics
    /// At `i64::MIN`, which has no positive twin.
    #[must_use]
    pub const fn abs(self) -> Self {
        Self(self.0.checked_abs().expect("lots overflow"))
    }

    /// The same size after the lot became `factor` times finer; `None` when it overflows.
    #[must_use]
    pub const fn rescaled(self, factor: i64) -> Option<Self> {
        match self.0.checked_mul(factor) {
            Some(lots) => Some(Self(lots)),
            None => None,
        }
    }
}

impl Cash {
    /// No money.
    pub const ZERO: Self = Self(0);

    /// `units` of 1e-8 of the settlement currency.
    #[must_use]
    pub const fn from_units(units: i128) -> Self {
        Self(units)
    }

    /// The amount in units of 1e-8.
    #[must_use]
    pub const fn units(self) -> i128 {
        self.0
    }

    /// The amount in whole units of the currency, as a view for reports: the nearest `f64`.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a view for reports, never a key")]
    pub fn to_f64(self) -> f64 {
        self.0 as f64 / 1e8
    }
}

impl fmt::Display for Cash {
    /// Exact decimal digits: `-0.00000001`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scale = 10_u128.pow(CASH_SCALE_DIGITS);
        let magnitude = self.0.unsigned_abs();
        let sign = if self.0 < 0 { "-" } else { "" };
        write!(f, "{sign}{}.{:08}", magnitude / scale, magnitude % scale)
    }
}

/// Addition, subtraction and negation for a quantity that may be summed.
macro_rules! summable {
    ($name:ident, $what:literal) => {
        impl Add for $name {
            type Output = Self;
            fn add(self, other: Self) -> Self {
                Self(self.0.checked_add(other.0).expect(concat!($what, " overflow")))
            }
        }
        impl Sub for $name {
            type Output = Self;
            fn sub(self, other: Self) -> Self {
                Self(self.0.checked_sub(other.0).expect(concat!($what, " overflow")))
            }
        }
        impl Neg for $name {
            type Output = Self;
            fn neg(self) -> Self {
                Self(self.0.checked_neg().expect(concat!($what, " overflow")))
            }
        }
        impl AddAssign for $name {
            fn add_assign(&mut self, other: Self) {
                *self = *self + other;
            }
        }
        impl SubAssign for $name {
            fn sub_assign(&mut self, other: Self) {
                *self = *self - other;
            }
        }
        impl core::iter::Sum for $name {
            fn sum<I: Iterator<Item = Self>>(items: I) -> Self {
                items.fold(Self(0), Add::add)
            }
        }
        impl $name {
            /// The sum, or `None` when it overflows.
            #[must_use]
            pub const fn checked_add(self, other: Self) -> Option<Self> {
                match self.0.checked_add(other.0) {
                    Some(sum) => Some(Self(sum)),
                    None => None,
                }
            }
        }
    };
}
summable!(Ticks, "ticks");
summable!(Lots, "lots");
summable!(Cash, "cash");

impl Mul<i64> for Ticks {
    type Output = Self;
    fn mul(self, factor: i64) -> Self {
        Self(self.0.checked_mul(factor).expect("ticks overflow"))
    }
}

impl Mul<i64> for Lots {
    type Output = Self;
    fn mul(self, factor: i64) -> Self {
        Self(self.0.checked_mul(factor).expect("lots overflow"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cash_prints_every_digit() {
        assert_eq!(Cash::from_units(-1).to_string(), "-0.00000001");
        assert_eq!(Cash::from_units(123_456_789_012).to_string(), "1234.56789012");
    }

    #[test]
    fn a_price_ends_where_floats_stop_counting() {
        assert!(Price::new(PRICE_TICKS_MAX).is_some());
        assert!(Price::new(PRICE_TICKS_MAX + 1).is_none());
        assert!(Price::from_ticks(PRICE_TICKS_MAX).checked_add(Ticks::new(1)).is_none());
    }
}
