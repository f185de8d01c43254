//! What can go wrong while words become numbers.

/// Why a text or a specification was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The text is not `[-]digits[.digits]`.
    #[error("not a decimal number at byte {at}")]
    NotADecimal {
        /// Offset of the first byte that does not fit.
        at: usize,
    },
    /// More digits than a 64-bit integer holds.
    #[error("decimal number has too many digits for 64 bits")]
    DecimalOverflow,
    /// A tick, lot or multiplier that must be positive is not.
    #[error("tick size, lot size and multiplier must be positive")]
    NotPositive,
}
