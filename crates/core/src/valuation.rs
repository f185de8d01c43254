//! Exact money: what a fill costs and what a position is worth.
//!
//! Amounts are exact fractions until the last step, where they are rounded once to
//! [`Cash`] units, always against us.

use crate::{Cash, Decimal, Error, InstrumentKind, InstrumentSpec, Lots, Price, Side};

/// The arithmetic of one instrument's contract, prepared from its specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Valuation {
    inverse: bool,
    /// Linear: units of cash per tick and lot = `scale / divisor`.
    /// Inverse: units of cash per lot over ticks = `scale / divisor`.
    scale: i128,
    divisor: i128,
    /// The tick size as `tick_mantissa / tick_denominator`.
    tick_mantissa: i128,
    tick_denominator: i128,
}

/// Where an exact fraction goes when it is not a whole unit.
#[derive(Clone, Copy)]
enum Rounding {
    Down,
    Up,
}

impl Valuation {
    pub(crate) fn new(spec: &InstrumentSpec) -> Result<Self, Error> {
        let parts = [spec.tick_size, spec.lot_size, spec.multiplier];
        if parts.iter().any(|part| !part.is_positive()) {
            return Err(Error::NotPositive);
        }
        let inverse = spec.kind == InstrumentKind::Inverse;
        let size = i128::from(spec.lot_size.mantissa()) * i128::from(spec.multiplier.mantissa());
        let size_digits =
            i32::from(spec.lot_size.exponent()) + i32::from(spec.multiplier.exponent());
        let (tick, tick_digits) =
            (i128::from(spec.tick_size.mantissa()), i32::from(spec.tick_size.exponent()));
        // Cash has eight digits; what the factors have beyond them goes into the divisor.
        let (scale, divisor, digits) = if inverse {
            (size, tick, 8 + tick_digits - size_digits)
        } else {
            (
                size.checked_mul(tick).ok_or(Error::DecimalOverflow)?,
                1,
                8 - tick_digits - size_digits,
            )
        };
        let power = 10_i128.checked_pow(digits.unsigned_abs()).ok_or(Error::DecimalOverflow)?;
        let (scale, divisor) = if digits >= 0 {
            (scale.checked_mul(power), Some(divisor))
        } else {
            (Some(scale), divisor.checked_mul(power))
        };
        Ok(Self {
            inverse,
            scale: scale.ok_or(Error::DecimalOverflow)?,
            divisor: divisor.ok_or(Error::DecimalOverflow)?,
            tick_mantissa: tick,
            tick_denominator: 10_i128
                .checked_pow(tick_digits.unsigned_abs())
                .ok_or(Error::DecimalOverflow)?,
        })
    }

    /// The value of `lots` at `price`, without sign, rounded up: an upper bound on the exposure in
    /// the settlement currency. `None` when it overflows or an inverse contract has no positive price.
    #[must_use]
    pub fn notional(&self, price: Price, lots: Lots) -> Option<Cash> {
        let (numerator, denominator) = self.magnitude(price, lots)?;
        Some(Cash::from_units(divide(numerator, denominator, Rounding::Up)))
    }

    /// What a fill moves into our account, before fees: negative when we pay. Buying a linear
    /// instrument pays its value; buying an inverse contract is credited with it, because its
    /// profit is `lots * (1/entry - 1/exit)`. Rounded against us.
    #[must_use]
    pub fn cash_flow(&self, side: Side, price: Price, lots: Lots) -> Option<Cash> {
        let (numerator, denominator) = self.fraction(price, lots)?;
        let pays = match side {
            Side::Bid => !self.inverse,
            Side::Ask => self.inverse,
        };
        let numerator = if pays { -numerator } else { numerator };
        // Down is towards minus infinity: a payment grows, a receipt shrinks.
        Some(Cash::from_units(divide(numerator, denominator, Rounding::Down)))
    }

    /// The fee of a fill at `rate` of its value without sign, so that a negative price earns no fee:
    /// positive is paid, negative is a rebate. Rounded against us.
    #[must_use]
    pub fn fee(&self, price: Price, lots: Lots, rate: Decimal) -> Option<Cash> {
        let (numerator, denominator) = self.magnitude(price, lots)?;
        let numerator = numerator.checked_mul(i128::from(rate.mantissa()))?;
        let denominator =
            denominator.checked_mul(10_i128.checked_pow(u32::from(rate.exponent()))?)?;
        Some(Cash::from_units(divide(numerator, denominator, Rounding::Up)))
    }

    /// What closing `position` (signed) at `price` would move into our account, before fees.
    #[must_use]
    pub fn liquidation(&self, position: Lots, price: Price) -> Option<Cash> {
        if position == Lots::ZERO {
            return Some(Cash::ZERO);
        }
        let side = if position > Lots::ZERO { Side::Ask } else { Side::Bid };
        self.cash_flow(side, price, position.abs())
    }

    /// An amount of the settlement currency in the quote currency, at `price`: the same amount,
    /// except for an inverse contract, which settles in the base. Rounded towards minus infinity.
    #[must_use]
    pub fn in_quote(&self, settled: Cash, price: Price) -> Option<Cash> {
        if !self.inverse {
            return Some(settled);
        }
        let numerator = settled
            .units()
            .checked_mul(i128::from(price.ticks()))?
            .checked_mul(self.tick_mantissa)?;
        Some(Cash::from_units(divide(numerator, self.tick_denominator, Rounding::Down)))
    }

    /// [`Self::fraction`] without its sign.
    fn magnitude(&self, price: Price, lots: Lots) -> Option<(i128, i128)> {
        let (numerator, denominator) = self.fraction(price, lots)?;
        Some((numerator.checked_abs()?, denominator))
    }

    /// The value of `lots` at `price` in cash units, as an exact fraction with a positive
    /// denominator; negative at a negative price.
    fn fraction(&self, price: Price, lots: Lots) -> Option<(i128, i128)> {
        let lots = i128::from(lots.get().checked_abs()?);
        let ticks = i128::from(price.ticks());
        let base = lots.checked_mul(self.scale)?;
        if self.inverse {
            (ticks > 0).then_some(())?;
            Some((base, self.divisor.checked_mul(ticks)?))
        } else {
            Some((base.checked_mul(ticks)?, self.divisor))
        }
    }
}

fn divide(numerator: i128, denominator: i128, rounding: Rounding) -> i128 {
    let (quotient, remainder) =
        (numerator.div_euclid(denominator), numerator.rem_euclid(denominator));
    match rounding {
        Rounding::Down => quotient,
        Rounding::Up => quotient + i128::from(remainder != 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::tests::spec;

    fn valuation(kind: InstrumentKind, tick: &str, lot: &str, multiplier: &str) -> Valuation {
        InstrumentSpec { kind, ..spec(tick, lot, multiplier) }.valuation().unwrap()
    }

    #[test]
    fn a_linear_fill_is_price_times_size() {
        let usdm = valuation(InstrumentKind::Linear, "0.1", "0.001", "1");
        let (price, lots) = (Price::from_ticks(618_002), Lots::new(3));
        // 61800.2 * 0.003 = 185.4006
        assert_eq!(usdm.cash_flow(Side::Bid, price, lots), Some(Cash::from_units(-18_540_060_000)));
        assert_eq!(usdm.cash_flow(Side::Ask, price, lots), Some(Cash::from_units(18_540_060_000)));
        // 5 bps of it: 0.0927003
        let fee = usdm.fee(price, lots, "0.0005".parse().unwrap());
        assert_eq!(fee, Some(Cash::from_units(9_270_030)));
        assert_eq!(usdm.in_quote(Cash::from_units(7), price), Some(Cash::from_units(7)));
    }

    #[test]
    fn an_inverse_contract_earns_in_the_coin() {
        let coinm = valuation(InstrumentKind::Inverse, "0.1", "1", "100");
        let (entry, exit) = (Price::from_ticks(500_000), Price::from_ticks(625_000));
        let lots = Lots::new(10);
        let buy = coinm.cash_flow(Side::Bid, entry, lots).unwrap();
        let sell = coinm.cash_flow(Side::Ask, exit, lots).unwrap();
        // 10 contracts of 100 USD: 1000 * (1/50000 - 1/62500) = 0.004 BTC
        assert_eq!(buy + sell, Cash::from_units(400_000));
        // … which at 62500 are 250 USD.
        assert_eq!(coinm.in_quote(buy + sell, exit), Some(Cash::from_units(25_000_000_000)));
    }

    #[test]
    fn rounding_is_always_against_us() {
        // One lot at one tick is worth 1e-9: less than a unit of cash.
        let tiny = valuation(InstrumentKind::Spot, "0.00001", "0.0001", "1");
        let (price, lots) = (Price::from_ticks(1), Lots::new(1));
        assert_eq!(tiny.cash_flow(Side::Bid, price, lots), Some(Cash::from_units(-1)));
        assert_eq!(tiny.cash_flow(Side::Ask, price, lots), Some(Cash::ZERO));
        let (fee, rebate) = ("0.001".parse().unwrap(), "-0.001".parse().unwrap());
        assert_eq!(tiny.fee(price, lots, fee), Some(Cash::from_units(1)));
        assert_eq!(tiny.fee(price, lots, rebate), Some(Cash::ZERO));
    }

    #[test]
    fn an_inverse_contract_without_a_price_has_no_value() {
        let coinm = valuation(InstrumentKind::Inverse, "0.1", "1", "100");
        assert_eq!(coinm.notional(Price::from_ticks(0), Lots::new(1)), None);
    }

    #[test]
    fn a_negative_price_has_a_value_and_costs_a_fee() {
        let linear = valuation(InstrumentKind::Linear, "0.01", "1", "1000");
        let lots = Lots::new(2);
        let [above, below] = [3_763, -3_763].map(Price::from_ticks);
        // 37.63 * 2 * 1000 = 75260
        assert_eq!(linear.notional(below, lots), Some(Cash::from_units(75_260 * 100_000_000)));
        assert_eq!(linear.notional(below, lots), linear.notional(above, lots));
        let rate = "0.001".parse().unwrap();
        assert_eq!(linear.fee(below, lots, rate), linear.fee(above, lots, rate));
        // Money does move the other way: who sells at a negative price pays.
        let paid = Some(Cash::from_units(-75_260 * 100_000_000));
        assert_eq!(linear.cash_flow(Side::Ask, below, lots), paid);
    }
}
