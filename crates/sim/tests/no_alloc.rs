//! A warm timeline allocates nothing: not for events, orders, fills, nor answers.
//!
//! A binary of its own, because it installs an allocator that counts each thread's calls. Far book
//! levels are excepted by design, so the market stays inside the book's window.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/actions.rs"]
mod actions;
#[path = "support/reel.rs"]
mod reel;
#[path = "support/seeded.rs"]
mod seeded;
mod support;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use actions::{cancel, place};
use fluxo_core::{
    Action, Aggressor, BatchKind, BookBatch, ClientOrderId, Event, InstrumentId, LevelUpdate, Lots,
    MarketData, MarketEvent, Nanos, Order, OrderType, OrderUpdate, Price, Side, Trade,
    TradeCondition, UnixNanos,
};
use fluxo_sim::{Recorded, SimConfig, Timeline};
use reel::Reel;
use seeded::Seeded;

struct Counting;

thread_local! {
    static CALLS: Cell<u64> = const { Cell::new(0) };
}

fn count() {
    // A thread that is ending has no counter any more, and no test either.
    let _ = CALLS.try_with(|calls| calls.set(calls.get() + 1));
}

#[expect(unsafe_code, reason = "an allocator is unsafe by signature; it only counts and forwards")]
// SAFETY: every call goes to the system allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's promises are the system allocator's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count();
        // SAFETY: the caller's promises are the system allocator's.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: the caller's promises are the system allocator's.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const INSTRUMENT: InstrumentId = InstrumentId::new(0);

/// Two seconds of a lively market around 1000: the first half warms up what the second half uses.
fn market() -> Vec<Recorded> {
    let mut whims = Seeded(5);
    let level = |whims: &mut Seeded| {
        let side = if whims.one_in(2) { Side::Bid } else { Side::Ask };
        let ticks = 1_000 - side.sign() * whims.between(1, 12);
        let lots = Lots::new(whims.between(0, 9));
        LevelUpdate { side, price: Price::from_ticks(ticks), lots }
    };
    (0..20_000_i64)
        .map(|at| {
            let kind = if at == 0 { BatchKind::Snapshot } else { BatchKind::Update };
            let data = if at > 0 && whims.one_in(3) {
                let aggressor = if whims.one_in(2) { Aggressor::Buyer } else { Aggressor::Seller };
                MarketData::Trade(Trade {
                    price: Price::from_ticks(1_000 + aggressor.sign() * whims.between(0, 3)),
                    lots: Lots::new(whims.between(1, 9)),
                    aggressor,
                    condition: TradeCondition::Market,
                    trade_id: 0,
                    match_id: None,
                })
            } else {
                let levels = (0..6).map(|_| level(&mut whims)).collect();
                MarketData::Book(BookBatch { kind, update_id: at.unsigned_abs(), levels })
            };
            let ts_recv = UnixNanos::new(at * 100_000);
            let ts_event = Some(ts_recv - Nanos::new(whims.between(0, 3_000_000)));
            Recorded { ts_recv, event: MarketEvent { instrument: INSTRUMENT, ts_event, data } }
        })
        .collect()
}

struct Played {
    fills: u64,
    calls_when_warm: u64,
    reel: Reel,
}

fn play(reel: Reel) -> Played {
    let config = SimConfig { row_clock: Nanos::from_millis(1), ..support::config() };
    let mut timeline = Timeline::new(reel, &[support::spec()], config).unwrap();
    let mut whims = Seeded(9);
    let mut actions: Vec<Action> = Vec::with_capacity(8);
    let (mut next_id, mut fills, mut shown) = (0, 0, 0_u32);
    let (mut warm_at, mut calls_at_warmth) = (0, 0);
    while let Some(event) = timeline.next().unwrap() {
        shown += 1;
        if warm_at == 0 && event.ts_recv > UnixNanos::new(1_000_000_000) {
            (warm_at, calls_at_warmth) = (shown, CALLS.get());
        }
        match &event.event {
            Event::Order(event) if matches!(event.update, OrderUpdate::Filled(_)) => fills += 1,
            Event::Timer(_) => {
                next_id += 1;
                let id = ClientOrderId::new(next_id);
                let side = if whims.one_in(2) { Side::Bid } else { Side::Ask };
                let price = Price::from_ticks(1_000 - side.sign() * whims.between(0, 3));
                let order_type = match whims.between(0, 3) {
                    0 => OrderType::Market,
                    1 => OrderType::PostOnly { price },
                    _ => OrderType::Limit { price },
                };
                let lots = Lots::new(whims.between(1, 6));
                let order = Order { id, instrument: INSTRUMENT, side, lots, order_type };
                actions.push(place(order));
                actions.push(cancel(INSTRUMENT, ClientOrderId::new(next_id.saturating_sub(9))));
            }
            _ => {}
        }
        timeline.perform(&actions);
        actions.clear();
    }
    assert!(warm_at > 0, "the market was too short to become warm");
    let calls_when_warm = CALLS.get() - calls_at_warmth;
    Played { fills, calls_when_warm, reel: timeline.into_source() }
}

#[test]
fn a_warm_timeline_allocates_nothing() {
    let before = CALLS.get();
    let played = play(Reel::new(market()));
    assert!(CALLS.get() > before, "the counter counts");
    assert!(played.fills > 1_000, "{} fills are no test", played.fills);
    assert_eq!(played.calls_when_warm, 0);
    // The source got all of it back.
    assert!(played.reel.rewound().logical_events() > 20_000);
}
