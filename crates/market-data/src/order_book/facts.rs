//! What an order book is told, and what it tells: its sizes, its orders, its changes, its counts.

use fluxo_core::{Lots, RestingOrder, UnixNanos};
use serde::{Deserialize, Serialize};

use crate::LevelChange;

/// The sizes of an order book. All of its memory is taken when it is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderBookConfig {
    /// The most orders that are known one by one. Beyond it an order is counted in
    /// [`OrderBookCounts::unnamed_orders`] and becomes lots without a name of its level.
    pub orders_max: usize,
    /// The most levels. Beyond it what would open another one is counted in
    /// [`OrderBookCounts::lost_levels`] and left out.
    pub levels_max: usize,
}

impl OrderBookConfig {
    /// Seven times the orders that a liquid future has resting: about 70 bytes for each and 130 for
    /// each level, 7 MB in all.
    pub const DEFAULT: Self = Self { orders_max: 1 << 16, levels_max: 1 << 14 };
}

/// A resting order, and since when it rests there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueuedOrder {
    /// What is left of it.
    pub order: RestingOrder,
    /// When it joined its queue, on the clock of the events.
    pub entered: UnixNanos,
}

/// What rests at one price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LevelOrders {
    /// How many orders are known one by one.
    pub orders: u32,
    /// What they hold.
    pub lots: Lots,
    /// The sum of the squares of what they hold.
    pub squares: i128,
    /// What rests there beyond them.
    pub unseen: Lots,
}

/// What an order event did to its level, and to its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderChange {
    /// The level, before and after.
    pub level: LevelChange,
    /// Since when the order rested; `None` for an order that was never seen to join.
    pub entered: Option<UnixNanos>,
    /// Whether nothing of the order is left.
    pub is_gone: bool,
}

/// What an order book had to cope with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderBookCounts {
    /// Orders that joined.
    pub adds: u64,
    /// Orders that joined under an identifier which rests already: the older one is dropped.
    pub duplicate_adds: u64,
    /// Events of orders that were never seen to join.
    pub unknown_orders: u64,
    /// Lots that left a level which did not hold them.
    pub missing_lots: u64,
    /// Lots beyond what a known order displayed: a hidden reserve that traded.
    pub hidden_lots: u64,
    /// Orders beyond the most that are known one by one.
    pub unnamed_orders: u64,
    /// Changes that would have opened a level beyond the most there may be.
    pub lost_levels: u64,
    /// Orders, or lots without a name, that were dropped because they crossed younger ones.
    pub healed_orders: u64,
    /// Orders that were dropped because a level turned out to hold less than its orders.
    pub contradicted_orders: u64,
}
