//! Decimal text to exact integers.
//!
//! A venue prints every price of an instrument with the same number of digits after the point, so
//! the quick way expects that layout and gives up on anything else; the slow way reads every
//! decimal. Neither rounds.

use super::swar;

/// The most digits after the point that a mantissa can have: 10^18 is the last power of ten within
/// 64 bits.
const DIGITS_MAX: u8 = 18;

/// Why a text has no mantissa.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NumberFault {
    /// It is not `digits[.digits]`.
    NotDecimal,
    /// It needs so many digits after the point.
    NeedsDigits(u8),
    /// It needs more than 64 bits.
    TooManyDigits,
}

/// How the numbers of one kind are printed, and how many digits their mantissas have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    digits: u8,
    printed: u8,
    /// How many of the printed digits after the point are part of the mantissa.
    taken: usize,
    /// What the mantissa of the taken digits is multiplied by.
    scale: i64,
}

/// A mantissa, and where in the text it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Quick {
    pub(crate) mantissa: i64,
    /// How many bytes were read, the closing quote included.
    pub(crate) length: usize,
}

impl Layout {
    /// Mantissas at `digits` of numbers printed with `printed` digits after the point.
    pub(crate) fn new(digits: u8, printed: u8) -> Self {
        let taken = digits.min(printed);
        let scale = 10_i64.checked_pow(u32::from(digits - taken)).unwrap_or(0);
        Self { digits, printed, taken: usize::from(taken), scale }
    }

    pub(crate) const fn digits(&self) -> u8 {
        self.digits
    }

    pub(crate) const fn printed(&self) -> u8 {
        self.printed
    }

    /// Reads the number that `rest` begins with, up to and including a closing quote. `None` when it
    /// is not laid out as expected, or too long: then the slow way decides.
    #[inline]
    pub(crate) fn quick(&self, rest: &[u8]) -> Option<Quick> {
        let word = u64::from_le_bytes(*rest.first_chunk()?);
        if self.printed == 0 {
            let count = swar::find(word, b'"');
            if rest.get(count) != Some(&b'"') {
                return None;
            }
            return self.scaled(swar::number(word, count)?, count, count);
        }
        let mut point = swar::find(word, b'.');
        if point == 8 {
            point += swar::find(u64::from_le_bytes(*rest[8..].first_chunk()?), b'.');
            if point == 16 {
                return None;
            }
        }
        let quote = point + 1 + usize::from(self.printed);
        if rest.get(quote) != Some(&b'"') {
            return None;
        }
        let count = point + self.taken;
        if count >= 8 {
            return self.quick_long(rest, point, quote);
        }
        // The digits behind the point close up to those before it.
        let before = (1 << (8 * point)) - 1;
        let joined = (word & before) | ((word >> 8) & !before);
        if !all_zeros(&rest[point + 1 + self.taken..quote]) {
            return None;
        }
        self.scaled(swar::number(joined, count)?, point, quote)
    }

    /// The same for up to sixteen digits.
    #[inline(never)]
    fn quick_long(&self, rest: &[u8], point: usize, quote: usize) -> Option<Quick> {
        let count = point + self.taken;
        let mut digits = [b'0'; 16];
        let first = 16_usize.checked_sub(count)?;
        digits[first..first + point].copy_from_slice(&rest[..point]);
        digits[first + point..].copy_from_slice(&rest[point + 1..=count]);
        let (high, low) = digits.split_at(8);
        let value = |half: &[u8]| swar::number(u64::from_le_bytes(*half.first_chunk()?), 8);
        if !all_zeros(&rest[count + 1..quote]) {
            return None;
        }
        self.scaled(value(high)? * 100_000_000 + value(low)?, point, quote)
    }

    /// A number needs a digit before its point.
    #[inline]
    fn scaled(&self, value: u64, before_point: usize, quote: usize) -> Option<Quick> {
        if before_point == 0 {
            return None;
        }
        let mantissa = i64::try_from(value).ok()?.checked_mul(self.scale)?;
        Some(Quick { mantissa, length: quote + 1 })
    }
}

#[inline]
fn all_zeros(text: &[u8]) -> bool {
    text.iter().all(|byte| *byte == b'0')
}

/// The mantissa of a whole text at `digits`.
pub(crate) fn decimal(text: &[u8], digits: u8) -> Result<i64, NumberFault> {
    let (whole, fraction) = split_at_point(text).ok_or(NumberFault::NotDecimal)?;
    let last = fraction.iter().rposition(|digit| *digit != b'0').map_or(0, |at| at + 1);
    let (fraction, _zeros) = fraction.split_at(last);
    let needed = u8::try_from(last).unwrap_or(u8::MAX);
    if needed > DIGITS_MAX {
        return Err(NumberFault::TooManyDigits);
    }
    let mantissa = whole
        .iter()
        .chain(fraction)
        .try_fold(0_i64, |sum, digit| sum.checked_mul(10)?.checked_add(i64::from(digit - b'0')))
        .ok_or(NumberFault::TooManyDigits)?;
    let more = digits.checked_sub(needed).ok_or(NumberFault::NeedsDigits(needed))?;
    10_i64
        .checked_pow(u32::from(more))
        .and_then(|power| mantissa.checked_mul(power))
        .ok_or(NumberFault::TooManyDigits)
}

/// How many digits a text has after its point.
pub(crate) fn printed_digits(text: &[u8]) -> u8 {
    let printed = memchr::memchr(b'.', text).map_or(0, |point| text.len() - point - 1);
    u8::try_from(printed).unwrap_or(u8::MAX)
}

/// The digits before and after the point; `None` when the text is no decimal.
fn split_at_point(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let is_number = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_digit);
    match memchr::memchr(b'.', text) {
        Some(point) => {
            let (whole, fraction) = (&text[..point], &text[point + 1..]);
            (is_number(whole) && is_number(fraction)).then_some((whole, fraction))
        }
        None => is_number(text).then_some((text, &[][..])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn quick(text: &str, digits: u8, printed: u8) -> Option<i64> {
        let padded = format!("{text}\",\"12345678901234567890");
        let quick = Layout::new(digits, printed).quick(padded.as_bytes())?;
        assert_eq!(quick.length, text.len() + 1);
        Some(quick.mantissa)
    }

    #[test]
    fn the_digits_of_the_mantissa_are_taken_and_the_others_are_zero() {
        assert_eq!(quick("61800.20", 1, 2), Some(618_002));
        assert_eq!(quick("61800.25", 1, 2), None);
        assert_eq!(quick("61837.63000000", 2, 8), Some(6_183_763));
        assert_eq!(quick("1001", 0, 0), Some(1_001));
        assert_eq!(quick("1001", 2, 0), Some(100_100));
        assert_eq!(quick("12345678", 0, 0), Some(12_345_678));
        assert_eq!(quick("123456789", 0, 0), None);
        assert_eq!(quick("0.5", 4, 1), Some(5_000));
        assert_eq!(quick("123456789.12345678", 8, 8), None);
        assert_eq!(quick("1234567.12345678", 8, 8), Some(123_456_712_345_678));
        for text in ["", ".5", "5.", "-1.5", "1e5", "1.5.5", "1 .5"] {
            assert_eq!(quick(text, 1, 1), None, "{text}");
        }
    }

    #[test]
    fn every_decimal_is_read_the_slow_way() {
        assert_eq!(decimal(b"61837.63000000", 2), Ok(6_183_763));
        assert_eq!(decimal(b"61837.63000000", 1), Err(NumberFault::NeedsDigits(2)));
        assert_eq!(decimal(b"0.00", 0), Ok(0));
        assert_eq!(decimal(b"007", 1), Ok(70));
        assert_eq!(decimal(b"9223372036854775807", 0), Ok(i64::MAX));
        assert_eq!(decimal(b"9223372036854775808", 0), Err(NumberFault::TooManyDigits));
        assert_eq!(decimal(b"92233720368547758.07", 3), Err(NumberFault::TooManyDigits));
        assert_eq!(decimal(b"0.0000000000000000001", 0), Err(NumberFault::TooManyDigits));
        for text in ["", ".", ".5", "5.", "-1", "+1", "1e5", "1,5", " 1", "1.2.3"] {
            assert_eq!(decimal(text.as_bytes(), 9), Err(NumberFault::NotDecimal), "{text}");
        }
    }

    proptest! {
        #[test]
        fn quick_is_slow_or_nothing(
            text in "[0-9]{0,12}[.0-9\"e-]?[0-9]{0,8}0{0,8}",
            digits in 0..10_u8,
            printed in 0..10_u8,
        ) {
            let padded = format!("{text}\",\"0.014\"],[\"");
            if let Some(quick) = Layout::new(digits, printed).quick(padded.as_bytes()) {
                let (read, behind) = padded.as_bytes().split_at(quick.length - 1);
                prop_assert_eq!(behind[0], b'"');
                prop_assert_eq!(decimal(read, digits), Ok(quick.mantissa));
            }
        }

        #[test]
        fn the_expected_layout_is_quick(
            whole in 0..10_000_000_u64,
            mantissa in 0..100_000_000_u64,
            printed in 1..9_u8,
        ) {
            let fraction = format!("{mantissa:08}");
            let text = format!("{whole}.{}", &fraction[..usize::from(printed)]);
            let quick = quick(&text, printed, printed);
            prop_assert_eq!(quick, decimal(text.as_bytes(), printed).ok());
        }
    }
}
