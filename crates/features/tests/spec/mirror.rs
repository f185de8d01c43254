//! Exchange bids and asks, buyers and sellers: every feature answers by its parity.

use fluxo_core::{Aggressor, MarketData, Price};
use fluxo_features::catalogue::{FEATURES, index};
use fluxo_features::{FEATURE_COUNT, FeatureConfig, FeatureRow, Parity, revision};
use proptest::prelude::*;

use crate::drive::rows;
use crate::events::{Received, SECOND};
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

/// What the twin's slot must hold.
fn expected(row: &FeatureRow, slot: usize) -> Option<f32> {
    match FEATURES[slot].parity {
        Parity::Odd | Parity::OddFirstOrder => row.value(slot).map(|value| 0.0 - value),
        Parity::SwapsWith(other) => row.value(other),
        Parity::Even | Parity::Level => row.value(slot),
    }
}

/// Features that divide by a price, or take logarithms of one, agree as far as the prices do.
fn tolerance(slot: usize) -> f32 {
    let of_price = [index::SPREAD_BPS, index::VOL_10S, index::VOL_30S];
    let divides = of_price.contains(&slot) || FEATURES[slot].parity == Parity::OddFirstOrder;
    // 4 * max|p - C/2| / p; the prices of the streams stay within 2,000 ticks of the centre.
    if divides { 4.0 * 2_000.0 / CENTRE as f32 } else { 0.0 }
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
    let tested: Vec<usize> = built.filter(|s| FEATURES[*s].parity != Parity::Level).collect();
    for (here, there) in here.iter().zip(there) {
        prop_assert_eq!(here.mask(), there.mask());
        for slot in tested.iter().copied() {
            let (wanted, found) = (expected(here, slot), there.value(slot));
            let Some((wanted, found)) = wanted.zip(found) else { continue };
            let error = (wanted - found).abs();
            let name = FEATURES[slot].name;
            prop_assert!(error <= tolerance(slot) * wanted.abs(), "{name}: {wanted} {found}");
        }
    }
    Ok(())
}
