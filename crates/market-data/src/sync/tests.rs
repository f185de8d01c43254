//! One story of the depth stream a test, in a short language of events.

use fluxo_core::{BatchKind, GapReason, Lots, Market, MarketData, Price, SpecSource};

use super::*;
use crate::{DepthSnapshot, DepthUpdate, inference::tests::spec};

const DIGITS: Digits = Digits { price: 2, size: 5 };

/// A synchroniser of BTCUSDT on a grid of 0.01 and 0.00001, and what it said.
struct Feed {
    sync: Synchroniser,
    events: Vec<MarketEvent>,
    now: i64,
    market: Market,
}

impl Feed {
    fn new(market: Market) -> Self {
        Self::with_config(market, SyncConfig::DEFAULT)
    }

    fn with_config(market: Market, config: SyncConfig) -> Self {
        let spec = InstrumentSpec { market, ..spec("0.01", "0.00001") };
        let sync = Synchroniser::new(InstrumentId::new(3), spec, config).unwrap();
        Self { sync, events: Vec::new(), now: 0, market }
    }

    fn say(&mut self, body: Body<'_>) -> Result<Outcome, Error> {
        self.now += 1;
        let (market, symbol) = (Some(self.market), Some("BTCUSDT"));
        let message = Message { market, symbol, digits: DIGITS, body };
        self.sync.on_message(UnixNanos::new(self.now), &message, &mut self.events)
    }

    /// A depth update of one bid at the price of its last identifier.
    fn depth(&mut self, first_id: u64, last_id: u64, previous_id: Option<u64>) -> Outcome {
        let price = i64::try_from(last_id).unwrap();
        let levels = [RawLevel { side: Side::Bid, price, size: 1 }];
        let (ts_event, ts_sent) = (Some(UnixNanos::new(self.now)), None);
        let update =
            DepthUpdate { first_id, last_id, previous_id, ts_event, ts_sent, levels: &levels };
        self.say(Body::Depth(update)).unwrap()
    }

    fn spot(&mut self, first_id: u64, last_id: u64) -> Outcome {
        self.depth(first_id, last_id, None)
    }

    fn futures(&mut self, first_id: u64, last_id: u64, previous_id: u64) -> Outcome {
        self.depth(first_id, last_id, Some(previous_id))
    }

    fn snapshot(&mut self, last_id: u64) -> Outcome {
        let levels = [RawLevel { side: Side::Ask, price: 999_999, size: 7 }];
        let snapshot = DepthSnapshot { last_id, ts_event: None, ts_sent: None, levels: &levels };
        self.say(Body::Snapshot(snapshot)).unwrap()
    }

    fn trade(&mut self, id: u64, price: i64, size: i64, condition: TradeCondition) -> Outcome {
        let aggressor = fluxo_core::Aggressor::Buyer;
        let (ts_event, ts_sent) = (None, None);
        let trade = RawTrade { id, price, size, aggressor, condition, ts_event, ts_sent };
        self.say(Body::Trade(trade)).unwrap()
    }

    /// What was said since the last call: `S12[999999 11 12]` is a whole book at 12 with the prices
    /// of its levels, `U` an update, `G` a gap.
    fn said(&mut self) -> String {
        let words: Vec<String> = self.events.iter().map(word).collect();
        for event in self.events.drain(..) {
            assert_eq!(event.instrument, InstrumentId::new(3));
            self.sync.recycle(event);
        }
        words.join(" ")
    }
}

fn word(event: &MarketEvent) -> String {
    match &event.data {
        MarketData::Book(batch) => {
            let kind = if batch.kind == BatchKind::Snapshot { 'S' } else { 'U' };
            let prices: Vec<String> =
                batch.levels.iter().map(|level| level.price.ticks().to_string()).collect();
            format!("{kind}{}[{}]", batch.update_id, prices.join(" "))
        }
        MarketData::Gap(gap) => match gap.reason {
            GapReason::Sequence { expected, got } => {
                format!("G{}..{}({expected}!={got})", gap.from, gap.to)
            }
            GapReason::RecordingBoundary => format!("G{}..{}(boundary)", gap.from, gap.to),
            GapReason::Disconnected => format!("G{}..{}(cut)", gap.from, gap.to),
            GapReason::Overrun => format!("G{}..{}(overrun)", gap.from, gap.to),
        },
        MarketData::Trade(trade) => format!("T{}@{}", trade.lots.get(), trade.price.ticks()),
        MarketData::Spec(spec) => format!("Spec({} {})", spec.tick_size, spec.lot_size),
        other => format!("{other:?}"),
    }
}

#[test]
fn deltas_then_snapshot_become_one_batch() {
    let mut feed = Feed::new(Market::BinanceSpot);
    assert_eq!(feed.sync.state(), SyncState::Unsynced);
    for (first, last) in [(10, 11), (12, 14), (15, 15)] {
        assert_eq!(feed.spot(first, last), Outcome::Kept);
    }
    assert_eq!(feed.sync.state(), SyncState::Buffering);
    // Data trap 1: the snapshot is older than deltas that came before it.
    assert_eq!(feed.snapshot(13), Outcome::Events);
    assert_eq!(feed.said(), "S15[999999 14 15]");
    assert_eq!(feed.spot(16, 20), Outcome::Events);
    assert_eq!(feed.said(), "U20[20]");
    let counts = *feed.sync.counts();
    assert_eq!((counts.levels, counts.depth_updates, counts.resyncs), (3, 4, 0));
}

#[test]
fn snapshot_then_deltas() {
    let mut feed = Feed::new(Market::BinanceSpot);
    assert_eq!(feed.snapshot(13), Outcome::Kept);
    assert_eq!(feed.spot(10, 13), Outcome::Kept);
    // Data trap 2: the first update after the snapshot begins right behind it.
    assert_eq!(feed.spot(14, 15), Outcome::Events);
    assert_eq!(feed.said(), "S15[999999 15]");
}

#[test]
fn a_futures_update_that_ends_at_the_snapshot_bridges() {
    // Data trap 3.
    let mut feed = Feed::new(Market::BinanceUsdm);
    feed.futures(10, 13, 9);
    assert_eq!(feed.snapshot(13), Outcome::Events);
    assert_eq!(feed.said(), "S13[999999 13]");
    feed.futures(20, 22, 13);
    assert_eq!(feed.said(), "U22[22]");
}

#[test]
fn a_futures_update_that_names_the_snapshot_bridges_over_other_symbols_identifiers() {
    let mut feed = Feed::new(Market::BinanceUsdm);
    feed.futures(20, 22, 13);
    // Nothing of this symbol lies between 13 and 20.
    assert_eq!(feed.snapshot(12), Outcome::Kept);
    assert_eq!(feed.snapshot(15), Outcome::Events);
    assert_eq!(feed.said(), "S22[999999 22]");
}

#[test]
fn without_a_snapshot_nothing_is_said() {
    // Data trap 8.
    let mut feed = Feed::new(Market::BinanceUsdm);
    for id in 2..100_u64 {
        feed.futures(id, id, id - 1);
    }
    assert_eq!((feed.said().as_str(), feed.sync.state()), ("", SyncState::Buffering));
    // A snapshot that is older than everything that waits does not bridge either.
    feed.snapshot(0);
    assert_eq!((feed.said().as_str(), feed.sync.state()), ("", SyncState::Buffering));
}

#[test]
fn a_gap_is_said_and_healed_by_a_later_snapshot() {
    let mut feed = Feed::new(Market::BinanceSpot);
    feed.snapshot(10);
    feed.spot(11, 12);
    feed.said();
    assert_eq!(feed.spot(15, 16), Outcome::Kept);
    assert_eq!(feed.said(), "G2..3(13!=15)");
    feed.spot(17, 18);
    feed.snapshot(17);
    assert_eq!(feed.said(), "S18[999999 18]");
    let counts = *feed.sync.counts();
    assert_eq!((counts.gaps, counts.resyncs), (1, 1));
}

#[test]
fn a_snapshot_just_before_the_gap_is_noticed_heals_it_at_once() {
    let mut feed = Feed::new(Market::BinanceUsdm);
    feed.snapshot(10);
    feed.futures(9, 12, 8);
    feed.said();
    assert_eq!(feed.snapshot(21), Outcome::Kept);
    assert_eq!(feed.futures(20, 22, 19), Outcome::Events);
    assert_eq!(feed.said(), "G2..4(12!=19) S22[999999 22]");
}

#[test]
fn a_chain_that_breaks_while_waiting_is_a_gap_too() {
    let mut feed = Feed::new(Market::BinanceSpot);
    feed.spot(1, 2);
    feed.spot(5, 6);
    assert_eq!(feed.said(), "G1..2(3!=5)");
    // The run before the gap is gone: this snapshot would have bridged to it.
    feed.snapshot(1);
    assert_eq!((feed.said().as_str(), feed.sync.counts().gaps), ("", 1));
}

#[test]
fn old_updates_are_ignored_and_counted() {
    let mut feed = Feed::new(Market::BinanceSpot);
    feed.snapshot(10);
    feed.spot(11, 12);
    feed.said();
    assert_eq!(feed.spot(11, 12), Outcome::Stale);
    assert_eq!(feed.spot(9, 10), Outcome::Stale);
    assert_eq!((feed.said().as_str(), feed.sync.counts().stale_depth), ("", 2));
    // An update that covers old changes and new ones loses nothing.
    assert_eq!(feed.spot(12, 14), Outcome::Events);
}

#[test]
fn a_recording_that_does_not_go_on_is_no_fault_of_the_feed() {
    let mut feed = Feed::new(Market::BinanceSpot);
    feed.snapshot(10);
    feed.spot(11, 12);
    feed.said();
    feed.sync.recording_boundary(UnixNanos::new(2));
    feed.spot(13, 14);
    assert_eq!(feed.said(), "U14[14]");
    feed.now = 9;
    feed.sync.recording_boundary(UnixNanos::new(8));
    feed.spot(100, 101);
    assert_eq!(feed.said(), "G8..10(boundary)");
    let counts = *feed.sync.counts();
    assert_eq!((counts.gaps, counts.boundary_gaps), (0, 1));
    feed.spot(103, 104);
    assert_eq!(feed.said(), "G10..11(102!=103)");
}

#[test]
fn a_long_silence_after_a_recording_is_its_end_before_anything_else_is_said() {
    let config = SyncConfig { recording_pause_max: Nanos::new(50), ..SyncConfig::DEFAULT };
    let mut feed = Feed::with_config(Market::BinanceSpot, config);
    feed.snapshot(10);
    feed.spot(11, 12);
    feed.said();
    let print = |feed: &mut Feed, id| feed.trade(id, 7, 1, TradeCondition::Market);
    // A short one may be the same chain.
    feed.sync.recording_boundary(UnixNanos::new(2));
    feed.now = 40;
    print(&mut feed, 1);
    feed.spot(13, 14);
    assert_eq!(feed.said(), "T1@7 U14[14]");
    feed.sync.recording_boundary(UnixNanos::new(42));
    feed.now = 500;
    print(&mut feed, 900);
    assert_eq!(
        (feed.said().as_str(), feed.sync.state()),
        ("G42..501(boundary) T1@7", SyncState::Buffering)
    );
    feed.spot(100, 101);
    feed.snapshot(100);
    assert_eq!(feed.said(), "S101[999999 101]");
    let counts = feed.sync.counts();
    assert_eq!(
        (counts.gaps, counts.boundary_gaps, counts.resyncs, counts.missing_trades),
        (0, 1, 1, 0)
    );
}

#[test]
fn after_a_long_silence_identifiers_may_begin_anew() {
    let config = SyncConfig { recording_pause_max: Nanos::new(50), ..SyncConfig::DEFAULT };
    let mut feed = Feed::with_config(Market::BinanceSpot, config);
    feed.snapshot(900);
    feed.spot(901, 902);
    feed.said();
    feed.sync.recording_boundary(UnixNanos::new(2));
    feed.now = 500;
    feed.snapshot(10);
    feed.spot(11, 12);
    assert_eq!(feed.said(), "G2..501(boundary) S12[999999 12]");
}

#[test]
fn a_lost_feed_is_a_gap_and_neither_its_snapshot_nor_its_chain_goes_on() {
    let mut feed = Feed::new(Market::BinanceUsdm);
    let lose = |feed: &mut Feed, reason| {
        feed.now += 1;
        feed.sync.feed_lost(UnixNanos::new(feed.now), None, reason, &mut feed.events);
        (feed.said(), feed.sync.state())
    };
    assert_eq!(lose(&mut feed, GapReason::Disconnected), (String::new(), SyncState::Unsynced));
    feed.futures(5, 10, 4);
    feed.snapshot(10);
    assert_eq!(feed.said(), "S10[999999 10]");
    let (said, state) = lose(&mut feed, GapReason::Disconnected);
    assert_eq!((said.as_str(), state), ("G2..4(cut)", SyncState::Unsynced));
    // The chain goes on, and so would the old snapshot: what lay between is not known all the same.
    assert_eq!(feed.futures(11, 12, 10), Outcome::Kept);
    assert_eq!((feed.sync.state(), feed.sync.is_snapshot_too_old()), (SyncState::Buffering, false));
    feed.snapshot(9);
    assert!(feed.sync.is_snapshot_too_old(), "it ends before what the first update goes on from");
    feed.snapshot(11);
    assert_eq!(feed.said(), "S12[999999 12]");
    assert!(!feed.sync.is_snapshot_too_old());
    assert_eq!(lose(&mut feed, GapReason::Overrun).0, "G5..8(overrun)");
    assert_eq!(lose(&mut feed, GapReason::Overrun).0, "", "nothing came in between");
    let counts = feed.sync.counts();
    assert_eq!((counts.gaps, counts.losses, counts.resyncs), (0, 2, 1));
}

#[test]
fn a_loss_begins_where_the_connection_that_fell_silent_was_last_heard() {
    let mut feed = Feed::new(Market::BinanceUsdm);
    feed.futures(5, 10, 4);
    feed.snapshot(10);
    feed.said();
    let reason = GapReason::Disconnected;
    feed.sync.feed_lost(UnixNanos::new(9), Some(UnixNanos::new(1)), reason, &mut feed.events);
    assert_eq!(feed.said(), "G1..9(cut)");
}

#[test]
fn a_full_buffer_forgets_its_older_half() {
    let config = SyncConfig { buffer_messages_max: 4, ..SyncConfig::DEFAULT };
    let mut feed = Feed::with_config(Market::BinanceSpot, config);
    for id in 1..=5 {
        feed.spot(id, id);
    }
    assert_eq!(feed.sync.counts().dropped_depth, 2);
    feed.snapshot(1);
    assert_eq!(feed.said(), "");
    feed.snapshot(3);
    assert_eq!(feed.said(), "S5[999999 4 5]");
}

#[test]
fn another_symbol_or_market_is_ignored_and_counted() {
    let mut feed = Feed::new(Market::BinanceSpot);
    feed.market = Market::BinanceUsdm;
    assert_eq!(feed.snapshot(1), Outcome::Foreign);
    let (symbol, body) = (Some("ETHUSDT"), Body::Other);
    let message = Message { market: None, symbol, digits: DIGITS, body };
    let now = UnixNanos::new(9);
    assert_eq!(feed.sync.on_message(now, &message, &mut feed.events), Ok(Outcome::Foreign));
    let nobody = Message { symbol: None, ..message };
    assert_eq!(feed.sync.on_message(now, &nobody, &mut feed.events), Ok(Outcome::Unused));
    assert_eq!((feed.sync.counts().foreign, feed.sync.counts().unused), (2, 1));
}

#[test]
fn prints_come_once_and_off_market_ones_say_so() {
    let mut feed = Feed::new(Market::BinanceUsdm);
    assert_eq!(feed.trade(1, 500, 2, TradeCondition::Market), Outcome::Events);
    assert_eq!(feed.trade(1, 500, 2, TradeCondition::Market), Outcome::Stale);
    assert_eq!(feed.trade(2, 0, 0, TradeCondition::OffMarket), Outcome::Unused);
    assert_eq!(feed.trade(4, 510, 2, TradeCondition::OffMarket), Outcome::Events);
    let conditions: Vec<TradeCondition> = feed
        .events
        .iter()
        .filter_map(|event| match &event.data {
            MarketData::Trade(trade) => Some(trade.condition),
            _ => None,
        })
        .collect();
    assert_eq!(conditions, [TradeCondition::Market, TradeCondition::OffMarket]);
    let counts = feed.sync.counts();
    assert_eq!((counts.trades, counts.duplicate_trades, counts.void_trades), (2, 1, 1));
    assert_eq!(counts.missing_trades, 1);
}

#[test]
fn a_value_off_the_grid_makes_the_specification_finer_first() {
    // Data trap 9: sizes on 1e-6 where the specification says 1e-5.
    let mut feed = Feed::new(Market::BinanceSpot);
    feed.trade(1, 500, 2, TradeCondition::Market);
    let digits = Digits { price: 2, size: 6 };
    let trade = RawTrade {
        id: 2,
        price: 500,
        size: 7,
        aggressor: fluxo_core::Aggressor::Seller,
        condition: TradeCondition::Market,
        ts_event: None,
        ts_sent: None,
    };
    let message = Message { market: None, symbol: None, digits, body: Body::Trade(trade) };
    feed.sync.on_message(UnixNanos::new(77), &message, &mut feed.events).unwrap();
    feed.trade(3, 500, 2, TradeCondition::Market);
    assert_eq!(feed.said(), "T2@500 Spec(0.01 0.000001) T7@500 T20@500");
    let spec = feed.sync.spec();
    assert_eq!((spec.source, spec.valid_from), (SpecSource::Inferred, UnixNanos::new(77)));
    assert_eq!(spec.size_unit_lots, Lots::new(1_000));
    assert_eq!(feed.sync.counts().refinements, 1);
}

#[test]
fn a_grid_beyond_the_limit_is_no_grid() {
    let mut feed = Feed::new(Market::BinanceSpot);
    let trade = RawTrade {
        id: 2,
        price: 1,
        size: 100,
        aggressor: fluxo_core::Aggressor::Seller,
        condition: TradeCondition::Market,
        ts_event: None,
        ts_sent: None,
    };
    let digits = Digits { price: 12, size: 2 };
    let message = Message { market: None, symbol: None, digits, body: Body::Trade(trade) };
    let refused = feed.sync.on_message(UnixNanos::new(1), &message, &mut feed.events);
    assert_eq!(refused, Err(Error::OutOfRange { value: 1, digits: 12 }));
    assert_eq!((feed.sync.counts().out_of_range, feed.sync.counts().refinements), (1, 0));
    feed.trade(3, 500, 2, TradeCondition::Market);
    assert_eq!(feed.said(), "T2@500");
}

#[test]
fn an_older_snapshot_does_not_replace_one_that_waits() {
    let mut feed = Feed::new(Market::BinanceSpot);
    feed.spot(5, 6);
    feed.snapshot(12);
    feed.snapshot(10);
    assert_eq!(feed.said(), "");
    feed.spot(7, 13);
    assert_eq!(feed.sync.state(), SyncState::Live);
}

#[test]
fn an_off_market_print_has_no_say_in_the_grid() {
    let mut feed = Feed::new(Market::BinanceUsdm);
    let digits = Digits { price: 4, size: 5 };
    let trade = RawTrade {
        id: 2,
        price: 50_099,
        size: 7,
        aggressor: fluxo_core::Aggressor::Seller,
        condition: TradeCondition::OffMarket,
        ts_event: None,
        ts_sent: None,
    };
    let message = Message { market: None, symbol: None, digits, body: Body::Trade(trade) };
    feed.sync.on_message(UnixNanos::new(1), &message, &mut feed.events).unwrap();
    assert_eq!(feed.said(), "T7@500");
}

#[test]
fn a_value_beyond_every_grid_is_refused_and_leaves_a_gap() {
    let mut feed = Feed::new(Market::BinanceSpot);
    feed.snapshot(10);
    feed.spot(11, 12);
    feed.said();
    let levels = [RawLevel { side: Side::Bid, price: i64::MAX, size: 1 }];
    let (first_id, last_id) = (13, 14);
    let (previous_id, ts_event, ts_sent) = (None, None, None);
    let update = DepthUpdate { first_id, last_id, previous_id, ts_event, ts_sent, levels: &levels };
    assert!(matches!(feed.say(Body::Depth(update)), Err(Error::OutOfRange { .. })));
    assert_eq!((feed.said().as_str(), feed.sync.counts().out_of_range), ("", 1));
    feed.spot(15, 16);
    assert_eq!(feed.said(), "G2..4(13!=15)");
}

#[test]
fn a_mark_price_is_rounded_down() {
    let mut feed = Feed::new(Market::BinanceUsdm);
    let mark = RawMarkPrice {
        mark: 12_345,
        index: Some(12_399),
        next_funding: Some(UnixNanos::new(8)),
        ts_event: None,
    };
    let digits = Digits { price: 4, size: 0 };
    let message = Message { market: None, symbol: None, digits, body: Body::MarkPrice(mark) };
    feed.sync.on_message(UnixNanos::new(1), &message, &mut feed.events).unwrap();
    let next_funding = UnixNanos::new(8);
    let (mark, index) = (Price::from_ticks(123), Price::from_ticks(123));
    assert_eq!(feed.events[0].data, MarketData::Mark(MarkPrice { mark, index, next_funding }));
}
