//! Every cell is what the engine says.

use std::path::PathBuf;

use parquet::record::Field;

use crate::recomputed;
use crate::support::{Cells, long_capture, rows, write};

/// Whether two cells are the same bits.
fn is_same(one: &Field, other: &Field) -> bool {
    match (one, other) {
        (Field::Float(one), Field::Float(other)) => one.to_bits() == other.to_bits(),
        (Field::Double(one), Field::Double(other)) => one.to_bits() == other.to_bits(),
        _ => one == other,
    }
}

#[track_caller]
pub(crate) fn assert_same(found: &[Cells], expected: &[Cells]) {
    assert_eq!(found.len(), expected.len());
    for (row, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert!(found.keys().eq(expected.keys()), "other columns");
        for (name, cell) in found {
            let wanted = &expected[name];
            assert!(is_same(cell, wanted), "row {row}, {name}: {cell:?}, not {wanted:?}");
        }
    }
}

fn check(files: &[PathBuf], every_ms: u64) -> Vec<Cells> {
    let folder = tempfile::tempdir().unwrap();
    let dataset = write(files, every_ms, &folder.path().join("out")).unwrap();
    let found = rows(&dataset);
    assert_same(&found, &recomputed::cells(files, every_ms));
    found
}

fn count(rows: &[Cells], column: &str, cell: &Field) -> usize {
    rows.iter().filter(|row| is_same(&row[column], cell)).count()
}

#[test]
fn two_days_of_a_market_of_our_own_agree() {
    let folder = tempfile::tempdir().unwrap();
    let rows = check(&[long_capture(folder.path())], 500);
    // From 23:54:16 on the 8th for 750 s.
    assert_eq!(count(&rows, "session_id", &Field::Int(20_240_808)), 689);
    assert_eq!(count(&rows, "session_id", &Field::Int(20_240_809)), 811);
    assert_eq!(count(&rows, "warm", &Field::Bool(false)), 600);
    assert_eq!(count(&rows, "segment_id", &Field::Int(0)), rows.len());
    for target in ["fwd_ret_1s", "fwd_ret_30s", "dir_1s", "dir_30s"] {
        let labelled = rows.len() - count(&rows, target, &Field::Null);
        assert!(labelled > 100, "{target}: {labelled} labels");
    }
    // The volatility of barriers is warm after two minutes, and a label takes one at least.
    for target in ["tb_label", "tb_meta", "fut_rv_30s", "fut_spread_10s"] {
        let labelled = rows.len() - count(&rows, target, &Field::Null);
        assert!(labelled > 500, "{target}: {labelled} labels");
    }
}

#[test]
fn a_step_that_no_horizon_is_a_multiple_of_agrees() {
    let folder = tempfile::tempdir().unwrap();
    check(&[long_capture(folder.path())], 1_700);
}

#[test]
fn a_gap_ends_a_segment() {
    let folder = tempfile::tempdir().unwrap();
    let capture = fluxo_test_data::synthetic_capture(folder.path(), "BTCUSDT", 2_400);
    let text = std::fs::read_to_string(&capture).unwrap();
    // Two minutes of which one update is lost after a minute: without a snapshot the book stays lost.
    let lines: Vec<&str> =
        text.lines().enumerate().filter(|(at, _)| *at != 2_401).map(|(_, l)| l).collect();
    std::fs::write(&capture, lines.join("\n") + "\n").unwrap();
    let rows = check(&[capture], 100);
    let second = count(&rows, "segment_id", &Field::Int(1));
    assert_eq!((second, count(&rows, "segment_id", &Field::Int(0))), (599, 601));
    assert_eq!(count(&rows, "bid", &Field::Null), 599);
    // The gap began with the last update that came whole, at 59.95 s: no return ends behind that.
    assert_eq!(rows.len() - count(&rows, "fwd_ret_1s", &Field::Null), 590);
}

#[test]
fn real_captures_agree() {
    for run in fluxo_test_data::synchronised_runs() {
        check(&run.files, 300);
    }
}

#[test]
fn trades_alone_are_a_dataset_without_labels() {
    let folder = tempfile::tempdir().unwrap();
    let capture = fluxo_test_data::synthetic_capture(folder.path(), "BTCUSDT", 400);
    let text = std::fs::read_to_string(&capture).unwrap();
    let trades: Vec<&str> = text.lines().filter(|line| line.contains("@trade")).collect();
    std::fs::write(&capture, trades.join("\n") + "\n").unwrap();
    let out = folder.path().join("out");
    let dataset = write(&[capture], 100, &out).unwrap();
    assert_eq!(dataset.path, out.join("tick_only/binance-usdm/BTCUSDT"));
    let rows = rows(&dataset);
    assert_eq!(rows.len(), 199);
    for column in ["bid", "mid", "fwd_ret_1s", "t1_fwd_ret_1s", "u_fwd_ret_1s"] {
        assert_eq!(count(&rows, column, &Field::Null), rows.len(), "{column}");
    }
    assert_eq!(dataset.manifest.labels["fwd_ret_1s"].unlabelled["no_mid"], 199);
}
