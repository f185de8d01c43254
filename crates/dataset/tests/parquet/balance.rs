//! The class balance report says what the rows say.

use std::path::Path;

use fluxo_lake::Digest;
use parquet::record::Field;
use serde_json::{Value, json};

use crate::support::{Cells, long_capture, rows, write};

/// The report, and the rows that it is about.
fn report(folder: &Path) -> (Value, Vec<Cells>) {
    let dataset = write(&[long_capture(folder)], 500, &folder.join("out")).unwrap();
    let bytes = std::fs::read(dataset.path.join("class_balance.json")).unwrap();
    assert_eq!(dataset.manifest.reports["class_balance.json"], Digest::of(&bytes));
    (serde_json::from_slice(&bytes).unwrap(), rows(&dataset))
}

fn float(cell: &Field) -> Option<f64> {
    match cell {
        Field::Float(value) => Some(f64::from(*value)),
        Field::Double(value) => Some(*value),
        _ => None,
    }
}

fn long(cell: &Field) -> Option<i64> {
    match cell {
        Field::Long(value) => Some(*value),
        _ => None,
    }
}

#[track_caller]
fn assert_near(found: &Value, wanted: f64) {
    let found = found.as_f64().unwrap();
    assert!((found - wanted).abs() <= 1e-9 * f64::max(1.0, wanted.abs()), "{found}, not {wanted}");
}

fn check(said: &Value, rows: &[&Cells], target: &str) {
    let [value, end, weight] = [target.to_owned(), format!("t1_{target}"), format!("u_{target}")]
        .map(|name| move |row: &Cells| row[&name].clone());
    let labelled: Vec<(f64, &Cells)> =
        rows.iter().filter_map(|row| Some((float(&value(row))?, *row))).collect();
    let said = &said[target];
    assert_eq!(said["labelled"], json!(labelled.len()), "{target}");
    let reasons = said["unlabelled"].as_object().unwrap().values();
    let unlabelled: u64 = reasons.map(|reason| reason["rows"].as_u64().unwrap()).sum();
    assert_eq!(unlabelled, (rows.len() - labelled.len()) as u64, "{target}");
    if labelled.is_empty() {
        return;
    }
    let count = labelled.len() as f64;
    assert_near(&said["share_labelled"], count / rows.len() as f64);
    let weights: f64 = labelled.iter().map(|(_, row)| float(&weight(row)).unwrap()).sum();
    assert_near(&said["effective"], weights);
    assert_near(&said["uniqueness_mean"], weights / count);
    let span = |row: &Cells| (long(&end(row)).unwrap() - ts(row)) as f64 / 1e9;
    let spans: f64 = labelled.iter().map(|(_, row)| span(row)).sum();
    assert_near(&said["span_s_mean"], spans / count);
    let mut entropy = 0.0;
    for (class, said) in said["classes"].as_object().into_iter().flatten() {
        let wanted: f64 = class.parse().unwrap();
        let of_class = labelled.iter().filter(|(value, _)| (value - wanted).abs() < 0.5).count();
        assert_eq!(said["rows"], json!(of_class), "{target} {class}");
        let share = of_class as f64 / count;
        assert_near(&said["share"], share);
        entropy -= if share > 0.0 { share * libm::log(share) } else { 0.0 };
    }
    match said["classes"].as_object().map(serde_json::Map::len) {
        Some(classes) => assert_near(&said["entropy"], entropy / libm::log(classes as f64)),
        None => assert!(said.get("entropy").is_none()),
    }
}

fn ts(row: &Cells) -> i64 {
    match &row["ts"] {
        Field::Long(ts) => *ts,
        other => panic!("{other:?}"),
    }
}

const TARGETS: [&str; 12] = [
    "fwd_ret_1s",
    "fwd_ret_5s",
    "fwd_ret_10s",
    "fwd_ret_30s",
    "dir_1s",
    "dir_5s",
    "dir_10s",
    "dir_30s",
    "tb_label",
    "tb_meta",
    "fut_rv_30s",
    "fut_spread_10s",
];

#[test]
fn counts_shares_and_weights_are_those_of_the_rows() {
    let folder = tempfile::tempdir().unwrap();
    let (report, rows) = report(folder.path());
    let of = |session: i32| -> Vec<&Cells> {
        rows.iter().filter(|row| row["session_id"] == Field::Int(session)).collect()
    };
    let all: Vec<&Cells> = rows.iter().collect();
    for target in TARGETS {
        check(&report["all"], &all, target);
        // The capture is of the minutes before and after midnight.
        for (session, hour) in [(20_240_808, "23"), (20_240_809, "00")] {
            check(&report["sessions"][session.to_string()], &of(session), target);
            check(&report["hours"][hour], &of(session), target);
        }
        // So short a capture never knows its regime.
        check(&report["regimes"]["-1"], &all, target);
    }
}

/// A real session of several hours: every regime occurs.
#[test]
fn each_regime_has_counts_of_its_own() {
    let place = "lobster/LOBSTER_SampleFile_GOOG_2012-06-21_10.zip";
    let Some(archive) = fluxo_test_data::data_file(place) else { return };
    let folder = tempfile::tempdir().unwrap();
    let dataset = write(&[archive], 1_000, folder.path()).unwrap();
    assert_eq!(dataset.manifest.facts["ds.partial_session"], Value::from(false));
    let bytes = std::fs::read(dataset.path.join("class_balance.json")).unwrap();
    let report: Value = serde_json::from_slice(&bytes).unwrap();
    let names: Vec<&String> = report["regimes"].as_object().unwrap().keys().collect();
    assert_eq!(names, ["-1", "0", "1", "2"]);
    let rows = rows(&dataset);
    for (regime, name) in [(-1, "-1"), (0, "0"), (1, "1"), (2, "2")] {
        let of: Vec<&Cells> =
            rows.iter().filter(|row| row["regime"] == Field::Byte(regime)).collect();
        assert!(of.len() > 1_000, "regime {name}: {} rows", of.len());
        TARGETS.iter().for_each(|target| check(&report["regimes"][name], &of, target));
    }
}

#[test]
fn moves_are_counted_against_the_cost_of_their_row() {
    let folder = tempfile::tempdir().unwrap();
    let (report, rows) = report(folder.path());
    let fee_bps = 5.0;
    let said = &report["all"]["dir_30s"]["cost"];
    let moves: Vec<(f64, f64)> = rows
        .iter()
        .filter_map(|row| {
            let moved = float(&row["dir_30s"]).and_then(|_| float(&row["fwd_ret_30s"]))?;
            Some((moved, 2.0 * float(&row["half_spread_bps"])? + 2.0 * fee_bps))
        })
        .collect();
    let count = moves.len() as f64;
    assert!(count > 100.0);
    assert_near(&said["cost_bps_mean"], moves.iter().map(|(_, cost)| cost).sum::<f64>() / count);
    for (multiple, key) in [(0.5, "0.5"), (1.0, "1.0"), (2.0, "2.0")] {
        let beyond = moves.iter().filter(|(moved, cost)| moved.abs() > multiple * cost).count();
        assert_near(&said["share_beyond"][key], beyond as f64 / count);
    }
    let barrier = &report["all"]["tb_label"]["barrier"];
    assert!(barrier["k_median"].as_f64().unwrap() >= 1.0, "{barrier}");
    assert!(report["all"]["tb_label"]["verdict"].is_string());
    assert!(report["all"]["dir_1s"]["degenerate"].is_boolean());
}
