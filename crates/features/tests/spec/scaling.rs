//! Count in lots a seventh of the size: values without a size stay, values per lot or in lots
//! answer by their unit.

use fluxo_core::{InstrumentSpec, Lots, MarketData};
use fluxo_features::catalogue::{FEATURES, index};
use fluxo_features::{Calibration, FeatureConfig, FeatureEngine};
use proptest::prelude::*;

use crate::drive::rows_of;
use crate::events::{Received, SECOND, spec};
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

/// Logarithms of one more than the lots: no factor comes out of them.
const OF_LOGARITHMS: [usize; 2] = [index::DEPTH_BPS_LOG, index::RESILIENCY];

/// How many times larger a value of that unit is where there are so many times as many lots.
fn growth(unit: &str) -> f32 {
    let factor = FACTOR as f32;
    match unit {
        "lots" | "lots/tick" => factor,
        "bps/lot" => 1.0 / factor,
        "bps/sqrt(lot)" => 1.0 / factor.sqrt(),
        _ => 1.0,
    }
}

/// An engine whose size unit and volume bucket are so many times as large.
fn engine(factor: i64) -> FeatureEngine {
    let spec = InstrumentSpec { size_unit_lots: Lots::new(factor), ..spec() };
    let calibration =
        Calibration { volume_bucket_lots: Some(300 * factor), ..Calibration::default() };
    FeatureEngine::calibrated(FeatureConfig::default(), &spec, &calibration).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn only_lots_scale_with_lots(weather in weathers()) {
        let all = events(weather);
        let end = all.iter().map(|received| received.ts).max().unwrap() + SECOND;
        let twins: Vec<Received> = all.iter().map(scaled).collect();
        let here = rows_of(engine(1), &all, end);
        let there = rows_of(engine(FACTOR), &twins, end);
        prop_assert_eq!(here.len(), there.len());
        for (here, there) in here.iter().zip(&there) {
            prop_assert_eq!(here.mask(), there.mask());
            for feature in FEATURES.iter().filter(|feature| !OF_LOGARITHMS.contains(&feature.index)) {
                let values = here.value(feature.index).zip(there.value(feature.index));
                let Some((here, there)) = values else { continue };
                let wanted = here * growth(feature.unit);
                let (error, name) = ((wanted - there).abs(), feature.name);
                prop_assert!(error <= 1e-6 * wanted.abs() + 1e-12, "{name}: {here} {there}");
            }
        }
    }
}
