//! Counts of a unit as the decimals that a venue prints.

use fluxo_core::Decimal;

/// The digits of a 64-bit count times a 64-bit mantissa.
const DIGITS_MAX: usize = 40;

/// Turns counts of a tick or lot into text with a fixed number of digits after the point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Scale {
    unit: Decimal,
    mantissa: i64,
    digits: u8,
}

impl Scale {
    /// Prints counts of `unit` with `digits` digits after the point, or as many as the unit has
    /// where those are more. `None` when the unit is not above zero or the digits do not fit.
    pub(super) fn new(unit: Decimal, digits: u8) -> Option<Self> {
        let digits = digits.max(unit.exponent());
        let mantissa = unit.mantissa_at(digits).filter(|mantissa| *mantissa > 0)?;
        (usize::from(digits) < DIGITS_MAX).then_some(Self { unit, mantissa, digits })
    }

    /// One of what is counted.
    pub(super) const fn unit(&self) -> Decimal {
        self.unit
    }

    /// Appends `count` units: `64020.40`.
    pub(super) fn push(&self, out: &mut String, count: i64) {
        if count < 0 {
            out.push('-');
        }
        let mut rest = u128::from(count.unsigned_abs()) * u128::from(self.mantissa.unsigned_abs());
        let mut text = [b'0'; DIGITS_MAX];
        let mut start = DIGITS_MAX;
        let point = DIGITS_MAX - usize::from(self.digits);
        // A digit stands before the point, whatever the value.
        while rest > 0 || start >= point {
            start -= 1;
            text[start] = digit(rest);
            rest /= 10;
        }
        push_ascii(out, &text[start..point]);
        if self.digits > 0 {
            out.push('.');
            push_ascii(out, &text[point..]);
        }
    }
}

/// Appends an integer.
pub(super) fn push_integer(out: &mut String, value: u64) {
    let mut text = [0; 20];
    let (mut rest, mut start) = (value, text.len());
    loop {
        start -= 1;
        text[start] = digit(rest.into());
        rest /= 10;
        if rest == 0 {
            return push_ascii(out, &text[start..]);
        }
    }
}

/// The last digit of a number, in ASCII.
const fn digit(of: u128) -> u8 {
    b'0' + (of % 10) as u8
}

fn push_ascii(out: &mut String, digits: &[u8]) {
    out.extend(digits.iter().map(|digit| char::from(*digit)));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(unit: &str, digits: u8, count: i64) -> String {
        let mut out = String::new();
        Scale::new(unit.parse().unwrap(), digits).unwrap().push(&mut out, count);
        out
    }

    #[test]
    fn counts_become_decimals() {
        for (unit, digits, count, expected) in [
            ("0.1", 0, 640_204, "64020.4"),
            ("0.1", 2, 640_204, "64020.40"),
            ("0.001", 0, 0, "0.000"),
            ("0.001", 0, 7, "0.007"),
            ("0.5", 0, 3, "1.5"),
            ("1", 0, 0, "0"),
            ("100", 0, 12, "1200"),
            ("0.000001", 8, 1, "0.00000100"),
            ("0.1", 0, -3, "-0.3"),
            ("0.1", 0, i64::MAX, "922337203685477580.7"),
        ] {
            assert_eq!(text(unit, digits, count), expected);
        }
        let unit: Decimal = "92233720368547758.07".parse().unwrap();
        let mut out = String::new();
        Scale::new(unit, 0).unwrap().push(&mut out, i64::MAX);
        assert_eq!(out, "850705917302346158473969077842325012.49");
    }

    #[test]
    fn a_unit_must_count() {
        for unit in ["0", "-0.1"] {
            assert_eq!(Scale::new(unit.parse().unwrap(), 0), None);
        }
        assert_eq!(Scale::new("9000000000000".parse().unwrap(), 8), None);
    }

    #[test]
    fn integers_are_printed_whole() {
        for value in [0, 9, 10, 4_984_028_367_545, u64::MAX] {
            let mut out = String::new();
            push_integer(&mut out, value);
            assert_eq!(out, value.to_string());
        }
    }
}
