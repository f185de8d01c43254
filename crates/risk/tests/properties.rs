//! Whatever happens, no approved order can lead beyond the limits.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use fluxo_core::{
    Calendar, Cash, ClientOrderId, Decimal, FeatureUnits, InstrumentId, InstrumentSpec, Lots,
    Market, Nanos, OperatorCommand, Order, OrderType, Price, Side, Size, SpecSource, UnixNanos,
};
use fluxo_risk::{Config, Gate, Situation, Touch};
use proptest::prelude::*;

const POSITION_MAX: i64 = 50;
const ORDERS_MAX: u32 = 7;

fn gate() -> Gate {
    let spec = InstrumentSpec {
        market: Market::BinanceUsdm,
        symbol: "BTCUSDT".into(),
        kind: Market::BinanceUsdm.kind(),
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
    };
    let config = Config {
        position_max: Size::Quantity("0.05".parse().unwrap()),
        order_notional_max: Cash::from_units(10_000 * 100_000_000),
        orders_in_window_max: ORDERS_MAX,
        rate_window: Nanos::new(100),
        daily_loss_max: Cash::from_units(1),
        stale_book_after: Nanos::new(50),
        spread_max_centi_bps: 10_000,
    };
    Gate::new(InstrumentId::new(0), config, spec).unwrap()
}

/// An order that is wanted, what fills before the next one, and how much time passes.
#[derive(Clone, Debug)]
struct Step {
    bid: bool,
    lots: i64,
    fill: bool,
    cancel: bool,
    elapsed: i64,
    book_age: i64,
}

fn step() -> impl Strategy<Value = Step> {
    (any::<bool>(), -2_i64..40, any::<bool>(), any::<bool>(), 0_i64..40, 0_i64..80).prop_map(
        |(bid, lots, fill, cancel, elapsed, book_age)| Step {
            bid,
            lots,
            fill,
            cancel,
            elapsed,
            book_age,
        },
    )
}

/// An order of the step's side and size at the bid.
fn order(number: usize, step: &Step) -> Order {
    Order {
        id: ClientOrderId::new(number as u64),
        instrument: InstrumentId::new(0),
        side: if step.bid { Side::Bid } else { Side::Ask },
        lots: Lots::new(step.lots),
        order_type: OrderType::PostOnly { price: Price::from_ticks(600_000) },
    }
}

/// What the gate is shown at `now`, with a book that the step says how old.
fn situation(now: i64, position: i64, working: [i64; 2], step: &Step) -> Situation {
    Situation {
        now: UnixNanos::new(now),
        touch: Some(Touch {
            bid: Price::from_ticks(600_000),
            ask: Price::from_ticks(600_001),
            updated: UnixNanos::new(now - step.book_age),
        }),
        position: Lots::new(position),
        working_bid: Lots::new(working[0]),
        working_ask: Lots::new(working[1]),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn the_limits_hold_in_every_history(steps in proptest::collection::vec(step(), 1..200)) {
        let mut gate = gate();
        let (mut now, mut position, mut working) = (1_000_i64, 0_i64, [0_i64; 2]);
        let mut sent: Vec<i64> = Vec::new();
        for (number, step) in steps.iter().enumerate() {
            now += step.elapsed;
            let order = order(number, step);
            let side = order.side;
            let situation = situation(now, position, working, step);
            if gate.check(order, &situation).is_ok() {
                prop_assert!(step.lots > 0);
                prop_assert!(step.book_age <= 50);
                working[side.index()] += step.lots;
                sent.push(now);
                let recent = sent.iter().filter(|time| now - **time < 100).count();
                prop_assert!(recent <= ORDERS_MAX as usize);
            }
            if step.fill {
                position += side.sign() * working[side.index()];
            }
            if step.fill || step.cancel {
                working[side.index()] = 0;
            }
            // Also if everything that works on either side were filled.
            prop_assert!((position + working[0]).abs() <= POSITION_MAX || position + working[0] <= 0);
            prop_assert!((position - working[1]).abs() <= POSITION_MAX || position - working[1] >= 0);
            prop_assert!(position.abs() <= POSITION_MAX);
        }
    }

    #[test]
    fn reducing_never_leads_through_zero(
        start in -POSITION_MAX..=POSITION_MAX,
        steps in proptest::collection::vec(step(), 1..100),
    ) {
        let mut gate = gate();
        gate.command(OperatorCommand::Reduce);
        let (mut now, mut position, mut working) = (1_000_i64, start, [0_i64; 2]);
        for (number, step) in steps.iter().enumerate() {
            now += step.elapsed;
            let order = order(number, step);
            let at = order.side.index();
            if let Ok(approved) = gate.check(order, &situation(now, position, working, step)) {
                let lots = approved.into_parts().0.lots.get();
                prop_assert!(0 < lots && lots <= step.lots);
                working[at] += lots;
            }
            if step.fill {
                position += order.side.sign() * working[at];
            }
            if step.fill || step.cancel {
                working[at] = 0;
            }
            prop_assert!(position.signum() * start.signum() >= 0 && position.abs() <= start.abs());
        }
    }
}
