//! Each limit, at its edge.

use fluxo_core::{
    Calendar, ClientOrderId, Decimal, FeatureUnits, InstrumentId, InstrumentKind, Market,
    OrderType, Size, SpecSource,
};

use super::*;

fn spec() -> InstrumentSpec {
    InstrumentSpec {
        market: Market::BinanceUsdm,
        symbol: "BTCUSDT".into(),
        kind: InstrumentKind::Linear,
        base: "BTC".into(),
        quote: "USDT".into(),
        settle: "USDT".into(),
        tick_size: "0.1".parse().unwrap(),
        lot_size: "0.001".parse().unwrap(),
        multiplier: Decimal::ONE,
        maker_fee: Decimal::ZERO,
        taker_fee: Decimal::ZERO,
        size_unit_lots: Lots::new(100),
        units: FeatureUnits::UNKNOWN,
        calendar: Calendar::AroundTheClock,
        valid_from: UnixNanos::new(0),
        source: SpecSource::Configured,
    }
}

fn gate() -> Gate {
    let config = Config {
        position_max: Size::Quantity("0.010".parse().unwrap()),
        order_notional_max: Cash::from_units(300 * 100_000_000),
        orders_in_window_max: 3,
        rate_window: Nanos::SECOND,
        daily_loss_max: Cash::from_units(5 * 100_000_000),
        stale_book_after: Nanos::SECOND,
        spread_max_centi_bps: 100,
    };
    Gate::new(InstrumentId::new(0), config, spec()).unwrap()
}

fn order(side: Side, lots: i64) -> Order {
    Order {
        id: ClientOrderId::new(1),
        instrument: InstrumentId::new(0),
        side,
        lots: Lots::new(lots),
        order_type: OrderType::Limit { price: Price::from_ticks(600_000) },
    }
}

/// A book of 60000.0 / 60000.1, fresh, and nothing held.
fn situation() -> Situation {
    Situation {
        now: UnixNanos::new(10_000_000_000),
        touch: Some(Touch {
            bid: Price::from_ticks(600_000),
            ask: Price::from_ticks(600_001),
            updated: UnixNanos::new(10_000_000_000),
        }),
        position: Lots::ZERO,
        working_bid: Lots::ZERO,
        working_ask: Lots::ZERO,
    }
}

fn refusal(gate: &mut Gate, order: Order, situation: &Situation) -> Option<Refusal> {
    gate.check(order, situation).err()
}

#[test]
fn an_order_within_the_limits_passes_and_says_what_it_uses() {
    let approved = gate().check(order(Side::Bid, 5), &situation()).unwrap();
    let (order, limits) = approved.into_parts();
    assert_eq!(order.lots, Lots::new(5));
    assert_eq!(limits.position_worst, Lots::new(5));
    assert_eq!(limits.position_max, Lots::new(10));
    assert_eq!(limits.notional, Cash::from_units(300 * 100_000_000));
    assert_eq!((limits.orders_in_window, limits.orders_in_window_max), (1, 3));
}

#[test]
fn working_orders_count_towards_the_position() {
    let situation = Situation { position: Lots::new(4), working_bid: Lots::new(4), ..situation() };
    assert_eq!(refusal(&mut gate(), order(Side::Bid, 2), &situation), None);
    let expected = Refusal::Position { worst: Lots::new(11), limit: Lots::new(10) };
    assert_eq!(refusal(&mut gate(), order(Side::Bid, 3), &situation), Some(expected));
    assert_eq!(refusal(&mut gate(), order(Side::Ask, 3), &situation), None);
}

#[test]
fn a_position_beyond_the_limit_may_be_reduced() {
    let situation = Situation { position: Lots::new(40), ..situation() };
    assert_eq!(refusal(&mut gate(), order(Side::Ask, 4), &situation), None);
    assert!(refusal(&mut gate(), order(Side::Bid, 1), &situation).is_some());
}

#[test]
fn one_order_is_not_worth_more_than_its_limit() {
    let expected = Refusal::Notional {
        value: Cash::from_units(360 * 100_000_000),
        limit: Cash::from_units(300 * 100_000_000),
    };
    assert_eq!(refusal(&mut gate(), order(Side::Bid, 6), &situation()), Some(expected));
}

/// What an order of five lots counts as at 60000.0 / 60000.1, in units of the quote currency.
fn value(side: Side, order_type: OrderType) -> i128 {
    let order = Order { order_type, ..order(side, 5) };
    let unlimited = Config { order_notional_max: Cash::from_units(i128::MAX), ..gate().config };
    let mut gate = Gate::new(InstrumentId::new(0), unlimited, spec()).unwrap();
    gate.check(order, &situation()).unwrap().into_parts().1.notional.units()
}

#[test]
fn an_order_counts_at_the_worst_price_it_may_meet() {
    let limit = |ticks| OrderType::ImmediateOrCancel { price: Price::from_ticks(ticks) };
    // One tick of five lots is 0.0005.
    let at = |ticks| i128::from(ticks) * 50_000;
    assert_eq!(value(Side::Ask, limit(1)), at(600_000));
    assert_eq!(value(Side::Ask, limit(600_100)), at(600_100));
    assert_eq!(value(Side::Ask, OrderType::Market), at(600_000));
    assert_eq!(value(Side::Bid, limit(1)), at(1));
    assert_eq!(value(Side::Bid, limit(600_100)), at(600_100));
    assert_eq!(value(Side::Bid, OrderType::Market), at(600_001));
    // A negative price is worth as much as a positive one.
    assert_eq!(value(Side::Bid, limit(-700_000)), at(700_000));
}

#[test]
fn a_position_limit_below_one_lot_allows_none() {
    let position_max = Size::Quantity("0.0009".parse().unwrap());
    let config = Config { position_max, ..gate().config };
    let mut gate = Gate::new(InstrumentId::new(0), config, spec()).unwrap();
    let expected = Refusal::Position { worst: Lots::new(1), limit: Lots::ZERO };
    assert_eq!(refusal(&mut gate, order(Side::Bid, 1), &situation()), Some(expected));
}

#[test]
fn the_rate_is_limited_and_refused_orders_do_not_count() {
    let mut gate = gate();
    for _ in 0..5 {
        assert!(refusal(&mut gate, order(Side::Bid, 100), &situation()).is_some());
    }
    for _ in 0..3 {
        assert_eq!(refusal(&mut gate, order(Side::Bid, 1), &situation()), None);
    }
    let expected = Refusal::OrderRate { orders: 4, limit: 3 };
    assert_eq!(refusal(&mut gate, order(Side::Bid, 1), &situation()), Some(expected));
}

#[test]
fn a_stale_book_or_none_is_no_basis() {
    let limit = Nanos::SECOND;
    let mut situation = situation();
    situation.now = situation.now + Nanos::new(1_000_000_001);
    let age = Some(Nanos::new(1_000_000_001));
    assert_eq!(
        refusal(&mut gate(), order(Side::Bid, 1), &situation),
        Some(Refusal::StaleBook { age, limit })
    );
    situation.touch = None;
    assert_eq!(
        refusal(&mut gate(), order(Side::Bid, 1), &situation),
        Some(Refusal::StaleBook { age: None, limit })
    );
}

#[test]
fn a_wide_spread_is_no_market_but_one_tick_always_is() {
    let wide = |ask| Situation {
        touch: situation().touch.map(|touch| Touch { ask: Price::from_ticks(ask), ..touch }),
        ..situation()
    };
    // One basis point of 60000 is 6, or 60 ticks.
    assert_eq!(refusal(&mut gate(), order(Side::Bid, 1), &wide(600_060)), None);
    // Nor is a locked or a crossed one; its mid is a little lower.
    for (ask, spread, limit) in [(600_061, 61, 60), (600_000, 0, 60), (599_999, -1, 59)] {
        let expected = Refusal::Spread { spread: Ticks::new(spread), limit: Ticks::new(limit) };
        let situation = wide(ask);
        assert_eq!(refusal(&mut gate(), order(Side::Bid, 1), &situation), Some(expected), "{ask}");
    }
}

#[test]
fn a_lost_day_leaves_only_the_way_out() {
    let mut gate = gate();
    let (now, mid) = (situation().now, Price::from_ticks(600_000));
    assert_eq!(gate.mark(now, Some(Cash::ZERO), mid), None);
    assert_eq!(gate.mark(now, Some(Cash::from_units(-500_000_000)), mid), None);
    let change = gate.mark(now, Some(Cash::from_units(-500_000_001)), mid).unwrap();
    assert_eq!(change.state, RiskState::Reducing);
    assert!(matches!(change.cause, Refusal::DailyLoss { .. }));
    assert_eq!(refusal(&mut gate, order(Side::Bid, 1), &situation()), Some(Refusal::Reducing));
    let long = Situation { position: Lots::new(3), ..situation() };
    assert_eq!(refusal(&mut gate, order(Side::Bid, 1), &long), Some(Refusal::Reducing));
    assert_eq!(refusal(&mut gate, order(Side::Ask, 3), &long), None);
}

#[test]
fn the_way_out_ends_at_zero() {
    for (position, working, wanted, approved) in
        [(3, 0, 2, Some(2)), (3, 0, 9, Some(3)), (3, 1, 9, Some(2)), (3, 3, 9, None)]
    {
        for side in Side::BOTH {
            let mut gate = gate();
            gate.command(OperatorCommand::Reduce);
            let held = side.opposite().signed(Lots::new(position));
            let (working_bid, working_ask) = (Lots::new(working), Lots::new(working));
            let situation = Situation { position: held, working_bid, working_ask, ..situation() };
            let verdict = gate.check(order(side, wanted), &situation);
            let lots = verdict.map(|approved| approved.into_parts().0.lots.get());
            assert_eq!(lots, approved.ok_or(Refusal::Reducing), "{side:?} {wanted}");
        }
    }
}

#[test]
fn a_day_begins_with_the_last_equity_of_the_day_before() {
    let mid = Price::from_ticks(600_000);
    let lost = |units: i64| Some(Cash::from_units(-i128::from(units)));
    let (day_one, day_two) = (UnixNanos::new(0), UnixNanos::new(DAY_NANOS));
    let mut gate = gate();
    assert_eq!(gate.mark(day_one, Some(Cash::ZERO), mid), None);
    assert_eq!(gate.mark(day_one, lost(400_000_000), mid), None);
    // The day before is forgiven, the night is not.
    assert_eq!(gate.mark(day_two, lost(900_000_000), mid), None);
    assert!(gate.mark(day_two, lost(900_000_001), mid).is_some());
    // A new day does not reopen the gate.
    assert_eq!(gate.mark(UnixNanos::new(2 * DAY_NANOS), Some(Cash::ZERO), mid), None);
    assert_eq!(gate.state(), RiskState::Reducing);
}

#[test]
fn only_a_closed_gate_forgives_the_day_when_it_resumes() {
    let (now, mid) = (situation().now, Price::from_ticks(600_000));
    let lost = |units: i64| Some(Cash::from_units(-i128::from(units)));
    let mut gate = gate();
    assert_eq!(gate.mark(now, Some(Cash::ZERO), mid), None);
    assert_eq!(gate.mark(now, lost(400_000_000), mid), None);
    assert_eq!(gate.command(OperatorCommand::Resume), None);
    assert!(gate.mark(now, lost(500_000_001), mid).is_some());
    assert!(gate.command(OperatorCommand::Resume).is_some());
    assert_eq!(gate.mark(now, lost(500_000_001), mid), None);
}

#[test]
fn a_book_from_the_future_halts() {
    let mut gate = gate();
    let early = Situation { now: UnixNanos::new(9_999_999_999), ..situation() };
    assert_eq!(refusal(&mut gate, order(Side::Bid, 1), &early), Some(Refusal::CheckFailed));
    assert_eq!(gate.state(), RiskState::Halted);
}

#[test]
fn another_instrument_has_another_gate() {
    let order = Order { instrument: InstrumentId::new(1), ..order(Side::Bid, 1) };
    assert_eq!(refusal(&mut gate(), order, &situation()), Some(Refusal::Invalid));
}

#[test]
fn what_cannot_be_computed_halts() {
    let mut gate = gate();
    let huge = Situation { position: Lots::new(i64::MAX), ..situation() };
    assert_eq!(refusal(&mut gate, order(Side::Bid, 1), &huge), Some(Refusal::CheckFailed));
    assert_eq!(gate.state(), RiskState::Halted);
    assert_eq!(refusal(&mut gate, order(Side::Bid, 1), &situation()), Some(Refusal::Halted));
    let mut gate = super::tests::gate();
    let change = gate.mark(situation().now, None, Price::from_ticks(1)).unwrap();
    assert_eq!(change, StateChange { state: RiskState::Halted, cause: Refusal::CheckFailed });
}

#[test]
fn only_a_person_resumes() {
    let mut gate = gate();
    assert_eq!(gate.command(OperatorCommand::Resume), None);
    assert!(gate.command(OperatorCommand::Halt).is_some());
    assert_eq!(refusal(&mut gate, order(Side::Bid, 1), &situation()), Some(Refusal::Halted));
    assert!(gate.command(OperatorCommand::Resume).is_some());
    assert_eq!(refusal(&mut gate, order(Side::Bid, 1), &situation()), None);
}

#[test]
fn a_limit_of_nothing_is_refused() {
    let config = Config { order_notional_max: Cash::ZERO, ..gate().config };
    assert_eq!(
        Gate::new(InstrumentId::new(0), config, spec()).unwrap_err(),
        Error::NotPositive { name: "order_notional_max" }
    );
}
