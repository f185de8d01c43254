//! `trainer-bridge dataset --clock`: a real capture on each clock, read back from the files.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::RowAccessor;
use serde_json::{Value, json};
use support::{bytes_below, dataset};

fn capture() -> Option<PathBuf> {
    fluxo_test_data::capture("usdm_ethusdt_20240718.gz")
}

/// The times of the rows, and what the file says of its clock.
fn written(capture: &Path, clock: &str) -> (Vec<i64>, Value) {
    let folder = tempfile::tempdir().unwrap();
    let flags = ["--clock", clock];
    let summary = dataset(&[capture.to_owned()], folder.path(), &flags).json();
    let part = Path::new(summary["path"].as_str().unwrap()).join("part-20240718.parquet");
    let reader = SerializedFileReader::new(File::open(part).unwrap()).unwrap();
    let facts = reader.metadata().file_metadata().key_value_metadata().unwrap().clone();
    let fact = |key: &str| facts.iter().find(|fact| fact.key == key).unwrap().value.clone();
    let fact = |key: &str| serde_json::from_str::<Value>(&fact(key).unwrap()).unwrap();
    let rows = reader.get_row_iter(None).unwrap();
    let times: Vec<i64> = rows.map(|row| row.unwrap().get_long(0).unwrap()).collect();
    assert_eq!((&summary["rows"], &fact("ds.rows")), (&json!(times.len()), &json!(times.len())));
    (times, fact("ds.clock"))
}

/// The messages of one kind: when each was received, and what it says.
fn messages(capture: &Path, kind: &str) -> Vec<(i64, Value)> {
    let mut text = String::new();
    flate2::read::MultiGzDecoder::new(File::open(capture).unwrap())
        .read_to_string(&mut text)
        .unwrap();
    let message = |line: &str| {
        let (ts, json) = line.split_once(' ')?;
        let data = serde_json::from_str::<Value>(json).unwrap()["data"].take();
        (data["e"] == kind).then(|| (ts.parse().unwrap(), data))
    };
    text.lines().filter_map(message).collect()
}

fn clock(kind: &str, step: i64) -> Value {
    json!({ "kind": kind, "latency_assumed_us": 0, "step": step, "ts_source": "receive" })
}

#[test]
fn time_makes_a_row_at_every_step() {
    let Some(capture) = capture() else { return };
    for (name, step) in [("time:100", 100_000_000), ("time:250", 250_000_000)] {
        let (times, said) = written(&capture, name);
        assert_eq!(said, clock("time", step));
        assert!(times.len() > 700);
        assert!(times.iter().all(|ts| ts % step == 0));
        assert!(times.windows(2).all(|pair| pair[1] - pair[0] == step));
    }
}

#[test]
fn a_change_of_the_best_levels_makes_a_row() {
    let Some(capture) = capture() else { return };
    let (times, said) = written(&capture, "book-change");
    assert_eq!(said, clock("book_update", 1));
    let depth = messages(&capture, "depthUpdate");
    let received: BTreeSet<i64> = depth.iter().map(|(ts, _)| *ts).collect();
    // The first row is that of the snapshot, which came in the middle of a buffered stream.
    let of_depth = times.iter().filter(|ts| received.contains(ts)).count();
    assert!(times.len() - of_depth <= 1, "{} rows, {of_depth} of depth messages", times.len());
    // Most messages change the ten best levels, and many change only what lies behind them.
    assert!(times.len() > depth.len() / 2 && times.len() < depth.len(), "{}", times.len());
}

#[test]
fn so_much_traded_makes_a_row() {
    let Some(capture) = capture() else { return };
    let lots = 5_000;
    let (times, said) = written(&capture, &format!("volume:{lots}"));
    assert_eq!(said, clock("volume", lots));
    let (mut expected, mut filled) = (Vec::new(), 0);
    for (ts, trade) in messages(&capture, "trade") {
        // A lot is a thousandth, and quantities are written with three digits.
        filled += trade["q"].as_str().unwrap().replace('.', "").parse::<i64>().unwrap();
        if filled >= lots {
            expected.push(ts);
            filled = 0;
        }
    }
    assert!(expected.len() > 50, "{} buckets", expected.len());
    assert_eq!(times, expected);
}

#[test]
fn the_flag_is_the_key_of_the_configuration_and_wins_over_it() {
    let folder = tempfile::tempdir().unwrap();
    let capture = [fluxo_test_data::synthetic_capture(folder.path(), "BTCUSDT", 400)];
    let bytes = |name: &str, flags: &[&str]| {
        let out = folder.path().join(name);
        dataset(&capture, &out, flags).json();
        bytes_below(&out)
    };
    let by_key = bytes("key", &["--set", "rows.clock=book-change"]);
    assert_eq!(bytes("flag", &["--clock", "book-change"]), by_key);
    let both = ["--clock", "book-change", "--set", "rows.clock=time:500"];
    assert_eq!(bytes("both", &both), by_key);
    assert_ne!(bytes("other", &["--set", "rows.clock=time:500"]), by_key);
}

#[test]
fn what_is_no_clock_is_refused_with_the_three_forms() {
    let folder = tempfile::tempdir().unwrap();
    let capture = [fluxo_test_data::synthetic_capture(folder.path(), "BTCUSDT", 400)];
    for wrong in ["100", "time", "time:0", "volume:-3", "tick:5", ""] {
        let refused = dataset(&capture, &folder.path().join("out"), &["--clock", wrong]);
        let line = refused.failure(2);
        for form in ["time:MS", "book-change", "volume:LOTS"] {
            assert!(line.contains(form), "{line}");
        }
    }
}
