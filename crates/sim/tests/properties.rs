//! What is true of every market and every order.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/audit.rs"]
mod audit;
mod support;

use std::collections::BTreeMap;

use audit::Audit;
use fluxo_core::{
    Aggressor, BatchKind, BookBatch, ClientOrderId, Decimal, Fill, FillReason, Gap, GapReason,
    InstrumentId, InstrumentSpec, LevelUpdate, Lots, Market, MarketData, MarketEvent, Nanos, Order,
    OrderEvent, OrderType, OrderUpdate, Phase, Price, Side, Trade, TradeCondition, UnixNanos,
};
use fluxo_sim::{SimVenue, VenueClock, VenueConfig, VenueTime};
use proptest::prelude::*;

const INSTRUMENT: InstrumentId = InstrumentId::new(0);

#[derive(Clone, Debug)]
enum Step {
    Market {
        data: MarketData,
        late_by: i64,
    },
    Place(Order),
    Cancel(ClientOrderId),
    /// Ten times finer: the tick, the lot, or both.
    Refine(bool, bool),
}

fn side() -> impl Strategy<Value = Side> {
    prop_oneof![Just(Side::Bid), Just(Side::Ask)]
}

/// Few prices, so that things meet.
fn price() -> impl Strategy<Value = Price> {
    (95_i64..=105).prop_map(Price::from_ticks)
}

fn level() -> impl Strategy<Value = LevelUpdate> {
    (side(), price(), prop_oneof![Just(0_i64), 1_i64..12])
        .prop_map(|(side, price, lots)| LevelUpdate { side, price, lots: Lots::new(lots) })
}

fn batch(kind: BatchKind, levels: usize) -> impl Strategy<Value = MarketData> {
    prop::collection::vec(level(), 0..levels)
        .prop_map(move |levels| MarketData::Book(BookBatch { kind, update_id: 1, levels }))
}

fn trade() -> impl Strategy<Value = MarketData> {
    let aggressor = prop_oneof![
        4 => Just(Aggressor::Seller), 4 => Just(Aggressor::Buyer), 1 => Just(Aggressor::Unknown)
    ];
    let condition =
        prop_oneof![8 => Just(TradeCondition::Market), 1 => Just(TradeCondition::OffMarket)];
    (price(), 1_i64..12, aggressor, condition).prop_map(|(price, lots, aggressor, condition)| {
        let (lots, trade_id, match_id) = (Lots::new(lots), 0, None);
        MarketData::Trade(Trade { price, lots, aggressor, condition, trade_id, match_id })
    })
}

fn gap() -> MarketData {
    let reason = GapReason::Sequence { expected: 1, got: 2 };
    MarketData::Gap(Gap { from: UnixNanos::new(0), to: UnixNanos::new(0), reason })
}

fn id() -> impl Strategy<Value = ClientOrderId> {
    (0_u64..30).prop_map(ClientOrderId::new)
}

fn order() -> impl Strategy<Value = Order> {
    let order_type = price().prop_flat_map(|price| {
        prop_oneof![
            4 => Just(OrderType::Limit { price }),
            4 => Just(OrderType::PostOnly { price }),
            1 => Just(OrderType::ImmediateOrCancel { price }),
            1 => Just(OrderType::Market),
        ]
    });
    (id(), side(), -1_i64..15, order_type).prop_map(|(id, side, lots, order_type)| Order {
        id,
        instrument: INSTRUMENT,
        side,
        lots: Lots::new(lots),
        order_type,
    })
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let market = prop_oneof![
        8 => batch(BatchKind::Update, 5),
        1 => batch(BatchKind::Snapshot, 20),
        8 => trade(),
        1 => Just(gap()),
        1 => prop_oneof![
            Just(Phase::Continuous), Just(Phase::Continuous), Just(Phase::Auction)
        ].prop_map(MarketData::Status),
    ];
    let step = prop_oneof![
        4 => (market, 0_i64..3).prop_map(|(data, late_by)| Step::Market { data, late_by }),
        2 => order().prop_map(Step::Place),
        1 => id().prop_map(Step::Cancel),
    ];
    let step = prop_oneof![
        40 => step,
        1 => (any::<bool>(), any::<bool>()).prop_map(|(tick, lot)| Step::Refine(tick, lot)),
    ];
    prop::collection::vec(step, 1..120)
}

/// Every kind of contract, with grids and fees that do not divide evenly.
fn specs() -> impl Strategy<Value = InstrumentSpec> {
    let market = prop_oneof![
        Just(Market::BinanceSpot),
        Just(Market::BinanceUsdm),
        Just(Market::BinanceCoinm)
    ];
    (market, 1_i64..200, 1_i64..200, -9_i64..30).prop_map(|(market, tick, lot, fee)| {
        InstrumentSpec {
            market,
            kind: market.kind(),
            tick_size: Decimal::new(tick, 4),
            lot_size: Decimal::new(lot, 5),
            multiplier: Decimal::new(if market == Market::BinanceCoinm { 100 } else { 1 }, 0),
            maker_fee: Decimal::new(fee, 5),
            taker_fee: Decimal::new(fee + 30, 5),
            ..support::spec()
        }
    })
}

/// A venue under audit.
struct Court {
    venue: SimVenue,
    audit: Audit,
    spec: InstrumentSpec,
    refinements: u32,
    now: UnixNanos,
    answers: Vec<OrderEvent>,
}

impl Court {
    fn new(spec: &InstrumentSpec, config: VenueConfig) -> Self {
        let venue = SimVenue::new(INSTRUMENT, spec, config).unwrap();
        let whole =
            (95..100).map(|ticks| (Side::Bid, ticks)).chain((101..105).map(|t| (Side::Ask, t)));
        let levels = whole
            .map(|(side, ticks)| LevelUpdate {
                side,
                price: Price::from_ticks(ticks),
                lots: Lots::new(6),
            })
            .collect();
        let mut court = Self {
            venue,
            audit: Audit::new(spec),
            spec: spec.clone(),
            refinements: 0,
            now: UnixNanos::new(0),
            answers: Vec::new(),
        };
        let snapshot = BookBatch { kind: BatchKind::Snapshot, update_id: 1, levels };
        court.step(&Step::Market { data: MarketData::Book(snapshot), late_by: 0 });
        court
    }

    /// Takes one step and returns the fills that it made.
    fn step(&mut self, step: &Step) -> Vec<Fill> {
        self.now = self.now + Nanos::new(1);
        match step {
            Step::Market { data, late_by } => {
                let at = VenueTime { now: self.now, stated: self.now - Nanos::new(*late_by) };
                let event = MarketEvent {
                    instrument: INSTRUMENT,
                    ts_event: Some(at.stated),
                    data: data.clone(),
                };
                self.venue.on_market(at, &event, &mut self.answers);
            }
            Step::Place(order) => {
                self.audit.sent(order);
                self.venue.on_place(self.now, order, &mut self.answers);
            }
            Step::Refine(tick, lot) => self.refine(*tick, *lot),
            Step::Cancel(id) => {
                self.venue.on_cancel(self.now, *id, &mut self.answers);
            }
        }
        let mut fills = Vec::new();
        for event in self.answers.drain(..) {
            assert_eq!(event.ts_event, self.now);
            self.audit.heard(&event);
            if let OrderUpdate::Filled(fill) = event.update {
                fills.push(fill);
            }
        }
        assert_eq!(*self.venue.ledger(), self.audit.ledger);
        fills
    }

    /// As often as the integers have room for it.
    fn refine(&mut self, tick: bool, lot: bool) {
        if self.refinements == 4 {
            return;
        }
        self.refinements += 1;
        let finer = |whole: Decimal, finer: bool| {
            Decimal::new(whole.mantissa(), whole.exponent() + u8::from(finer))
        };
        self.spec.tick_size = finer(self.spec.tick_size, tick);
        self.spec.lot_size = finer(self.spec.lot_size, lot);
        self.venue.refine(&self.spec);
        self.audit.refined(&self.spec);
    }

    /// Lots ahead of every resting order.
    fn queues(&self) -> BTreeMap<ClientOrderId, Option<Lots>> {
        self.venue.open_orders().map(|order| (order.id, order.ahead)).collect()
    }
}

fn by_reason(fills: &[Fill], reason: impl Fn(FillReason) -> bool) -> Lots {
    fills.iter().filter(|fill| reason(fill.reason)).map(|fill| fill.lots).sum()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    /// The audit checks every answer: fills within the order and its limit, money to the unit.
    #[test]
    fn fills_stay_within_orders_and_money_balances(spec in specs(), steps in steps()) {
        let mut court = Court::new(&spec, support::config().venue);
        for step in &steps {
            court.step(step);
        }
        for order in court.venue.open_orders() {
            prop_assert!(order.remaining > Lots::ZERO);
        }
    }

    #[test]
    fn nothing_fills_us_beyond_what_the_recording_offers(steps in steps()) {
        let mut court = Court::new(&support::spec(), support::config().venue);
        for step in &steps {
            // What the other side shows at most, before and after the step.
            let shown = |court: &Court| -> Lots {
                Side::BOTH.into_iter().flat_map(|side| court.venue.book().levels(side)).map(|l| l.lots).sum()
            };
            let before = shown(&court);
            let fills = court.step(step);
            let maker = by_reason(&fills, |reason| reason != FillReason::Took);
            match step {
                Step::Market { data: MarketData::Trade(trade), late_by: _ } => {
                    prop_assert!(maker <= trade.lots);
                    let silent = trade.aggressor == Aggressor::Unknown
                        || trade.condition == TradeCondition::OffMarket;
                    prop_assert!(!silent || fills.is_empty());
                }
                Step::Market { data: MarketData::Book(_), .. } => {
                    prop_assert!(fills.iter().all(|fill| fill.reason == FillReason::Crossed));
                    prop_assert!(maker <= shown(&court));
                }
                Step::Place(_) => {
                    prop_assert!(fills.iter().all(|fill| fill.reason == FillReason::Took));
                    prop_assert!(by_reason(&fills, |_| true) <= before);
                }
                Step::Market { .. } | Step::Cancel(_) | Step::Refine(..) => prop_assert!(fills.is_empty()),
            }
        }
    }

    #[test]
    fn a_queue_is_never_negative_and_never_grows_except_after_a_break(steps in steps()) {
        let mut court = Court::new(&support::spec(), support::config().venue);
        let (mut before, mut broken) = (court.queues(), false);
        for step in &steps {
            broken |= matches!(
                step,
                Step::Refine(..)
                    | Step::Market { data: MarketData::Gap(_) | MarketData::Status(_), .. }
            );
            court.step(step);
            let after = court.queues();
            for (id, ahead) in &after {
                let Some(ahead) = ahead else { continue };
                prop_assert!(*ahead >= Lots::ZERO);
                if let Some(Some(earlier)) = before.get(id) {
                    prop_assert!(ahead <= earlier || broken, "{id} {earlier:?} {ahead:?}");
                }
            }
            // After a break the queue is new as soon as trading goes on.
            broken &= !court.venue.is_open();
            before = after;
        }
    }

    #[test]
    fn an_older_order_at_a_price_trades_before_a_younger_one(steps in steps()) {
        let mut court = Court::new(&support::spec(), support::config().venue);
        for step in &steps {
            court.step(step);
            let open: Vec<_> = court.venue.open_orders().collect();
            for pair in open.windows(2).filter(|pair| pair[0].side == pair[1].side) {
                prop_assert!(!pair[0].side.is_better(pair[1].price, pair[0].price));
                if let (true, Some(older), Some(younger)) =
                    (pair[0].price == pair[1].price, pair[0].ahead, pair[1].ahead)
                {
                    prop_assert!(older <= younger, "{pair:?}");
                }
            }
        }
    }

    #[test]
    fn we_never_trade_with_ourselves(steps in steps()) {
        let mut court = Court::new(&support::spec(), support::config().venue);
        for step in &steps {
            court.step(step);
            let best = |side| court.venue.open_orders().find(|o| o.side == side).map(|o| o.price);
            if let (Some(bid), Some(ask)) = (best(Side::Bid), best(Side::Ask)) {
                prop_assert!(bid < ask);
            }
        }
    }

    #[test]
    fn the_same_steps_give_the_same_answers(steps in steps()) {
        let play = || {
            let mut court = Court::new(&support::spec(), support::config().venue);
            steps.iter().flat_map(|step| court.step(step)).collect::<Vec<_>>()
        };
        prop_assert_eq!(play(), play());
    }

    #[test]
    fn venue_time_is_monotone_and_never_after_receipt(
        events in prop::collection::vec((0_i64..50, prop::option::of(-1_000_i64..1_000)), 1..100),
        offset in -5_000_000_000_i64..5_000_000_000,
    ) {
        let times = |offset: i64| {
            let (mut clock, mut ts_recv) = (VenueClock::new(), 0);
            let observe = |(wait, latency): &(i64, Option<i64>)| {
                ts_recv += wait;
                let ts_event = latency.map(|latency| UnixNanos::new(ts_recv - latency + offset));
                (UnixNanos::new(ts_recv), clock.observe(UnixNanos::new(ts_recv), ts_event))
            };
            events.iter().map(observe).collect::<Vec<_>>()
        };
        let ours = times(0);
        for (ts_recv, time) in &ours {
            prop_assert!(time.stated <= time.now && time.now <= *ts_recv);
        }
        for pair in ours.windows(2) {
            prop_assert!(pair[0].1.now <= pair[1].1.now);
        }
        // However far the clocks are apart, the times are the same.
        prop_assert_eq!(ours, times(offset));
    }
}
