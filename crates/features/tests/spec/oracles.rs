//! The published oracles, one table; and the feature schema's.

use fluxo_features::{
    Calibration, FEATURE_COUNT, FeatureConfig, FeatureEngine, canonical_line, slot_name,
};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::events::spec;
use crate::{drive, script};

#[derive(Deserialize)]
struct Table {
    oracle: Vec<Oracle>,
}

#[derive(Deserialize)]
struct Oracle {
    id: String,
    feature: String,
    events: String,
    at: String,
    expected: f64,
    /// The size of a bucket of VPIN.
    bucket_lots: Option<i64>,
}

#[test]
fn every_oracle_holds() {
    let table: Table = toml::from_str(include_str!("oracles.toml")).unwrap();
    let ids: Vec<&str> = table.oracle.iter().map(|oracle| oracle.id.as_str()).collect();
    let wanted = [
        "O01", "O02", "O05", "O15", "O16", "O17", "O18", "O19", "O20", "O21", "O22", "O23", "O25",
        "O26", "O27", "O28", "O29", "O30", "O31", "O32", "O33", "O34", "O35", "O36", "O37", "O39",
        "O40", "O41", "O43", "O44", "O45", "O46", "O47", "O48", "O49", "O51", "O52", "O53", "O54",
        "O55", "O56", "O57",
    ];
    assert_eq!(ids, wanted);
    for oracle in &table.oracle {
        let (mut events, at) = (script::events(&oracle.events), script::time(&oracle.at).unwrap());
        // Repeated lines of a script interleave.
        events.sort_by_key(|received| received.ts);
        let slot = (0..FEATURE_COUNT).find(|slot| slot_name(*slot) == oracle.feature).unwrap();
        let calibration =
            Calibration { volume_bucket_lots: oracle.bucket_lots, ..Calibration::default() };
        let config = FeatureConfig::default();
        let engine = FeatureEngine::calibrated(config, &spec(), &calibration).unwrap();
        let rows = drive::rows_of(engine, &events, at + 1);
        let row = rows.iter().find(|row| row.ts.get() == at).unwrap();
        let value = row.value(slot).unwrap_or_else(|| panic!("{} is undefined", oracle.id));
        let error = (f64::from(value) - oracle.expected).abs();
        assert!(error <= 1e-6 * oracle.expected.abs(), "{}: {value}", oracle.id);
    }
}

#[test]
fn the_schema_text_hashes_as_published() {
    let text = "f1|ofi_1s|f32|qty|window_ns=1000000000\nf2|spread_ticks|f32|ticks|\n";
    let lines = canonical_line(1, "ofi_1s", "qty", "window_ns=1000000000")
        + &canonical_line(2, "spread_ticks", "ticks", "");
    assert_eq!(lines, text);
    let hash = Sha256::digest(lines.as_bytes());
    let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, "8cfbb17fe248678d93fd2413f6361d21cd3b2c8643c83daa3f6c5a71efa3ff86");
}
