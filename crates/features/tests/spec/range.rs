//! Every valid value lies in the range that the catalogue states, and what is not valid is NaN.

use fluxo_features::catalogue::FEATURES;
use fluxo_features::{FEATURE_COUNT, FeatureConfig, FeatureRow, ROW_SLOTS, revision, slot_name};
use proptest::prelude::*;

use crate::drive::rows;
use crate::events::SECOND;
use crate::stream::{events, weathers};

/// Checks one row.
pub(crate) fn check(row: &FeatureRow) -> Result<(), TestCaseError> {
    for slot in 0..ROW_SLOTS {
        let (raw, value) = (row.values()[slot], row.value(slot));
        prop_assert!(raw.is_nan() == value.is_none() && !raw.is_infinite(), "slot {slot}: {raw}");
        prop_assert!(value.is_none() || revision(slot) > 0);
        if let Some((value, feature)) = value.zip(FEATURES.get(slot)) {
            prop_assert!(feature.range.holds(value), "{}: {value}", feature.name);
        }
        if let Some(value) = value.filter(|_| slot >= FEATURE_COUNT) {
            let low = if slot_name(slot) == "flow_consensus_direction" { -1.0 } else { 0.0 };
            prop_assert!(value >= low && value <= 1.0, "{}: {value}", slot_name(slot));
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn values_lie_in_their_ranges(weather in weathers()) {
        let all = events(weather);
        let end = all.iter().map(|received| received.ts).max().unwrap() + SECOND;
        for row in rows(FeatureConfig::default(), &all, end) {
            check(&row)?;
        }
    }
}
