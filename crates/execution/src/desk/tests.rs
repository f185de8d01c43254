//! The life of orders, one story a test.

use fluxo_core::{
    Calendar, Cash, Decimal, FeatureUnits, Fill, FillReason, InstrumentKind, InstrumentSpec,
    Liquidity, Market, Nanos, OrderType, Price, Quote, RejectReason, Size, SpecSource, Ticks,
    UnixNanos,
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
        units: FeatureUnits::UNKNOWN,
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

fn fill(side: Side, lots: i64, remaining: i64) -> Fill {
    Fill {
        side,
        price: Price::from_ticks(100),
        lots: Lots::new(lots),
        liquidity: Liquidity::Maker,
        cash: Cash::from_units(i128::from(-side.sign() * lots * 100)),
        fee: Cash::from_units(1),
        reason: FillReason::QueueReached,
        remaining: Lots::new(remaining),
    }
}

fn filled(side: Side, lots: i64, remaining: i64) -> OrderUpdate {
    OrderUpdate::Filled(fill(side, lots, remaining))
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
fn fills_add_up_wherever_the_acknowledgement_and_the_end_come_between() {
    let fills = [filled(Side::Bid, 2, 3), filled(Side::Bid, 1, 2)];
    for accepted_at in 0..=2 {
        for ended_at in 0..=3 {
            let mut news = fills.to_vec();
            news.insert(accepted_at, OrderUpdate::Accepted);
            news.insert(ended_at, OrderUpdate::Canceled { remaining: Lots::new(2) });
            let mut bench = bench();
            bench.aim(&quotes(Some((100, 5)), None, false));
            for update in &news {
                bench.hear(1, *update).unwrap_or_else(|error| panic!("{error}: {news:?}"));
            }
            assert!(bench.states().is_empty(), "{news:?}");
            assert_eq!(bench.desk.ledger().position, Lots::new(3), "{news:?}");
        }
    }
}

#[test]
fn an_order_that_ended_waits_for_its_fills() {
    let mut bench = bench();
    bench.aim(&quotes(Some((100, 5)), None, false));
    bench.hear(1, OrderUpdate::Accepted).unwrap();
    let (cancels, _) = bench.aim(&quotes(None, None, false));
    assert_eq!(cancels, [1]);
    bench.hear(1, OrderUpdate::Canceled { remaining: Lots::new(3) }).unwrap();
    // Two lots traded, and nobody has booked them yet.
    let ended = OrderState::Ended { remaining: Lots::new(3) };
    assert_eq!(bench.states(), [(1, ended, 2)]);
    assert_eq!(bench.desk.working(Side::Bid), Lots::new(2));
    // It cannot be canceled again, and is no quote that stands.
    let (cancels, orders) = bench.aim(&quotes(Some((100, 5)), None, false));
    assert_eq!((cancels, orders.len()), (vec![], 1));
    bench.hear(1, filled(Side::Bid, 1, 4)).unwrap();
    bench.hear(1, filled(Side::Bid, 1, 3)).unwrap();
    assert_eq!(bench.states(), [(2, OrderState::Sent, 5)]);
    assert_eq!(bench.desk.ledger().position, Lots::new(2));
}

#[test]
fn an_order_that_ended_trades_no_more_than_it_said() {
    let mut bench = bench();
    bench.aim(&quotes(Some((100, 5)), None, false));
    bench.hear(1, OrderUpdate::Canceled { remaining: Lots::new(3) }).unwrap();
    let id = ClientOrderId::new(1);
    let overfilled = Error::Overfilled { id, filled: 3, open: 2 };
    assert_eq!(bench.hear(1, filled(Side::Bid, 3, 2)), Err(overfilled));
    // And ends once.
    let again = OrderUpdate::Expired { remaining: Lots::new(2) };
    assert_eq!(bench.hear(1, again), Err(Error::UnknownOrder { id }));
    assert_eq!(bench.desk.working(Side::Bid), Lots::new(2));
}

#[test]
fn news_of_an_order_that_ended_is_no_contradiction() {
    let mut bench = bench();
    bench.aim(&quotes(Some((100, 5)), None, false));
    bench.hear(1, filled(Side::Bid, 5, 0)).unwrap();
    bench.hear(1, OrderUpdate::Accepted).unwrap();
    bench.hear(1, OrderUpdate::CancelRejected).unwrap();
    let id = ClientOrderId::new(2);
    assert_eq!(bench.hear(2, OrderUpdate::Accepted), Err(Error::UnknownOrder { id }));
}

/// What the desk says to an answer about order 1, a bid of 5 lots of which 2 were filled, and the
/// position afterwards. Whatever the answer, the order stays as it was.
fn contradiction(id: u64, update: OrderUpdate) -> (Error, i64) {
    let mut bench = bench();
    bench.aim(&quotes(Some((100, 5)), None, false));
    bench.hear(1, OrderUpdate::Accepted).unwrap();
    bench.hear(1, filled(Side::Bid, 2, 3)).unwrap();
    let before = bench.states();
    let error = bench.hear(id, update).unwrap_err();
    assert_eq!(bench.states(), before, "{update:?}");
    (error, bench.desk.ledger().position.get())
}

#[test]
fn a_contradiction_changes_no_order() {
    let (id, unknown) = (ClientOrderId::new(1), ClientOrderId::new(9));
    let ended = |remaining| OrderUpdate::Canceled { remaining: Lots::new(remaining) };
    for (update, error) in [
        (ended(4), Error::OutOfStep { id, remaining: 4, expected: 3 }),
        (ended(-1), Error::OutOfStep { id, remaining: -1, expected: 3 }),
        (OrderUpdate::Rejected(RejectReason::DuplicateId), Error::DuplicateId { id }),
        (OrderUpdate::Rejected(RejectReason::WouldCross), Error::RejectedLate { id }),
    ] {
        assert_eq!(contradiction(1, update), (error, 2));
    }
    assert_eq!(contradiction(9, ended(1)), (Error::UnknownOrder { id: unknown }, 2));
}

#[test]
fn a_fill_that_contradicts_is_booked_when_it_has_traded() {
    let (id, unknown) = (ClientOrderId::new(1), ClientOrderId::new(9));
    let out_of_step = |remaining, expected| Error::OutOfStep { id, remaining, expected };
    let beyond_counting =
        OrderUpdate::Filled(Fill { cash: Cash::from_units(i128::MIN), ..fill(Side::Bid, 1, 2) });
    for (update, error, position) in [
        (filled(Side::Ask, 1, 2), Error::WrongSide { id }, 1),
        (filled(Side::Bid, 6, 0), Error::Overfilled { id, filled: 6, open: 3 }, 8),
        // A fill before it was lost.
        (filled(Side::Bid, 1, 1), out_of_step(1, 2), 3),
        // It was heard before.
        (filled(Side::Bid, 2, 3), out_of_step(3, 1), 2),
        (filled(Side::Bid, 0, 3), Error::NoFill { id, filled: 0, remaining: 3 }, 2),
        (filled(Side::Bid, 1, -1), Error::NoFill { id, filled: 1, remaining: -1 }, 2),
        (beyond_counting, Error::Unbookable { id }, 2),
    ] {
        assert_eq!(contradiction(1, update), (error, position));
    }
    let error = Error::UnknownOrder { id: unknown };
    assert_eq!(contradiction(9, filled(Side::Bid, 1, 0)), (error, 3));
}

#[test]
fn a_rejected_order_is_gone() {
    let mut bench = bench();
    bench.aim(&quotes(Some((100, 5)), None, false));
    bench.hear(1, OrderUpdate::Rejected(RejectReason::WouldCross)).unwrap();
    assert!(bench.states().is_empty());
}

#[test]
fn limit_and_market_orders_are_kept_like_all_others() {
    let mut bench = bench();
    let order = |side, lots, order_type| Order {
        id: ClientOrderId::new(0),
        instrument: InstrumentId::new(0),
        side,
        lots: Lots::new(lots),
        order_type,
    };
    bench.send(order(Side::Bid, 5, OrderType::Limit { price: Price::from_ticks(101) }));
    bench.send(order(Side::Ask, 3, OrderType::Market));
    // The limit order takes two lots and rests with the others; the market order takes what there is.
    bench.hear(1, OrderUpdate::Accepted).unwrap();
    bench.hear(1, filled(Side::Bid, 2, 3)).unwrap();
    bench.hear(2, OrderUpdate::Accepted).unwrap();
    bench.hear(2, filled(Side::Ask, 1, 2)).unwrap();
    let accepted = OrderState::Accepted;
    assert_eq!(bench.states(), [(1, accepted, 3), (2, accepted, 2)]);
    bench.hear(2, OrderUpdate::Expired { remaining: Lots::new(2) }).unwrap();
    bench.hear(1, filled(Side::Bid, 3, 0)).unwrap();
    assert!(bench.states().is_empty());
    let ledger = bench.desk.ledger();
    assert_eq!((ledger.position, ledger.fills), (Lots::new(4), 3));
    assert_eq!(ledger.cash, Cash::from_units(-400));
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
    bench.hear(1, OrderUpdate::Canceled { remaining: Lots::new(100) }).unwrap();
    bench.desk.rescale(1, 10);
    bench.hear(1, filled(Side::Bid, 2_000, 1_000)).unwrap();
    assert!(bench.states().is_empty());
}

#[test]
fn on_a_finer_grid_an_order_takes_as_far_through_the_touch() {
    let mut bench = bench();
    let limit = |bench: &mut Bench, touch| {
        bench.desk.plan(&Target::Position(Lots::new(5)), touch);
        bench.desk.planned().orders[0].order_type.limit()
    };
    let through = |ticks| Some(Price::from_ticks(TOUCH.ask.ticks() * ticks + 2 * ticks));
    assert_eq!(limit(&mut bench, TOUCH), through(1));
    bench.desk.rescale(10, 1);
    let [bid, ask] = [TOUCH.bid, TOUCH.ask].map(|price| price.rescaled(10).unwrap());
    assert_eq!(limit(&mut bench, Touch { bid, ask }), through(10));
}

#[test]
fn the_finest_grid_that_occurs_fits() {
    /// New ticks in one old tick, and lots in one old lot: a whole coin becomes a satoshi.
    const FACTOR: i64 = 100_000_000;
    let mut bench = bench();
    // The shipped limits: 5 000 in the quote currency, of a coin that costs a ten-millionth a lot;
    // and the price of a bitcoin in its finest configured tick.
    let lots = 50_000_000_000;
    let order_type = OrderType::PostOnly { price: Price::from_ticks(12_000_000) };
    let (id, instrument) = (ClientOrderId::new(1), InstrumentId::new(0));
    let order = Order { id, instrument, side: Side::Bid, lots: Lots::new(lots), order_type };
    bench.desk.orders.add(order);
    bench.hear(1, filled(Side::Bid, 1, lots - 1)).unwrap();
    bench.desk.rescale(FACTOR, FACTOR);
    let working = bench.desk.open_orders().next().unwrap();
    assert_eq!(working.open, Lots::new((lots - 1) * FACTOR));
    assert_eq!(bench.desk.ledger().position, Lots::new(FACTOR));
}
