//! Walks over a frame, token by token.

use super::escape::escape_length;
use super::swar;
use crate::Error;

/// Objects and arrays inside each other beyond this are refused: no message comes near it, and the
/// stack is finite.
pub(crate) const NESTING_MAX: usize = 64;

/// A place in a frame. The frame is UTF-8, as whoever makes the cursor has checked.
#[derive(Clone, Debug)]
pub(crate) struct Cursor<'a> {
    frame: &'a [u8],
    at: usize,
}

/// The bytes between the quotes of a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Text<'a> {
    pub(crate) bytes: &'a [u8],
    /// Whether a backslash is among them.
    pub(crate) escaped: bool,
}

impl<'a> Cursor<'a> {
    pub(crate) const fn new(frame: &'a [u8]) -> Self {
        Self { frame, at: 0 }
    }

    /// The offset of the next byte.
    pub(crate) const fn at(&self) -> usize {
        self.at
    }

    /// Goes back to an offset that it was at before.
    pub(crate) const fn return_to(&mut self, at: usize) {
        self.at = at;
    }

    /// What is left of the frame.
    #[inline]
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.frame.get(self.at..).unwrap_or_default()
    }

    /// Passes over bytes of [`Self::rest`] that the caller has read.
    #[inline]
    pub(crate) const fn advance(&mut self, bytes: usize) {
        self.at += bytes;
    }

    /// The next byte behind white space, which is passed over.
    #[inline]
    pub(crate) fn peek(&mut self) -> Option<u8> {
        let byte = *self.frame.get(self.at)?;
        if byte > b' ' { Some(byte) } else { self.peek_behind_space() }
    }

    #[cold]
    fn peek_behind_space(&mut self) -> Option<u8> {
        while let Some(byte) = self.frame.get(self.at) {
            if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
                return Some(*byte);
            }
            self.at += 1;
        }
        None
    }

    /// What is wrong with the next byte.
    #[cold]
    pub(crate) fn unexpected(&self) -> Error {
        let at = self.at.min(self.frame.len());
        match self.frame.get(at) {
            Some(byte) => Error::UnexpectedByte { at, byte: *byte },
            None => Error::UnexpectedEnd { at },
        }
    }

    /// Passes over one byte, which must come next.
    #[inline]
    pub(crate) fn expect(&mut self, byte: u8) -> Result<(), Error> {
        if self.peek() != Some(byte) {
            return Err(self.unexpected());
        }
        self.at += 1;
        Ok(())
    }

    /// Passes over what stands between the entries of an object or array, or over its end. Says
    /// whether another entry follows.
    #[inline]
    pub(crate) fn next_entry(&mut self, close: u8) -> Result<bool, Error> {
        let byte = self.peek();
        if byte != Some(b',') && byte != Some(close) {
            return Err(self.unexpected());
        }
        self.at += 1;
        Ok(byte == Some(b','))
    }

    /// Opens an object or array and says whether it has an entry.
    #[inline]
    pub(crate) fn open(&mut self, open: u8, close: u8) -> Result<bool, Error> {
        self.expect(open)?;
        let empty = self.peek() == Some(close);
        self.at += usize::from(empty);
        Ok(!empty)
    }

    /// Reads a string.
    #[inline]
    pub(crate) fn text(&mut self) -> Result<Text<'a>, Error> {
        self.expect(b'"')?;
        let start = self.at;
        let mut escaped = false;
        loop {
            self.at += plain_length(self.rest());
            match self.frame.get(self.at) {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    self.skip_escape()?;
                }
                _ => return Err(self.unexpected()),
            }
        }
        let bytes = &self.frame[start..self.at];
        self.at += 1;
        Ok(Text { bytes, escaped })
    }

    #[cold]
    fn skip_escape(&mut self) -> Result<(), Error> {
        self.at += escape_length(self.rest()).ok_or(Error::BadEscape { at: self.at })?;
        Ok(())
    }

    /// Reads a whole number of up to 64 bits, without a sign. `None`, with the cursor behind the
    /// value, when the next value is something else.
    #[inline]
    pub(crate) fn whole_number(&mut self) -> Result<Option<u64>, Error> {
        self.peek();
        if let Some(value) = self.quick_whole_number() {
            return Ok(Some(value));
        }
        self.slow_whole_number()
    }

    /// One of 9 to 16 digits, as identifiers and times are; the byte behind it shows that it ended.
    #[inline]
    fn quick_whole_number(&mut self) -> Option<u64> {
        let (high, rest) = self.rest().split_first_chunk::<8>()?;
        let high = swar::number(u64::from_le_bytes(*high), 8)?;
        let low = match rest.first_chunk() {
            Some(low) => u64::from_le_bytes(*low),
            None => self.last_word(rest.len())?,
        };
        let count = swar::digit_count(low);
        let behind = *rest.get(count)?;
        // A leading zero, a ninth digit more, a fraction: rare enough for the slow way.
        let ends = matches!(behind, b',' | b'}');
        if !ends || high < 10_000_000 {
            return None;
        }
        self.at += 8 + count;
        Some(high * POWERS_OF_TEN[count] + swar::number(low, count)?)
    }

    /// The last `count` bytes of the frame, and zeros behind them.
    #[inline]
    fn last_word(&self, count: usize) -> Option<u64> {
        let last = u64::from_le_bytes(*self.frame.last_chunk()?);
        last.checked_shr(64 - 8 * u32::try_from(count).ok()?)
    }

    fn slow_whole_number(&mut self) -> Result<Option<u64>, Error> {
        if !self.peek().is_some_and(|byte| byte.is_ascii_digit() || byte == b'-') {
            self.skip_value()?;
            return Ok(None);
        }
        let start = self.at;
        self.skip_number()?;
        let digits = &self.frame[start..self.at];
        Ok(digits.iter().try_fold(0_u64, |sum, byte| {
            let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
            sum.checked_mul(10)?.checked_add(digit)
        }))
    }

    /// Reads `true` or `false`. `None`, with the cursor behind the value, when the next value is
    /// something else.
    #[inline]
    pub(crate) fn boolean(&mut self) -> Result<Option<bool>, Error> {
        let value = match self.peek() {
            Some(b't') => Some(true),
            Some(b'f') => Some(false),
            _ => None,
        };
        self.skip_value()?;
        Ok(value)
    }

    /// Passes over one value of any kind.
    pub(crate) fn skip_value(&mut self) -> Result<(), Error> {
        self.skip_nested(0)
    }

    /// The end of the frame: only white space may be left.
    #[inline]
    pub(crate) fn finish(&mut self) -> Result<(), Error> {
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.unexpected()),
        }
    }

    fn skip_nested(&mut self, depth: usize) -> Result<(), Error> {
        match self.peek() {
            Some(b'"') => self.text().map(|_| ()),
            Some(b'{') => self.skip_object(depth),
            Some(b'[') => self.skip_array(depth),
            Some(b't') => self.skip_word(b"true"),
            Some(b'f') => self.skip_word(b"false"),
            Some(b'n') => self.skip_word(b"null"),
            Some(b'-' | b'0'..=b'9') => self.skip_number(),
            _ => Err(self.unexpected()),
        }
    }

    fn check_depth(&self, depth: usize) -> Result<(), Error> {
        if depth < NESTING_MAX {
            return Ok(());
        }
        Err(Error::TooDeep { at: self.at, limit: NESTING_MAX })
    }

    fn skip_object(&mut self, depth: usize) -> Result<(), Error> {
        self.check_depth(depth)?;
        let mut more = self.open(b'{', b'}')?;
        while more {
            self.text()?;
            self.expect(b':')?;
            self.skip_nested(depth + 1)?;
            more = self.next_entry(b'}')?;
        }
        Ok(())
    }

    fn skip_array(&mut self, depth: usize) -> Result<(), Error> {
        self.check_depth(depth)?;
        let mut more = self.open(b'[', b']')?;
        while more {
            self.skip_nested(depth + 1)?;
            more = self.next_entry(b']')?;
        }
        Ok(())
    }

    fn skip_word(&mut self, word: &[u8]) -> Result<(), Error> {
        for byte in word {
            if self.frame.get(self.at) != Some(byte) {
                return Err(self.unexpected());
            }
            self.at += 1;
        }
        Ok(())
    }

    /// `-? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?`
    fn skip_number(&mut self) -> Result<(), Error> {
        self.skip_one_of(b"-");
        if !self.skip_one_of(b"0") {
            self.skip_digits()?;
        }
        if self.skip_one_of(b".") {
            self.skip_digits()?;
        }
        if self.skip_one_of(b"eE") {
            self.skip_one_of(b"+-");
            self.skip_digits()?;
        }
        Ok(())
    }

    fn skip_one_of(&mut self, bytes: &[u8]) -> bool {
        let found = self.frame.get(self.at).is_some_and(|byte| bytes.contains(byte));
        self.at += usize::from(found);
        found
    }

    fn skip_digits(&mut self) -> Result<(), Error> {
        let count = self.rest().iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += count;
        if count == 0 { Err(self.unexpected()) } else { Ok(()) }
    }
}

/// How many bytes stand before the next quote, backslash or control character.
#[inline]
fn plain_length(text: &[u8]) -> usize {
    let mut rest = text;
    while let Some((chunk, behind)) = rest.split_first_chunk() {
        let stop = swar::find_string_stop(u64::from_le_bytes(*chunk));
        if stop < 8 {
            return text.len() - rest.len() + stop;
        }
        rest = behind;
    }
    let is_plain = |byte: &&u8| **byte >= b' ' && !matches!(byte, b'"' | b'\\');
    text.len() - rest.len() + rest.iter().take_while(is_plain).count()
}

const POWERS_OF_TEN: [u64; 9] =
    [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];
