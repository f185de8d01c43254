//! A real capture through the timeline: what the simulation itself costs.
//!
//! `replay` counts logical events (level changes, snapshot levels, prints), as `../shared/peers` does.
//! `no-op` shows every event to an engine that does nothing, `no-op, own book` to one that keeps a
//! book of its own (which the peers' no-op does), and the makers quote one lot at both best prices:
//! `move` renews a side when its best price moved, `all` renews both at every step.
#![expect(clippy::print_stdout, reason = "a bench prints the checksum of its output")]
#![expect(clippy::unwrap_used, reason = "a bench fails by panicking")]

#[path = "../tests/support/actions.rs"]
mod actions;
#[path = "../tests/support/capture.rs"]
mod capture;
#[path = "../tests/support/reel.rs"]
mod reel;

use std::hint::black_box;

use actions::{cancel, place};
use capture::{Capture, inferred_spec};
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use fluxo_core::{
    Action, Cash, ClientOrderId, Event, InstrumentId, InstrumentSpec, Lots, MarketData, Nanos,
    Order, OrderEvent, OrderType, OrderUpdate, Price, Side, Stamped,
};
use fluxo_market_data::{Book, BookConfig};
use fluxo_sim::{MarketSource, SimConfig, Timeline, VenueConfig};
use reel::Reel;

const CAPTURE: &str = "usdm_btcusdt_20240808.gz";
const INSTRUMENT: InstrumentId = InstrumentId::new(0);
const POSITION_MAX: Lots = Lots::new(50);
const ONE: Lots = Lots::new(1);

fn config(step: Nanos) -> SimConfig {
    SimConfig {
        order_latency: Nanos::from_millis(5),
        response_latency: Nanos::from_millis(5),
        row_clock: step,
        look_ahead_max: SimConfig::LOOK_AHEAD_MAX,
        messages_in_flight_max: SimConfig::MESSAGES_IN_FLIGHT_MAX,
        venue: VenueConfig::CAREFUL,
    }
}

/// What an engine does with an event.
trait Engine {
    fn on_event(&mut self, shown: &Stamped, actions: &mut Vec<Action>);
}

struct NoOp;

impl Engine for NoOp {
    #[inline]
    fn on_event(&mut self, shown: &Stamped, _: &mut Vec<Action>) {
        black_box(shown);
    }
}

struct OwnBook(Book);

impl Engine for OwnBook {
    #[inline]
    fn on_event(&mut self, shown: &Stamped, _: &mut Vec<Action>) {
        if let Event::Market(event) = &shown.event
            && let MarketData::Book(batch) = &event.data
        {
            self.0.apply(batch, |_| ());
        }
    }
}

#[derive(Clone, Copy)]
struct Working {
    id: ClientOrderId,
    side: Side,
    price: Price,
    /// The venue has it and no cancel is on its way.
    idle: bool,
}

/// The market maker of the peers.
struct Maker {
    book: Book,
    renew: bool,
    position: Lots,
    working: Vec<Working>,
    next_id: u64,
}

impl Maker {
    fn new(renew: bool) -> Self {
        let (book, working) = (Book::new(BookConfig::DEFAULT), Vec::with_capacity(64));
        Self { book, renew, position: Lots::ZERO, working, next_id: 0 }
    }

    fn hear(&mut self, event: &OrderEvent) {
        let Some(at) = self.working.iter().position(|order| order.id == event.id) else { return };
        match event.update {
            OrderUpdate::Accepted => self.working[at].idle = true,
            OrderUpdate::Filled(fill) => {
                self.position += fill.side.signed(fill.lots);
                self.working.swap_remove(at);
            }
            OrderUpdate::CancelRejected => {}
            _ => {
                self.working.swap_remove(at);
            }
        }
    }

    fn step(&mut self, actions: &mut Vec<Action>) {
        for side in Side::BOTH {
            let Some(best) = self.book.best(side) else { continue };
            let mut have = false;
            for order in self.working.iter_mut().filter(|order| order.side == side) {
                if !self.renew && order.price == best.price {
                    have = true;
                } else if std::mem::take(&mut order.idle) {
                    actions.push(cancel(INSTRUMENT, order.id));
                }
            }
            if !have && side.signed(self.position) < POSITION_MAX {
                let (id, price) = (ClientOrderId::new(self.next_id), best.price);
                self.next_id += 1;
                self.working.push(Working { id, side, price, idle: false });
                let order_type = OrderType::PostOnly { price };
                actions.push(place(Order {
                    id,
                    instrument: INSTRUMENT,
                    side,
                    lots: ONE,
                    order_type,
                }));
            }
        }
    }
}

impl Engine for Maker {
    fn on_event(&mut self, shown: &Stamped, actions: &mut Vec<Action>) {
        match &shown.event {
            Event::Market(event) => {
                if let MarketData::Book(batch) = &event.data {
                    self.book.apply(batch, |_| ());
                }
            }
            Event::Order(event) => self.hear(event),
            Event::Timer(_) => self.step(actions),
            Event::Operator(_) => {}
        }
    }
}

/// What a replay came to, so that nobody gets faster by doing less.
#[derive(Debug, PartialEq)]
struct Checksum {
    shown: u64,
    messages: u64,
    fills: u64,
    position: Lots,
    fees: Cash,
    book: Option<u64>,
}

fn replay(
    reel: Reel,
    spec: &InstrumentSpec,
    step: Nanos,
    engine: &mut impl Engine,
) -> (Reel, Checksum) {
    let mut timeline = Timeline::new(reel, std::slice::from_ref(spec), config(step)).unwrap();
    let (mut actions, mut shown) = (Vec::with_capacity(64), 0);
    while let Some(event) = timeline.next().unwrap() {
        shown += 1;
        engine.on_event(event, &mut actions);
        if !actions.is_empty() {
            timeline.perform(&actions);
            actions.clear();
        }
    }
    let venue = timeline.venue(INSTRUMENT);
    let ledger = *venue.ledger();
    let checksum = Checksum {
        shown,
        messages: timeline.counts().arrived,
        fills: ledger.fills,
        position: ledger.position,
        fees: ledger.fees,
        book: venue.book().update_id(),
    };
    (timeline.into_source().rewound(), checksum)
}

fn load() -> Option<(Reel, InstrumentSpec)> {
    let file = fluxo_test_data::capture(CAPTURE)?;
    let mut spec = inferred_spec(&file);
    spec.maker_fee = "-0.00005".parse().unwrap();
    spec.taker_fee = "0.0007".parse().unwrap();
    let mut capture = Capture::open(&[file], &spec);
    let mut recorded = Vec::new();
    while let Some(next) = capture.next().unwrap() {
        recorded.push(next);
    }
    Some((Reel::new(recorded), spec))
}

/// Benches one engine, prints what its last replay came to, and gives the reel back.
fn case<E: Engine>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    (name, millis): (&str, i64),
    (reel, spec): (Reel, &InstrumentSpec),
    engine: impl Fn() -> E,
) -> Reel {
    let (mut reel, mut checksum) = (Some(reel), None);
    group.bench_function(name, |b| {
        b.iter(|| {
            let came_back = reel.take().expect("the reel came back");
            let played = replay(came_back, spec, Nanos::from_millis(millis), &mut engine());
            (reel, checksum) = (Some(played.0), Some(played.1));
        });
    });
    println!("{name}: {checksum:?}");
    reel.expect("the reel came back")
}

fn bench(c: &mut Criterion) {
    let Some((reel, spec)) = load() else { return };
    let mut group = c.benchmark_group("replay");
    group.throughput(Throughput::Elements(reel.logical_events() as u64)).sample_size(50);
    let own_book = || OwnBook(Book::new(BookConfig::DEFAULT));
    let reel = case(&mut group, ("no-op", 100), (reel, &spec), || NoOp);
    let reel = case(&mut group, ("no-op, own book", 100), (reel, &spec), own_book);
    let reel = case(&mut group, ("maker move 100 ms", 100), (reel, &spec), || Maker::new(false));
    let reel = case(&mut group, ("maker all 100 ms", 100), (reel, &spec), || Maker::new(true));
    let reel = case(&mut group, ("maker move 10 ms", 10), (reel, &spec), || Maker::new(false));
    case(&mut group, ("maker all 10 ms", 10), (reel, &spec), || Maker::new(true));
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
