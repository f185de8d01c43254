//! One field of an object: there, not there, or not what it should be.

use fluxo_core::{TradeCondition, UnixNanos};

use crate::Error;
use crate::json::{Cursor, unescape};

/// A field of an object, as it was read before anyone knew who needs it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Field<T> {
    /// The object does not have it.
    #[default]
    Absent,
    /// Its value is not what this field holds in the messages that we use.
    Fault(Fault),
    /// Its value.
    Is(T),
}

/// Why a value is not what a field should hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// Where the value begins.
    pub(super) at: usize,
    pub(super) kind: FaultKind,
}

/// What is wrong with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FaultKind {
    /// Another type, or outside of the range.
    Invalid,
    /// A number of more than 64 bits.
    TooManyDigits,
}

impl Fault {
    pub(super) const fn invalid(at: usize) -> Self {
        Self { at, kind: FaultKind::Invalid }
    }

    pub(super) const fn error(self, field: &'static str) -> Error {
        match self.kind {
            FaultKind::Invalid => Error::BadField { field, at: self.at },
            FaultKind::TooManyDigits => Error::TooManyDigits { at: self.at },
        }
    }
}

impl<T: Copy> Field<T> {
    pub(super) const fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// The value of a field that a message must have; `end` is where its object ends.
    #[inline]
    pub(super) fn required(self, field: &'static str, end: usize) -> Result<T, Error> {
        self.optional(field)?.ok_or(Error::MissingField { field, at: end })
    }

    /// The value of a field that a message may have.
    #[inline]
    pub(super) fn optional(self, field: &'static str) -> Result<Option<T>, Error> {
        match self {
            Self::Is(value) => Ok(Some(value)),
            Self::Absent => Ok(None),
            Self::Fault(fault) => Err(fault.error(field)),
        }
    }

    #[inline]
    fn of(value: Option<T>, at: usize) -> Self {
        value.map_or(Self::Fault(Fault::invalid(at)), Self::Is)
    }
}

/// What an event calls itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Depth,
    Trade,
    AggTrade,
    Ticker,
    MarkPrice,
    /// An event that we do not use.
    Unknown,
}

/// Where a symbol stands in the frame, without its quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SymbolText {
    pub(super) start: usize,
    pub(super) end: usize,
    /// Whether a backslash is in it.
    pub(super) escaped: bool,
}

/// Reads an identifier into a field. Fields are filled in place: they are too large for a register,
/// and copying them half by half stalls the processor.
#[inline]
pub(super) fn read_id(cursor: &mut Cursor<'_>, field: &mut Field<u64>) -> Result<(), Error> {
    let at = cursor.at();
    *field = Field::of(cursor.whole_number()?, at);
    Ok(())
}

/// Reads a time in milliseconds (13 digits) or microseconds (16 digits). Another number is no time:
/// venues write 0 where they have none.
#[inline]
pub(super) fn read_time(
    cursor: &mut Cursor<'_>,
    field: &mut Field<UnixNanos>,
) -> Result<(), Error> {
    let at = cursor.at();
    *field = match cursor.whole_number()? {
        Some(number) => unix_nanos(number).map_or(Field::Absent, Field::Is),
        None => Field::Fault(Fault::invalid(at)),
    };
    Ok(())
}

#[inline]
fn unix_nanos(number: u64) -> Option<UnixNanos> {
    let nanos = match number {
        1_000_000_000_000..=9_999_999_999_999 => number.checked_mul(1_000_000)?,
        1_000_000_000_000_000..=9_999_999_999_999_999 => number.checked_mul(1_000)?,
        _ => return None,
    };
    i64::try_from(nanos).ok().map(UnixNanos::new)
}

#[inline]
pub(super) fn read_boolean(cursor: &mut Cursor<'_>, field: &mut Field<bool>) -> Result<(), Error> {
    let at = cursor.at();
    *field = Field::of(cursor.boolean()?, at);
    Ok(())
}

#[inline]
pub(super) fn read_symbol(
    cursor: &mut Cursor<'_>,
    field: &mut Field<SymbolText>,
) -> Result<(), Error> {
    if cursor.peek() != Some(b'"') {
        return other_type(cursor, field);
    }
    let start = cursor.at() + 1;
    let escaped = cursor.text()?.escaped;
    *field = Field::Is(SymbolText { start, end: cursor.at() - 1, escaped });
    Ok(())
}

#[inline]
pub(super) fn read_kind(cursor: &mut Cursor<'_>, field: &mut Field<Kind>) -> Result<(), Error> {
    read_word(cursor, field, |word| match word {
        b"depthUpdate" => Kind::Depth,
        b"trade" => Kind::Trade,
        b"aggTrade" => Kind::AggTrade,
        b"bookTicker" => Kind::Ticker,
        b"markPriceUpdate" => Kind::MarkPrice,
        _ => Kind::Unknown,
    })
}

#[inline]
pub(super) fn read_condition(
    cursor: &mut Cursor<'_>,
    field: &mut Field<TradeCondition>,
) -> Result<(), Error> {
    read_word(cursor, field, |word| match word {
        b"MARKET" => TradeCondition::Market,
        _ => TradeCondition::OffMarket,
    })
}

#[inline]
fn read_word<T: Copy>(
    cursor: &mut Cursor<'_>,
    field: &mut Field<T>,
    meaning: impl Fn(&[u8]) -> T,
) -> Result<(), Error> {
    if cursor.peek() != Some(b'"') {
        return other_type(cursor, field);
    }
    let text = cursor.text()?;
    *field =
        Field::Is(if text.escaped { meaning(&plain(text.bytes)) } else { meaning(text.bytes) });
    Ok(())
}

/// What an escaped text says. No venue escapes its own words, so this may allocate.
#[cold]
pub(super) fn plain(escaped: &[u8]) -> Vec<u8> {
    let mut text = String::new();
    unescape(std::str::from_utf8(escaped).expect("the frame is UTF-8"), &mut text);
    text.into_bytes()
}

/// Passes over a value of the wrong type.
#[cold]
pub(super) fn other_type<T>(cursor: &mut Cursor<'_>, field: &mut Field<T>) -> Result<(), Error> {
    *field = Field::Fault(Fault::invalid(cursor.at()));
    cursor.skip_value()
}
