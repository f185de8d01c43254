//! A strict pull cursor over one JSON frame.
//!
//! It validates the structure of everything it passes, also of what nobody asked for, and its errors
//! carry the byte offset. It builds no tree, allocates nothing and turns no number into a float.

mod cursor;
mod escape;
mod number;
mod swar;

pub(crate) use cursor::Cursor;
pub(crate) use escape::unescape;
pub(crate) use number::{Layout, NumberFault, Quick, decimal, printed_digits};

#[cfg(test)]
mod tests;
