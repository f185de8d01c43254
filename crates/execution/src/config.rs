//! How orders are made.

use fluxo_core::Ticks;

/// How the desk of one instrument makes orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// The most orders that may be open at once, orders in flight included. At the limit no order
    /// is planned until one ends.
    pub open_orders_max: usize,
    /// How far beyond the touch an order that takes may trade, in ticks. Its price moves on while
    /// the order travels; beyond this it expires and the next decision tries again.
    pub take_through: Ticks,
}
