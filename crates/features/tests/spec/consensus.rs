//! The consensus of a row is made of the features of the row before it, and of nothing later.

use fluxo_features::catalogue::index;
use fluxo_features::{CONSENSUS_START, FeatureConfig, FeatureRow};
use proptest::prelude::*;

use crate::drive::rows;
use crate::events::SECOND;
use crate::stream::{events, weathers};

const BANDS: [(usize, f32); 5] = [
    (index::OFI_5S, 0.5),
    (index::VOLUME_IMBALANCE, 0.2),
    (index::PRICE_PRESSURE, 0.2),
    (index::OFI_INTEGRATED, 0.25),
    (index::CANCEL_IMBALANCE, 0.2),
];

fn is_on_a_band(row: &FeatureRow) -> bool {
    let distance = |(slot, band): &(usize, f32)| Some((row.value(*slot)?.abs() - band).abs());
    BANDS.iter().filter_map(distance).any(|distance| distance < 1e-6)
}

/// FEATURES 8, written out: each vote is a feature beyond its dead band.
fn expected(before: &FeatureRow) -> [Option<f32>; 3] {
    let votes: Vec<f32> = BANDS
        .into_iter()
        .filter_map(|(slot, band)| Some((before.value(slot)?, band)))
        .map(|(x, band): (f32, f32)| if x.abs() > band { x.signum() } else { 0.0 })
        .collect();
    if votes.is_empty() {
        return [None, Some(0.0), Some(0.0)];
    }
    let sum: f32 = votes.iter().sum();
    let strength = sum.abs() / votes.len() as f32;
    let direction = if strength >= 0.2 { sum.signum() } else { 0.0 };
    let sides: Vec<f32> = votes.into_iter().filter(|vote| *vote != 0.0).collect();
    let aligned = direction != 0.0 && sides.len() >= 3 && sides.iter().all(|d| d * direction > 0.0);
    [Some(strength), Some(direction), Some(f32::from(u8::from(aligned)))]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn a_row_holds_the_votes_of_the_row_before(weather in weathers()) {
        let all = events(weather);
        let end = all.iter().map(|received| received.ts).max().unwrap() + SECOND;
        let rows = rows(FeatureConfig::default(), &all, end);
        let same_segment = rows.windows(2).filter(|pair| pair[0].segment == pair[1].segment);
        // A row holds less than what was compared with the band.
        for pair in same_segment.filter(|pair| !is_on_a_band(&pair[0])) {
            let wanted = expected(&pair[0]);
            for (at, wanted) in wanted.into_iter().enumerate() {
                let found = pair[1].value(CONSENSUS_START + at);
                let is_near = match (found, wanted) {
                    (Some(found), Some(wanted)) => (found - wanted).abs() < 1e-6,
                    (None, None) => true,
                    _ => false,
                };
                prop_assert!(is_near, "{at}: {found:?}, {wanted:?}");
            }
        }
    }
}
