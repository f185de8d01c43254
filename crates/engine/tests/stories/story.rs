//! A day of one rule, told in words: what the engine learns, and what it does.
//!
//! The instrument has a tick, a lot and a multiplier of one and no fees. Time is in milliseconds and
//! begins at 1 000; rows are 100 apart.

use fluxo_coordinator::{Maker, Strategy};
use fluxo_core::{
    Action, Actions, BatchKind, BookBatch, BundleId, Calendar, Cash, ClientOrderId, Decimal, Event,
    FeatureUnits, Fill, FillReason, Forecast, Gap, GapReason, InstrumentId, InstrumentKind,
    InstrumentSpec, LevelUpdate, Liquidity, Lots, Market, MarketData, MarketEvent, Nanos,
    OperatorCommand, Order, OrderEvent, OrderUpdate, Phase, Price, Refusal, Side, Size, SpecSource,
    Stamped, Ticks, TimerId, UnixNanos,
};
use fluxo_engine::{Config, Engine};
use fluxo_features::FeatureConfig;

/// The instrument.
pub(crate) const ONLY: InstrumentId = InstrumentId::new(0);
/// One unit of the currency, in units of cash.
pub(crate) const ONE: i128 = 100_000_000;
const START_MS: i64 = 1_000;
const ROW_MS: i64 = 100;
const MILLI: i64 = 1_000_000;

/// An engine, and what it did last.
pub(crate) struct Story {
    pub(crate) engine: Engine,
    now: UnixNanos,
    sequence: u64,
    actions: Actions,
}

/// What the last step of a story made a maker of one lot do. Steps are separated by `|`:
/// see [`Story::step`].
pub(crate) fn told(story: &str) -> String {
    Story::of(1, story).last()
}

impl Story {
    /// The story of a maker that quotes `lots`.
    pub(crate) fn of(lots: i64, story: &str) -> Self {
        let mut this = Self::following(Strategy::Maker(Maker { renew: false }), lots);
        this.go_on(story);
        this
    }

    /// A rule that trades `lots`, before anything happened; its rows are warm from the first one on.
    pub(crate) fn following(strategy: Strategy, lots: i64) -> Self {
        Self::warm_after(Nanos::ZERO, strategy, lots)
    }

    /// The same with rows that are cold for so long after the market began.
    pub(crate) fn warm_after(warm_after: Nanos, strategy: Strategy, lots: i64) -> Self {
        let features = FeatureConfig { warm_after, ..FeatureConfig::default() };
        Self {
            engine: Engine::new(vec![(spec(), config(features, strategy, lots))]).unwrap(),
            now: UnixNanos::new(START_MS * MILLI),
            sequence: 0,
            actions: Actions::with_capacity(64),
        }
    }

    /// What the models said at the last step.
    pub(crate) fn forecasts(&self) -> &[Forecast] {
        self.actions.forecasts()
    }

    /// Tells more of it.
    pub(crate) fn go_on(&mut self, story: &str) -> &mut Self {
        for step in story.split('|') {
            self.step(&step.split_whitespace().collect::<Vec<_>>());
        }
        self
    }

    /// What the last step led to.
    pub(crate) fn last(&self) -> String {
        self.actions.as_slice().iter().map(told_action).collect::<Vec<_>>().join(", ")
    }

    fn step(&mut self, words: &[&str]) {
        match *words {
            // Time passes, and nobody says so.
            ["later", ms] => self.now = self.now + Nanos::from_millis(number(ms)),
            // The next grid time closes.
            ["row"] => {
                let grid = ROW_MS * MILLI;
                self.now = UnixNanos::new((self.now.get() / grid + 1) * grid + 1);
                self.learn(Event::Timer(TimerId::RowClock));
            }
            // A timer, whether or not a row is due.
            ["timer"] => self.learn(Event::Timer(TimerId::RowClock)),
            ["operator", "halt"] => self.learn(Event::Operator(OperatorCommand::Halt)),
            // The bundle whose hash is that byte, 32 times.
            ["use", bundle] => {
                let bundle = BundleId::new([bundle.parse().unwrap(); 32]);
                self.learn(Event::Operator(OperatorCommand::UseBundle(bundle)));
            }
            ["operator", "resume"] => self.learn(Event::Operator(OperatorCommand::Resume)),
            // An answer of the venue: the order, then the numbers.
            ["canceled", id, remaining] => {
                let remaining = Lots::new(number(remaining));
                self.hear(id, OrderUpdate::Canceled { remaining });
            }
            ["fill", id, side, lots, remaining, cash] => {
                let side = if side == "bid" { Side::Bid } else { Side::Ask };
                let fill = Fill {
                    side,
                    price: Price::from_ticks(100),
                    lots: Lots::new(number(lots)),
                    liquidity: Liquidity::Maker,
                    cash: Cash::from_units(cash.parse().unwrap()),
                    fee: Cash::ZERO,
                    reason: FillReason::Reported,
                    remaining: Lots::new(number(remaining)),
                };
                self.hear(id, OrderUpdate::Filled(fill));
            }
            _ => self.market(words),
        }
    }

    fn market(&mut self, words: &[&str]) {
        let gap = |reason| MarketData::Gap(Gap { from: self.now, to: self.now, reason });
        let data = match *words {
            // A whole book: the best bid and the best ask.
            ["book", bid, ask] => snapshot(number(bid), number(ask)),
            ["gap"] => gap(GapReason::Sequence { expected: 1, got: 2 }),
            ["boundary"] => gap(GapReason::RecordingBoundary),
            ["auction"] => MarketData::Status(Phase::Auction),
            ["halt"] => MarketData::Status(Phase::Halt),
            ["closed"] => MarketData::Status(Phase::Closed),
            ["continuous"] => MarketData::Status(Phase::Continuous),
            _ => panic!("no such step: {words:?}"),
        };
        self.learn(Event::Market(MarketEvent { instrument: ONLY, ts_event: None, data }));
    }

    fn hear(&mut self, id: &str, update: OrderUpdate) {
        let id = ClientOrderId::new(id.parse().unwrap());
        self.learn(Event::Order(OrderEvent { instrument: ONLY, id, ts_event: self.now, update }));
    }

    fn learn(&mut self, event: Event) {
        self.sequence += 1;
        let stamped = Stamped { ts_recv: self.now, sequence: self.sequence, event };
        self.engine.on_event(&stamped, &mut self.actions);
    }
}

fn number(word: &str) -> i64 {
    word.parse().unwrap()
}

fn told_action(action: &Action) -> String {
    let order = |order: &Order| {
        let side = if order.side == Side::Bid { "bid" } else { "ask" };
        let price = order.order_type.limit().unwrap().ticks();
        format!("{side} {}@{price}", order.lots.get())
    };
    match action {
        Action::Place { order: placed, .. } => format!("place {} {}", placed.id, order(placed)),
        Action::Cancel { id, reason, .. } => format!("cancel {id} {reason:?}"),
        Action::Refuse { order: refused, refusal, .. } => {
            format!("refuse {} {}", order(refused), told_refusal(refusal))
        }
        Action::RiskState { state, cause } => format!("{state:?} by {}", told_refusal(cause)),
    }
}

/// Without its numbers, which are the gate's own tests' business.
fn told_refusal(refusal: &Refusal) -> String {
    format!("{refusal:?}").split_whitespace().next().unwrap().to_owned()
}

fn snapshot(bid: i64, ask: i64) -> MarketData {
    let level =
        |side, ticks| LevelUpdate { side, price: Price::from_ticks(ticks), lots: Lots::new(5) };
    MarketData::Book(BookBatch {
        kind: BatchKind::Snapshot,
        update_id: 1,
        levels: vec![level(Side::Bid, bid), level(Side::Ask, ask)],
    })
}

fn spec() -> InstrumentSpec {
    InstrumentSpec {
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
    }
}

fn config(features: FeatureConfig, strategy: Strategy, lots: i64) -> Config {
    Config {
        features,
        calibration: fluxo_features::Calibration::default(),
        agents: fluxo_flow_agents::Config { order_flow: None },
        coordinator: fluxo_coordinator::Config {
            strategy,
            order: Size::Quantity(Decimal::new(lots, 0)),
            position_max: Size::Quantity(Decimal::new(5, 0)),
        },
        risk: fluxo_risk::Config {
            position_max: Size::Quantity(Decimal::new(10, 0)),
            order_notional_max: Cash::from_units(10_000 * ONE),
            orders_in_window_max: 100,
            rate_window: Nanos::SECOND,
            daily_loss_max: Cash::from_units(50 * ONE),
            // Not a multiple of the rows, so that a book can grow stale between two of them.
            stale_book_after: Nanos::from_millis(4_950),
            spread_max_centi_bps: 1_000_000,
        },
        execution: fluxo_execution::Config { open_orders_max: 8, take_through: Ticks::new(0) },
    }
}
