//! Every valid value lies in the range that the table states, and what is not valid is NaN.

use fluxo_features::{FEATURE_COUNT, FeatureConfig, FeatureRow, ROW_SLOTS, revision, slot_name};
use proptest::prelude::*;
use serde::Deserialize;

use crate::drive::rows;
use crate::events::SECOND;
use crate::stream::{events, weathers};

#[derive(Deserialize)]
struct Table {
    feature: Vec<Feature>,
}

#[derive(Deserialize)]
struct Feature {
    name: String,
    range: [f32; 2],
}

/// The ranges of the table.
pub(crate) struct Ranges(Vec<Feature>);

impl Ranges {
    pub(crate) fn of_the_table() -> Self {
        let table: Table = toml::from_str(include_str!("../../features.toml")).unwrap();
        Self(table.feature)
    }

    /// Checks one row.
    pub(crate) fn check(&self, row: &FeatureRow) -> Result<(), TestCaseError> {
        for slot in 0..ROW_SLOTS {
            let (raw, value) = (row.values()[slot], row.value(slot));
            prop_assert!(
                raw.is_nan() == value.is_none() && !raw.is_infinite(),
                "slot {slot}: {raw}"
            );
            prop_assert!(value.is_none() || revision(slot) > 0);
            if let Some((value, feature)) = value.zip(self.0.get(slot)) {
                let [low, high] = feature.range;
                prop_assert!(value >= low && value <= high, "{}: {value}", feature.name);
            }
            if let Some(value) = value.filter(|_| slot >= FEATURE_COUNT) {
                let low = if slot_name(slot) == "flow_consensus_direction" { -1.0 } else { 0.0 };
                prop_assert!(value >= low && value <= 1.0, "{}: {value}", slot_name(slot));
            }
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn values_lie_in_their_ranges(weather in weathers()) {
        let (all, ranges) = (events(weather), Ranges::of_the_table());
        let end = all.iter().map(|received| received.ts).max().unwrap() + SECOND;
        for row in rows(FeatureConfig::default(), &all, end) {
            ranges.check(&row)?;
        }
    }
}
