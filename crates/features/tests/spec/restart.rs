//! An engine that is stopped and goes on at any event of a real market gives the rows of one that was
//! never stopped (FEATURES 3): within a gap, within the events of one message, whatever makes the rows.

use std::sync::LazyLock;

use fluxo_core::{
    BatchKind, Calendar, Decimal, FeatureUnits, InstrumentId, InstrumentSpec, Lots, Market,
    MarketData, Nanos, Side, SpecSource, UnixNanos,
};
use fluxo_features::catalogue::index;
use fluxo_features::{FeatureConfig, FeatureEngine, FeatureRow, SamplingClock};
use fluxo_market_data::{Book, BookConfig, SyncConfig, Synchroniser};
use fluxo_test_data::data_file;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::captures::{Recording, for_each_message, recordings};
use crate::drive::{assert_same, feed, pull};
use crate::events::{Received, SECOND, SEQUENCE, book, gap, level, received};

/// Of each recording so many events: enough for every window but the longest.
const EVENTS_MAX: usize = 60_000;
/// For so many events of each gap nothing of the book is said, and at its end so many levels a side.
const GAP_EVENTS: usize = 400;
const GAP_LEVELS: usize = 300;
const GAPS: usize = 3;

/// A recorded market, into which gaps were cut.
struct Tape {
    name: String,
    spec: InstrumentSpec,
    events: Vec<Received>,
    /// Events within a gap, or next to one of its ends.
    near_gaps: Vec<usize>,
}

static TAPES: LazyLock<Vec<Tape>> = LazyLock::new(|| {
    let levels = recordings().map(|recording| Tape::of(recording, GAPS));
    // A book that came back as levels would have no orders.
    let orders = orders().map(|recording| Tape::of(recording, 0));
    levels.chain(orders).collect()
});

impl Tape {
    fn of(Recording { name, spec, mut events }: Recording, gaps: usize) -> Self {
        events.truncate(EVENTS_MAX);
        let mut near_gaps = Vec::new();
        for number in 1..=gaps {
            let at = events.len() * number / (gaps + 1);
            let end = cut_gap(&mut events, at);
            near_gaps.extend([at, at + 1, (at + end) / 2, end - 1, end, end + 1]);
        }
        Self { name, spec, events, near_gaps }
    }
}

/// Takes what is said of the book out of some events, and puts a depth snapshot behind them; returns
/// where that lies.
fn cut_gap(events: &mut Vec<Received>, at: usize) -> usize {
    let mut levels = Book::new(BookConfig::DEFAULT);
    let end = at + GAP_EVENTS;
    for event in &events[..end] {
        if let MarketData::Book(batch) = &event.event.data {
            levels.apply(batch, |_| ());
        }
    }
    let shown = Side::BOTH.map(|side| {
        let shown = levels.levels(side).take(GAP_LEVELS);
        shown.map(move |shown| level(side, shown.price.ticks(), shown.lots.get()))
    });
    let snapshot = book(BatchKind::Snapshot, shown.into_iter().flatten().collect());
    let (from, to) = (events[at - 1].ts, events[at].ts);
    let mut within: Vec<Received> = events[at..end].to_vec();
    within.retain(|event| !matches!(event.event.data, MarketData::Book(_)));
    within.insert(0, received(to, gap(from, to, SEQUENCE)));
    within.push(received(events[end - 1].ts, snapshot));
    let place = at + within.len() - 1;
    events.splice(at..end, within);
    place
}

fn orders() -> impl Iterator<Item = Recording> {
    [
        ("lobster/LOBSTER_SampleFile_GOOG_2012-06-21_10.zip", "GOOG", Market::Nasdaq, "0.01"),
        ("databento_mbo/esh4-glbx-mdp3-20231225.mbo.dbn.zst", "ESH4", Market::CmeFutures, "0.25"),
    ]
    .into_iter()
    .filter_map(|(place, symbol, market, tick)| {
        let file = data_file(place)?;
        let spec = InstrumentSpec {
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
        };
        let instrument = InstrumentId::new(0);
        let mut sync = Synchroniser::new(instrument, spec.clone(), SyncConfig::DEFAULT).unwrap();
        let (mut events, mut out) = (Vec::new(), Vec::new());
        for_each_message(&file, |ts_recv, message| {
            sync.on_message(ts_recv, message, &mut out).unwrap();
            let ts = ts_recv.get();
            events.extend(out.drain(..).map(|event| Received { ts, event }));
        });
        Some(Recording { name: place.into(), spec, events })
    })
}

/// Rows of an engine that is stopped before each of these events, and goes on as a new one from what the
/// old one left; and of one that is not.
fn stopped_and_not(tape: &Tape, clock: SamplingClock, stops: &[usize]) -> [Vec<FeatureRow>; 2] {
    let config = FeatureConfig { clock, ..FeatureConfig::default() };
    let new = || FeatureEngine::new(config, &tape.spec).unwrap();
    let (mut stopped, mut through) = (new(), new());
    let [mut of_stopped, mut of_through] = [Vec::new(), Vec::new()];
    let mut stops = stops.iter().peekable();
    for (at, event) in tape.events.iter().enumerate() {
        if stops.next_if_eq(&&at).is_some() {
            let left = stopped.snapshot();
            assert_eq!(left, through.snapshot(), "{} before event {at}", tape.name);
            stopped = new();
            stopped.restore(&left).unwrap();
        }
        feed(&mut stopped, event, &mut of_stopped);
        feed(&mut through, event, &mut of_through);
    }
    let end = tape.events.last().unwrap().ts + SECOND;
    pull(&mut stopped, end, &mut of_stopped);
    pull(&mut through, end, &mut of_through);
    assert_eq!(stopped.counts(), through.counts());
    [of_stopped, of_through]
}

fn clocks() -> impl Strategy<Value = SamplingClock> {
    prop_oneof![
        Just(SamplingClock::Time { step: Nanos::from_millis(100) }),
        Just(SamplingClock::BookChange),
        (1_i64..300).prop_map(|lots| SamplingClock::Volume { lots: Lots::new(lots) }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn a_recorded_market_goes_on_bit_by_bit(
        which in any::<Index>(),
        clock in clocks(),
        stops in prop::collection::vec(any::<Index>(), 1..40),
    ) {
        if TAPES.is_empty() {
            return Ok(());
        }
        let tape = which.get(&TAPES[..]);
        let mut stops: Vec<usize> = stops.iter().map(|stop| stop.index(tape.events.len())).collect();
        stops.extend(&tape.near_gaps);
        stops.sort_unstable();
        stops.dedup();
        let [stopped, through] = stopped_and_not(tape, clock, &stops);
        prop_assert!(!through.is_empty(), "{} by {clock}: no rows", tape.name);
        assert_same(&stopped, &through);
        for (a, b) in stopped.iter().zip(&through) {
            prop_assert_eq!((a.segment, a.is_warm, a.known_at), (b.segment, b.is_warm, b.known_at));
        }
    }
}

/// What the test above goes over: if the tapes held none of it, it would show nothing.
#[test]
fn the_tapes_hold_what_a_restart_can_lose() {
    let mut orders = 0;
    for tape in TAPES.iter() {
        let clock = SamplingClock::Time { step: Nanos::from_millis(1_000) };
        let [_, rows] = stopped_and_not(tape, clock, &[]);
        let defined = |slot: usize| rows.iter().filter(|row| row.value(slot).is_some()).count();
        if tape.near_gaps.is_empty() {
            orders += 1;
            assert!(defined(index::L3_QUEUE_HHI) > 100, "{}", tape.name);
            continue;
        }
        // The depth within 5 bps is known only as far as the last snapshot reached.
        let within = defined(index::DEPTH_BPS_LOG);
        assert!(within > 30 && within < rows.len(), "{}: {within} of {}", tape.name, rows.len());
        let segments = rows.last().unwrap().segment;
        assert!(segments >= 3, "{}: {segments} segments", tape.name);
    }
    assert!(TAPES.is_empty() || orders == 2, "{orders} tapes of orders");
}
