//! Every recorded capture: our orders meet no older market than we were shown, and the books balance.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/actions.rs"]
mod actions;
#[path = "support/audit.rs"]
mod audit;
#[path = "support/capture.rs"]
mod capture;

use actions::{cancel, place};
use audit::Audit;
use capture::{Capture, inferred_spec};
use fluxo_core::{
    Action, ClientOrderId, Event, InstrumentId, InstrumentSpec, Lots, MarketData, MarketEvent,
    Nanos, Order, OrderEvent, OrderType, OrderUpdate, Side,
};
use fluxo_market_data::{Book, BookConfig};
use fluxo_sim::{SimConfig, Timeline, VenueConfig};
use fluxo_test_data::Run;

const INSTRUMENT: InstrumentId = InstrumentId::new(0);
/// Every so many decisions the quoter also takes.
const TAKES_EVERY: u64 = 40;
/// Many small orders at one price would hide what a queue is for.
const LOTS: i64 = 2;

/// Quotes both best prices anew at every grid time, and takes now and then.
struct Quoter {
    book: Book,
    next_id: u64,
    decisions: u64,
    open: Vec<ClientOrderId>,
}

impl Quoter {
    fn order(&mut self, side: Side, order_type: OrderType) -> Order {
        let id = ClientOrderId::new(self.next_id);
        self.next_id += 1;
        Order { id, instrument: INSTRUMENT, side, lots: Lots::new(LOTS), order_type }
    }

    fn decide(&mut self, actions: &mut Vec<Action>) {
        self.decisions += 1;
        actions.extend(self.open.drain(..).map(|id| cancel(INSTRUMENT, id)));
        if self.decisions.is_multiple_of(TAKES_EVERY) {
            // Without quotes of its own in the way.
            let buys = self.decisions.is_multiple_of(2 * TAKES_EVERY);
            let side = if buys { Side::Bid } else { Side::Ask };
            actions.push(place(self.order(side, OrderType::Market)));
            return;
        }
        for side in Side::BOTH {
            let Some(best) = self.book.best(side) else { continue };
            let order = self.order(side, OrderType::PostOnly { price: best.price });
            self.open.push(order.id);
            actions.push(place(order));
        }
    }

    fn hear(&mut self, event: &OrderEvent) {
        let ended = match event.update {
            OrderUpdate::Filled(fill) => fill.remaining == Lots::ZERO,
            OrderUpdate::Accepted | OrderUpdate::CancelRejected => false,
            _ => true,
        };
        if ended {
            self.open.retain(|id| *id != event.id);
        }
    }

    fn see(&mut self, event: &MarketEvent) {
        match &event.data {
            MarketData::Book(batch) => self.book.apply(batch, |_| ()),
            MarketData::Gap(_) => self.book.clear(),
            _ => {}
        }
    }
}

fn replay(run: &Run) {
    let name = run.name();
    let mut spec: InstrumentSpec = inferred_spec(&run.files[0]);
    let config = SimConfig {
        order_latency: Nanos::from_millis(5),
        response_latency: Nanos::from_millis(5),
        row_clock: Nanos::from_millis(100),
        look_ahead_max: SimConfig::LOOK_AHEAD_MAX,
        messages_in_flight_max: SimConfig::MESSAGES_IN_FLIGHT_MAX,
        venue: VenueConfig::CAREFUL,
    };
    let source = Capture::open(&run.files, &spec);
    let mut timeline = Timeline::new(source, std::slice::from_ref(&spec), config).unwrap();
    let mut audit = Audit::new(&spec);
    let mut quoter =
        Quoter { book: Book::new(BookConfig::DEFAULT), next_id: 0, decisions: 0, open: Vec::new() };
    let (mut actions, mut shown_id, mut last) = (Vec::new(), None, None);
    while let Some(shown) = timeline.next().unwrap() {
        assert!(Some(shown.ts_recv) >= last, "{name}: time goes back");
        last = Some(shown.ts_recv);
        match &shown.event {
            Event::Market(event) => {
                if let MarketData::Spec(finer) = &event.data {
                    audit.refined(finer);
                    refine(&mut quoter.book, &spec, finer);
                    spec.clone_from(finer);
                }
                quoter.see(event);
                shown_id = quoter.book.update_id();
            }
            Event::Order(event) => {
                audit.heard(event);
                quoter.hear(event);
            }
            Event::Timer(_) => quoter.decide(&mut actions),
            Event::Operator(_) => panic!("nobody operates"),
        }
        for action in &actions {
            if let Action::Place { order, .. } = action {
                audit.sent(order);
            }
        }
        timeline.perform(&actions);
        actions.clear();
        // The venue's own state, not the timeline's counters.
        let venue_id = timeline.venue(INSTRUMENT).book().update_id();
        assert!(venue_id.is_none() || venue_id >= shown_id, "{name}: the venue is behind us");
    }
    let (counts, worst) = (timeline.counts(), timeline.worst_arrival());
    assert_eq!(*timeline.venue(INSTRUMENT).ledger(), audit.ledger, "{name}");
    assert!(worst.is_some_and(|worst| worst.lead().is_some()), "{name}: {worst:?}");
    assert!(
        audit.made > 0 && audit.taken > 0,
        "{name}: {} made, {} taken",
        audit.made,
        audit.taken
    );
    assert_eq!((counts.look_ahead_full, counts.refused), (0, 0), "{name}");
}

fn refine(book: &mut Book, from: &InstrumentSpec, to: &InstrumentSpec) {
    let refinement = fluxo_sim::Refinement::between(from, to).unwrap();
    book.rescale(refinement.price_factor, refinement.lots_factor).unwrap();
}

#[test]
fn an_order_never_meets_an_older_market_and_the_books_balance() {
    for run in fluxo_test_data::synchronised_runs() {
        replay(&run);
    }
}
