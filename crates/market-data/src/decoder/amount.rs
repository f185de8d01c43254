//! Prices and sizes as they stand in a frame: decimals in quotes.

use super::field::{Fault, FaultKind, Field, other_type};
use crate::json::{Cursor, Layout, NumberFault, decimal, printed_digits};
use crate::{Digits, Error};

/// How prices and sizes are printed, as far as is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layouts {
    pub(super) price: Layout,
    pub(super) size: Layout,
}

impl Layouts {
    pub(super) fn new(digits: Digits) -> Self {
        Self { price: Layout::new(digits.price, 0), size: Layout::new(digits.size, 0) }
    }

    pub(super) const fn digits(&self) -> Digits {
        Digits { price: self.price.digits(), size: self.size.digits() }
    }

    pub(super) fn set_digits(&mut self, digits: Digits) {
        self.price = Layout::new(digits.price, self.price.printed());
        self.size = Layout::new(digits.size, self.size.printed());
    }
}

/// A price or size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Amount<'a> {
    /// Its mantissa at the layout's digits.
    Mantissa(i64),
    /// A text that is not laid out as expected; perhaps no number at all.
    Text {
        /// The bytes between the quotes.
        bytes: &'a [u8],
        /// Where the value begins.
        at: usize,
    },
}

impl Amount<'_> {
    /// The mantissa, at digits that were raised to what the message needs.
    #[inline]
    pub(super) fn mantissa(self, layout: &mut Layout) -> Result<i64, Fault> {
        match self {
            Self::Mantissa(mantissa) => Ok(mantissa),
            Self::Text { bytes, at } => slow_mantissa(bytes, at, layout),
        }
    }

    /// How many digits the text needs that the layout does not have.
    pub(super) fn needed_digits(self, layout: &Layout) -> u8 {
        match self {
            Self::Mantissa(_) => layout.digits(),
            Self::Text { bytes, .. } => match decimal(bytes, layout.digits()) {
                Err(NumberFault::NeedsDigits(digits)) => digits,
                _ => layout.digits(),
            },
        }
    }
}

/// Reads the text, and learns from it how the next one will be printed.
#[cold]
fn slow_mantissa(bytes: &[u8], at: usize, layout: &mut Layout) -> Result<i64, Fault> {
    let mantissa = decimal(bytes, layout.digits()).map_err(|fault| Fault {
        at,
        kind: match fault {
            NumberFault::TooManyDigits => FaultKind::TooManyDigits,
            NumberFault::NotDecimal | NumberFault::NeedsDigits(_) => FaultKind::Invalid,
        },
    })?;
    *layout = Layout::new(layout.digits(), printed_digits(bytes));
    Ok(mantissa)
}

#[inline]
pub(super) fn read_amount<'a>(
    cursor: &mut Cursor<'a>,
    layout: &Layout,
    field: &mut Field<Amount<'a>>,
) -> Result<(), Error> {
    if cursor.peek() != Some(b'"') {
        return other_type(cursor, field);
    }
    if let Some(quick) = layout.quick(&cursor.rest()[1..]) {
        cursor.advance(1 + quick.length);
        *field = Field::Is(Amount::Mantissa(quick.mantissa));
        return Ok(());
    }
    let at = cursor.at();
    *field = Field::Is(Amount::Text { bytes: cursor.text()?.bytes, at });
    Ok(())
}
