//! Bytes of a venue in, exact market events and a book out: a state machine that is fed, never a
//! socket, a file or a clock.
//!
//! [`Decoder`] turns one frame into a [`Message`] of exact integers without knowing the instrument.
//! [`Synchroniser`] joins snapshots and increments by the venue's rules, keeps the orders of feeds that
//! state them, notices every gap, and speaks [`MarketEvent`](fluxo_core::MarketEvent)s in ticks and lots. [`Book`] holds what they say,
//! [`BookAudit`] compares it with the venue's own best prices.

mod audit;
mod book;
mod decoder;
mod error;
mod grid;
mod inference;
mod json;
mod message;
mod order_book;
mod order_message;
mod sync;

pub use audit::{AuditConfig, AuditCounts, BookAudit};
pub use book::{Book, BookConfig, Level, LevelChange, Levels};
pub use decoder::{Decoder, lobster_time};
pub use error::Error;
pub use grid::{Grid, GridAt};
pub use inference::{InferredGrid, SpecInference};
pub use message::{
    Body, DepthSnapshot, DepthUpdate, Digits, Message, RawAggTrade, RawLevel, RawMarkPrice,
    RawTicker, RawTrade,
};
pub use order_book::{
    LevelOrders, OrderBook, OrderBookConfig, OrderBookCounts, OrderChange, QueuedOrder,
};
pub use order_message::{OrderAction, OrderMessage};
pub use sync::{FeedCounts, OrderFeedCounts, Outcome, SyncConfig, SyncState, Synchroniser};
