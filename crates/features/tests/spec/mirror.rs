//! Exchange bids and asks, buyers and sellers: every feature answers by its parity.

use fluxo_core::{Aggressor, MarketData, Price};
use fluxo_features::catalogue::{FEATURES, index};
use fluxo_features::{FEATURE_COUNT, FeatureConfig, FeatureRow, Parity, revision};
use proptest::prelude::*;

use crate::drive::rows;
use crate::events::{Received, SECOND};
use crate::script;
use crate::stream::{CENTRE, events, weathers};

/// p -> C - p with C twice the centre of the prices.
const C: i64 = 2 * CENTRE;

pub(crate) fn mirrored(received: &Received) -> Received {
    mirrored_around(C, received)
}

/// The mirror p -> sum - p.
pub(crate) fn mirrored_around(sum: i64, received: &Received) -> Received {
    let flip = |price: Price| Price::from_ticks(sum - price.ticks());
    let mut twin = received.clone();
    match &mut twin.event.data {
        MarketData::Book(batch) => {
            for level in &mut batch.levels {
                (level.side, level.price) = (level.side.opposite(), flip(level.price));
            }
        }
        MarketData::Trade(trade) => {
            trade.price = flip(trade.price);
            trade.aggressor = match trade.aggressor {
                Aggressor::Buyer => Aggressor::Seller,
                Aggressor::Seller => Aggressor::Buyer,
                Aggressor::Unknown => Aggressor::Unknown,
            };
        }
        _ => {}
    }
    twin
}

/// A band of so many bps has another width at the mirrored price, and other levels: see
/// [`a_band_around_the_centre_is_mirrored`].
const OF_A_BAND: [usize; 2] = [index::DEPTH_BPS_LOG, index::DEPTH_BPS_IMB];
/// Slopes and means of terms that divide by a price, and may cancel.
const MEETS_BOTH_SIGNS: [usize; 4] =
    [index::KYLE_LAMBDA, index::HASBROUCK_IMPACT, index::EFFECTIVE_SPREAD, index::REALIZED_SPREAD];

fn largest(rows: &[FeatureRow], slot: usize) -> f32 {
    rows.iter().filter_map(|row| row.value(slot)).fold(0.0, |most, value| most.max(value.abs()))
}

/// What the twin's slot must hold.
fn expected(row: &FeatureRow, slot: usize) -> Option<f32> {
    match FEATURES[slot].parity {
        Parity::Odd | Parity::OddFirstOrder => row.value(slot).map(|value| 0.0 - value),
        Parity::SwapsWith(other) => row.value(other),
        Parity::Even | Parity::Level => row.value(slot),
    }
}

/// How far a twin may lie off, relative to its value and in its own unit.
struct Tolerance {
    relative: f32,
    absolute: f32,
}

/// Features that divide by a price, or take logarithms of one, agree as far as the prices do. Those that
/// are made of several returns agree as far as the largest of these: a difference may be much smaller.
fn tolerance(slot: usize) -> Tolerance {
    // 4 * max|p - C/2| / p; the prices of the streams stay within 2,000 ticks of the centre.
    const OF_PRICES: f32 = 4.0 * 2_000.0 / CENTRE as f32;
    /// Returns of the streams, in bps.
    const RETURN: f32 = 0.1;
    let exact = Tolerance { relative: 0.0, absolute: 0.0 };
    match slot {
        index::SPREAD_BPS
        | index::VOL_10S
        | index::VOL_30S
        | index::RV_60S
        | index::RV_300S
        | index::PARKINSON_VOL
        | index::GARMAN_KLASS_VOL
        | index::AMIHUD
        | index::KYLE_LAMBDA
        | index::HASBROUCK_IMPACT
        | index::EFFECTIVE_SPREAD
        | index::REALIZED_SPREAD => Tolerance { relative: OF_PRICES, ..exact },
        // Ratios of sums of returns.
        index::PRICE_Z_60S
        | index::VOL_RATIO
        | index::JUMP_RATIO
        | index::SEMIVAR_ASYM..=index::HURST_300S => {
            Tolerance { relative: OF_PRICES, absolute: OF_PRICES }
        }
        _ if FEATURES[slot].parity == Parity::OddFirstOrder => {
            Tolerance { relative: OF_PRICES, absolute: OF_PRICES * RETURN }
        }
        _ => exact,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn every_feature_answers_by_its_parity(weather in weathers()) {
        let all = events(weather);
        let end = all.iter().map(|received| received.ts).max().unwrap() + SECOND;
        let twins: Vec<Received> = all.iter().map(mirrored).collect();
        let (here, there) = (
            rows(FeatureConfig::default(), &all, end),
            rows(FeatureConfig::default(), &twins, end),
        );
        check_rows(&here, &there)?;
    }
}

/// Rows of a market and of its mirror.
pub(crate) fn check_rows(here: &[FeatureRow], there: &[FeatureRow]) -> Result<(), TestCaseError> {
    prop_assert_eq!(here.len(), there.len());
    let built = (0..FEATURE_COUNT).filter(|slot| revision(*slot) > 0);
    let is_tested =
        |slot: &usize| FEATURES[*slot].parity != Parity::Level && !OF_A_BAND.contains(slot);
    let tested: Vec<usize> = built.filter(is_tested).collect();
    let compared = !OF_A_BAND.iter().fold(0, |bits, slot| bits | 1_u128 << slot);
    // Where terms of both signs meet, the error is one of the terms.
    let scale: Vec<f32> = (0..FEATURE_COUNT).map(|slot| largest(here, slot)).collect();
    for (here, there) in here.iter().zip(there) {
        prop_assert_eq!(here.mask() & compared, there.mask() & compared);
        for slot in tested.iter().copied() {
            let (wanted, found) = (expected(here, slot), there.value(slot));
            let Some((wanted, found)) = wanted.zip(found) else { continue };
            let error = (wanted - found).abs();
            let name = FEATURES[slot].name;
            let Tolerance { relative, absolute } = tolerance(slot);
            let size = if MEETS_BOTH_SIGNS.contains(&slot) { scale[slot] } else { wanted.abs() };
            prop_assert!(error <= relative * size + absolute, "{name}: {wanted} {found}");
        }
    }
    Ok(())
}

#[test]
fn a_band_around_the_centre_is_mirrored() {
    let market = "
        0.0 snapshot bid 999999x3 999600x5 999500x7 999000x1 ask 1000001x4 1000501x9 1001000x1
        0.2 update bid 999599x8 999600x0 ask 1000500x2
    ";
    let all = script::events(market);
    let twins: Vec<Received> = all.iter().map(mirrored).collect();
    let end = all[0].ts + SECOND;
    let here = rows(FeatureConfig::default(), &all, end);
    let there = rows(FeatureConfig::default(), &twins, end);
    for (here, there) in here.iter().zip(&there) {
        let of = |row: &FeatureRow, slot: usize| row.value(slot).unwrap();
        let [log, imbalance] = OF_A_BAND;
        assert_eq!(of(here, log).to_bits(), of(there, log).to_bits());
        assert_eq!(of(here, imbalance).to_bits(), (-of(there, imbalance)).to_bits());
    }
    // Both edges lie inside: 15 bids and 4 asks, then 18 and 6.
    let imbalances = [0, 2].map(|at| here[at].value(index::DEPTH_BPS_IMB));
    assert_eq!(imbalances, [Some(11.0 / 19.0), Some(12.0 / 24.0)]);
}
