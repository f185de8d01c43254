//! The published oracles, one table; and the feature schema's.

use fluxo_core::{InstrumentSpec, Market};
use fluxo_features::{Calibration, FeatureConfig, FeatureEngine, canonical_line, slot_name};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::events::spec;
use crate::{drive, script};

/// Of the table; the other parts are the units' own.
#[derive(Deserialize)]
struct Table {
    feature: Vec<Oracle>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Oracle {
    id: String,
    feature: String,
    index: usize,
    expected: f64,
    events: Option<String>,
    at: Option<String>,
    /// Values at later rows.
    #[serde(default)]
    later: Vec<(String, f64)>,
    /// The size of a bucket of VPIN.
    bucket_lots: Option<i64>,
    /// Whether the venue tells every order.
    #[serde(default)]
    orders: bool,
    /// What the unit that makes the value is asked: `src/groups/oracles.rs` does so for every case that
    /// has it, and fails on one that it does not know.
    given: Option<toml::Table>,
}

impl Oracle {
    fn check(&self, script: &str) {
        let mut events = script::events(script);
        // Repeated lines of a script interleave.
        events.sort_by_key(|received| received.ts);
        let at = self.at.clone().unwrap();
        let values: Vec<(i64, f64)> = core::iter::once((at, self.expected))
            .chain(self.later.iter().cloned())
            .map(|(at, expected)| (script::time(&at).unwrap(), expected))
            .collect();
        let calibration =
            Calibration { volume_bucket_lots: self.bucket_lots, ..Calibration::default() };
        let market = if self.orders { Market::Nasdaq } else { spec().market };
        let spec = InstrumentSpec { market, kind: market.kind(), ..spec() };
        let config = FeatureConfig::default();
        let engine = FeatureEngine::calibrated(config, &spec, &calibration).unwrap();
        let rows =
            drive::rows_of(engine, &events, values.iter().map(|(at, _)| at + 1).max().unwrap());
        for (at, expected) in values {
            let row = rows.iter().find(|row| row.ts.get() == at).unwrap();
            let value = row.value(self.index).unwrap_or_else(|| panic!("{} is undefined", self.id));
            let error = (f64::from(value) - expected).abs();
            // After the cast to the row's f32.
            assert!(error <= 1e-6 * expected.abs(), "{}: {value}", self.id);
        }
    }
}

fn table() -> Vec<Oracle> {
    toml::from_str::<Table>(include_str!("../oracles.toml")).unwrap().feature
}

#[test]
fn the_table_is_whole() {
    let table = table();
    let ids: Vec<&str> = table.iter().map(|oracle| oracle.id.as_str()).collect();
    let wanted: Vec<String> = (1..=60).map(|number| format!("O{number:02}")).collect();
    assert_eq!(ids, wanted);
    for oracle in &table {
        let Oracle { id, feature, events, at, given, .. } = oracle;
        assert_eq!(slot_name(oracle.index), feature, "{id}");
        assert!(events.is_some() || given.is_some(), "{id} is made of nothing");
        assert_eq!(events.is_some(), at.is_some(), "{id} has events and no row, or a row and none");
    }
}

#[test]
fn every_oracle_with_events_holds() {
    let mut checked = 0;
    for oracle in table() {
        if let Some(events) = &oracle.events {
            oracle.check(events);
            checked += 1;
        }
    }
    assert_eq!(checked, 50);
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
