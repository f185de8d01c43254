//! Count in lots a seventh of the size: values without a size stay, values in lots grow by seven.

use fluxo_core::MarketData;
use fluxo_features::FeatureConfig;
use fluxo_features::catalogue::FEATURES;
use proptest::prelude::*;

use crate::drive::rows;
use crate::events::{Received, SECOND};
use crate::stream::{events, weathers};

const FACTOR: i64 = 7;

fn scaled(received: &Received) -> Received {
    let mut twin = received.clone();
    match &mut twin.event.data {
        MarketData::Book(batch) => {
            for level in &mut batch.levels {
                level.lots = level.lots * FACTOR;
            }
        }
        MarketData::Trade(trade) => trade.lots = trade.lots * FACTOR,
        _ => {}
    }
    twin
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn only_lots_scale_with_lots(weather in weathers()) {
        let all = events(weather);
        let end = all.iter().map(|received| received.ts).max().unwrap() + SECOND;
        let twins: Vec<Received> = all.iter().map(scaled).collect();
        let (here, there) = (
            rows(FeatureConfig::default(), &all, end),
            rows(FeatureConfig::default(), &twins, end),
        );
        prop_assert_eq!(here.len(), there.len());
        for (here, there) in here.iter().zip(&there) {
            prop_assert_eq!(here.mask(), there.mask());
            for feature in &FEATURES {
                let values = here.value(feature.index).zip(there.value(feature.index));
                let Some((here, there)) = values else { continue };
                let wanted = match feature.unit {
                    "lots" => here * FACTOR as f32,
                    "bps/lot" => here / FACTOR as f32,
                    _ => here,
                };
                let (error, name) = ((wanted - there).abs(), feature.name);
                prop_assert!(error <= 1e-6 * wanted.abs() + 1e-12, "{name}: {here} {there}");
            }
        }
    }
}
