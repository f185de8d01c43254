//! Datasets of order-by-order recordings: the file as it lies, and the lake made of it, say the same.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::process::Command;

use fluxo_test_data::{data_file, program};
use serde_json::Value;

fn run(command: &mut Command) -> Value {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn dataset(inputs: &[&Path], out: &Path) -> Value {
    let bridge = env!("CARGO_BIN_EXE_trainer-bridge");
    run(Command::new(bridge).args(["dataset", "--json", "--out"]).arg(out).args(inputs))
}

fn import(format: &str, files: &[&Path], lake: &Path) -> Value {
    let mut command = Command::new(program("collector"));
    run(command.args(["import", "--json", "--format", format, "--out"]).arg(lake).args(files))
}

/// Rows, events and labels of both ways are equal.
fn check(format: &str, files: &[&Path], rows: u64) {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let direct = dataset(files, &at("direct"));
    assert_eq!(direct["rows"], rows);
    let imported = import(format, files, &at("lake"));
    assert_eq!((&imported["malformed"], &imported["gaps"]), (&Value::from(0), &Value::from(0)));
    let verified =
        Command::new(program("collector")).arg("verify").arg(at("lake")).output().unwrap();
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));
    let from_lake = dataset(&[&at("lake")], &at("from-lake"));
    for fact in ["rows", "events", "rows_dropped", "labels", "warnings"] {
        assert_eq!(from_lake[fact], direct[fact], "{fact}");
    }
}

#[test]
fn a_session_of_lobster_is_read_from_its_archive() {
    let Some(path) = data_file("lobster/LOBSTER_SampleFile_GOOG_2012-06-21_10.zip") else { return };
    // From the first message to 16:00, every 100 ms.
    check("lobster", &[&path], 233_999);
}

#[test]
fn a_future_is_read_from_its_records() {
    let place = |day: &str| data_file(&format!("databento_mbo/esh4-glbx-mdp3-{day}.mbo.dbn.zst"));
    let (Some(night), Some(day)) = (place("20231224"), place("20231225")) else { return };
    // From the opening print at 23:00 to midnight, every 100 ms.
    check("dbn-mbo", &[&night, &day], 35_993);
}
