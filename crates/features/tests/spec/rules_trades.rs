//! Single rules of the features that are made of trade prices, and of sessions, one small market each.

use fluxo_core::{FeatureUnits, InstrumentSpec, Nanos};
use fluxo_features::catalogue::index;
use fluxo_features::{FeatureConfig, FeatureEngine, FeatureRow, slot_name};

use crate::events::spec;
use crate::{drive, script};

fn rows_of(spec: &InstrumentSpec, market: &str, end: &str) -> Vec<FeatureRow> {
    let mut engine = FeatureEngine::new(FeatureConfig::default(), spec).unwrap();
    let mut rows = Vec::new();
    for received in script::events(market) {
        drive::feed(&mut engine, &received, &mut rows);
    }
    drive::pull(&mut engine, script::time(end).unwrap(), &mut rows);
    assert_eq!(engine.counts().not_finite, 0);
    rows
}

fn rows(market: &str, end: &str) -> Vec<FeatureRow> {
    rows_of(&spec(), market, end)
}

#[track_caller]
fn value(rows: &[FeatureRow], at: &str, slot: usize) -> Option<f32> {
    let at = script::time(at).unwrap();
    rows.iter().find(|row| row.ts.get() == at).expect("there is such a row").value(slot)
}

/// Scripts start at 22:14 UTC: this is midnight.
const ROLL: &str = "6350.0 buy 1 at 100\n6360.0 buy 3 at 104\n6360.25 sell 1 at 90";

#[test]
fn the_day_rolls_after_its_last_event() {
    let rows = rows(ROLL, "6362.0");
    let at_midnight = value(&rows, "6360.0", index::VWAP_DIST_SESSION).unwrap();
    assert!((at_midnight - 96.6191).abs() < 1e-3, "{at_midnight}");
    assert_eq!(value(&rows, "6360.1", index::VWAP_DIST_SESSION), None);
    assert_eq!(value(&rows, "6360.3", index::VWAP_DIST_SESSION), Some(0.0));
    // It is no break.
    assert!(value(&rows, "6360.3", index::TRET_10S).unwrap() < -1_000.0);
    let remaining = |at| value(&rows, at, index::SESSION_REMAINING).map(f64::from).unwrap();
    assert_eq!(Some(remaining("6360.0")), Some(0.0));
    assert!((remaining("6360.1") - 86_399.9 / 86_400.0).abs() < 1e-7);
    let clock = |at| (value(&rows, at, index::TOD_SIN), value(&rows, at, index::TOD_COS));
    assert_eq!(clock("6360.0"), (Some(0.0), Some(1.0)));
}

#[test]
fn funding_opens_no_session() {
    let funding_interval = Some(Nanos::new(6_360 * 1_000_000_000 / 53));
    let units = FeatureUnits { funding_interval, ..FeatureUnits::UNKNOWN };
    let spec = InstrumentSpec { units, ..spec() };
    // Two minutes divide the day, and so every whole minute of ours that is even.
    let rows = rows_of(&spec, "118.0 buy 1 at 100\n119.0 buy 3 at 104", "122.0");
    let remaining = |at| value(&rows, at, index::SESSION_REMAINING).unwrap();
    assert_eq!((remaining("120.0"), remaining("120.3"), remaining("119.7")), (0.0, 0.9975, 0.0025));
    assert!(value(&rows, "120.1", index::VWAP_DIST_SESSION).is_some());
}

#[test]
fn a_break_forgets_prices_and_a_gap_does_not() {
    let market = |event: &str| {
        format!("0.0 to 99.0 every 0.5 buy 1 at 100\n100.0 {event} from 99.5\n100.05 sell 1 at 90")
    };
    let (gap, end) = (rows(&market("gap"), "101.2"), rows(&market("boundary"), "170.0"));
    let of_minute = [index::TRET_60S, index::RV_60S, index::PRICE_Z_60S, index::RSI_14];
    for slot in of_minute {
        assert!(value(&gap, "101.1", slot).is_some(), "{}", slot_name(slot));
        assert_eq!(value(&end, "101.1", slot), None, "{}", slot_name(slot));
    }
    assert_eq!(value(&end, "101.1", index::TRET_1S), Some(0.0));
    // Sixty points are there at 160 s, and the first return is one to the second of them.
    assert_eq!(value(&end, "159.9", index::PRICE_Z_60S), None);
    assert_eq!(value(&end, "160.0", index::PRICE_Z_60S), Some(0.0));
    assert_eq!(value(&end, "160.9", index::RV_60S), None);
    assert_eq!(value(&end, "161.0", index::RV_60S), Some(0.0));
}

#[test]
fn bars_begin_with_the_first_whole_one() {
    // The bars end at 10 s, 15 s, ...: the fifteenth at 80 s.
    let rows = rows("0.5 buy 1 at 100\n12.0 buy 1 at 101", "90.0");
    assert_eq!(value(&rows, "79.9", index::RSI_14), None);
    assert_eq!(value(&rows, "80.0", index::RSI_14), Some(1.0));
    // An event of another kind came before the prints, which come after the first whole bar.
    let rows = self::rows("0.5 snapshot bid 1x1 ask 3x1\n11.0 buy 1 at 100", "90.0");
    assert_eq!(value(&rows, "84.9", index::RSI_14), None);
    assert_eq!(value(&rows, "85.0", index::RSI_14), Some(0.0));
}

#[test]
fn bars_without_lots_and_without_a_price_before_have_no_impact() {
    // Prints in (0, 5], before the first whole bar, only say where it starts from.
    let market = "0.5 buy 1 at 100\n6.0 to 51.0 every 5.0 buy 1 at 101\n";
    let impact = |market: &str, at| value(&rows(market, "56.0"), at, index::AMIHUD);
    let tenth = 1e4 * libm::log(1.01) / 10.0;
    assert_eq!(impact(market, "54.9"), None);
    assert!((f64::from(impact(market, "55.0").unwrap()) - tenth).abs() < 1e-5);
    // Without them the first bar has no price before it, and only nine count.
    let market = market.replace("0.5 buy 1 at 100", "0.5 heartbeat\n0.6 snapshot bid 1x1 ask 3x1");
    assert_eq!(impact(&market, "55.9"), None);
}

#[test]
fn a_price_of_zero_has_no_return_and_counts_in_the_mean_price() {
    let rows = rows("0.0 buy 3 at 100\n5.0 sell 1 at 0\n6.0 buy 1 at 75", "12.0");
    let of = |at| value(&rows, at, index::TRET_5S);
    assert_eq!([of("5.0"), of("7.0"), of("10.9"), of("11.0")], [None, None, None, Some(0.0)]);
    // (300 + 0 + 75) over five lots are 75.
    let session = ["4.9", "5.0", "6.0"].map(|at| value(&rows, at, index::VWAP_DIST_SESSION));
    assert_eq!(session, [Some(0.0), None, Some(0.0)]);
}
