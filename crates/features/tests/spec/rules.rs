//! Single rules of FEATURES 2, 4 and 17, one small market each.

use fluxo_core::{Decimal, InstrumentSpec, MarketData, Nanos, UnixNanos};
use fluxo_features::catalogue::index;
use fluxo_features::{
    Error, FEATURE_COUNT, FeatureConfig, FeatureCounts, FeatureEngine, FeatureRow, SamplingClock,
    slot_name,
};
use fluxo_market_data::BookConfig;

use crate::drive;
use crate::events::{SECOND, START, received, spec};
use crate::script;

fn rows(market: &str, end: &str) -> Vec<FeatureRow> {
    drive::rows(FeatureConfig::default(), &script::events(market), script::time(end).unwrap())
}

/// Where the rows lie, in tenths of a second from the start.
fn tenths(rows: &[FeatureRow]) -> Vec<i64> {
    rows.iter().map(|row| (row.ts.get() - START) / (SECOND / 10)).collect()
}

#[track_caller]
fn value(rows: &[FeatureRow], at: &str, slot: usize) -> Option<f32> {
    let at = script::time(at).unwrap();
    rows.iter().find(|row| row.ts.get() == at).expect("there is such a row").value(slot)
}

#[test]
fn rows_begin_with_the_first_event_and_are_never_forced() {
    assert_eq!(tenths(&rows("0.25 buy 1 at 100\n0.5 buy 1 at 100", "0.5")), [3, 4]);
    assert_eq!(tenths(&rows("0.3 buy 1 at 100", "0.300000001")), [3]);
    assert!(tenths(&rows("0.3 buy 1 at 100", "0.3")).is_empty());
    assert_eq!(tenths(&rows("0.1 heartbeat\n0.3 buy 1 at 100", "0.4")), [3]);
}

#[test]
fn a_row_knows_when_it_was_known() {
    let rows = rows("0.1 buy 1 at 100\n0.25 buy 1 at 100", "0.3");
    assert_eq!(rows[0].known_at.get(), script::time("0.25").unwrap());
}

#[test]
#[should_panic(expected = "must be pulled before")]
fn an_event_before_its_rows_is_a_bug() {
    let mut engine = FeatureEngine::new(FeatureConfig::default(), &spec()).unwrap();
    for received in script::events("0.1 buy 1 at 100\n0.2 buy 1 at 100") {
        engine.apply(UnixNanos::new(received.ts), &received.event);
    }
}

#[test]
fn a_late_event_counts_at_the_watermark() {
    let market =
        script::events("0.0 to 5.0 every 5.0 buy 1 at 100\n10.05 sell 3 at 100\n9.95 buy 2 at 100");
    let mut engine = FeatureEngine::new(FeatureConfig::default(), &spec()).unwrap();
    let mut rows = Vec::new();
    market.iter().for_each(|received| drive::feed(&mut engine, received, &mut rows));
    drive::pull(&mut engine, script::time("10.2").unwrap(), &mut rows);
    assert_eq!(engine.counts(), &FeatureCounts { late_events: 1, ..FeatureCounts::default() });
    assert_eq!(value(&rows, "10.0", index::VOLUME_IMBALANCE), Some(1.0));
    assert_eq!(value(&rows, "10.1", index::VOLUME_IMBALANCE), Some(0.0));
}

#[test]
fn what_is_no_market_trade_reaches_nothing() {
    let prints = "buy 1 at 100\n5.0 buy 7 at 103 off-market\n6.0 cross 9 at 100";
    let rows = rows(&format!("0.0 {prints}\n10.0 sell 1 at 100"), "10.1");
    assert_eq!(value(&rows, "10.0", index::VOLUME_IMBALANCE), Some(-1.0));
    assert_eq!(value(&rows, "10.0", index::TRADE_INTENSITY_10S), Some(0.1));
    // An off-market print is not even the first event of the trades.
    let rows =
        self::rows("0.0 buy 7 at 103 off-market\n0.1 to 0.2 every 0.1 sell 1 at 100", "10.2");
    assert_eq!(value(&rows, "10.0", index::VOLUME_IMBALANCE), None);
    assert_eq!(value(&rows, "10.1", index::VOLUME_IMBALANCE), Some(-1.0));
}

#[test]
fn an_empty_window_of_trades_is_balanced() {
    let rows = rows("0.0 buy 1 at 100", "60.1");
    for (slot, empty) in [
        (index::TRADE_INTENSITY_10S, "10.0"),
        (index::VOLUME_IMBALANCE, "10.0"),
        (index::DELTA_60S, "60.0"),
    ] {
        assert_eq!(value(&rows, empty, slot), Some(0.0), "{}", slot_name(slot));
    }
    assert_eq!(value(&rows, "9.9", index::VOLUME_IMBALANCE), None);
    assert_eq!(value(&rows, "59.9", index::DELTA_60S), None);
}

const TWO_SIDED: &str = "0.0 snapshot bid 100x10 ask 102x30\n";

#[test]
fn a_book_without_depth_messages_goes_stale() {
    let rows = rows(&format!("{TWO_SIDED}9.95 buy 1 at 102"), "30.0");
    assert_eq!(value(&rows, "10.0", index::SPREAD_ABS), Some(2.0));
    assert_eq!(value(&rows, "10.1", index::SPREAD_ABS), None);
    // The last valid mid is held, and time while stale is no gap.
    assert_eq!(value(&rows, "29.9", index::RET_10S), Some(0.0));
    assert_eq!(value(&rows, "29.9", index::VOL_10S), Some(0.0));
}

#[test]
fn a_crossed_or_one_sided_book_is_not_valid() {
    let rows = rows(
        &format!("{TWO_SIDED}0.15 update bid 102x5\n0.25 update bid 102x0\n0.35 update ask 102x0"),
        "0.6",
    );
    let spreads = ["0.1", "0.2", "0.3", "0.4"].map(|at| value(&rows, at, index::SPREAD_ABS));
    assert_eq!(spreads, [Some(2.0), None, Some(2.0), None]);
}

#[test]
fn updates_without_a_snapshot_are_no_book() {
    let market = script::events("0.0 update bid 100x1 ask 101x1");
    let mut engine = FeatureEngine::new(FeatureConfig::default(), &spec()).unwrap();
    drive::feed(&mut engine, &market[0], &mut Vec::new());
    assert_eq!(engine.counts().orphan_updates, 1);
    assert_eq!(engine.book().level_count(fluxo_core::Side::Bid), 0);
}

#[test]
fn two_per_cent_of_a_window_may_lie_in_a_gap() {
    let market = "0.0 snapshot bid 100x10 ask 102x30\n5.0 to 60.0 every 5.0 update bid 100x10\n\
         60.1 gap from 60.09\n60.2 snapshot bid 101x10 ask 102x30";
    let rows = rows(market, "70.0");
    // 110 ms are lost: too much for windows below 5.5 s.
    let at_half = |slot| value(&rows, "60.5", slot);
    assert_eq!((at_half(index::RET_1S), at_half(index::OFI_5S)), (None, None));
    assert!(at_half(index::RET_10S).is_some() && at_half(index::VOL_10S).is_some());
    // What the gap hid is no order flow.
    assert_eq!(at_half(index::OFI_15S), Some(0.0));
    assert!(value(&rows, "61.3", index::RET_1S).is_some());
    assert_eq!(value(&rows, "60.1", index::SPREAD_ABS), None);
    assert_eq!(value(&rows, "60.2", index::SPREAD_ABS), Some(1.0));
}

#[test]
fn between_two_recordings_there_is_no_row_and_nothing_is_carried_over() {
    let market = "0.0 snapshot bid 100x10 ask 102x30\n0.0 buy 1 at 100\n9.0 update bid 100x9\n\
         12.0 buy 5 at 100\n500.05 boundary from 12.0\n500.15 snapshot bid 200x10 ask 202x30";
    let rows = rows(market, "512.0");
    let tenths = tenths(&rows);
    assert_eq!(tenths[..121], (0..=120).collect::<Vec<_>>());
    assert_eq!(tenths[121..], (5_001..5_120).collect::<Vec<_>>());
    assert_eq!(value(&rows, "12.0", index::VOLUME_IMBALANCE), Some(1.0));
    assert!(value(&rows, "12.0", index::RET_10S).is_some());
    // The clock goes on.
    let clock = index::TOD_SIN..=index::SESSION_REMAINING;
    for slot in (0..FEATURE_COUNT).filter(|slot| !clock.contains(slot)) {
        assert_eq!(value(&rows, "500.1", slot), None, "{}", slot_name(slot));
    }
    assert_eq!(value(&rows, "501.1", index::RET_1S), None, "the snapshot came later");
    assert_eq!(value(&rows, "501.2", index::RET_1S), Some(0.0));
    assert_eq!(value(&rows, "510.1", index::VOL_10S), None);
    assert_eq!(value(&rows, "510.2", index::VOL_10S), Some(0.0));
}

#[test]
fn a_halt_stops_rows_and_a_close_starts_anew() {
    let market = |phase| {
        format!(
            "0.0 snapshot bid 100x10 ask 102x30\n9.95 update bid 100x9\n10.05 status {phase}\n\
             10.25 status continuous\n10.35 update ask 102x31"
        )
    };
    let (halted, closed) = (rows(&market("halt"), "12.0"), rows(&market("closed"), "12.0"));
    let wanted: Vec<i64> = (0..=100).chain(103..120).collect();
    assert_eq!((tenths(&halted), tenths(&closed)), (wanted.clone(), wanted));
    let of =
        |rows: &[FeatureRow], at| (value(rows, at, index::RET_1S), value(rows, at, index::VOL_10S));
    assert_eq!(of(&halted, "10.3"), (Some(0.0), Some(0.0)));
    assert_eq!(of(&closed, "10.3"), (None, None));
    // The book is the same, and valid as soon as trading goes on.
    assert_eq!(value(&closed, "10.3", index::SPREAD_ABS), Some(2.0));
    assert_eq!(value(&closed, "11.3", index::RET_1S), Some(0.0));
}

/// The books of a market before and after a new specification.
fn respecified(new: &InstrumentSpec) -> (FeatureEngine, Vec<FeatureRow>) {
    let mut market = script::events(&format!("{TWO_SIDED}0.0 buy 1 at 102"));
    let data = MarketData::Spec(Box::new(new.clone()));
    market.push(received(script::time("10.05").unwrap(), data));
    let mut engine = FeatureEngine::new(FeatureConfig::default(), &spec()).unwrap();
    let mut rows = Vec::new();
    market.iter().for_each(|received| drive::feed(&mut engine, received, &mut rows));
    drive::pull(&mut engine, script::time("12.0").unwrap(), &mut rows);
    (engine, rows)
}

#[test]
fn a_finer_grid_restates_the_book_and_starts_anew() {
    let (tick_size, lot_size) = (Decimal::new(1, 2), Decimal::new(5, 4));
    let (engine, rows) = respecified(&InstrumentSpec { tick_size, lot_size, ..spec() });
    assert_eq!(value(&rows, "10.0", index::SPREAD_ABS), Some(2.0));
    assert_eq!(value(&rows, "10.0", index::VOLUME_IMBALANCE), Some(0.0));
    // The book goes stale while nothing else is said about it.
    assert_eq!(value(&rows, "10.1", index::SPREAD_ABS), None);
    assert_eq!(value(&rows, "10.1", index::VOLUME_IMBALANCE), None);
    let best = engine.book().best(fluxo_core::Side::Ask).unwrap();
    assert_eq!((best.price.ticks(), best.lots.get()), (1_020, 60));
    assert_eq!(engine.counts().foreign_specs, 0);
}

#[test]
fn other_changes_of_a_specification_change_no_row() {
    let maker_fee = Decimal::new(1, 4);
    let (_, rows) = respecified(&InstrumentSpec { maker_fee, ..spec() });
    assert_eq!(value(&rows, "10.1", index::VOLUME_IMBALANCE), Some(0.0));
}

#[test]
fn a_grid_that_is_no_refinement_loses_the_book() {
    let (engine, rows) = respecified(&InstrumentSpec { tick_size: Decimal::new(3, 2), ..spec() });
    assert_eq!(
        (engine.counts().foreign_specs, engine.book().best(fluxo_core::Side::Bid)),
        (1, None)
    );
    assert_eq!(value(&rows, "10.1", index::MID_PRICE), None);
}

#[test]
fn a_configuration_out_of_range_says_which_number() {
    let new = |config| FeatureEngine::new(config, &spec()).err();
    let config = FeatureConfig::default();
    let (step, min) = (Nanos::new(999_999), FeatureConfig::STEP_MIN);
    assert_eq!(
        new(FeatureConfig { clock: SamplingClock::Time { step }, ..config }),
        Some(Error::Step { step, min })
    );
    let span = Nanos::new(-1);
    let error = new(FeatureConfig { stale_book_after: span, ..config });
    assert_eq!(error, Some(Error::NegativeSpan { name: "stale_book_after", span }));
    let (ticks, min) = (300, BookConfig::WINDOW_TICKS_MIN);
    let error = new(FeatureConfig { book: BookConfig { window_ticks: ticks }, ..config });
    assert_eq!(error, Some(Error::BookWindow { ticks, min }));
    let (tick, lot) = (Decimal::ZERO, spec().lot_size);
    let error = FeatureEngine::new(config, &InstrumentSpec { tick_size: tick, ..spec() }).err();
    assert_eq!(error, Some(Error::SpecGrid { tick, lot }));
}

/// The session begins at midnight, 6 360 s after the start.
#[test]
fn a_session_is_partial_where_its_stream_began_or_began_anew_in_it() {
    let is_partial = |rows: &[FeatureRow], at: &str| {
        let at = script::time(at).unwrap();
        rows.iter().find(|row| row.ts.get() == at).expect("there is such a row").is_partial_session
    };
    let before = "0.0 to 6355.0 every 5.0 buy 1 at 100\n";
    let market = format!("{before}6370.0 boundary from 6369.9\n6370.0 buy 1 at 100");
    let rows_of = rows(&market, "6371.0");
    for (at, partial) in
        [("0.1", true), ("6360.0", true), ("6360.1", false), ("6369.9", false), ("6370.1", true)]
    {
        assert_eq!(is_partial(&rows_of, at), partial, "{at}");
    }
    // So close to midnight nothing is missed.
    let market = format!("{before}6360.9 boundary from 6359.0\n6361.0 buy 1 at 100");
    assert!(!is_partial(&rows(&market, "6362.0"), "6361.5"));
    for (reopens, partial) in [("6361.0", false), ("6361.1", true)] {
        let market = format!("{before}6358.0 status closed\n{reopens} status continuous");
        assert_eq!(is_partial(&rows(&market, "6363.0"), "6362.0"), partial, "{reopens}");
    }
}
