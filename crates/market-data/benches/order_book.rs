//! Nanoseconds per order event with the queue order kept, on the events of a real session, alone and
//! with the level-2 book that its changes feed.
#![expect(clippy::unwrap_used, reason = "a bench fails by panicking")]
#![expect(clippy::print_stdout, reason = "a bench shows its checksum")]

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use fluxo_core::{MarketData, UnixNanos};
use fluxo_market_data::{OrderBook, OrderBookConfig};
use fluxo_test_data::order_events;

fn apply_all(book: &mut OrderBook, events: &[MarketData]) -> i64 {
    let mut sum = 0_i64;
    for (number, event) in (0_i64..).zip(events) {
        let change = match event {
            MarketData::OrderAdd(order) => book.add(UnixNanos::new(number), order),
            MarketData::OrderReduce(order)
            | MarketData::OrderCancel(order)
            | MarketData::OrderExecute(order) => book.take(order),
            _ => continue,
        };
        sum = sum.wrapping_mul(1_000_003).wrapping_add(change.level.after.get());
    }
    sum
}
