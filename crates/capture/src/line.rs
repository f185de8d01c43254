//! One line of a capture: when it was received, and what.

use fluxo_core::UnixNanos;

/// A line, as it stands in the uncompressed file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// Its number, from 1.
    pub number: u64,
    /// Where it begins, in bytes of the uncompressed file.
    pub offset: u64,
    /// Its bytes, without the end of line.
    pub bytes: &'a [u8],
}

/// A line's two parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp<'a> {
    /// When the recorder received the payload, on the recorder's clock.
    pub ts_recv: UnixNanos,
    /// What it received.
    pub payload: &'a [u8],
}

impl<'a> Line<'a> {
    /// Splits the receive time from the payload. Recorders stamp seconds, milliseconds,
    /// microseconds or nanoseconds; 10, 13, 16 or 19 digits say which. `None` when the line does
    /// not begin with such a number and a space.
    #[must_use]
    pub fn stamp(&self) -> Option<Stamp<'a>> {
        let digits = self.bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let unit = match digits {
            10 => 1_000_000_000,
            13 => 1_000_000,
            16 => 1_000,
            19 => 1,
            _ => return None,
        };
        let (number, rest) = self.bytes.split_at(digits);
        let payload = rest.strip_prefix(b" ")?;
        let number = number.iter().try_fold(0_i64, |sum, digit| {
            sum.checked_mul(10)?.checked_add(i64::from(digit - b'0'))
        })?;
        Some(Stamp { ts_recv: UnixNanos::new(number.checked_mul(unit)?), payload })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(text: &str) -> Option<(i64, &str)> {
        let line = Line { number: 1, offset: 0, bytes: text.as_bytes() };
        line.stamp().map(|s| (s.ts_recv.get(), std::str::from_utf8(s.payload).unwrap()))
    }

    #[test]
    fn the_number_of_digits_says_the_unit() {
        let nanos = 1_680_652_800_004_107_000;
        assert_eq!(stamp("1680652800004107 {}"), Some((nanos, "{}")));
        assert_eq!(stamp("1680652800004107000 {}"), Some((nanos, "{}")));
        assert_eq!(stamp("1680652800004 x"), Some((1_680_652_800_004_000_000, "x")));
        assert_eq!(stamp("1680652800 "), Some((1_680_652_800_000_000_000, "")));
    }

    #[test]
    fn a_line_without_a_time_has_no_stamp() {
        for text in ["", "{}", "12 {}", "1680652800004107{}", "9999999999999999999 {}"] {
            assert_eq!(stamp(text), None, "{text}");
        }
    }
}
