//! Rules of the book features, one small market each; and feeds with other units.

use fluxo_core::{Decimal, FeatureUnits, InstrumentSpec, MarketData, Nanos};
use fluxo_features::catalogue::index;
use fluxo_features::{
    Calibration, Error, FeatureConfig, FeatureEngine, FeatureRow, MicroPriceTable,
};
use proptest::prelude::*;

use crate::brute_force::check_row;
use crate::drive;
use crate::events::{SECOND, received, spec};
use crate::mirror::{check_rows, mirrored};
use crate::reference::Reference;
use crate::reference_tape::Units;
use crate::script;
use crate::stream::{Weather, events, weathers};

/// The instrument where prints and book come in one ordered feed.
fn ordered() -> InstrumentSpec {
    let units = FeatureUnits { match_ttl: Nanos::ZERO, ..FeatureUnits::UNKNOWN };
    InstrumentSpec { units, ..spec() }
}

fn rows_in(spec: &InstrumentSpec, market: &str, end: &str) -> Vec<FeatureRow> {
    let engine = FeatureEngine::new(FeatureConfig::default(), spec).unwrap();
    drive::rows_of(engine, &script::events(market), script::time(end).unwrap())
}

fn rows(market: &str, end: &str) -> Vec<FeatureRow> {
    rows_in(&spec(), market, end)
}

#[track_caller]
fn value(rows: &[FeatureRow], at: &str, slot: usize) -> Option<f32> {
    let at = script::time(at).unwrap();
    rows.iter().find(|row| row.ts.get() == at).expect("there is such a row").value(slot)
}

/// `(C_ask - C_bid)/(C_ask + C_bid)`: -1 while only bids are cancelled, 0 while nobody cancels.
const CANCELS: usize = index::CANCEL_IMBALANCE;
/// Two sides, and both inputs from the start.
const START: &str = "0.0 snapshot bid 100x10 99x10 ask 101x10 102x10\n0.0 buy 1 at 150\n";

#[test]
fn a_print_and_its_decrease_match_in_either_order() {
    let book_first = "9.0 update bid 100x6\n9.24 sell 4 at 100\n10.0 heartbeat";
    let print_first = "9.0 sell 4 at 100\n9.25 update bid 100x6\n10.0 heartbeat";
    let too_late = "9.0 update bid 100x6\n9.250000001 sell 4 at 100\n10.0 heartbeat";
    let elsewhere = "9.0 update bid 100x6\n9.1 sell 4 at 99\n10.0 heartbeat";
    let by_a_buyer = "9.0 update bid 100x6\n9.1 buy 4 at 100\n10.0 heartbeat";
    let cases = [book_first, print_first, too_late, elsewhere, by_a_buyer];
    let found = cases.map(|case| value(&rows(&format!("{START}{case}"), "10.1"), "10.0", CANCELS));
    assert_eq!(found, [Some(0.0), Some(0.0), Some(-1.0), Some(-1.0), Some(-1.0)]);
}

#[test]
fn what_was_a_cancel_in_an_earlier_row_stays_so_there() {
    let rows = rows(&format!("{START}9.95 update bid 100x6\n10.05 sell 4 at 100"), "10.3");
    assert_eq!(value(&rows, "10.0", CANCELS), Some(-1.0));
    assert_eq!(value(&rows, "10.1", CANCELS), Some(0.0));
}

#[test]
fn in_an_ordered_feed_a_print_waits_for_the_next_batch_alone() {
    let cases = [
        "9.0 sell 4 at 100\n9.9 update bid 100x6",
        "9.0 sell 4 at 100\n9.1 update bid 100x10\n9.9 update bid 100x6",
        "9.0 update bid 100x6\n9.0 sell 4 at 100",
        "9.0 update bid 100x6\n9.000000001 sell 4 at 100",
    ];
    let of = |case: &str| {
        value(&rows_in(&ordered(), &format!("{START}{case}"), "10.1"), "10.0", CANCELS)
    };
    assert_eq!(cases.map(of), [Some(0.0), Some(-1.0), Some(0.0), Some(-1.0)]);
}

#[test]
fn only_sizes_near_the_best_prices_count() {
    let levels =
        |from: i64, to: i64| (from..to).map(|at| format!("{}x10 ", 100 - at)).collect::<String>();
    let start = format!("0.0 snapshot bid {} ask 101x10\n0.0 buy 1 at 150\n", levels(0, 12));
    // The eleventh bid; then the best one goes, and the eleventh one becomes the tenth.
    let behind = rows(&format!("{start}9.0 update bid 90x3"), "10.1");
    assert_eq!(value(&behind, "10.0", CANCELS), Some(0.0));
    let moved_up = rows(&format!("{start}9.0 update bid 100x0 90x3"), "10.1");
    let rate = |rows: &[FeatureRow]| value(rows, "40.0", index::CANCEL_RATE);
    assert_eq!(value(&moved_up, "10.0", CANCELS), Some(-1.0));
    // 17 lots of 10 s in a depth of 100 bids and 10 asks.
    let long =
        format!("{start}5.0 to 35.0 every 5.0 update ask 101x10\n39.99 update bid 100x0 90x3");
    let found = rate(&rows(&long, "40.1")).unwrap();
    assert!((found - 17.0 / (10.0 * 110.0)).abs() < 1e-5, "{found}");
}

const ICEBERG: &str = "0.0 snapshot bid 100x10 99x5 ask 101x10
    1.0 sell 10 at 100
    1.1 update bid 100x10
    1.5 sell 10 at 100
    1.6 update bid 100x10
    ";

#[test]
fn an_iceberg_shows_for_five_seconds() {
    let slot = index::ICEBERG_DETECTED;
    let found = rows(ICEBERG, "7.5");
    // The second print was alive until 1.75 s.
    let shown = ["0.9", "1.0", "1.7", "1.8", "6.7", "6.8"].map(|at| value(&found, at, slot));
    assert_eq!(shown, [None, Some(0.0), Some(0.0), Some(1.0), Some(1.0), Some(0.0)]);
    for (what, rest) in [
        ("the gap forgets it", "2.0 gap from 2.0\n2.1 snapshot bid 100x10 ask 101x10"),
        ("a snapshot forgets it", "2.1 snapshot bid 100x10 ask 101x10"),
    ] {
        assert_eq!(
            value(&rows(&format!("{ICEBERG}{rest}"), "3.0"), "2.2", slot),
            Some(0.0),
            "{what}"
        );
    }
    let lost = rows(&format!("{ICEBERG}1.7 update bid 101x1"), "3.0");
    assert_eq!(value(&lost, "2.0", slot), None, "the book is crossed");
}

#[test]
fn what_is_no_iceberg() {
    let slot = index::ICEBERG_DETECTED;
    for (what, from, to) in [
        ("the display fell", "1.1 update bid 100x10", "1.1 update bid 100x0"),
        (
            "it fell before the print",
            "1.5 sell 10 at 100",
            "1.45 update bid 100x1\n1.5 sell 9 at 100",
        ),
        (
            "the price stopped being the best",
            "1.6 update bid 100x10",
            "1.6 update bid 100x0\n1.7 update bid 100x10",
        ),
        (
            "too little was hidden",
            "1.5 sell 10 at 100",
            "1.5 sell 10 at 100\n1.55 update bid 100x21",
        ),
        ("both refills are one", "1.5 sell 10 at 100", "1.01 sell 10 at 100"),
        ("nobody traded there", "1.0 sell 10 at 100", "1.0 sell 10 at 99"),
    ] {
        let market = ICEBERG.replace(from, to);
        assert_ne!(market, ICEBERG, "{what}");
        let mut events = script::events(&market);
        events.sort_by_key(|received| received.ts);
        let engine = FeatureEngine::new(FeatureConfig::default(), &spec()).unwrap();
        let rows = drive::rows_of(engine, &events, script::time("3.0").unwrap());
        assert_eq!(value(&rows, "2.5", slot), Some(0.0), "{what}");
    }
}

#[test]
fn the_latest_of_both_icebergs_shows() {
    let asks =
        "1.3 buy 10 at 101\n1.35 update ask 101x10\n1.9 buy 10 at 101\n1.95 update ask 101x10";
    let mut events = script::events(&format!("{ICEBERG}{asks}"));
    events.sort_by_key(|received| received.ts);
    let engine = FeatureEngine::new(FeatureConfig::default(), &spec()).unwrap();
    let rows = drive::rows_of(engine, &events, script::time("3.0").unwrap());
    let shown = ["1.8", "2.1", "2.2"].map(|at| value(&rows, at, index::ICEBERG_DETECTED));
    assert_eq!(shown, [Some(1.0), Some(1.0), Some(-1.0)]);
}

#[test]
fn a_gap_resets_what_left_the_queues() {
    let market = |rest: &str| {
        format!("{START}5.0 to 45.0 every 5.0 update bid 99x10\n45.05 update bid 100x2\n{rest}")
    };
    let slot = index::QUEUE_DEPLETION_ASYM;
    let emptied = value(&rows(&market("46.0 heartbeat"), "46.2"), "46.1", slot).unwrap();
    assert!(emptied < -2.0, "{emptied}");
    let snapshot = "46.0 snapshot bid 100x10 99x10 ask 101x10 102x10";
    let fresh = value(&rows(&market(snapshot), "46.2"), "46.1", slot);
    assert_eq!(fresh, Some(0.0));
}

/// A table whose entries say where they stand.
fn table() -> MicroPriceTable {
    let row = |class: i32| core::array::from_fn(|bucket| f64::from(100 * class) + bucket as f64);
    MicroPriceTable { rows: (1..=3).map(row).collect() }
}

#[test]
fn the_micro_price_is_looked_up() {
    let calibration = Calibration { micro_price: Some(table()), ..Calibration::default() };
    let of = |bid_lots: i64, ask_lots: i64, spread: i64| {
        let market = format!("0.05 snapshot bid 100x{bid_lots} ask {}x{ask_lots}", 100 + spread);
        let engine =
            FeatureEngine::calibrated(FeatureConfig::default(), &spec(), &calibration).unwrap();
        let rows = drive::rows_of(engine, &script::events(&market), script::time("0.2").unwrap());
        value(&rows, "0.1", index::MICROPRICE_DEV)
    };
    let narrow = [of(1, 99, 1), of(5, 5, 1), of(99, 1, 1), of(1_000_000, 1, 1)];
    assert_eq!(narrow, [100.0, 105.0, 109.0, 109.0].map(Some));
    assert_eq!([of(29, 71, 2), of(30, 70, 2)], [202.0, 203.0].map(Some));
    assert_eq!([of(1, 9, 3), of(1, 9, 400)], [301.0, 301.0].map(Some));
    assert_eq!(
        value(&rows("0.05 snapshot bid 100x1 ask 101x1", "0.2"), "0.1", index::MICROPRICE_DEV),
        None
    );
}

#[test]
fn on_a_finer_grid_the_micro_price_is_unknown_and_the_band_is_the_same() {
    let calibration = Calibration { micro_price: Some(table()), ..Calibration::default() };
    let mut engine =
        FeatureEngine::calibrated(FeatureConfig::default(), &spec(), &calibration).unwrap();
    let market = "0.05 snapshot bid 9999x3 9995x9 9994x50 ask 10001x1 10005x7 10006x50";
    let mut events = script::events(market);
    let finer = InstrumentSpec { tick_size: Decimal::new(1, 2), ..spec() };
    events.push(received(script::time("0.15").unwrap(), MarketData::Spec(Box::new(finer))));
    let mut rows = Vec::new();
    events.iter().for_each(|received| drive::feed(&mut engine, received, &mut rows));
    drive::pull(&mut engine, script::time("0.3").unwrap(), &mut rows);
    assert_eq!(value(&rows, "0.1", index::MICROPRICE_DEV), Some(207.0));
    assert_eq!(value(&rows, "0.2", index::MICROPRICE_DEV), None);
    assert_eq!(value(&rows, "0.1", index::DEPTH_BPS_IMB), Some(0.2));
    assert_eq!(value(&rows, "0.2", index::DEPTH_BPS_IMB), Some(0.2));
}

#[test]
fn units_out_of_range_are_no_units() {
    let new = |units| {
        FeatureEngine::new(FeatureConfig::default(), &InstrumentSpec { units, ..spec() }).err()
    };
    let units = FeatureUnits::UNKNOWN;
    let error = Error::SpecUnit { name: "depth_band_bps", value: 0 };
    assert_eq!(new(FeatureUnits { depth_band_bps: 0, ..units }), Some(error));
    let span = Nanos::new(-1);
    let error = Error::NegativeSpan { name: "match_ttl", span };
    assert_eq!(new(FeatureUnits { match_ttl: span, ..units }), Some(error));
}

/// An ordered feed against the slow reference.
fn check_ordered(weather: Weather, every: usize) -> Result<Vec<FeatureRow>, TestCaseError> {
    let (all, spec, config) = (events(weather), ordered(), FeatureConfig::default());
    let end = all.iter().map(|received| received.ts).max().unwrap() + 3 * SECOND;
    let rows = drive::rows_of(FeatureEngine::new(config, &spec).unwrap(), &all, end);
    let reference = Reference::in_units(Units::of(&spec), config, &all, end);
    for row in rows.iter().step_by(every) {
        check_row(row, &reference)?;
    }
    Ok(rows)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn ordered_feeds_agree(weather in weathers()) {
        check_ordered(weather, 1 + weather.events / 20)?;
    }

    #[test]
    fn ordered_feeds_are_mirrored(weather in weathers()) {
        let all = events(weather);
        let end = all.iter().map(|received| received.ts).max().unwrap() + SECOND;
        let twins: Vec<_> = all.iter().map(mirrored).collect();
        let rows = |events: &[_]| {
            drive::rows_of(FeatureEngine::new(FeatureConfig::default(), &ordered()).unwrap(), events, end)
        };
        check_rows(&rows(&all), &rows(&twins))?;
    }
}

#[test]
fn icebergs_are_found_in_a_random_market() {
    let weather =
        Weather { seed: 5, events: 6_000, pause_ms: 60, trouble_one_in: 2_000, late_one_in: 50 };
    let ordered = check_ordered(weather, 97).unwrap();
    let all = events(weather);
    let end = all.iter().map(|received| received.ts).max().unwrap();
    let apart = drive::rows(FeatureConfig::default(), &all, end);
    for rows in [ordered, apart] {
        for sign in [-1.0, 1.0] {
            let shown = |row: &&FeatureRow| row.value(index::ICEBERG_DETECTED) == Some(sign);
            assert!(rows.iter().filter(shown).count() > 10, "{sign}");
        }
    }
}
