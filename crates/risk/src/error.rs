//! Why a gate could not be built.

/// A limit that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A limit that must be positive is not.
    #[error("the limit {name} must be positive")]
    NotPositive {
        /// The name of the limit.
        name: &'static str,
    },
    /// An instrument's specification has no arithmetic.
    #[error("the specification of {symbol} cannot be used")]
    Specification {
        /// The instrument's symbol.
        symbol: String,
        /// Why.
        source: fluxo_core::Error,
    },
}
