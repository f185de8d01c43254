//! What lies at the place of a dataset, before and after.

use std::fs;

use fluxo_dataset::Error;
use fluxo_report::Exit;

use crate::support::{bytes_in, write};

fn capture(folder: &std::path::Path) -> [std::path::PathBuf; 1] {
    [fluxo_test_data::synthetic_capture(folder, "BTCUSDT", 400)]
}

fn exit(error: Error) -> (Exit, String) {
    let failure = error.into_failure();
    (failure.exit(), failure.to_string())
}

#[test]
fn the_same_dataset_is_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let (capture, out) = (capture(folder.path()), folder.path().join("out"));
    let first = write(&capture, 100, &out).unwrap();
    assert!(!first.existed && first.events > 0);
    let names: Vec<String> = bytes_in(&first.path).into_keys().collect();
    assert_eq!(
        names,
        ["class_balance.json", "dataset.json", "part-20240808.parquet", "provenance.json"]
    );
    // Nothing unfinished lies beside it.
    assert_eq!(fs::read_dir(first.path.parent().unwrap()).unwrap().count(), 1);
    let before = bytes_in(&first.path);
    let again = write(&capture, 100, &out).unwrap();
    assert!(again.existed);
    assert_eq!(again.manifest, first.manifest);
    assert_eq!(bytes_in(&first.path), before);
}

#[test]
fn another_dataset_or_anything_else_is_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let (capture, out) = (capture(folder.path()), folder.path().join("out"));
    let first = write(&capture, 100, &out).unwrap();
    let before = bytes_in(&first.path);
    let (code, line) = exit(write(&capture, 200, &out).unwrap_err());
    assert_eq!(code, Exit::Usage);
    assert!(
        line.contains("holds a dataset with another row clock; choose another --out"),
        "{line}"
    );
    assert_eq!(bytes_in(&first.path), before);
    let other = folder.path().join("other/book_enhanced/binance-usdm/BTCUSDT");
    fs::create_dir_all(&other).unwrap();
    fs::write(other.join("thesis.txt"), "years").unwrap();
    let (code, line) = exit(write(&capture, 100, &folder.path().join("other")).unwrap_err());
    assert_eq!(code, Exit::Usage);
    assert!(line.contains("thesis.txt"), "{line}");
    assert_eq!(fs::read_to_string(other.join("thesis.txt")).unwrap(), "years");
}

#[test]
fn a_changed_file_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let (capture, out) = (capture(folder.path()), folder.path().join("out"));
    let first = write(&capture, 100, &out).unwrap();
    for name in ["part-20240808.parquet", "class_balance.json"] {
        let file = first.path.join(name);
        let whole = fs::read(&file).unwrap();
        let mut bytes = whole.clone();
        bytes[1_000] ^= 1;
        fs::write(&file, bytes).unwrap();
        let (code, line) = exit(write(&capture, 100, &out).unwrap_err());
        assert_eq!(code, Exit::Damaged);
        assert!(line.contains(&format!("{name} was changed")), "{line}");
        fs::write(&file, whole).unwrap();
    }
}

#[test]
fn what_a_killed_run_left_is_cleared() {
    let folder = tempfile::tempdir().unwrap();
    let (capture, out) = (capture(folder.path()), folder.path().join("out"));
    let left = out.join("book_enhanced/binance-usdm/.BTCUSDT.unfinished");
    fs::create_dir_all(&left).unwrap();
    fs::write(left.join("part-20240807.parquet.unfinished"), "half").unwrap();
    let written = write(&capture, 100, &out).unwrap();
    assert_eq!(bytes_in(&written.path).len(), 4);
    assert!(!left.exists());
}

#[test]
fn a_place_is_written_by_one_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let (capture, out) = (capture(folder.path()), folder.path().join("out"));
    let unfinished = out.join("book_enhanced/binance-usdm/.BTCUSDT.unfinished");
    fs::create_dir_all(&unfinished).unwrap();
    let held = fs::File::open(&unfinished).unwrap();
    held.lock().unwrap();
    let (code, line) = exit(write(&capture, 100, &out).unwrap_err());
    assert_eq!(code, Exit::Usage);
    assert!(line.contains("another process; wait for it to end"), "{line}");
    drop(held);
    write(&capture, 100, &out).unwrap();
}

#[test]
fn a_recording_that_fails_publishes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let [capture] = capture(folder.path());
    let out = folder.path().join("out");
    // Depth without a snapshot: there was never a book.
    let text = fs::read_to_string(&capture).unwrap();
    let beheaded: String = text.lines().skip(1).map(|line| format!("{line}\n")).collect();
    fs::write(&capture, beheaded).unwrap();
    let (code, line) = exit(write(&[capture], 100, &out).unwrap_err());
    assert_eq!(code, Exit::Damaged);
    assert!(line.contains("never a book"), "{line}");
    assert!(!out.exists());
}
