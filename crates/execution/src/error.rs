//! What a venue can tell us that cannot be.

use fluxo_core::ClientOrderId;

/// An answer of the venue that contradicts what we know. Our orders stay as they were, and whoever
/// hears of it should stop trading: every limit rests on knowing what is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The venue speaks of an order that we do not have open.
    #[error("the venue speaks of order {id}, which is not open")]
    UnknownOrder {
        /// The order.
        id: ClientOrderId,
    },
    /// The venue refuses an order as a second one with its identifier, which is given out once: the
    /// first one may live.
    #[error("the venue had an order {id} before")]
    DuplicateId {
        /// The order.
        id: ClientOrderId,
    },
    /// The venue refuses an order that it had accepted, or that traded.
    #[error("the venue rejects order {id}, which it had")]
    RejectedLate {
        /// The order.
        id: ClientOrderId,
    },
    /// A fill is on the other side than its order.
    #[error("order {id} was filled on the wrong side")]
    WrongSide {
        /// The order.
        id: ClientOrderId,
    },
    /// A fill has no lots, or leaves fewer than none.
    #[error("order {id} was filled by {filled} lots, which left {remaining}")]
    NoFill {
        /// The order.
        id: ClientOrderId,
        /// The lots of the fill.
        filled: i64,
        /// The lots that it left.
        remaining: i64,
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
    /// The venue counts another rest of the order than we do: a fill was lost, or came twice.
    #[error("the venue counts {remaining} lots left of order {id}, we count {expected}")]
    OutOfStep {
        /// The order.
        id: ClientOrderId,
        /// Lots left, as the venue says.
        remaining: i64,
        /// Lots left, as we know.
        expected: i64,
    },
    /// The account cannot count what a fill moves.
    #[error("a fill of order {id} is beyond counting")]
    Unbookable {
        /// The order.
        id: ClientOrderId,
    },
}

impl Error {
    /// Whether a fill that contradicts what we know of its order has traded nevertheless. The
    /// account is the venue's: what it says happened there has happened, and a position that we do
    /// not know of is worse than one that does not fit an order. Except a fill of nothing, and one
    /// after which more is left than before it: that was heard before.
    pub(crate) const fn has_traded(&self) -> bool {
        match self {
            Self::NoFill { .. } => false,
            Self::OutOfStep { remaining, expected, .. } => *remaining < *expected,
            _ => true,
        }
    }
}
