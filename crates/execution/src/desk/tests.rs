//! The life of orders, one story a test.

use fluxo_core::{
    Calendar, Cash, Decimal, Fill, FillReason, InstrumentKind, InstrumentSpec, Liquidity, Market,
    Nanos, OrderType, Price, Quote, RejectReason, Size, SpecSource, Ticks, UnixNanos,
};
use fluxo_risk::Gate;

use super::*;
use crate::OrderState;

const TOUCH: Touch = Touch { bid: Price::from_ticks(100), ask: Price::from_ticks(101) };

struct Bench {
    desk: Desk,
    gate: Gate,
    next_id: u64,
}

fn bench() -> Bench {
    let spec = InstrumentSpec {
        market: Market::BinanceUsdm,
        symbol: "X".into(),
        kind: InstrumentKind::Linear,
        base: "B".into(),
        quote: "Q".into(),
        settle: "Q".into(),
        tick_size: Decimal::ONE,
        lot_size: Decimal::ONE,
        multiplier: Decimal::ONE,
        maker_fee: Decimal::ZERO,
        taker_fee: Decimal::ZERO,
        size_unit_lots: Lots::new(1),
        calendar: Calendar::AroundTheClock,
        valid_from: UnixNanos::new(0),
        source: SpecSource::Configured,
    };
    let limits = fluxo_risk::Config {
        position_max: Size::Quantity(Decimal::new(1_000, 0)),
        order_notional_max: Cash::from_units(i128::from(i64::MAX)),
        orders_in_window_max: 1_000,
        rate_window: Nanos::SECOND,
        daily_loss_max: Cash::from_units(1),
        stale_book_after: Nanos::SECOND,
        spread_max_centi_bps: 1_000_000,
    };
    let config = Config { open_orders_max: 4, take_through: Ticks::new(2) };
    Bench {
        desk: Desk::new(InstrumentId::new(0), config),
        gate: Gate::new(InstrumentId::new(0), limits, spec).unwrap(),
        next_id: 1,
    }
}

impl Bench {
    /// Plans, lets the gate judge, sends: the cancels and the orders that went out.
    fn aim(&mut self, target: &Target) -> (Vec<u64>, Vec<Order>) {
        self.desk.plan(target, TOUCH);
        let cancels: Vec<ClientOrderId> = self.desk.planned().cancels.iter().map(|c| c.0).collect();
        let orders = self.desk.planned().orders.clone();
        for id in &cancels {
            self.desk.cancel(*id);
        }
        let sent = orders.into_iter().map(|order| self.send(order)).collect();
        (cancels.into_iter().map(ClientOrderId::get).collect(), sent)
    }

    fn send(&mut self, order: Order) -> Order {
        let situation = fluxo_risk::Situation {
            now: UnixNanos::new(0),
            touch: Some(fluxo_risk::Touch {
                bid: TOUCH.bid,
                ask: TOUCH.ask,
                updated: UnixNanos::new(0),
            }),
            position: self.desk.ledger().position,
            working_bid: self.desk.working(Side::Bid),
            working_ask: self.desk.working(Side::Ask),
        };
        let approved = self.gate.check(order, &situation).unwrap();
        let id = ClientOrderId::new(self.next_id);
        self.next_id += 1;
        self.desk.submit(approved, id).0
    }

    fn hear(&mut self, id: u64, update: OrderUpdate) -> Result<(), Error> {
        self.desk.on_order_event(&OrderEvent {
            instrument: InstrumentId::new(0),
            id: ClientOrderId::new(id),
            ts_event: UnixNanos::new(0),
            update,
        })
    }

    fn states(&self) -> Vec<(u64, OrderState, i64)> {
        self.desk.open_orders().map(|w| (w.order.id.get(), w.state, w.open.get())).collect()
    }
}

fn filled(side: Side, lots: i64, remaining: i64) -> OrderUpdate {
    OrderUpdate::Filled(Fill {
        side,
        price: Price::from_ticks(100),
        lots: Lots::new(lots),
        liquidity: Liquidity::Maker,
        cash: side.signed(Lots::new(-lots * 100)).get().into_cash(),
        fee: Cash::from_units(1),
        reason: FillReason::QueueReached,
        remaining: Lots::new(remaining),
    })
}

trait IntoCash {
    fn into_cash(self) -> Cash;
}
impl IntoCash for i64 {
    fn into_cash(self) -> Cash {
        Cash::from_units(i128::from(self))
    }
}

fn quotes(bid: Option<(i64, i64)>, ask: Option<(i64, i64)>, renew: bool) -> Target {
    let quote = |(ticks, lots)| Quote { price: Price::from_ticks(ticks), lots: Lots::new(lots) };
    Target::Quotes { bid: bid.map(quote), ask: ask.map(quote), renew }
}

#[test]
fn a_quote_that_still_stands_is_left_alone() {
    let mut bench = bench();
    let target = quotes(Some((100, 5)), Some((101, 5)), false);
    let (cancels, orders) = bench.aim(&target);
    assert!(cancels.is_empty());
    let expected = [
        (Side::Bid, OrderType::PostOnly { price: Price::from_ticks(100) }),
        (Side::Ask, OrderType::PostOnly { price: Price::from_ticks(101) }),
    ];
    assert_eq!(orders.iter().map(|o| (o.side, o.order_type)).collect::<Vec<_>>(), expected);
    assert_eq!(bench.aim(&target), (vec![], vec![]));
    bench.hear(1, OrderUpdate::Accepted).unwrap();
    bench.hear(1, filled(Side::Bid, 3, 2)).unwrap();
    assert_eq!(bench.aim(&target), (vec![], vec![]));
    assert_eq!(bench.states(), [(1, OrderState::Accepted, 2), (2, OrderState::Sent, 5)]);
}

#[test]
fn a_quote_elsewhere_replaces_at_once() {
    let mut bench = bench();
    bench.aim(&quotes(Some((100, 5)), None, false));
    let (cancels, orders) = bench.aim(&quotes(Some((99, 5)), None, false));
    assert_eq!((cancels, orders.len()), (vec![1], 1));
    // The cancel is asked for once, however long the answer takes.
    assert_eq!(bench.aim(&quotes(Some((99, 5)), None, false)), (vec![], vec![]));
    // Both count as exposure until the venue has answered.
    assert_eq!(bench.desk.working(Side::Bid), Lots::new(10));
    bench.hear(1, OrderUpdate::Canceled { remaining: Lots::new(5) }).unwrap();
    assert_eq!(bench.desk.working(Side::Bid), Lots::new(5));
}

#[test]
fn renewing_cancels_and_quotes_again() {
    let mut bench = bench();
    let target = quotes(Some((100, 5)), None, true);
    bench.aim(&target);
    let (cancels, orders) = bench.aim(&target);
    assert_eq!((cancels, orders.len()), (vec![1], 1));
}

#[test]
fn no_more_orders_than_the_limit() {
    let mut bench = bench();
    for ticks in 90..100 {
        bench.aim(&quotes(Some((ticks, 1)), None, false));
    }
    assert_eq!(bench.states().len(), 4);
}

#[test]
fn a_position_is_approached_by_one_order_at_a_time() {
    let mut bench = bench();
    let (_, orders) = bench.aim(&Target::Position(Lots::new(-7)));
    let [order] = orders[..] else { panic!("{orders:?}") };
    assert_eq!((order.side, order.lots), (Side::Ask, Lots::new(7)));
    // Two ticks through the bid.
    let price = Price::from_ticks(98);
    assert_eq!(order.order_type, OrderType::ImmediateOrCancel { price });
    let (_, orders) = bench.aim(&Target::Position(Lots::new(7)));
    assert!(orders.is_empty());
    bench.hear(1, filled(Side::Ask, 4, 3)).unwrap();
    bench.hear(1, OrderUpdate::Expired { remaining: Lots::new(3) }).unwrap();
    let (_, orders) = bench.aim(&Target::Position(Lots::new(-7)));
    assert_eq!(orders[0].lots, Lots::new(3));
}

#[test]
fn quotes_give_way_to_a_position() {
    let mut bench = bench();
    bench.aim(&quotes(Some((100, 5)), None, false));
    let (cancels, orders) = bench.aim(&Target::Position(Lots::new(3)));
    assert_eq!((cancels, orders), (vec![1], vec![]));
}

#[test]
fn a_fill_may_overtake_its_acknowledgement_and_follow_a_cancel() {
    let mut bench = bench();
    bench.aim(&quotes(Some((100, 5)), None, false));
    bench.hear(1, filled(Side::Bid, 2, 3)).unwrap();
    bench.hear(1, OrderUpdate::Accepted).unwrap();
    bench.aim(&quotes(None, None, false));
    bench.hear(1, filled(Side::Bid, 3, 0)).unwrap();
    assert!(bench.states().is_empty());
    bench.hear(1, OrderUpdate::CancelRejected).unwrap();
    let ledger = bench.desk.ledger();
    assert_eq!((ledger.position, ledger.fills), (Lots::new(5), 2));
    assert_eq!((ledger.cash, ledger.fees), (Cash::from_units(-500), Cash::from_units(2)));
}

#[test]
fn a_contradiction_changes_nothing() {
    let mut bench = bench();
    bench.aim(&quotes(Some((100, 5)), None, false));
    let before = (bench.states(), *bench.desk.ledger());
    let id = ClientOrderId::new(9);
    assert_eq!(bench.hear(9, filled(Side::Bid, 1, 0)), Err(Error::UnknownOrder { id }));
    let id = ClientOrderId::new(1);
    let overfilled = Error::Overfilled { id, filled: 6, open: 5 };
    assert_eq!(bench.hear(1, filled(Side::Bid, 6, 0)), Err(overfilled));
    assert_eq!((bench.states(), *bench.desk.ledger()), before);
    bench.hear(1, OrderUpdate::Rejected(RejectReason::WouldCross)).unwrap();
    assert!(bench.states().is_empty());
}

#[test]
fn a_finer_grid_keeps_the_meaning() {
    let mut bench = bench();
    bench.aim(&quotes(Some((100, 5)), None, false));
    bench.hear(1, filled(Side::Bid, 2, 3)).unwrap();
    bench.desk.rescale(10, 100);
    let working = bench.desk.open_orders().next().unwrap();
    assert_eq!(working.order.order_type.limit(), Some(Price::from_ticks(1_000)));
    assert_eq!((working.open, bench.desk.ledger().position), (Lots::new(300), Lots::new(200)));
}
