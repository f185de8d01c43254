//! From exact decimals to whole ticks and lots, or a plain no.
//!
//! Nothing is rounded here unless the name of the function says so.

use fluxo_core::{Decimal, InstrumentSpec, Lots, Price};

use crate::{Digits, Error};

/// The units of one specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    tick_size: Decimal,
    lot_size: Decimal,
}

/// A grid prepared for mantissas of certain digits: convert a whole message with one of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GridAt {
    digits: Digits,
    price: Ratio,
    size: Ratio,
}

/// `units = mantissa * times / over`, in lowest terms, so that the result is whole exactly when
/// `over` divides the mantissa.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ratio {
    times: i64,
    over: i64,
}

impl Grid {
    /// The grid of a specification.
    ///
    /// # Errors
    /// [`Error::BadGrid`] when the tick or the lot is not positive.
    pub fn new(spec: &InstrumentSpec) -> Result<Self, Error> {
        let (tick_size, lot_size) = (spec.tick_size, spec.lot_size);
        if !tick_size.is_positive() || !lot_size.is_positive() {
            return Err(Error::BadGrid { tick_size, lot_size });
        }
        Ok(Self { tick_size, lot_size })
    }

    /// The grid for mantissas at `digits`.
    ///
    /// # Errors
    /// [`Error::BadGrid`] when the unit is so small, or so large, that the ratio of unit and
    /// mantissa does not fit into 64 bits.
    pub fn at(&self, digits: Digits) -> Result<GridAt, Error> {
        let bad = Error::BadGrid { tick_size: self.tick_size, lot_size: self.lot_size };
        Ok(GridAt {
            digits,
            price: Ratio::new(digits.price, self.tick_size).ok_or(bad)?,
            size: Ratio::new(digits.size, self.lot_size).ok_or(bad)?,
        })
    }

    /// The coarsest grid that holds this one and the given price and size as well.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] when such a grid has no 64-bit units.
    pub(crate) fn refined(self, digits: Digits, price: i64, size: i64) -> Result<Self, Error> {
        Ok(Self {
            tick_size: refined_unit(self.tick_size, price, digits.price)?,
            lot_size: refined_unit(self.lot_size, size, digits.size)?,
        })
    }

    /// One tick, in the quote currency.
    #[must_use]
    pub const fn tick_size(&self) -> Decimal {
        self.tick_size
    }

    /// One lot, in base units or contracts.
    #[must_use]
    pub const fn lot_size(&self) -> Decimal {
        self.lot_size
    }
}

/// The largest unit of which both `unit` and the value are multiples.
fn refined_unit(unit: Decimal, value: i64, digits: u8) -> Result<Decimal, Error> {
    unit.gcd(Decimal::new(value, digits)).ok_or(Error::OutOfRange { value, digits })
}

impl GridAt {
    /// The digits that it was prepared for.
    #[must_use]
    pub const fn digits(&self) -> Digits {
        self.digits
    }

    /// The price of a mantissa.
    ///
    /// # Errors
    /// [`Error::OffGrid`] when it lies between two ticks, [`Error::OutOfRange`] beyond
    /// [`PRICE_TICKS_MAX`](fluxo_core::PRICE_TICKS_MAX).
    #[inline]
    pub fn price(&self, mantissa: i64) -> Result<Price, Error> {
        let failure = |off_grid| self.misfit(mantissa, self.digits.price, off_grid);
        let ticks = self.price.whole(mantissa).map_err(failure)?;
        Price::new(ticks).ok_or_else(|| failure(Misfit::OutOfRange))
    }

    /// The highest price that is not above a mantissa.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] beyond [`PRICE_TICKS_MAX`](fluxo_core::PRICE_TICKS_MAX).
    pub fn price_below(&self, mantissa: i64) -> Result<Price, Error> {
        let ticks = self.price.below(mantissa);
        ticks
            .and_then(Price::new)
            .ok_or(Error::OutOfRange { value: mantissa, digits: self.digits.price })
    }

    /// The lots of a mantissa.
    ///
    /// # Errors
    /// [`Error::OffGrid`] when it is no whole number of lots, [`Error::OutOfRange`] when that number
    /// does not fit into 64 bits.
    #[inline]
    pub fn lots(&self, mantissa: i64) -> Result<Lots, Error> {
        let failure = |off_grid| self.misfit(mantissa, self.digits.size, off_grid);
        self.size.whole(mantissa).map(Lots::new).map_err(failure)
    }

    /// The most whole lots that are not above a mantissa.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] when their number does not fit into 64 bits.
    pub fn lots_below(&self, mantissa: i64) -> Result<Lots, Error> {
        let lots = self.size.below(mantissa).map(Lots::new);
        lots.ok_or(Error::OutOfRange { value: mantissa, digits: self.digits.size })
    }

    #[cold]
    fn misfit(&self, value: i64, digits: u8, misfit: Misfit) -> Error {
        match misfit {
            Misfit::OffGrid => Error::OffGrid { value, digits },
            Misfit::OutOfRange => Error::OutOfRange { value, digits },
        }
    }
}

/// Why a mantissa has no whole number of units.
#[derive(Clone, Copy)]
enum Misfit {
    OffGrid,
    OutOfRange,
}

impl Ratio {
    /// From mantissas at `digits` to multiples of `unit`, which is positive.
    fn new(digits: u8, unit: Decimal) -> Option<Self> {
        let power = |exponent: u8| 10_i64.checked_pow(u32::from(exponent));
        let (times, over) = match unit.exponent().checked_sub(digits) {
            Some(more) => (power(more)?, unit.mantissa()),
            None => (1, unit.mantissa().checked_mul(power(digits - unit.exponent())?)?),
        };
        let divisor = gcd(times, over);
        Some(Self { times: times / divisor, over: over / divisor })
    }

    #[inline]
    fn whole(self, mantissa: i64) -> Result<i64, Misfit> {
        // Most instruments print their own digits: then there is nothing to divide.
        if self.over == 1 {
            return mantissa.checked_mul(self.times).ok_or(Misfit::OutOfRange);
        }
        if mantissa % self.over != 0 {
            return Err(Misfit::OffGrid);
        }
        (mantissa / self.over).checked_mul(self.times).ok_or(Misfit::OutOfRange)
    }

    fn below(self, mantissa: i64) -> Option<i64> {
        let units = i128::from(mantissa) * i128::from(self.times);
        i64::try_from(units.div_euclid(i128::from(self.over))).ok()
    }
}

/// Of two positive numbers.
fn gcd(mut a: i64, mut b: i64) -> i64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(tick: &str, lot: &str) -> Grid {
        Grid { tick_size: tick.parse().unwrap(), lot_size: lot.parse().unwrap() }
    }

    fn price(tick: &str, mantissa: i64, digits: u8) -> Result<i64, Error> {
        let at = grid(tick, "1").at(Digits { price: digits, size: 0 }).unwrap();
        at.price(mantissa).map(Price::ticks)
    }

    #[test]
    fn a_value_becomes_units_exactly_or_not_at_all() {
        assert_eq!(price("0.1", 618_002, 1), Ok(618_002));
        assert_eq!(price("0.1", 6_180_020, 2), Ok(618_002));
        assert_eq!(price("0.1", 6_180_021, 2), Err(Error::OffGrid { value: 6_180_021, digits: 2 }));
        assert_eq!(price("0.01", 61_800, 0), Ok(6_180_000));
        assert_eq!(price("0.25", 45_175, 1), Ok(18_070));
        assert_eq!(price("0.25", 45_171, 1), Err(Error::OffGrid { value: 45_171, digits: 1 }));
        assert_eq!(price("5", 1_000, 1), Ok(20));
    }

    #[test]
    fn what_is_beyond_the_price_axis_is_refused() {
        let beyond = fluxo_core::PRICE_TICKS_MAX + 1;
        assert_eq!(price("1", beyond, 0), Err(Error::OutOfRange { value: beyond, digits: 0 }));
        assert!(price("0.00000001", i64::MAX / 2, 0).is_err());
    }

    #[test]
    fn rounding_down_says_so() {
        let at = grid("0.1", "0.01").at(Digits { price: 3, size: 3 }).unwrap();
        assert_eq!(at.price_below(61_899).map(Price::ticks), Ok(618));
        assert_eq!(at.lots_below(29).map(Lots::get), Ok(2));
    }

    #[test]
    fn a_refined_grid_holds_the_old_one() {
        let digits = Digits { price: 2, size: 6 };
        let refined = grid("0.1", "0.00001").refined(digits, 6_183_763, 1_000_001).unwrap();
        assert_eq!(refined, grid("0.01", "0.000001"));
    }

    #[test]
    fn a_grid_needs_positive_units() {
        let spec = crate::inference::tests::spec("0", "1");
        assert!(matches!(Grid::new(&spec), Err(Error::BadGrid { .. })));
    }
}
