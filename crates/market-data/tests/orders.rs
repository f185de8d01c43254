//! Order-by-order recordings against what they say of themselves: LOBSTER's book rows, and a market
//! that is crossed in its auction and nowhere else.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use fluxo_capture::CaptureReader;
use fluxo_core::{
    Aggressor, BatchKind, Calendar, Decimal, FeatureUnits, InstrumentId, InstrumentSpec, Lots,
    Market, MarketData, Phase, Price, Side, SpecSource, UnixNanos,
};
use fluxo_market_data::{
    Body, Book, BookConfig, Decoder, FeedCounts, OrderAction, OrderBook, OrderBookConfig,
    OrderFeedCounts, SyncConfig, Synchroniser,
};
use fluxo_test_data::data_file;

fn spec(market: Market, symbol: &str, tick: &str) -> InstrumentSpec {
    InstrumentSpec {
        market,
        symbol: symbol.into(),
        kind: market.kind(),
        base: symbol.into(),
        quote: "USD".into(),
        settle: "USD".into(),
        tick_size: tick.parse().unwrap(),
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

/// What a reader of the events makes of them: a book of levels, and a book of orders.
struct Reader {
    levels: Book,
    orders: OrderBook,
    trades: [u64; 3],
    phases: Vec<Phase>,
    crossed: Vec<(UnixNanos, Phase)>,
    adds: u64,
    executed: i64,
    printed: i64,
}

impl Reader {
    fn new() -> Self {
        Self {
            levels: Book::new(BookConfig::DEFAULT),
            orders: OrderBook::new(OrderBookConfig::DEFAULT),
            trades: [0; 3],
            phases: Vec::new(),
            crossed: Vec::new(),
            adds: 0,
            executed: 0,
            printed: 0,
        }
    }

    fn take(&mut self, ts: UnixNanos, data: &MarketData) {
        match data {
            MarketData::Book(batch) => {
                self.levels.apply(batch, |_| ());
                let levels = batch.levels.iter().map(|l| (l.side, l.price, l.lots));
                if batch.kind == BatchKind::Snapshot {
                    self.orders.set_levels(levels);
                } else {
                    for (side, price, lots) in levels {
                        self.orders.set_level(side, price, lots);
                    }
                }
                if self.levels.is_crossed() {
                    self.crossed.push((ts, *self.phases.last().unwrap()));
                }
            }
            MarketData::OrderAdd(order) => {
                self.orders.add(ts, order);
                self.adds += 1;
            }
            MarketData::OrderReduce(order) | MarketData::OrderCancel(order) => {
                self.orders.take(order);
            }
            MarketData::OrderExecute(order) => {
                self.orders.take(order);
                self.executed += order.lots.get();
            }
            MarketData::Trade(trade) => {
                self.printed += trade.lots.get();
                let kind = match trade.aggressor {
                    Aggressor::Buyer => 0,
                    Aggressor::Seller => 1,
                    Aggressor::Unknown => 2,
                };
                self.trades[kind] += 1;
            }
            MarketData::Status(phase) => self.phases.push(*phase),
            other => panic!("{other:?}"),
        }
    }

    /// Both books hold the same levels.
    fn check_agreement(&self) {
        for side in Side::BOTH {
            for level in self.levels.levels(side) {
                let orders = self.orders.level(side, level.price).unwrap();
                assert_eq!(orders.total(), level.lots, "{side:?} {level:?}");
                let queue = self.orders.queue(side, level.price);
                let lots: i64 = queue.map(|queued| queued.order.lots.get()).sum();
                assert_eq!(lots, orders.lots.get());
            }
        }
    }
}

struct Read {
    reader: Reader,
    lines: u64,
    feed: FeedCounts,
    orders: OrderFeedCounts,
}

/// Reads a recording; `check` is asked after each line.
fn read(
    place: &str,
    spec: InstrumentSpec,
    mut check: impl FnMut(u64, &Body<'_>, &Reader),
) -> Option<Read> {
    let path = data_file(place)?;
    let mut sync = Synchroniser::new(InstrumentId::new(0), spec, SyncConfig::DEFAULT).unwrap();
    let mut lines = CaptureReader::open(&path).unwrap();
    let (mut decoder, mut reader, mut events) = (Decoder::new(), Reader::new(), Vec::new());
    let (mut count, mut last) = (0, UnixNanos::new(0));
    while let Some(line) = lines.next_line().unwrap() {
        let stamp = line.stamp().unwrap();
        assert!(stamp.ts_recv >= last, "time goes back");
        last = stamp.ts_recv;
        let message = decoder.decode(stamp.payload).unwrap();
        sync.on_message(stamp.ts_recv, &message, &mut events).unwrap();
        for event in events.drain(..) {
            reader.take(stamp.ts_recv, &event.data);
            sync.recycle(event);
        }
        count += 1;
        check(count, &message.body, &reader);
    }
    let (feed, orders) = (*sync.counts(), sync.order_counts().unwrap());
    Some(Read { reader, lines: count, feed, orders })
}

/// Every message gives exactly the next row of the book.
fn check_session(symbol: &str, levels: usize, rows: u64) {
    let place = format!("lobster/LOBSTER_SampleFile_{symbol}_2012-06-21_{levels}.zip");
    let spec = spec(Market::Nasdaq, symbol, "0.01");
    let mut mismatches = 0_u64;
    let read = read(&place, spec, |number, body, reader| {
        let Body::Order(order) = body else { panic!("line {number} is no order") };
        let Some(shown) = order.shown else { return };
        for side in Side::BOTH {
            let wanted = shown.iter().filter(|level| level.side == side);
            let wanted = wanted.map(|level| (level.price / 100, level.size));
            let held = reader.levels.levels(side).map(|l| (l.price.ticks(), l.lots.get()));
            mismatches += u64::from(!wanted.eq(held));
        }
    });
    let Some(read) = read else { return };
    assert_eq!(mismatches, 0);
    // A line for every row, and one for the close.
    assert_eq!(read.lines, rows + 1);
    // What a message does not explain is a level at the edge of the view, never one inside it.
    assert_eq!(read.orders.contradicted_levels, 0);
    assert_eq!((read.orders.crossed, read.reader.crossed.len()), (0, 0));
    assert_eq!(read.orders.orders.missing_lots, 0);
    assert!(read.orders.orders.unknown_orders > 1_000);
    assert_eq!(read.orders.orders.duplicate_adds, 0);
    assert_eq!(read.reader.phases, [Phase::Continuous, Phase::Closed]);
    assert_eq!((read.feed.snapshots, read.feed.gaps), (1, 0));
    read.reader.check_agreement();
}

#[test]
fn every_message_of_lobster_gives_the_next_row_of_its_book() {
    check_session("GOOG", 1, 49_482);
    check_session("GOOG", 5, 112_673);
    check_session("GOOG", 10, 147_916);
    check_session("AAPL", 1, 118_497);
}

#[test]
fn prints_of_lobster_are_its_executions_and_the_hidden_ones() {
    let spec = spec(Market::Nasdaq, "GOOG", "0.01");
    let read = read("lobster/LOBSTER_SampleFile_GOOG_2012-06-21_10.zip", spec, |_, _, _| ());
    let Some(read) = read else { return };
    assert_eq!(read.reader.trades.iter().sum::<u64>(), 7_765 + 3_913);
    assert_eq!(read.reader.trades[2], 0);
    // Hidden orders at half a cent.
    assert_eq!(read.orders.rounded_prints, 50);
    assert!(read.reader.printed > read.reader.executed);
}

#[test]
fn a_future_is_crossed_in_its_auction_and_nowhere_else() {
    let spec = spec(Market::CmeFutures, "ESH4", "0.25");
    let (mut before_first_trade, mut filled) = (true, 0);
    let mut last_crossed_before = None;
    let read = read(
        "databento_mbo/esh4-glbx-mdp3-20231225.mbo.dbn.zst",
        spec.clone(),
        |number, body, reader| {
            if let Body::Order(order) = body
                && order.action == OrderAction::Fill
            {
                filled += order.size;
            }
            before_first_trade &= reader.trades.iter().sum::<u64>() == 0;
            if reader.levels.is_crossed() && before_first_trade {
                last_crossed_before = Some(number);
            }
        },
    );
    let Some(day) = read else { return };
    assert_eq!(day.lines, 68_792);
    let counts = day.orders.orders;
    assert_eq!((counts.unknown_orders, counts.duplicate_adds, counts.missing_lots), (0, 0, 0));
    assert_eq!((counts.unnamed_orders, counts.lost_levels), (0, 0));
    assert_eq!(day.orders.unknown_changes, 0);
    assert_eq!(day.reader.phases, [Phase::Auction, Phase::Continuous]);
    assert!(!day.reader.crossed.is_empty() && last_crossed_before.is_some());
    // 22:39:55 to 23:00:00 UTC.
    let open = UnixNanos::new(1_703_545_200_000_000_000);
    for (ts, phase) in &day.reader.crossed {
        assert_eq!(*phase, Phase::Auction);
        assert!(ts.get() >= 1_703_543_995_000_000_000 && ts.get() < open.get() + 1_000_000_000);
    }
    // Every fill left the book as an execution, but for seven orders of the auction that never rested.
    assert_eq!(day.orders.unexplained_fills, 7);
    // The auction is one print; its fills are of both sides.
    assert_eq!(day.reader.trades[2], 1);
    assert_eq!(day.reader.executed, filled - 14);
    // Icebergs: more of an order traded than it displayed.
    assert!(counts.hidden_lots > 0, "{counts:?}");
    assert!(day.reader.levels.best(Side::Bid).unwrap().price > Price::from_ticks(4_000));
    day.reader.check_agreement();
    let night = self::read("databento_mbo/esh4-glbx-mdp3-20231224.mbo.dbn.zst", spec, |_, _, _| ());
    let night = night.unwrap();
    assert_eq!((night.lines, night.reader.adds), (8_725, 8_725));
    assert_eq!((night.orders.orders.duplicate_adds, night.feed.snapshots), (0, 1));
}

#[test]
fn all_versions_of_the_format_say_the_same() {
    let text = |name: &str| -> Option<Vec<String>> {
        let mut lines = CaptureReader::open(&data_file(&format!("dbn_fixtures/{name}"))?).unwrap();
        let mut text = Vec::new();
        while let Some(line) = lines.next_line().unwrap() {
            text.push(String::from_utf8(line.bytes.to_vec()).unwrap());
        }
        Some(text)
    };
    let Some(first) = text("test_data.mbo.v1.dbn.zst") else { return };
    assert!(first.len() >= 2, "{first:?}");
    for other in ["test_data.mbo.v2.dbn.zst", "test_data.mbo.v3.dbn", "test_data.mbo.v3.dbn.zst"] {
        assert_eq!(text(other).unwrap(), first, "{other}");
    }
}
