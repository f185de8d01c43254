//! Eight bytes at a time inside a register: where the first quote is, and what the digits are worth.
//!
//! A word holds its first byte in its lowest eight bits.

/// The same byte in all eight places.
const fn splat(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// Where a word has its first byte that is marked by its highest bit; eight when there is none.
#[inline]
const fn first_marked(marks: u64) -> usize {
    (marks.trailing_zeros() / 8) as usize
}

/// Where a byte first occurs; eight when it does not.
#[inline]
pub(super) const fn find(word: u64, byte: u8) -> usize {
    let zero_where_equal = word ^ splat(byte);
    // A borrow can mark bytes behind the first match, never before it.
    first_marked(zero_where_equal.wrapping_sub(splat(1)) & !zero_where_equal & splat(0x80))
}

/// Where the first byte stands that ends the plain part of a JSON string: a quote, a backslash or a
/// control character; eight when there is none.
#[inline]
pub(super) const fn find_string_stop(word: u64) -> usize {
    let quote = word ^ splat(b'"');
    let backslash = word ^ splat(b'\\');
    let quotes = quote.wrapping_sub(splat(1)) & !quote;
    let backslashes = backslash.wrapping_sub(splat(1)) & !backslash;
    let controls = word.wrapping_sub(splat(0x20)) & !word;
    first_marked((quotes | backslashes | controls) & splat(0x80))
}

/// The high bit of every byte that is no decimal digit.
#[inline]
const fn non_digits(word: u64) -> u64 {
    let value = word ^ splat(b'0');
    // Up to nine stays below 0x80; the sum of seven bits cannot reach the next byte.
    (((value & splat(0x7f)) + splat(0x76)) | value) & splat(0x80)
}

/// How many digits a word begins with.
#[inline]
pub(super) const fn digit_count(word: u64) -> usize {
    first_marked(non_digits(word))
}

/// The value of the first `count` bytes of a word, or `None` when one is no digit or the word has
/// fewer.
#[inline]
pub(super) const fn number(word: u64, count: usize) -> Option<u64> {
    if count == 0 {
        return Some(0);
    }
    if count > 8 {
        return None;
    }
    // The digits move to the end, and zeros come before them.
    let absent = 8 * (8 - count);
    let aligned = (word << absent) | (splat(b'0') & ((1 << absent) - 1));
    if non_digits(aligned) != 0 {
        return None;
    }
    Some(eight_digits(aligned))
}

/// The value of eight digits: pairs, then fours, then all, each step one multiplication.
#[inline]
const fn eight_digits(word: u64) -> u64 {
    let ones = word & splat(0x0f);
    let pairs = (ones.wrapping_mul(10 * 0x100 + 1) >> 8) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs.wrapping_mul(100 * 0x1_0000 + 1) >> 16) & 0x0000_ffff_0000_ffff;
    fours.wrapping_mul(10_000 * 0x1_0000_0000 + 1) >> 32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(text: &str) -> u64 {
        u64::from_le_bytes(text.as_bytes().try_into().unwrap())
    }

    #[test]
    fn bytes_are_found_where_they_are() {
        assert_eq!(find(word("0.014\",\""), b'"'), 5);
        assert_eq!(find(word("0.014\",\""), b'.'), 1);
        assert_eq!(find(word("01234567"), b'.'), 8);
        assert_eq!(find_string_stop(word("BTCUSDT\"")), 7);
        assert_eq!(find_string_stop(word("a\\\"bcdef")), 1);
        assert_eq!(find_string_stop(word("ab\u{1f}\"cdef")), 2);
        assert_eq!(find_string_stop(word("äöü~\u{7f}")), 8);
    }

    #[test]
    fn digits_are_counted_and_valued() {
        for (text, count) in [("12345678", 8), ("1234,567", 4), ("x2345678", 0), ("12:/5678", 2)] {
            assert_eq!(digit_count(word(text)), count, "{text}");
        }
        assert_eq!(number(word("12345678"), 8), Some(12_345_678));
        assert_eq!(number(word("1234,567"), 4), Some(1_234));
        assert_eq!(number(word("1234,567"), 5), None);
        assert_eq!(number(word("1234,567"), 0), Some(0));
        assert_eq!(number(word("99999999"), 8), Some(99_999_999));
    }

    #[test]
    fn every_byte_that_is_no_digit_is_refused() {
        for byte in (0..=255_u8).filter(|byte| !byte.is_ascii_digit()) {
            for place in 0..8 {
                let mut bytes = *b"12345678";
                bytes[place] = byte;
                let word = u64::from_le_bytes(bytes);
                assert_eq!((number(word, 8), digit_count(word)), (None, place), "{byte}");
            }
        }
    }
}
