//! Are the catalogue and its document what the tables say? `UPDATE_GOLDEN=1` writes both anew.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::float_cmp, reason = "bounds of ranges are copied, not computed")]

mod document;
mod rust;
mod tables;

use fluxo_features::catalogue::{
    CONSENSUS, CONSENSUS_NAMES, FEATURES, REGIME, REGIME_NAMES, TARGETS,
};
use fluxo_features::{FeatureSet, Parity, ROW_SLOTS, TargetConfig, slot_name};

use tables::{OTHER_RANGES, crate_file, stated, tables};

#[expect(clippy::disallowed_methods, reason = "the environment asks for new golden files")]
fn check(name: &str, wanted: &str) {
    let path = crate_file(name);
    if std::env::var("UPDATE_GOLDEN").is_ok() {
        std::fs::write(&path, wanted).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == wanted, "{name} is out of date: run the tests with UPDATE_GOLDEN=1");
}

#[test]
fn the_catalogue_is_generated_from_the_tables() {
    check("src/catalogue.rs", &rust::format(&rust::render(&tables())));
}

#[test]
fn the_document_is_generated_from_the_tables() {
    check("../../docs/FEATURES.md", &document::render(&tables()));
}

/// Fails for any other difference, and when the table comes to say the same: the exception is to be
/// deleted then, and ADR 0013 superseded.
#[test]
fn the_range_of_the_mid_price_is_the_only_one_that_is_not_the_tables() {
    let table = stated().features;
    let differ = FEATURES.iter().zip(&table.feature).filter_map(|(ours, stated)| {
        let range = [ours.range.min, ours.range.max];
        (range != stated.range).then_some((ours.name, stated.range, range))
    });
    assert_eq!(differ.collect::<Vec<_>>(), OTHER_RANGES);
    let vectors = REGIME.iter().chain(&CONSENSUS).zip(&table.appended);
    for (ours, stated) in vectors {
        assert_eq!([ours.range.min, ours.range.max], stated.range, "{}", ours.name);
    }
    // Crude oil on 20 April 2020, in ticks of a cent.
    assert!(FEATURES[47].range.holds(-3_763.0) && FEATURES[47].range.holds(0.0));
}

#[test]
fn the_sets_are_nested_prefixes_of_the_promised_sizes() {
    let tables = tables();
    let (features, targets) = (&tables.features, &tables.targets);
    assert_eq!((features.count, features.feature.len(), FEATURES.len()), (108, 108, 108));
    assert_eq!((targets.count, targets.target.len(), TARGETS.len()), (12, 12, 12));
    let sets = [
        ("tick_only", FeatureSet::TickOnly, features.sets.tick_only, 45),
        ("book_enhanced", FeatureSet::BookEnhanced, features.sets.book_enhanced, 80),
        ("full", FeatureSet::Full, features.sets.full, 108),
    ];
    for (name, set, stated, promised) in sets {
        assert_eq!((set.name(), set.len(), stated), (name, promised, promised));
        for feature in &features.feature {
            let inside = feature.sets.iter().any(|s| s == name);
            assert_eq!(inside, feature.index < promised, "{} in {name}", feature.name);
            assert_eq!(inside, FEATURES[feature.index].set <= set, "{} in {name}", feature.name);
        }
    }
}

#[test]
fn the_costs_of_targets_are_those_of_the_table() {
    let tables::CostDefaults { c_cost, latency_ms } = tables().targets.cost_defaults;
    let latency = fluxo_features::fluxo_core::Nanos::from_millis(latency_ms);
    let table = TargetConfig { c_cost, latency, ..TargetConfig::default() };
    assert_eq!(TargetConfig::default(), table);
}

#[test]
fn names_are_unique_and_indices_count_up() {
    let mut names: Vec<&str> = (0..ROW_SLOTS).map(slot_name).collect();
    assert_eq!((names.len(), REGIME_NAMES.len(), CONSENSUS_NAMES.len()), (117, 6, 3));
    let appended = tables().features.appended;
    let places = REGIME.iter().chain(&CONSENSUS).zip(108..).zip(&appended);
    for ((info, slot), entry) in places {
        assert_eq!((entry.index, entry.name.as_str()), (slot, names[slot]));
        assert_eq!(info.name, names[slot]);
    }
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 117);
    assert!(FEATURES.iter().enumerate().all(|(at, feature)| feature.index == at));
    assert!(TARGETS.iter().enumerate().all(|(at, target)| target.index == at));
}

#[test]
fn what_swaps_swaps_back() {
    for feature in &FEATURES {
        if let Parity::SwapsWith(other) = feature.parity {
            assert_eq!(
                FEATURES[other].parity,
                Parity::SwapsWith(feature.index),
                "{}",
                feature.name
            );
        }
    }
}

#[test]
fn a_bound_of_a_range_lies_in_it() {
    let range = FEATURES.iter().find(|feature| feature.name == "vol_ratio").unwrap().range;
    assert!(range.holds(0.805) && range.holds(-1e30) && !range.holds(0.806));
    assert!(FEATURES[48].range.holds(-1.0) && !FEATURES[48].range.holds(f32::NAN));
}
