//! Prints and parents where units, sessions and time decide.

use fluxo_core::{Decimal, FeatureUnits, InstrumentSpec, Lots, MarketData, SizeClasses, UnixNanos};
use fluxo_features::catalogue::index;
use fluxo_features::{
    Calibration, Error, FeatureConfig, FeatureEngine, FeatureRow, SnapshotError, revision,
    slot_name,
};
use proptest::prelude::*;

use crate::brute_force::check_row;
use crate::drive;
use crate::events::{Received, SECOND, START, received, spec};
use crate::mirror::{check_rows, mirrored_around};
use crate::reference::Reference;
use crate::reference_tape::Units;
use crate::script;
use crate::stream::{CENTRE, Weather, events, weathers};

/// The UTC midnight after the start of scripts.
const MIDNIGHT: i64 = START.div_euclid(86_400 * SECOND) * 86_400 * SECOND + 86_400 * SECOND;

fn in_units(size_unit: i64, profile_row: i64, footprint_row: i64) -> InstrumentSpec {
    let units = FeatureUnits {
        profile_row_ticks: profile_row,
        footprint_row_ticks: footprint_row,
        ..spec().units
    };
    InstrumentSpec { size_unit_lots: Lots::new(size_unit), units, ..spec() }
}

fn in_classes(classes: [i64; 4], spec: InstrumentSpec) -> InstrumentSpec {
    let units = FeatureUnits { size_classes: SizeClasses(classes), ..spec.units };
    InstrumentSpec { units, ..spec }
}

fn engine(spec: &InstrumentSpec, bucket_lots: Option<i64>) -> FeatureEngine {
    let calibration = Calibration { volume_bucket_lots: bucket_lots, ..Calibration::default() };
    FeatureEngine::calibrated(FeatureConfig::default(), spec, &calibration).unwrap()
}

/// Moves everything in time, so that the event in the middle happens just before midnight.
fn around_midnight(mut events: Vec<Received>) -> Vec<Received> {
    let by = MIDNIGHT - events[events.len() / 2].ts - 3;
    let later = |ts: &mut UnixNanos| *ts = UnixNanos::new(ts.get() + by);
    for received in &mut events {
        received.ts += by;
        received.event.ts_event.as_mut().map(later);
        if let MarketData::Gap(gap) = &mut received.event.data {
            later(&mut gap.from);
            later(&mut gap.to);
        }
    }
    events
}

/// Compares one row in `every` with the slow reference.
fn check(
    spec: &InstrumentSpec,
    bucket_lots: Option<i64>,
    events: &[Received],
    every: usize,
) -> Result<Vec<FeatureRow>, TestCaseError> {
    let end = events.iter().map(|received| received.ts).max().unwrap() + 3 * SECOND;
    let rows = drive::rows_of(engine(spec, bucket_lots), events, end);
    let units = Units { bucket_lots, ..Units::of(spec) };
    let reference = Reference::in_units(units, FeatureConfig::default(), events, end);
    for row in rows.iter().step_by(every) {
        check_row(row, &reference)?;
    }
    Ok(rows)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn any_units_agree_over_midnight(
        weather in weathers(),
        rows in (1_i64..8, 1_i64..5),
        size_unit in 1_i64..9,
        steps in (1_i64..6, 1_i64..30, 1_i64..30, 1_i64..80),
        bucket_lots in prop::option::of(1_i64..3_000),
    ) {
        let events = around_midnight(events(weather));
        let mut classes = [steps.0, steps.1, steps.2, steps.3];
        (1..classes.len()).for_each(|at| classes[at] += classes[at - 1]);
        let spec = in_classes(classes, in_units(size_unit, rows.0, rows.1));
        check(&spec, bucket_lots, &events, 1 + weather.events / 20)?;
    }

    /// The mirror maps rows onto rows where its sum is one less than a multiple of their heights.
    #[test]
    fn the_mirror_maps_rows_onto_rows(weather in weathers()) {
        let spec = in_units(2, 5, 3);
        let all = around_midnight(events(weather));
        let end = all.iter().map(|received| received.ts).max().unwrap() + SECOND;
        let twins: Vec<Received> =
            all.iter().map(|received| mirrored_around(2 * CENTRE + 9, received)).collect();
        let here = drive::rows_of(engine(&spec, Some(200)), &all, end);
        check_rows(&here, &drive::rows_of(engine(&spec, Some(200)), &twins, end))?;
    }
}

/// That the slots are defined in most rows and change, where a market of so short pauses agrees.
fn check_busy(pause_ms: i64, slots: impl Iterator<Item = usize>) {
    let weather =
        Weather { seed: 7, events: 30_000, pause_ms, trouble_one_in: 1 << 20, late_one_in: 50 };
    let events = around_midnight(events(weather));
    let rows = check(&in_units(3, 2, 1), Some(2_000), &events, 97).unwrap();
    for slot in slots.filter(|slot| revision(*slot) > 0) {
        let values: Vec<f32> = rows.iter().filter_map(|row| row.value(slot)).collect();
        assert!(2 * values.len() > rows.len(), "{} is rarely defined", slot_name(slot));
        let moves = values.windows(2).filter(|pair| pair[0].to_bits() != pair[1].to_bits()).count();
        assert!(moves > 10, "{} moved {moves} times", slot_name(slot));
    }
}

#[test]
fn a_busy_market_agrees_and_says_something() {
    let of_parents = index::TRADE_INTENSITY_10S..=index::HAWKES_SELL;
    check_busy(60, of_parents.chain(index::ABSORPTION..=index::WHALE_IMBALANCE));
}

#[test]
fn a_market_of_large_orders_agrees_and_is_swept() {
    check_busy(2, core::iter::once(index::SWEEP_DETECTED));
}

fn rows(market: &str, end: &str) -> Vec<FeatureRow> {
    drive::rows(FeatureConfig::default(), &script::events(market), script::time(end).unwrap())
}

#[track_caller]
fn value(rows: &[FeatureRow], at: &str, slot: usize) -> Option<f32> {
    let at = script::time(at).unwrap();
    rows.iter().find(|row| row.ts.get() == at).expect("there is such a row").value(slot)
}

#[test]
fn a_sweep_shows_for_less_than_a_second() {
    let prints = "0.1 sell 1 at 103\n0.1 sell 1 at 102\n0.1 sell 1 at 101";
    let rows = rows(&format!("0.0 cross 1 at 100\n{prints}"), "2.0");
    let shown = ["0.0", "0.1", "1.0", "1.1"].map(|at| value(&rows, at, index::SWEEP_DETECTED));
    assert_eq!(shown, [Some(0.0), Some(-1.0), Some(-1.0), Some(0.0)]);
}

#[test]
fn time_closes_a_parent_at_its_own_moment() {
    // Fifty parents: the last one closes 10 ms after its print, and no event says so.
    let market = "0.0 to 48.0 every 1.0 buy 1 at 100\n48.99 buy 99 at 100";
    let rows = rows(market, "60.0");
    assert_eq!(value(&rows, "49.0", index::TRADE_SIZE_EW), None);
    let size = value(&rows, "49.1", index::TRADE_SIZE_EW).unwrap();
    assert!(size > 3.2 && size < 3.4, "{size}");
    assert_eq!(value(&rows, "59.9", index::TRADE_SIZE_EW), Some(size));
}

#[test]
fn the_roll_of_the_day_opens_a_session_and_breaks_nothing() {
    let seconds = (MIDNIGHT - START) / SECOND;
    let at = |tenths: i64| format!("{}.{}", seconds + tenths.div_euclid(10), tenths.rem_euclid(10));
    let market = format!(
        "{} buy 30 at 100\n{} buy 10 at 101\n{} sell 5 at 104\n{} cross 2 at 103",
        at(-700),
        at(0),
        at(2),
        at(12)
    );
    let rows = rows(&market, &at(30));
    let of = |slot| [0, 1, 2, 10, 11, 12, 20].map(|tenths| value(&rows, &at(tenths), slot));
    let (up, down) = (Some(1.0), Some(-1.0));
    assert_eq!(of(index::CUM_DELTA), [up, None, down, down, down, down, down]);
    // The print at midnight belongs to the day that ends there: POC 100, then 104.
    let control = of(index::POC_DIST);
    assert_eq!(
        control.map(|value| value.map(f32::round)),
        [Some(100.0), None, Some(0.0), Some(0.0), Some(0.0), Some(-97.0), Some(-97.0)]
    );
    // An area is known from the first grid point after a trade on.
    let area = of(index::VA_POSITION);
    assert_eq!(area, [Some(2.0), None, None, Some(0.0), Some(0.0), Some(-2.0), Some(-2.0)]);
    assert_eq!(value(&rows, &at(2), index::VOLUME_IMBALANCE), Some(1.0 / 3.0));
    assert_eq!(value(&rows, &at(12), index::DELTA_60S), Some(5.0));
}

#[test]
fn an_unsigned_print_is_volume_and_nothing_else() {
    let market = "0.0 cross 60 at 100\n1.0 buy 30 at 100\n1.0 cross 10 at 100\n1.0 buy 20 at 100";
    let rows = rows(market, "60.1");
    assert_eq!(value(&rows, "0.9", index::CUM_DELTA), Some(0.0), "a session with a trade");
    assert_eq!(value(&rows, "1.0", index::CUM_DELTA), Some(1.0));
    // It neither joins nor closes a parent: 50 of 60 lots in the window are of one large parent.
    assert_eq!(value(&rows, "60.0", index::LARGE_TRADE_RATIO), Some(50.0 / 60.0));
    assert_eq!(value(&rows, "25.0", index::HAWKES_SELL), Some(0.0));
}

#[test]
fn a_footprint_bar_is_whole_or_does_not_count() {
    let buys = |from: &str| format!("{from} buy 50 at 100\n70.0 buy 50 at 100\n70.0 buy 50 at 101");
    let late = rows(&buys("0.1"), "190.0");
    let of = |rows: &[FeatureRow], at| value(rows, at, index::STACKED_IMBALANCE);
    let wanted = [("60.0", None), ("119.9", None), ("120.0", Some(2.0)), ("180.0", Some(0.0))];
    for (at, runs) in wanted {
        assert_eq!(of(&late, at), runs, "{at}");
    }
    // An event exactly where a bar begins makes it a whole one, though it is not in it.
    let punctual = rows(&buys("0.0"), "130.0");
    assert_eq!((of(&punctual, "59.9"), of(&punctual, "60.0")), (None, Some(0.0)));
    assert_eq!(of(&punctual, "120.0"), Some(2.0));
}

#[test]
fn prints_outside_the_footprint_are_counted() {
    let market =
        script::events("0.5 buy 50 at 100\n1.0 buy 50 at 163\n1.0 buy 50 at 164\n1.0 sell 9 at 1");
    let mut engine = engine(&spec(), None);
    market.iter().for_each(|received| drive::feed(&mut engine, received, &mut Vec::new()));
    assert_eq!(engine.counts().footprint_clipped, 2);
}

#[test]
fn without_a_fitted_bucket_the_first_hour_makes_one() {
    // 500 lots in the hour: a bucket of ten.
    let market =
        "10.0 cross 100 at 100\n3610.0 buy 400 at 100\n3620.0 to 3669.0 every 1.0 buy 10 at 100";
    let rows = rows(market, "3700.0");
    assert_eq!(value(&rows, "3668.9", index::VPIN), None);
    assert_eq!(value(&rows, "3669.0", index::VPIN), Some(1.0));
}

#[test]
fn buckets_of_volume_outlive_a_close() {
    // Forty-nine buckets of ten lots and half of one: the first side of the next session fills it.
    let day = "0.0 to 48.0 every 1.0 buy 10 at 100\n49.0 sell 5 at 100\n50.0 status closed";
    let night = format!("{day}\n57600.0 status continuous\n57601.0 cross 7 at 90");
    let market =
        format!("{night}\n57601.5 sell 5 at 90\n57603.0 to 57703.0 every 1.0 sell 5 at 90");
    let (market, end) = (script::events(&market), script::time("57710.0").unwrap());
    let fitted = drive::rows_of(engine(&spec(), Some(10)), &market, end);
    let vpin = ["49.0", "57601.4", "57601.5", "57709.0"].map(|at| value(&fitted, at, index::VPIN));
    assert_eq!(vpin, [None, None, Some(1.0), Some(1.0)]);
    // What is counted in time begins anew.
    assert_eq!(value(&fitted, "57601.5", index::VOLUME_IMBALANCE), None);
    // Without a fitted bucket the hour began with the first print of all: 495 lots, a bucket of ten.
    let rows = drive::rows_of(engine(&spec(), None), &market, end);
    let vpin = ["57700.9", "57701.0"].map(|at| value(&rows, at, index::VPIN));
    assert_eq!(vpin, [None, Some(1.0)]);
}

#[test]
fn a_finer_grid_brings_its_own_units() {
    let mut market = script::events("0.0 buy 1 at 100");
    let finer = InstrumentSpec {
        tick_size: Decimal::new(5, 2),
        lot_size: Decimal::new(2, 4),
        ..in_units(5, 2, 2)
    };
    market.push(received(script::time("0.5").unwrap(), MarketData::Spec(Box::new(finer))));
    let prints = "0.8 cross 1 at 200\n1.5 buy 24 at 200\n1.5 buy 76 at 201\n1.5 buy 425 at 205";
    let more = "2.0 to 51.0 every 1.0 buy 50 at 205";
    market.extend(script::events(&format!("{prints}\n{more}")));
    let rows = drive::rows_of(engine(&spec(), Some(10)), &market, script::time("62.0").unwrap());
    // One parent of 105 units, and fifty of ten.
    let large = value(&rows, "61.0", index::LARGE_TRADE_RATIO);
    assert_eq!(large, Some(525.0 / (525.0 + 2_500.0)));
    // Buckets of 50 lots: eleven by 2.0 s, and one every second.
    let vpin = ["40.0", "41.0"].map(|at| value(&rows, at, index::VPIN));
    assert_eq!(vpin, [None, Some(1.0)]);
    // The row of two ticks that holds 204 and 205.
    let wanted = 1e4 * libm::log(410.0 / 409.0);
    let found = f64::from(value(&rows, "1.5", index::POC_DIST).unwrap());
    assert!((found - wanted).abs() < 1e-5, "{found} {wanted}");
}

#[test]
fn classes_of_size_are_the_instruments() {
    // Parents of 6, 40 and 130 lots, in units of two.
    let market = "0.0 buy 6 at 100\n30.0 sell 40 at 100\n60.0 buy 100 at 100\n60.0 buy 30 at 101";
    let market = script::events(&format!("{market}\n299.0 cross 24 at 100"));
    let values = |classes| {
        let spec = in_classes(classes, in_units(2, 1, 1));
        let rows = drive::rows_of(engine(&spec, None), &market, script::time("301.0").unwrap());
        let of = |at, slot| value(&rows, at, slot).unwrap();
        let large = ["60.0", "70.0"].map(|at| of(at, index::LARGE_TRADE_RATIO));
        (large, of("300.0", index::WHALE_IMBALANCE))
    };
    // In the window at 60 s lie the sale and the purchase, at 70 s too.
    assert_eq!(values([5, 20, 50, 100]), ([1.0, 1.0], 0.0));
    assert_eq!(values([1, 21, 50, 65]), ([130.0 / 170.0; 2], 1.0));
    assert_eq!(values([1, 2, 3, 20]), ([1.0, 1.0], 90.0 / 170.0));
    assert_eq!(values([1, 66, 67, 68]), ([0.0, 0.0], 0.0));
}

#[test]
fn classes_without_an_order_are_refused() {
    for classes in [[0, 20, 50, 100], [5, 5, 50, 100], [5, 20, 100, 50], [-5, 20, 50, 100]] {
        let spec = in_classes(classes, spec());
        let error = FeatureEngine::new(FeatureConfig::default(), &spec).err();
        assert_eq!(error, Some(Error::SizeClasses { classes }));
    }
}

#[test]
fn a_snapshot_of_other_classes_is_refused() {
    let engine = |classes| engine(&in_classes(classes, spec()), None);
    let snapshot = engine([5, 20, 50, 100]).snapshot();
    assert_eq!(engine([5, 20, 50, 100]).restore(&snapshot), Ok(()));
    let refused = engine([5, 20, 50, 99]).restore(&snapshot);
    assert_eq!(refused, Err(SnapshotError::OtherSchema));
}

#[test]
fn a_unit_below_one_is_refused() {
    for (spec, name) in [
        (in_units(0, 1, 1), "size_unit_lots"),
        (in_units(1, 0, 1), "profile_row_ticks"),
        (in_units(1, 1, 0), "footprint_row_ticks"),
    ] {
        let error = FeatureEngine::new(FeatureConfig::default(), &spec).err();
        assert_eq!(error, Some(Error::SpecUnit { name, value: 0 }));
    }
}
