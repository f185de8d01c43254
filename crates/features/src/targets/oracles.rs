//! The published oracles of targets, one table: the families themselves, with what the table gives.

use fluxo_core::{
    BatchKind, BookBatch, Calendar, Decimal, InstrumentSpec, LevelUpdate, Lots, Market as Venue,
    Nanos, Price, Side, SpecSource, UnixNanos,
};
use serde::Deserialize;

use super::barrier::TripleBarrier;
use super::bet::{BetSide, Bets, net_bps};
use super::decided::{Decided, RowKey};
use super::family::Family;
use super::future_spread::FutureSpread;
use super::future_volatility::FutureVolatility;
use super::horizon::Horizon;
use super::market::Market;
use super::{Barrier, Matured, TargetConfig};
use crate::FeatureConfig;
use crate::book_state::Top;
use crate::catalogue::TARGETS;
use crate::grid::SECOND_NS;
use crate::oracles::{assert_near, table};

#[derive(Deserialize)]
struct Table {
    target: Vec<Oracle>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Oracle {
    id: String,
    target: String,
    path: Vec<(f64, i64, i64)>,
    sigma_bps: Option<f64>,
    cost_bps: Option<f64>,
    side: Option<BetSide>,
    fee_bps: Option<f64>,
    net_bps: Option<f64>,
    /// What a class is told by.
    return_bps: Option<f64>,
    t1: f64,
    expected: f64,
}

fn spec() -> InstrumentSpec {
    InstrumentSpec {
        market: Venue::BinanceUsdm,
        symbol: "TESTUSDT".into(),
        kind: Venue::BinanceUsdm.kind(),
        base: "TEST".into(),
        quote: "USDT".into(),
        settle: "USDT".into(),
        tick_size: Decimal::new(1, 1),
        lot_size: Decimal::new(1, 3),
        multiplier: Decimal::ONE,
        maker_fee: Decimal::ZERO,
        taker_fee: Decimal::ZERO,
        size_unit_lots: Lots::new(1),
        units: fluxo_core::FeatureUnits::UNKNOWN,
        calendar: Calendar::AroundTheClock,
        valid_from: UnixNanos::new(0),
        source: SpecSource::Configured,
    }
}

fn top(mid: i64, spread: i64) -> Top {
    assert_eq!((mid - spread) % 2, 0, "whole ticks");
    let bid = (mid - spread) / 2;
    Top { bid, bid_lots: 1, ask: bid + spread, ask_lots: 1 }
}

fn snapshot(top: Top) -> BookBatch {
    let level =
        |side, ticks| LevelUpdate { side, price: Price::from_ticks(ticks), lots: Lots::new(1) };
    let levels = vec![level(Side::Bid, top.bid), level(Side::Ask, top.ask)];
    BookBatch { kind: BatchKind::Snapshot, update_id: 0, levels }
}

#[expect(clippy::cast_possible_truncation, reason = "a few hundred seconds")]
fn nanos(seconds: f64) -> i64 {
    (seconds * SECOND_NS as f64).round() as i64
}

/// One row at 0 in every family, the path after it, and everything confirmed.
struct Rig {
    market: Market,
    horizons: [Horizon; 2],
    barriers: TripleBarrier,
    bets: Bets,
    volatility: FutureVolatility,
    spread: FutureSpread,
    decided: Decided,
}

impl Rig {
    fn new() -> Self {
        let latency = TargetConfig { latency: Nanos::ZERO, ..TargetConfig::default() };
        // The book is silent for minutes.
        let patient = FeatureConfig {
            stale_book_after: Nanos::from_millis(3_600_000),
            ..FeatureConfig::default()
        };
        Self {
            market: Market::new(&patient, &spec()),
            horizons: [Horizon::new(SECOND_NS, [0, 4], 4), Horizon::new(5 * SECOND_NS, [1, 5], 4)],
            barriers: TripleBarrier::new(4),
            bets: Bets::new(4, &latency),
            volatility: FutureVolatility::new(4),
            spread: FutureSpread::new(4),
            decided: Decided::with_capacity(4),
        }
    }

    fn open(&mut self, mid: i64, oracle: &Oracle) {
        let row = RowKey { number: 0, at: 0 };
        self.horizons.iter_mut().for_each(|horizon| horizon.open(row, mid, oracle.sigma_bps));
        if let Some((cost, sigma)) = oracle.cost_bps.zip(oracle.sigma_bps) {
            self.barriers.open(row, mid, &Barrier::new(cost, sigma, 1.5).unwrap());
        }
        if let Some((side, fee)) = oracle.side.zip(oracle.fee_bps) {
            self.bets.open(row, side, fee);
        }
        self.volatility.open(row, mid);
        self.spread.open(row);
    }

    fn show(&mut self, at: i64, top: Top) {
        self.pass(at - 1);
        self.market.apply(at, &snapshot(top));
        self.spread.observe(at, &self.market);
    }

    fn pass(&mut self, through: i64) {
        let mid = self.market.mid();
        self.horizons.iter_mut().for_each(|horizon| horizon.mature(through, mid));
        self.barriers.mature(through, &self.market, &mut self.bets);
        self.bets.mature(through, &self.market, &mut self.decided);
        self.volatility.mature(through, mid);
        self.spread.mature(through, &mut self.decided);
    }

    fn finish(mut self) -> Vec<Matured> {
        self.pass(1_000 * SECOND_NS);
        let [one, five] = &mut self.horizons;
        let families: [&mut dyn Family; 6] =
            [one, five, &mut self.barriers, &mut self.bets, &mut self.volatility, &mut self.spread];
        for family in families {
            family.confirm(i64::MAX, &mut self.decided);
        }
        core::iter::from_fn(|| self.decided.take()).collect()
    }
}

#[test]
fn every_oracle_holds() {
    let table: Table = table();
    let ids: Vec<&str> = table.target.iter().map(|oracle| oracle.id.as_str()).collect();
    assert_eq!(ids, ["T1", "T2", "T2", "T3", "T4", "T5", "T6", "T7", "T8", "T9"]);
    for oracle in &table.target {
        let mut rig = Rig::new();
        for (place, (seconds, mid, spread)) in oracle.path.iter().copied().enumerate() {
            rig.show(nanos(seconds), top(mid, spread));
            if place == 0 {
                rig.open(mid, oracle);
            }
        }
        let target = TARGETS.iter().find(|target| target.name == oracle.target).unwrap().index;
        let matured = rig.finish();
        let of = |target| matured.iter().find(|matured| matured.target == target).unwrap();
        let found = of(target);
        let label = found.label.unwrap();
        assert_near(label.value, oracle.expected, &oracle.id);
        if let Some(return_bps) = oracle.return_bps {
            // Directions come after the returns of the same horizons.
            assert_near(of(target - 4).label.unwrap().value, return_bps, &oracle.id);
        }
        assert_eq!(label.t1.get(), nanos(oracle.t1), "{}: {found:?}", oracle.id);
    }
}

#[test]
fn nets_are_the_published_ones() {
    let table: Table = table();
    let mut checked = 0;
    for oracle in &table.target {
        let Some((net, side)) = oracle.net_bps.zip(oracle.side) else { continue };
        let touch = |point: &(f64, i64, i64)| top(point.1, point.2);
        let entry = side.entry(&touch(&oracle.path[0]));
        let exit = side.exit(&touch(oracle.path.last().unwrap()));
        assert_near(net_bps(side, entry, exit, oracle.fee_bps.unwrap()), net, &oracle.id);
        checked += 1;
    }
    assert_eq!(checked, 2);
}
