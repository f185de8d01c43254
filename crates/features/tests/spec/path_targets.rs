//! Targets 8 to 11, which ask for the path and not for its end alone, are what the text of FEATURES 11
//! says.
#![expect(clippy::float_cmp, reason = "classes and spreads are exact")]

use fluxo_features::{Clamp, FeatureConfig, RowLabels, TargetConfig, Unlabelled};
use proptest::prelude::*;

use crate::events::Received;
use crate::label_reference::{LabelReference, Wanted};
use crate::mirror::mirrored;
use crate::script;
use crate::stream::{CENTRE, events, weathers};
use crate::targets::{FEE_BPS, calm, config, labelled_rows, labels};

/// Against the reference, one row in `every`. How many labels of each target were compared.
fn check(events: &[Received], every: usize) -> Result<[usize; 4], String> {
    let reference = LabelReference::new(config(), TargetConfig::default(), FEE_BPS, events);
    let mut compared = [0; 4];
    for (row, labels) in labelled_rows(config(), events).iter().step_by(every) {
        let at = row.ts.get();
        let wanted = [
            reference.tb_label(at),
            reference.tb_meta(at, row),
            reference.fut_rv_30s(at),
            reference.fut_spread_10s(at),
        ];
        for (place, wanted) in wanted.into_iter().enumerate() {
            compared[place] += usize::from(wanted.is_some());
            if !is_same(labels, 8 + place, wanted) {
                return Err(format!("{} at {at}: {labels:?}, not {wanted:?}", 8 + place));
            }
        }
    }
    Ok(compared)
}

fn is_same(labels: &RowLabels, target: usize, wanted: Option<Wanted>) -> bool {
    match (labels.label(target), wanted) {
        // What lies at a barrier to the last digits may fall on either side.
        (None, None) | (_, Some(Wanted { is_near: true, .. })) => true,
        (Some(found), Some(wanted)) => {
            // Barriers end after so many seconds as the reference's plain logarithms have digits for.
            let is_late = (found.t1.get() - wanted.t1).abs() > 2_000;
            !is_late && (found.value - wanted.value).abs() <= 1e-9 * f64::max(1.0, wanted.value)
        }
        _ => false,
    }
}

#[test]
fn calm_markets_agree_with_the_reference() {
    for seed in 0..3 {
        let compared = check(&events(calm(seed)), 17).unwrap();
        assert!(compared.iter().all(|count| *count >= 15), "{compared:?}");
    }
}

#[test]
fn every_class_occurs() {
    let rows: Vec<RowLabels> =
        (0..4).flat_map(|seed| labels(config(), &events(calm(seed)))).collect();
    let count = |target: usize, value: f64| {
        rows.iter().filter(|row| row.label(target).is_some_and(|l| l.value == value)).count()
    };
    for class in [-1.0, 0.0, 1.0] {
        assert!(count(8, class) > 20, "{class}: {}", count(8, class));
    }
    assert!(count(9, 0.0) > 50 && count(9, 1.0) > 50, "{} {}", count(9, 0.0), count(9, 1.0));
    let barriers: Vec<_> = rows.iter().filter_map(|row| row.terms.barrier).collect();
    for clamp in [None, Some(Clamp::Longest)] {
        assert!(barriers.iter().any(|barrier| barrier.clamp == clamp), "{clamp:?}");
    }
    assert!(barriers.iter().all(|barrier| barrier.k >= 1.0 - 1e-12));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn rough_markets_agree_with_the_reference(weather in weathers()) {
        check(&events(weather), 5).map_err(TestCaseError::fail)?;
    }

    /// Exchange bids and asks: volatilities and spreads stay.
    #[test]
    fn the_mirror_changes_no_volatility_and_no_spread(weather in weathers()) {
        let all = events(weather);
        let twins: Vec<Received> = all.iter().map(mirrored).collect();
        for (here, there) in labels(config(), &all).iter().zip(&labels(config(), &twins)) {
            prop_assert_eq!(here.labels[11], there.labels[11]);
            prop_assert_eq!(here.labels[10].is_ok(), there.labels[10].is_ok());
            let Some((one, twin)) = here.label(10).zip(there.label(10)) else { continue };
            let tolerance = 4.0 * 2_000.0 / CENTRE as f64;
            prop_assert!((one.value - twin.value).abs() <= tolerance * one.value);
        }
    }
}

/// The mirror moves the price, and with it, a little, what a barrier is in bps: few labels lie so near
/// to one that they notice.
#[test]
fn the_mirror_turns_barriers_round() {
    let (mut compared, mut other) = ([0, 0], [0, 0]);
    for seed in 0..4 {
        let all = events(calm(seed));
        let twins: Vec<Received> = all.iter().map(mirrored).collect();
        for (here, there) in labels(config(), &all).iter().zip(&labels(config(), &twins)) {
            for (place, sign) in [-1.0, 1.0].into_iter().enumerate() {
                let (one, twin) = (here.labels[8 + place], there.labels[8 + place]);
                compared[place] += usize::from(one.is_ok());
                let is_twin = match (one, twin) {
                    (Ok(one), Ok(twin)) => one.value == sign * twin.value,
                    (one, twin) => one.err() == twin.err(),
                };
                other[place] += usize::from(!is_twin);
            }
        }
    }
    assert!(compared.iter().all(|count| *count > 1_000), "{compared:?}");
    assert!(other[0] * 20 < compared[0] && other[1] * 20 < compared[1], "{other:?} {compared:?}");
}

/// The labels of the row at that time of a script.
fn at(rows: &[RowLabels], seconds: &str) -> RowLabels {
    let time = script::time(seconds).unwrap();
    *rows.iter().find(|row| row.at.get() == time).unwrap()
}

/// A mid that goes up and down by a tick of ten thousand every second: sigma is one bps.
const SEE_SAW: &str = "
    0.0 snapshot bid 9999x10 ask 10001x10
    0.5 to 400.5 every 2.0 update bid 9999x0 10000x10 ask 10001x0 10002x10
    1.5 to 400.5 every 2.0 update bid 10000x0 9999x10 ask 10002x0 10001x10
";

fn see_saw(more: &str) -> Vec<RowLabels> {
    let mut events = script::events(&format!("{SEE_SAW}{more}"));
    events.sort_by_key(|received| received.ts);
    labels(FeatureConfig::default(), &events)
}

#[test]
fn a_barrier_is_warm_after_two_minutes_and_needs_a_spread() {
    let rows = see_saw("300.2 update ask 10002x0 10003x0 10001x0\n 300.7 update ask 10001x10");
    // The first return of a second ends at 1 s, the 120th at 120 s.
    assert_eq!(at(&rows, "119.9").labels[8], Err(Unlabelled::Cold));
    let row = at(&rows, "120.0");
    let barrier = row.terms.barrier.unwrap();
    let cost = 2.0 + 2.0 * FEE_BPS;
    assert!((row.terms.cost_bps.unwrap() - cost).abs() < 1e-3, "{row:?}");
    // One and a half round trips of 2.2 bps take eleven seconds at one bps each.
    assert_eq!(barrier.clamp, Some(Clamp::Shortest));
    assert!((barrier.width_bps - 60.0_f64.sqrt()).abs() < 1e-2, "{barrier:?}");
    assert_eq!(row.label(8).unwrap().value, 0.0);
    assert_eq!((row.label(8).unwrap().t1 - row.at).get(), 60_000_000_000);
    // A book without asks has no spread, and a mid that holds.
    let row = at(&rows, "300.3");
    assert_eq!(row.labels[8], Err(Unlabelled::NoSpread));
    assert_eq!(row.labels[9], Err(Unlabelled::NoSpread));
    assert_eq!(row.terms.cost_bps, None);
    assert!(row.label(10).is_some() && row.label(11).is_some(), "{row:?}");
}

#[test]
fn a_mid_that_is_left_in_the_same_moment_reaches_nothing() {
    let spike = "
        200.25 update bid 9999x0 10000x0 10100x10 ask 10001x0 10002x0 10102x10
        200.25 update bid 10100x0 9999x10 ask 10102x0 10001x10
    ";
    assert_eq!(at(&see_saw(spike), "190.0").label(8).unwrap().value, 0.0);
    let lasting =
        spike.replace("\n        200.25 update bid 10100", "\n        200.26 update bid 10100");
    let row = at(&see_saw(&lasting), "190.0");
    assert_eq!(row.label(8).unwrap().value, 1.0);
    assert_eq!(row.label(8).unwrap().t1.get(), script::time("200.25").unwrap());
}

#[test]
fn a_bet_needs_a_touch_when_it_trades() {
    // The imbalance of the row says to buy; the asks are gone for a moment 50 ms later.
    let rows = see_saw(
        "200.26 update bid 9999x90 10000x90
         200.32 update ask 10001x0 10002x0 10003x0
         200.4 update ask 10002x10",
    );
    assert_eq!(at(&rows, "200.3").labels[9], Err(Unlabelled::NoTouch));
    assert!(at(&rows, "200.3").label(8).is_some());
    let rows = see_saw("200.26 update bid 9999x90 10000x90");
    let row = at(&rows, "200.3");
    assert_eq!(row.label(9).unwrap().value, 0.0);
    let both_ways = 50_000_000;
    assert_eq!(row.label(9).unwrap().t1.get(), row.label(8).unwrap().t1.get() + both_ways);
}

#[test]
fn a_bet_closes_at_the_touch_of_its_own_end() {
    // The row's barriers end at 260.3, and the order that closes trades at 260.35.
    let rows = |from: &str, to: &str| {
        see_saw(&format!(
            "200.26 update bid 9999x90 10000x90
             {from} update bid 10100x10 ask 10001x0 10102x10
             {to} update bid 10100x0 ask 10102x0 10001x10"
        ))
    };
    for (from, to, earned) in
        [("260.31", "260.34", 0.0), ("260.32", "260.36", 1.0), ("260.36", "260.4", 0.0)]
    {
        let row = at(&rows(from, to), "200.3");
        assert_eq!(row.label(8).unwrap().t1.get(), script::time("260.3").unwrap());
        let bet = row.label(9).unwrap();
        assert_eq!((bet.value, bet.t1.get()), (earned, script::time("260.35").unwrap()), "{from}");
    }
}

#[test]
fn a_stale_touch_is_missing_and_each_label_is_proven_after_its_own_end() {
    // The last update before the silence is that of 400.5.
    let rows = see_saw("340.55 update bid 10000x90\n 410.62 update bid 9998x10");
    assert_eq!(at(&rows, "340.6").labels[8], Err(Unlabelled::Silent), "from 400.6 on");
    assert_eq!(at(&rows, "340.6").label(9).unwrap().t1.get(), script::time("400.65").unwrap());
    let rows = see_saw("352.0 update bid 9999x90 10000x90\n 413.0 update bid 9998x10");
    assert_eq!(at(&rows, "352.2").label(8).unwrap().t1.get(), script::time("412.2").unwrap());
    assert_eq!(at(&rows, "352.2").labels[9], Err(Unlabelled::NoTouch));
}

#[test]
fn a_crossed_book_is_trouble_for_the_spread_alone_and_when_it_lasts() {
    let crossed = "
        200.2 update bid 10009x10
        200.LEAVE update bid 10009x0
    ";
    let rows = |leave| see_saw(&crossed.replace("LEAVE", leave));
    // A tenth of a second of ten is one per cent.
    let row = at(&rows("3"), "195.0");
    assert_eq!(row.labels[2], Err(Unlabelled::Crossed), "the return is stricter");
    assert_eq!(row.label(11).unwrap().value, 2.0);
    assert!(row.label(8).is_some() && row.label(10).is_some(), "{row:?}");
    let row = at(&rows("301"), "195.0");
    assert_eq!(row.labels[11], Err(Unlabelled::Crossed));
    assert!(row.label(8).is_some() && row.label(10).is_some(), "{row:?}");
}

#[test]
fn what_goes_wrong_on_the_way_unlabels_it() {
    for (event, reason) in [
        ("200.4 gap from 200.35", Unlabelled::Gap),
        ("200.4 boundary from 200.35", Unlabelled::Gap),
        ("200.4 status halt\n 200.45 status continuous", Unlabelled::Halt),
    ] {
        let back = "200.46 snapshot bid 9999x10 ask 10001x10";
        let rows = see_saw(&format!("{event}\n {back}"));
        for target in [8, 10, 11] {
            assert_eq!(at(&rows, "199.0").labels[target], Err(reason), "{event}: {target}");
        }
        for target in [10, 11] {
            assert!(at(&rows, "170.0").label(target).is_some(), "{event}: {target}");
        }
    }
}
