//! How big something should be, before an instrument's lots are known.

use serde::{Deserialize, Serialize};

use crate::{Decimal, InstrumentKind, InstrumentSpec, Lots, Price};

/// A size as a person states it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Size {
    /// Units of the instrument: base units, or contracts.
    Quantity(Decimal),
    /// Value in the quote currency.
    Notional(Decimal),
}

impl Size {
    /// The lots of an order of this size: the whole lots that come nearest from below, and at least
    /// one, because an order of nothing is none. `None` when the arithmetic overflows, or a value is
    /// asked for without a positive price.
    #[must_use]
    pub fn order_lots(&self, spec: &InstrumentSpec, price: Price) -> Option<Lots> {
        self.limit_lots(spec, price).map(|lots| lots.max(Lots::new(1)))
    }

    /// The lots that stay within a limit of this size: the whole lots that come nearest from below.
    /// Below one lot it is none at all: rounded up, the limit would allow what it forbids. `None`
    /// where [`Self::order_lots`] is `None`.
    #[must_use]
    pub fn limit_lots(&self, spec: &InstrumentSpec, price: Price) -> Option<Lots> {
        let (wanted, one_lot) = match self {
            Self::Quantity(quantity) => (*quantity, fraction(spec.lot_size)),
            Self::Notional(value) => (*value, quote_value_of_one_lot(spec, price)?),
        };
        let (numerator, digits) = one_lot;
        if numerator <= 0 {
            return None;
        }
        // wanted / one_lot, both brought to the same number of digits.
        let (wanted_digits, one_digits) = (u32::from(wanted.exponent()), digits);
        let common = wanted_digits.max(one_digits);
        let wanted = i128::from(wanted.mantissa()).checked_mul(ten_to(common - wanted_digits)?)?;
        let one_lot = numerator.checked_mul(ten_to(common - one_digits)?)?;
        i64::try_from((wanted / one_lot).max(0)).ok().map(Lots::new)
    }
}

/// The value of one lot in the quote currency, as `numerator * 10^-digits`.
fn quote_value_of_one_lot(spec: &InstrumentSpec, price: Price) -> Option<(i128, u32)> {
    let (lot, lot_digits) = fraction(spec.lot_size);
    let (multiplier, multiplier_digits) = fraction(spec.multiplier);
    let (value, digits) = (lot.checked_mul(multiplier)?, lot_digits + multiplier_digits);
    if spec.kind == InstrumentKind::Inverse {
        return Some((value, digits));
    }
    let (tick, tick_digits) = fraction(spec.tick_size);
    let price = i128::from(price.ticks()).checked_mul(tick)?;
    Some((value.checked_mul(price)?, digits + tick_digits))
}

fn fraction(decimal: Decimal) -> (i128, u32) {
    (i128::from(decimal.mantissa()), u32::from(decimal.exponent()))
}

fn ten_to(power: u32) -> Option<i128> {
    10_i128.checked_pow(power)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::tests::spec;

    fn lots(
        size: Size,
        tick: &str,
        lot: &str,
        multiplier: &str,
        kind: InstrumentKind,
        ticks: i64,
    ) -> Option<i64> {
        let spec = InstrumentSpec { kind, ..spec(tick, lot, multiplier) };
        size.order_lots(&spec, Price::from_ticks(ticks)).map(Lots::get)
    }

    #[test]
    fn a_value_becomes_whole_lots() {
        let hundred = Size::Notional(Decimal::new(100, 0));
        // One lot is 0.001 * 61800.2 = 61.8002.
        assert_eq!(lots(hundred, "0.1", "0.001", "1", InstrumentKind::Linear, 618_002), Some(1));
        // One lot is 0.00001 * 61800.02 = 0.6180002.
        assert_eq!(
            lots(hundred, "0.01", "0.00001", "1", InstrumentKind::Spot, 6_180_002),
            Some(161)
        );
        // One contract is 10 USD, whatever the price.
        assert_eq!(lots(hundred, "0.01", "1", "10", InstrumentKind::Inverse, 300_000), Some(10));
        assert_eq!(lots(hundred, "0.01", "1", "1", InstrumentKind::Linear, 0), None);
    }

    #[test]
    fn a_quantity_needs_no_price() {
        let size = Size::Quantity("0.05".parse().unwrap());
        assert_eq!(lots(size, "0.1", "0.001", "1", InstrumentKind::Linear, 0), Some(50));
        assert_eq!(lots(size, "0.1", "1", "1", InstrumentKind::Linear, 0), Some(1));
    }

    #[test]
    fn a_limit_below_one_lot_is_no_lot() {
        let limit = |text: &str| {
            let size = Size::Quantity(text.parse().unwrap());
            let (spec, price) = (spec("0.1", "0.001", "1"), Price::from_ticks(600_000));
            (size.limit_lots(&spec, price), size.order_lots(&spec, price))
        };
        let lots = |lots| Some(Lots::new(lots));
        assert_eq!(limit("0.0001"), (lots(0), lots(1)));
        assert_eq!(limit("0.0029"), (lots(2), lots(2)));
        assert_eq!(limit("-0.01"), (lots(0), lots(1)));
    }
}
