//! Prices that are not above zero, as crude oil had on 20 April 2020: nothing leaves its range, nothing
//! is infinite, and what has a logarithm of such a price in it is undefined (ADR 0013).

use fluxo_core::{MarketData, Price};
use fluxo_features::catalogue::index;
use fluxo_features::{FeatureConfig, FeatureRow};
use proptest::prelude::*;

use crate::drive;
use crate::events::{Received, SECOND};
use crate::range;
use crate::script;
use crate::stream::{CENTRE, events, weathers};
use crate::targets::{calm, config, labelled_rows};

/// The same market so many ticks lower.
fn lowered(mut events: Vec<Received>, by: i64) -> Vec<Received> {
    let lower = |price: &mut Price| *price = Price::from_ticks(price.ticks() - by);
    for received in &mut events {
        match &mut received.event.data {
            MarketData::Book(batch) => {
                batch.levels.iter_mut().for_each(|level| lower(&mut level.price));
            }
            MarketData::Trade(trade) => lower(&mut trade.price),
            _ => {}
        }
    }
    events
}

fn check(events: &[Received]) -> Result<Vec<FeatureRow>, TestCaseError> {
    let end = events.iter().map(|received| received.ts).max().unwrap() + SECOND;
    let rows = drive::rows(FeatureConfig::default(), events, end);
    rows.iter().try_for_each(range::check)?;
    for (row, labels) in labelled_rows(config(), events) {
        range::check(&row)?;
        for label in labels.labels.iter().flatten() {
            prop_assert!(label.value.is_finite(), "{label:?}");
        }
    }
    Ok(rows)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn any_market_around_zero_and_below_it_stays_in_its_ranges(weather in weathers()) {
        check(&lowered(events(weather), CENTRE))?;
        check(&lowered(events(weather), 2 * CENTRE))?;
    }
}

#[test]
fn a_calm_market_around_zero_is_above_and_below_it() {
    let market = events(calm(7));
    let ticks = market.iter().filter_map(|received| match &received.event.data {
        MarketData::Trade(trade) => Some(trade.price.ticks()),
        _ => None,
    });
    let mut ticks: Vec<i64> = ticks.collect();
    ticks.sort_unstable();
    let rows = check(&lowered(market, ticks[ticks.len() / 2])).unwrap();
    let mids = || rows.iter().filter_map(|row| row.value(index::MID_PRICE));
    assert!(mids().any(|mid| mid < 0.0) && mids().any(|mid| mid > 0.0));
    let spreads = rows.iter().filter(|row| row.value(index::SPREAD_BPS).is_some());
    assert!(spreads.clone().count() > 0);
    assert!(spreads.into_iter().all(|row| row.value(index::MID_PRICE) > Some(0.0)));
}

#[track_caller]
fn values(rows: &[FeatureRow], slot: usize, times: [&str; 4]) -> [Option<f32>; 4] {
    times.map(|at| {
        let at = script::time(at).unwrap();
        rows.iter().find(|row| row.ts.get() == at).expect("there is such a row").value(slot)
    })
}

#[test]
fn no_return_and_no_volatility_spans_a_mid_below_zero() {
    let above = "snapshot bid 99x1 ask 101x1";
    let market = script::events(&format!(
        "0.0 to 19.0 every 1.0 {above}\n20.0 to 24.0 every 1.0 snapshot bid -101x1 ask -99x1\n\
         25.0 to 70.0 every 1.0 {above}"
    ));
    let rows = drive::rows(FeatureConfig::default(), &market, script::time("70.0").unwrap());
    let of = |slot, times| values(&rows, slot, times);
    let still = Some(0.0);
    let times = ["19.9", "20.0", "24.9", "25.0"];
    let mids = [Some(100.0), Some(-100.0), Some(-100.0), Some(100.0)];
    assert_eq!(of(index::MID_PRICE, times), mids);
    assert_eq!(of(index::SPREAD_ABS, times), [Some(2.0); 4]);
    assert_eq!(of(index::SPREAD_BPS, times), [Some(200.0), None, None, Some(200.0)]);
    assert_eq!(of(index::RET_1S, ["19.9", "20.0", "25.9", "26.0"]), [still, None, None, still]);
    assert_eq!(of(index::VOL_10S, ["19.9", "20.0", "34.9", "35.0"]), [still, None, None, still]);
    assert_eq!(of(index::VOL_30S, ["19.9", "35.0", "54.9", "55.0"]), [None, None, None, still]);
}

#[test]
fn no_return_of_prints_spans_a_print_below_zero() {
    let market = script::events(
        "0.0 to 30.0 every 1.0 buy 1 at 100\n31.0 sell 3 at -50\n32.0 sell 3 at -50\n\
         40.0 to 50.0 every 1.0 buy 100 at 100\n51.0 sell 1000 at -50",
    );
    let rows = drive::rows(FeatureConfig::default(), &market, script::time("60.0").unwrap());
    let of = |slot, times| values(&rows, slot, times);
    let still = Some(0.0);
    assert_eq!(of(index::TRET_1S, ["30.9", "31.0", "40.9", "41.0"]), [still, None, None, still]);
    assert_eq!(of(index::TRET_10S, ["30.9", "41.0", "49.9", "50.0"]), [still, None, None, still]);
    // Where the mean has a logarithm too, it is that of all lots.
    let mean = (3_100.0 - 300.0 + 10_000.0) / (31.0 + 6.0 + 100.0);
    let [before, below, after, end] =
        of(index::VWAP_DIST_SESSION, ["30.9", "32.0", "40.0", "51.0"]);
    assert_eq!((before, below, end), (still, None, None));
    let found = f64::from(after.unwrap());
    let wanted = 1e4 * libm::log(100.0 / mean);
    assert!((found - wanted).abs() < 1e-3, "{found} {wanted}");
}
