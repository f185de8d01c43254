//! What the target engine says of a row is what the text of FEATURES 11 says.
#![expect(clippy::float_cmp, reason = "classes and returns of nothing are exact")]

use fluxo_core::{InstrumentSpec, Nanos, UnixNanos};
use fluxo_features::{
    FeatureConfig, FeatureEngine, FeatureRow, Label, RowLabeller, RowLabels, SamplingClock,
    TARGET_COUNT, TargetConfig, Unlabelled,
};
use proptest::prelude::*;

use crate::events::{Received, SECOND, spec};
use crate::label_reference::LabelReference;
use crate::mirror::mirrored;
use crate::script;
use crate::stream::{CENTRE, Weather, events, weathers};

const HORIZONS_S: [i64; 4] = [1, 5, 10, 30];

/// A step that shares few moments with the grid of one second.
pub(crate) fn config() -> FeatureConfig {
    FeatureConfig {
        clock: SamplingClock::Time { step: Nanos::from_millis(700) },
        ..FeatureConfig::default()
    }
}

/// The taker fee of [`cheap_spec`]: no whole number of ticks, so that no barrier lies on a price.
pub(crate) const FEE_BPS: f64 = 0.0213;

/// So cheap that the random markets move by a round trip within minutes.
pub(crate) fn cheap_spec() -> InstrumentSpec {
    InstrumentSpec { taker_fee: "0.00000213".parse().unwrap(), ..spec() }
}

/// The labels of every row that the events close.
pub(crate) fn labels(config: FeatureConfig, events: &[Received]) -> Vec<RowLabels> {
    labelled_rows(config, events).into_iter().map(|(_, labels)| labels).collect()
}

/// Every row that the events close, with its labels.
pub(crate) fn labelled_rows(
    config: FeatureConfig,
    events: &[Received],
) -> Vec<(FeatureRow, RowLabels)> {
    let mut features = FeatureEngine::new(config, &cheap_spec()).unwrap();
    let mut targets = RowLabeller::new(config, TargetConfig::default(), &cheap_spec()).unwrap();
    let (mut all, mut rows) = (Vec::new(), Vec::new());
    let silence = config.stale_book_after.get() + 901 * SECOND;
    let waiting_max = usize::try_from(silence / config.clock.step().unwrap().get()).unwrap() + 2;
    for received in events {
        let ts = UnixNanos::new(received.ts);
        let watermark = FeatureEngine::watermark_before(ts, &received.event);
        while let Some(row) = features.next_row(watermark) {
            targets.on_row(row);
            rows.push(row.clone());
            all.extend(core::iter::from_fn(|| targets.next_labels()));
            assert!(targets.waiting() <= waiting_max, "{} rows wait", targets.waiting());
        }
        features.apply(ts, &received.event);
        targets.apply(ts, &received.event);
        all.extend(core::iter::from_fn(|| targets.next_labels()));
    }
    targets.finish();
    all.extend(core::iter::from_fn(|| targets.next_labels()));
    assert!(all.iter().map(|labels| labels.at).eq(rows.iter().map(|row| row.ts)));
    rows.into_iter().zip(all).collect()
}

/// Long enough and calm enough that directions get warm.
pub(crate) fn calm(seed: u64) -> Weather {
    Weather { seed, events: 2_400, pause_ms: 1_200, trouble_one_in: 1 << 20, late_one_in: 50 }
}

/// Against the reference, one row in `every`. How many returns and directions were compared.
fn check(events: &[Received], every: usize) -> Result<(usize, usize), String> {
    let reference = LabelReference::new(config(), TargetConfig::default(), FEE_BPS, events);
    let (mut returns, mut directions) = (0, 0);
    for row in labels(config(), events).iter().step_by(every) {
        for (at, seconds) in HORIZONS_S.into_iter().enumerate() {
            let expected = reference.label(row.at.get(), seconds);
            let (found, class) = (row.label(at), row.label(4 + at));
            let complain = |what: &str| {
                Err(format!("{what} of {seconds} s at {}: {row:?}, not {expected:?}", row.at))
            };
            let Some(expected) = expected else {
                if found.is_some() || class.is_some() {
                    return complain("a label");
                }
                continue;
            };
            let Some(found) = found else { return complain("no return") };
            returns += 1;
            let error = (found.value - expected.forward_return).abs();
            if found.t1.get() != expected.t1 || error > 1e-9 {
                return complain("the return");
            }
            let Some(threshold) = expected.threshold else {
                if row.labels[4 + at] != Err(Unlabelled::Cold) {
                    return complain("a direction");
                }
                continue;
            };
            let Some(class) = class else { return complain("no direction") };
            directions += 1;
            // What lies at the threshold to the last digits may fall on either side.
            let near = (expected.forward_return.abs() - threshold).abs() < 1e-9;
            let moved = expected.forward_return;
            let wanted = f64::from(i8::from(moved > threshold) - i8::from(moved < -threshold));
            if !near && class.value != wanted {
                return complain("the direction");
            }
        }
    }
    Ok((returns, directions))
}

#[test]
fn calm_markets_agree_with_the_reference() {
    for seed in 0..3 {
        let (returns, directions) = check(&events(calm(seed)), 17).unwrap();
        assert!(returns > 300 && directions > 100, "{returns} {directions}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn rough_markets_agree_with_the_reference(weather in weathers()) {
        check(&events(weather), 5).map_err(TestCaseError::fail)?;
    }

    /// A label that a cut recording gives is the label of the whole one, and it gives every label
    /// whose end a later batch of the cut confirmed.
    #[test]
    fn a_longer_recording_changes_no_label(weather in weathers(), cut in 0.0..1.0_f64) {
        check_cut(&events(weather), cut)?;
    }

    /// Exchange bids and asks: returns and directions turn round.
    #[test]
    fn the_mirror_turns_labels_round(weather in weathers()) {
        let all = events(weather);
        let twins: Vec<Received> = all.iter().map(mirrored).collect();
        let (here, there) = (labels(config(), &all), labels(config(), &twins));
        let (mut directions, mut on_the_edge) = (0, 0);
        for (here, there) in here.iter().zip(&there) {
            for target in 0..8 {
                let edge = check_mirror(here, there, target)?;
                directions += usize::from(target >= 4 && here.label(target).is_some());
                on_the_edge += usize::from(edge);
            }
        }
        prop_assert!(on_the_edge * 50 <= directions, "{on_the_edge} of {directions}");
    }
}

fn check_cut(all: &[Received], cut: f64) -> Result<(), TestCaseError> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share")]
    let cut = (cut * all.len() as f64) as usize;
    let whole = labels(config(), all);
    for (part, whole) in labels(config(), &all[..cut]).iter().zip(&whole) {
        for target in 0..TARGET_COUNT {
            let (cut, label) = (part.labels[target], whole.labels[target]);
            if cut != Err(Unlabelled::Unfinished) {
                prop_assert_eq!(cut, label, "{} at {}", target, part.at);
            }
        }
    }
    Ok(())
}

#[test]
fn a_longer_calm_recording_changes_no_label() {
    let all = events(calm(9));
    for cut in [0.1, 0.55, 0.9] {
        check_cut(&all, cut).unwrap();
    }
}

/// Whether the direction lies on its threshold, which the mirror moves with the price.
fn check_mirror(here: &RowLabels, there: &RowLabels, target: usize) -> Result<bool, TestCaseError> {
    let (Ok(one), Ok(twin)) = (here.labels[target], there.labels[target]) else {
        prop_assert_eq!(here.labels[target], there.labels[target]);
        return Ok(false);
    };
    prop_assert_eq!(one.t1, twin.t1);
    let error = (one.value + twin.value).abs();
    if target < 4 {
        // 4 * max|p - C/2| / p, as for features.
        let tolerance = 4.0 * 2_000.0 / CENTRE as f64;
        prop_assert!(error <= tolerance * one.value.abs(), "{target}: {one:?} {twin:?}");
        return Ok(false);
    }
    prop_assert!(one.value * twin.value <= 0.0, "{target}: {one:?} {twin:?}");
    Ok(error > 0.0)
}

/// The labels of the row at that time of a script.
fn at(rows: &[RowLabels], seconds: &str) -> RowLabels {
    let time = script::time(seconds).unwrap();
    *rows.iter().find(|row| row.at.get() == time).unwrap()
}

fn value(row: &RowLabels, target: usize) -> f64 {
    row.label(target).unwrap().value
}

const STEADY: &str = "
    0.0 snapshot bid 9999x10 ask 10001x10
    0.25 to 700.0 every 0.25 update bid 9998x10
";

#[test]
fn oracle_t3_in_a_stream() {
    // A mid of 10,000 for eleven minutes, then half a tick more.
    let text = format!(
        "{STEADY} 700.5 update ask 10001x0 10002x5\n 702.0 update bid 9997x1\n 750.0 update bid 9997x1\n"
    );
    let rows = labels(FeatureConfig::default(), &script::events(&text));
    let row = at(&rows, "700.0");
    let table: toml::Table = include_str!("../oracles.toml").parse().unwrap();
    let t3 =
        table["target"].as_array().unwrap().iter().find(|case| case["id"].as_str() == Some("T3"));
    let wanted = t3.unwrap()["return_bps"].as_float().unwrap();
    assert!((value(&row, 0) - wanted).abs() < 1e-9, "{row:?}");
    assert_eq!(value(&row, 4), 1.0, "sigma is zero, so a quarter tick decides");
    assert_eq!(row.label(4).unwrap(), Label { value: 1.0, t1: row.at + Nanos::from_millis(1_000) });
    // 600 returns of one second end at 600 s at the earliest, and of 30 s at 629 s.
    assert_eq!(at(&rows, "599.9").labels[4], Err(Unlabelled::Cold));
    assert_eq!(value(&at(&rows, "600.0"), 4), 0.0);
    assert_eq!(at(&rows, "628.9").labels[7], Err(Unlabelled::Cold));
    assert_eq!(value(&at(&rows, "629.0"), 7), 0.0);
    assert_eq!(value(&at(&rows, "100.0"), 3), 0.0, "a return needs no volatility");
    // The book is silent for 48 s after its last change, and the label ends within it.
    assert_eq!(row.labels[3], Err(Unlabelled::Silent));
    assert_eq!(at(&rows, "749.9").labels[0], Err(Unlabelled::Unfinished));
}

#[test]
fn what_goes_wrong_between_a_row_and_its_end_unlabels_it() {
    let check = |event: &str, reason: Unlabelled, first_bad: &str, last_good: &str| {
        let text = format!(
            "0.0 snapshot bid 99x10 ask 101x10
            0.1 to 9.5 every 0.1 update bid 98x10
            {event}
            10.1 snapshot bid 99x10 ask 101x10
            10.2 to 40.0 every 0.1 update bid 98x10"
        );
        let rows = labels(FeatureConfig::default(), &script::events(&text));
        assert_eq!(at(&rows, first_bad).labels[0], Err(reason), "{event}");
        assert!(at(&rows, last_good).label(0).is_some(), "{event}");
        assert_eq!(at(&rows, last_good).labels[1], Err(reason), "{event}");
        assert!(at(&rows, "10.2").label(1).is_some(), "{event}");
    };
    // The gap was noticed at 10.0 s and began at 9.55 s: what seemed whole was not.
    check("10.0 gap from 9.55", Unlabelled::Gap, "8.6", "8.5");
    check("10.0 boundary from 9.95", Unlabelled::Gap, "9.0", "8.9");
    check("10.0 status halt\n 10.1 status continuous", Unlabelled::Halt, "9.0", "8.9");
    check("10.0 update bid 101x5\n 10.05 update bid 101x0", Unlabelled::Crossed, "9.0", "8.9");
}

#[test]
fn a_break_forgets_how_far_the_price_moves() {
    let text = format!(
        "{STEADY} 700.5 boundary from 700.4\n 700.6 snapshot bid 99x10 ask 101x10\n 700.7 to 720.0 every 0.1 update bid 98x10"
    );
    let rows = labels(FeatureConfig::default(), &script::events(&text));
    assert_eq!(value(&at(&rows, "690.0"), 4), 0.0);
    assert_eq!(at(&rows, "705.0").labels[4], Err(Unlabelled::Cold));
    // The sequence gap is no break.
    let text = text.replace("boundary", "gap");
    let rows = labels(FeatureConfig::default(), &script::events(&text));
    assert_eq!(value(&at(&rows, "705.0"), 4), 0.0);
}
