//! What is fitted on one recording is used on a later one, and only there.

use std::path::{Path, PathBuf};

use fluxo_core::MarketData;
use fluxo_dataset::{Calibrating, Error, calibrate, write_dataset};
use fluxo_session::{CalibrationFacts, EngineFile, Instruments, Recording};
use fluxo_sim::MarketSource;
use serde_json::json;

use crate::support::{engine, inputs, long_capture};

fn fit(files: &[PathBuf], wanted: Calibrating) -> Result<CalibrationFacts, Error> {
    let instruments = Instruments::load(None).unwrap();
    let inputs = inputs(files);
    calibrate(&inputs, &instruments, &engine(100), wanted, &mut |_| ()).map(|fitted| fitted.facts)
}

/// What a recording trades on each side of the midnight in it, in lots.
fn traded(files: &[PathBuf]) -> [i64; 2] {
    let (inputs, instruments) = (inputs(files), Instruments::load(None).unwrap());
    let mut recording = Recording::open(&inputs, &instruments).unwrap();
    let mut lots = [0; 2];
    while let Some(recorded) = recording.next().unwrap() {
        if let MarketData::Trade(trade) = &recorded.event.data {
            let midnight = 1_723_161_600_000_000_000;
            lots[usize::from(recorded.ts_recv.get() > midnight)] += trade.lots.get();
        }
    }
    lots
}

/// The same capture a day later.
fn next_day(capture: &Path) -> PathBuf {
    let text = std::fs::read_to_string(capture).unwrap();
    let later = |line: &str| {
        let (stamp, frame) = line.split_once(' ').unwrap();
        format!("{} {frame}\n", stamp.parse::<i64>().unwrap() + 86_400_000_000_000)
    };
    let path = capture.with_file_name("later.txt");
    std::fs::write(&path, text.lines().map(later).collect::<String>()).unwrap();
    path
}

#[test]
fn the_bucket_is_of_the_sessions_before_the_one_that_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let files = [long_capture(folder.path())];
    let [first, second] = traded(&files);
    let all = fit(&files, Calibrating::default()).unwrap();
    assert_eq!(
        (all.sessions.count, all.sessions.first, all.sessions.last),
        (2, 20_240_808, 20_240_809)
    );
    let bucket = all.volume_bucket;
    assert_eq!((bucket.volume_lots, bucket.sessions, bucket.are_whole), (first + second, 2, false));
    assert_eq!(bucket.lots, (first + second + 50) / 100);
    let before = Calibrating { before: Some(20_240_809), size_unit: true };
    let one = fit(&files, before).unwrap();
    assert_eq!((one.sessions.count, one.sessions.last), (1, 20_240_808));
    assert_eq!(one.volume_bucket.volume_lots, first);
    // The market walks by a tick and swings its best queues: two of ten imbalances are seen, which is too
    // little for a table.
    assert_eq!(all.micro_price, None);
    // Every print of the synthetic market is a parent of its own, of 6.000.
    assert_eq!(one.size_unit.unwrap().lots, 5_000);
    assert_eq!(all.size_unit, None);
    let nothing = Calibrating { before: Some(20_240_808), size_unit: false };
    assert!(matches!(fit(&files, nothing), Err(Error::NothingToFit { .. })));
}

#[test]
fn what_rests_at_midnight_is_no_session() {
    let folder = tempfile::tempdir().unwrap();
    let file = fluxo_test_data::order_capture(folder.path(), "GOOG", 20);
    let day = fit(std::slice::from_ref(&file), Calibrating::default()).unwrap();
    let resting =
        "1340236800000000000 lobster GOOG 1;0.0,1,999999,1,10000,1;9999999999,0,10000,1\n";
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("{resting}{text}")).unwrap();
    let both = fit(&[file], Calibrating::default()).unwrap();
    assert_eq!((both.sessions.count, both.sessions.first), (1, 20_120_621));
    assert_eq!(both.volume_bucket, day.volume_bucket);
    assert!(!both.volume_bucket.are_whole, "a few seconds after the open");
}

#[test]
fn a_day_of_a_stock_is_whole_from_its_open_to_its_close() {
    let place = "lobster/LOBSTER_SampleFile_GOOG_2012-06-21_10.zip";
    let Some(path) = fluxo_test_data::data_file(place) else { return };
    let bucket = fit(&[path], Calibrating::default()).unwrap().volume_bucket;
    assert!(bucket.are_whole && bucket.sessions == 1);
    assert_eq!(bucket.lots, (bucket.volume_lots + 25) / 50);
}

#[test]
fn a_dataset_names_its_calibration_and_refuses_one_that_peeks() {
    let folder = tempfile::tempdir().unwrap();
    let capture = fluxo_test_data::synthetic_capture(folder.path(), "BTCUSDT", 2_400);
    let facts = fit(std::slice::from_ref(&capture), Calibrating::default()).unwrap();
    let file = folder.path().join("calibration.json");
    std::fs::write(&file, facts.to_text()).unwrap();
    let engine = |overrides: &[String]| EngineFile::load(None, overrides).unwrap();
    let named = format!("rows.calibration={}", file.display());
    let calibrated = engine(&[named]);
    let write = |engine: &EngineFile, capture: &PathBuf, out: &str| {
        let inputs = inputs(std::slice::from_ref(capture));
        let instruments = Instruments::load(None).unwrap().calibrated_by(engine);
        write_dataset(&inputs, &instruments, engine, &folder.path().join(out), &mut |_| ())
    };
    // It was fitted on this very recording.
    let peeks = write(&calibrated, &capture, "peeks").unwrap_err().to_string();
    assert!(peeks.contains("the recording begins at"), "{peeks}");
    let later = next_day(&capture);
    let with = write(&calibrated, &later, "with").unwrap().manifest;
    let without = write(&engine(&[]), &later, "without").unwrap().manifest;
    let sha256 = calibrated.calibration_file().unwrap().sha256().to_string();
    assert_eq!(with.facts["ds.calibration"]["sha256"], json!(sha256));
    assert_eq!(with.facts["ds.calibration"]["volume_bucket_lots"], json!(facts.volume_bucket.lots));
    let rules = json!({ "micro_price": "none", "sha256": null, "volume_bucket": "first_hour" });
    assert_eq!(without.facts["ds.calibration"], rules);
    let params = |slot: usize| with.facts["ds.feature_schema"][slot]["params"].as_str().unwrap();
    let named = format!(";calibration={sha256};");
    assert!(params(36).contains(&named), "{}", params(36));
    assert_ne!(with.facts["ds.feature_schema_hash"], without.facts["ds.feature_schema_hash"]);
}

#[test]
fn a_calibration_of_another_instrument_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let capture = fluxo_test_data::synthetic_capture(folder.path(), "BTCUSDT", 400);
    let mut facts = fit(std::slice::from_ref(&capture), Calibrating::default()).unwrap();
    facts.instrument.symbol = "ETHUSDT".to_owned();
    let file = folder.path().join("calibration.json");
    std::fs::write(&file, facts.to_text()).unwrap();
    let engine = engine(500).calibrated(&file).unwrap();
    let inputs = inputs(&[next_day(&capture)]);
    let instruments = Instruments::load(None).unwrap();
    let out = folder.path().join("out");
    let refused = write_dataset(&inputs, &instruments, &engine, &out, &mut |_| ()).unwrap_err();
    let failure = refused.into_failure();
    assert_eq!(failure.exit(), fluxo_report::Exit::Usage);
    let line = failure.to_string();
    assert!(line.contains("was fitted on binance-usdm ETHUSDT"), "{line}");
}
