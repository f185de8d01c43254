//! What a venue can tell us that cannot be.

use fluxo_core::ClientOrderId;

/// An answer of the venue that contradicts what we know. It is counted and changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The venue speaks of an order that we do not have open.
    #[error("the venue speaks of order {id}, which is not open")]
    UnknownOrder {
        /// The order.
        id: ClientOrderId,
    },
    /// A fill is larger than what was left of its order.
    #[error("order {id} was filled by {filled} lots and had {open} open")]
    Overfilled {
        /// The order.
        id: ClientOrderId,
        /// The lots of the fill.
        filled: i64,
        /// The lots that were open.
        open: i64,
    },
}
