//! What one message of an order-by-order feed says, in the words of the feeds.

use fluxo_core::{OrderId, Phase, Side, UnixNanos};

use crate::RawLevel;

/// A message about one order, or about the market that it rests in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderMessage<'a> {
    /// What happened.
    pub action: OrderAction,
    /// The venue's identifier of the order; zero where there is none.
    pub id: OrderId,
    /// The side that the order rests on; of a [print](OrderAction::Print) the side that took.
    pub side: Option<Side>,
    /// The price, at the digits of the message; zero where there is none.
    pub price: i64,
    /// The size that the action is about, at the digits of the message; of a
    /// [change](OrderAction::Modify) what rests from now on.
    pub size: i64,
    /// The venue's number of the message; zero where it does not count them.
    pub sequence: u64,
    /// Whether the book is consistent behind it.
    pub ends_event: bool,
    /// Whether it repeats what rested before, rather than that something happened.
    pub of_snapshot: bool,
    /// Whether the feed has lost something before it, and says so.
    pub after_loss: bool,
    /// When the venue says that it happened; `None` where that is the receive time.
    pub ts_event: Option<UnixNanos>,
    /// The best levels behind the message, bids first and best first; `None` where the feed shows
    /// none and states every order instead.
    pub shown: Option<&'a [RawLevel]>,
}

/// What happened to an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OrderAction {
    /// It joined the book.
    Add,
    /// It left, or this much of it, without a trade.
    Cancel,
    /// This much of it traded, and left the book with that.
    Execute,
    /// An order that nobody saw traded: the book did not change.
    ExecuteHidden,
    /// A print of a cross: the book did not change.
    Cross,
    /// Its price or its size is another one now.
    Modify,
    /// The book is empty.
    Clear,
    /// A print; what it did to the book is said separately.
    Print,
    /// This much of it traded; that it left the book is said separately.
    Fill,
    /// Nothing happened to the book.
    Note,
    /// The trading phase changed.
    Phase(Phase),
}
