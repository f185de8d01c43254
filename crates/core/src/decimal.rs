//! Exact decimals, as venues print them.

use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Error;

/// `mantissa * 10^-exponent`, normalised: no trailing zero digit after the point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Decimal {
    mantissa: i64,
    exponent: u8,
}

impl Decimal {
    /// Zero.
    pub const ZERO: Self = Self { mantissa: 0, exponent: 0 };
    /// One.
    pub const ONE: Self = Self { mantissa: 1, exponent: 0 };

    /// `mantissa * 10^-exponent`.
    #[must_use]
    pub const fn new(mut mantissa: i64, mut exponent: u8) -> Self {
        while exponent > 0 && mantissa % 10 == 0 {
            mantissa /= 10;
            exponent -= 1;
        }
        Self { mantissa, exponent }
    }

    /// The digits, as one integer.
    #[must_use]
    pub const fn mantissa(self) -> i64 {
        self.mantissa
    }

    /// How many of the digits stand after the point.
    #[must_use]
    pub const fn exponent(self) -> u8 {
        self.exponent
    }

    /// Whether the value is above zero.
    #[must_use]
    pub const fn is_positive(self) -> bool {
        self.mantissa > 0
    }

    /// The mantissa at a finer or equal exponent; `None` when it is coarser or overflows.
    #[must_use]
    pub fn mantissa_at(self, exponent: u8) -> Option<i64> {
        let more = exponent.checked_sub(self.exponent)?;
        self.mantissa.checked_mul(10_i64.checked_pow(u32::from(more))?)
    }

    /// The largest decimal of which both are whole multiples; `None` when it needs over 64 bits.
    #[must_use]
    pub fn gcd(self, other: Self) -> Option<Self> {
        let exponent = self.exponent.max(other.exponent);
        let (mut a, mut b) = (
            self.mantissa_at(exponent)?.unsigned_abs(),
            other.mantissa_at(exponent)?.unsigned_abs(),
        );
        while b != 0 {
            (a, b) = (b, a % b);
        }
        Some(Self::new(i64::try_from(a).ok()?, exponent))
    }

    /// How many of `unit` make up this value, when that is a whole number.
    #[must_use]
    pub fn multiple_of(self, unit: Self) -> Option<i64> {
        let exponent = self.exponent.max(unit.exponent);
        let (value, unit) = (self.mantissa_at(exponent)?, unit.mantissa_at(exponent)?);
        (unit != 0 && value % unit == 0).then(|| value / unit)
    }

    /// The nearest `f64`, as a view for reports and features.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a view, never a key")]
    pub fn to_f64(self) -> f64 {
        self.mantissa as f64 / 10_f64.powi(i32::from(self.exponent))
    }
}

impl FromStr for Decimal {
    type Err = Error;

    /// Reads `[-]digits[.digits]`; no exponent notation, no spaces, no bare point.
    fn from_str(text: &str) -> Result<Self, Error> {
        let (mut mantissa, mut exponent, mut seen_point, mut after_digit) =
            (0_i64, 0_u8, false, false);
        let (negative, start) = if text.starts_with('-') { (true, 1) } else { (false, 0) };
        for (at, byte) in text.bytes().enumerate().skip(start) {
            match byte {
                b'0'..=b'9' => {
                    mantissa = mantissa
                        .checked_mul(10)
                        .and_then(|m| m.checked_add(i64::from(byte - b'0')))
                        .ok_or(Error::DecimalOverflow)?;
                    exponent =
                        exponent.checked_add(u8::from(seen_point)).ok_or(Error::DecimalOverflow)?;
                    after_digit = true;
                }
                b'.' if after_digit && !seen_point => (seen_point, after_digit) = (true, false),
                _ => return Err(Error::NotADecimal { at }),
            }
        }
        if !after_digit {
            return Err(Error::NotADecimal { at: text.len() });
        }
        Ok(Self::new(if negative { -mantissa } else { mantissa }, exponent))
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = usize::from(self.exponent);
        let text = format!("{:0width$}", self.mantissa.unsigned_abs(), width = digits + 1);
        let (whole, fraction) = text.split_at(text.len() - digits);
        let sign = if self.mantissa < 0 { "-" } else { "" };
        let point = if digits > 0 { "." } else { "" };
        f.pad(&format!("{sign}{whole}{point}{fraction}"))
    }
}

impl Serialize for Decimal {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Decimal {
    /// From text only: a float in a configuration file has already lost its digits.
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn text_goes_in_and_comes_out() {
        for text in ["0", "1", "-1", "0.1", "-0.00005", "61774.6", "100"] {
            assert_eq!(decimal(text).to_string(), text);
        }
        assert_eq!(decimal("61837.63000000").to_string(), "61837.63");
    }

    #[test]
    fn nonsense_is_refused_where_it_stands() {
        assert_eq!("".parse::<Decimal>(), Err(Error::NotADecimal { at: 0 }));
        assert_eq!("1.2.3".parse::<Decimal>(), Err(Error::NotADecimal { at: 3 }));
        assert_eq!("1e5".parse::<Decimal>(), Err(Error::NotADecimal { at: 1 }));
        assert_eq!("5.".parse::<Decimal>(), Err(Error::NotADecimal { at: 2 }));
        assert_eq!("-.5".parse::<Decimal>(), Err(Error::NotADecimal { at: 1 }));
        assert_eq!("99999999999999999999".parse::<Decimal>(), Err(Error::DecimalOverflow));
    }

    #[test]
    fn multiples_and_divisors_are_exact() {
        assert_eq!(decimal("64020.40").multiple_of(decimal("0.1")), Some(640_204));
        assert_eq!(decimal("0.05").multiple_of(decimal("0.1")), None);
        assert_eq!(decimal("0.06").gcd(decimal("0.1")), Some(decimal("0.02")));
        assert_eq!(decimal("1.5").multiple_of(Decimal::ZERO), None);
    }
}
