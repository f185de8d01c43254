//! Short words for market events and the instrument that the tests trade.

use fluxo_core::{
    Aggressor, BatchKind, BookBatch, Calendar, Decimal, FeatureUnits, Gap, GapReason, InstrumentId,
    InstrumentSpec, LevelUpdate, Lots, Market, MarketData, MarketEvent, Price, Side, SpecSource,
    Trade, TradeCondition, UnixNanos,
};

pub(crate) const SECOND: i64 = 1_000_000_000;
/// A whole minute, so that every grid has a boundary here.
pub(crate) const START: i64 = 1_700_000_040 * SECOND;

/// An event and when it was received.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) ts: i64,
    pub(crate) event: MarketEvent,
}

pub(crate) fn received(ts: i64, data: MarketData) -> Received {
    let event = MarketEvent { instrument: InstrumentId::new(0), ts_event: None, data };
    Received { ts, event }
}

pub(crate) fn spec() -> InstrumentSpec {
    InstrumentSpec {
        market: Market::BinanceUsdm,
        symbol: "TESTUSDT".into(),
        kind: Market::BinanceUsdm.kind(),
        base: "TEST".into(),
        quote: "USDT".into(),
        settle: "USDT".into(),
        tick_size: Decimal::new(1, 1),
        lot_size: Decimal::new(1, 3),
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

pub(crate) fn level(side: Side, price: i64, lots: i64) -> LevelUpdate {
    LevelUpdate { side, price: Price::from_ticks(price), lots: Lots::new(lots) }
}

pub(crate) fn book(kind: BatchKind, levels: Vec<LevelUpdate>) -> MarketData {
    MarketData::Book(BookBatch { kind, update_id: 0, levels })
}

pub(crate) fn trade(aggressor: Aggressor, price: i64, lots: i64) -> Trade {
    Trade {
        price: Price::from_ticks(price),
        lots: Lots::new(lots),
        aggressor,
        condition: TradeCondition::Market,
        trade_id: 0,
        match_id: None,
    }
}

pub(crate) fn gap(from: i64, to: i64, reason: GapReason) -> MarketData {
    MarketData::Gap(Gap { from: UnixNanos::new(from), to: UnixNanos::new(to), reason })
}

pub(crate) const SEQUENCE: GapReason = GapReason::Sequence { expected: 0, got: 1 };
