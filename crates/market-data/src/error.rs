//! What can be wrong with a frame, and with a value that does not fit its instrument.

use fluxo_core::{Decimal, Market};

/// Why a frame or a value was refused. Offsets count bytes from the start of the frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The frame is not UTF-8.
    #[error("not UTF-8 at byte {at}")]
    NotUtf8 {
        /// The first byte that does not fit.
        at: usize,
    },
    /// The frame ends inside a value.
    #[error("the frame ends early, at byte {at}")]
    UnexpectedEnd {
        /// Its length.
        at: usize,
    },
    /// A byte that JSON does not allow where it stands.
    #[error("unexpected byte {byte:#04x} at byte {at}")]
    UnexpectedByte {
        /// Where it stands.
        at: usize,
        /// The byte.
        byte: u8,
    },
    /// A backslash that does not begin an escape, or half a surrogate pair.
    #[error("bad escape at byte {at}")]
    BadEscape {
        /// Where the escape stands.
        at: usize,
    },
    /// Arrays and objects are nested deeper than any message.
    #[error("nested deeper than {limit} at byte {at}")]
    TooDeep {
        /// Where the next one opens.
        at: usize,
        /// The deepest that is read.
        limit: usize,
    },
    /// A field that this kind of message must have is not there.
    #[error("no field `{field}` in the object that ends at byte {at}")]
    MissingField {
        /// The venue's name of the field.
        field: &'static str,
        /// Where the object ends.
        at: usize,
    },
    /// A field has another type or range than this kind of message gives it: a price that is no
    /// decimal text, a negative size, a level at a price of zero, an identifier with a sign.
    #[error("field `{field}` has no valid value at byte {at}")]
    BadField {
        /// The venue's name of the field.
        field: &'static str,
        /// Where the value begins.
        at: usize,
    },
    /// A number has more digits than we count exactly.
    #[error("more digits than 64 bits hold, at byte {at}")]
    TooManyDigits {
        /// Where the number begins.
        at: usize,
    },
    /// A price or size lies between two ticks or lots of the specification.
    #[error("{value}e-{digits} is off the grid of the specification")]
    OffGrid {
        /// The mantissa.
        value: i64,
        /// Its digits after the point.
        digits: u8,
    },
    /// A price or size has no exact integer of ticks or lots in range, on any grid.
    #[error("{value}e-{digits} is out of the range of ticks and lots")]
    OutOfRange {
        /// The mantissa.
        value: i64,
        /// Its digits after the point.
        digits: u8,
    },
    /// A specification's tick or lot cannot be a unit.
    #[error("tick {tick_size} and lot {lot_size} must be positive")]
    BadGrid {
        /// The tick size.
        tick_size: Decimal,
        /// The lot size.
        lot_size: Decimal,
    },
    /// We do not know the rules by which this market joins snapshots and increments.
    #[error("no rules for the depth stream of {market}")]
    UnsupportedMarket {
        /// The market.
        market: Market,
    },
    /// A saved order book contradicts itself or its own limits.
    #[error("a saved order book contradicts itself")]
    BadOrderBook,
    /// A book cannot be restated: a level would not fit its integer.
    #[error("the book cannot be rescaled by {price_factor} (price) and {lots_factor} (lots)")]
    Rescale {
        /// How many times finer the tick becomes.
        price_factor: i64,
        /// How many times finer the lot becomes.
        lots_factor: i64,
    },
}

impl Error {
    /// Where in the frame the fault lies; `None` for faults of values after decoding.
    #[must_use]
    pub const fn at(&self) -> Option<usize> {
        match *self {
            Self::NotUtf8 { at }
            | Self::UnexpectedEnd { at }
            | Self::UnexpectedByte { at, .. }
            | Self::BadEscape { at }
            | Self::TooDeep { at, .. }
            | Self::MissingField { at, .. }
            | Self::BadField { at, .. }
            | Self::TooManyDigits { at } => Some(at),
            Self::OffGrid { .. }
            | Self::OutOfRange { .. }
            | Self::BadGrid { .. }
            | Self::UnsupportedMarket { .. }
            | Self::BadOrderBook
            | Self::Rescale { .. } => None,
        }
    }
}
