//! `trainer-bridge dataset`, as a quant uses it.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::json;
use support::{Said, bytes_below, dataset, program, said, text, trainer_bridge};

fn capture(folder: &Path, steps: i64) -> PathBuf {
    fluxo_test_data::synthetic_capture(folder, "BTCUSDT", steps)
}

/// `collector import` of files into a lake.
fn import(files: &[PathBuf], lake: &Path) -> Said {
    let mut arguments = vec!["import", "--format", "binance-raw", "--out", text(lake), "--json"];
    arguments.extend(files.iter().map(|file| text(file)));
    said(Command::new(fluxo_test_data::program("collector")).args(arguments).output())
}

#[test]
fn the_summary_says_what_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let capture = [capture(folder.path(), 15_000)];
    let out = folder.path().join("out");
    let summary = dataset(&capture, &out, &["--set", "rows.clock=time:1000"]).json();
    assert_eq!(summary["rows"], 750);
    assert_eq!(summary["rows_dropped"], json!({ "warmup": 300 }));
    assert_eq!((&summary["files"], &summary["existed"]), (&json!(2), &json!(false)));
    let target = &summary["labels"]["dir_10s"];
    let classes = target["classes"].as_object().unwrap();
    let labelled: u64 = classes.values().map(|rows| rows.as_u64().unwrap()).sum();
    assert_eq!(target["labelled"], labelled);
    assert!(labelled > 100, "{target}");
    let place = out.join("book_enhanced/binance-usdm/BTCUSDT");
    assert_eq!(summary["path"], text(&place));
    assert!(place.join("dataset.json").is_file());
    // A second time there is nothing to do, and people read the same figures.
    let again = dataset(&capture, &out, &["--set", "rows.clock=time:1000"]).json();
    assert_eq!((&again["existed"], &again["sha256"]), (&json!(true), &summary["sha256"]));
    let arguments =
        ["dataset", text(&capture[0]), "--out", text(&out), "--set", "rows.clock=time:1000"];
    let people = trainer_bridge(&arguments, folder.path());
    assert_eq!(people.code, 0, "{}", people.stderr);
    assert!(people.stdout.contains("tb_meta"), "{}", people.stdout);
    assert!(people.stdout.contains(summary["sha256"].as_str().unwrap()), "{}", people.stdout);
    assert!(people.stderr.contains("is this very dataset"), "{}", people.stderr);
}

/// The cells of every file; what a file says of its source differs between a lake and its files.
fn cells(out: &Path) -> Vec<Vec<String>> {
    use parquet::file::reader::{FileReader, SerializedFileReader};
    let files = bytes_below(out);
    let parts = files.iter().filter(|(name, _)| name.extension().is_some_and(|e| e == "parquet"));
    let rows = |(name, _): (&PathBuf, &Vec<u8>)| -> Vec<Vec<String>> {
        let reader = SerializedFileReader::new(fs::File::open(out.join(name)).unwrap()).unwrap();
        let rows = reader.get_row_iter(None).unwrap();
        let cells = |row: parquet::record::Row| {
            row.get_column_iter().map(|(name, cell)| format!("{name} {cell:?}")).collect()
        };
        rows.map(|row| cells(row.unwrap())).collect()
    };
    parts.flat_map(rows).collect()
}

fn check_lake(files: &[PathBuf], folder: &Path) {
    let (lake, of_files, of_lake) =
        (folder.join("lake"), folder.join("of-files"), folder.join("of-lake"));
    import(files, &lake).json();
    dataset(files, &of_files, &[]).json();
    dataset(&[lake], &of_lake, &[]).json();
    let (expected, found) = (cells(&of_files), cells(&of_lake));
    assert!(!expected.is_empty());
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(&expected) {
        assert_eq!(found, expected);
    }
}

#[test]
fn a_lake_has_the_rows_of_its_files() {
    let folder = tempfile::tempdir().unwrap();
    check_lake(&[capture(folder.path(), 2_400)], folder.path());
}

#[test]
fn a_lake_of_real_captures_has_their_rows() {
    for run in fluxo_test_data::synchronised_runs().iter().take(2) {
        let folder = tempfile::tempdir().unwrap();
        check_lake(&run.files, folder.path());
    }
}

#[test]
fn a_run_that_is_killed_leaves_nothing_that_looks_whole() {
    let folder = tempfile::tempdir().unwrap();
    let capture = capture(folder.path(), 15_000);
    let (whole, out) = (folder.path().join("whole"), folder.path().join("out"));
    let flags = ["--set", "rows.clock=time:5"];
    dataset(std::slice::from_ref(&capture), &whole, &flags).json();
    let arguments = ["dataset", text(&capture), "--out", text(&out), "--set", "rows.clock=time:5"];
    let place = out.join("book_enhanced/binance-usdm/BTCUSDT");
    let mut killed = 0;
    for wait_ms in [1, 40, 120, 200, 300, 400, 500] {
        let mut child = program(&arguments, Path::new("."))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(wait_ms));
        let _already_over = child.kill();
        let ended = child.wait().unwrap().code().is_some();
        if ended && place.exists() {
            break;
        }
        killed += 1;
        assert!(!place.exists(), "after {wait_ms} ms");
        let parts = |name: &&PathBuf| {
            name.extension().is_some_and(|e| e == "parquet") || name.ends_with("dataset.json")
        };
        let left = bytes_or_nothing(&out);
        assert_eq!(left.keys().filter(parts).count(), 0, "after {wait_ms} ms: {:?}", left.keys());
    }
    assert!(killed > 0, "no run was killed in its middle");
    dataset(&[capture], &out, &flags).json();
    assert_eq!(bytes_below(&out), bytes_below(&whole));
}

fn bytes_or_nothing(folder: &Path) -> std::collections::BTreeMap<PathBuf, Vec<u8>> {
    if folder.is_dir() { bytes_below(folder) } else { Default::default() }
}

#[test]
fn a_recording_that_breaks_off_is_refused_with_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let plain = fs::read(capture(folder.path(), 2_400)).unwrap();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(&plain).unwrap();
    let packed = packed.finish().unwrap();
    let damaged = folder.path().join("capture.gz");
    fs::write(&damaged, &packed[..packed.len() / 2]).unwrap();
    let out = folder.path().join("out");
    let refused = dataset(&[damaged], &out, &[]);
    assert!(refused.failure(4).contains("capture.gz"), "{}", refused.stderr);
    assert_eq!(bytes_or_nothing(&out).len(), 0);
    let empty = folder.path().join("empty.txt");
    fs::write(&empty, "").unwrap();
    assert!(dataset(&[empty], &out, &[]).failure(4).contains("no message of a known venue"));
}

/// A list of instruments with one more.
fn listing(folder: &Path, market: &str, symbol: &str, grid: (&str, &str)) -> PathBuf {
    let shipped = fluxo_test_data::project().join("configs/instruments.toml");
    let (tick, lot) = grid;
    let list = fs::read_to_string(shipped).unwrap()
        + &format!(
            "[[instrument]]\nmarket = \"{market}\"\nsymbol = \"{symbol}\"\nbase = \"X\"\n\
             quote = \"USD\"\nsettle = \"USD\"\ntick_size = \"{tick}\"\nlot_size = \"{lot}\"\n\
             size_unit_lots = 1\nprofile_row_ticks = 1\nfootprint_row_ticks = 1\n"
        );
    let path = folder.join("instruments.toml");
    fs::write(&path, list).unwrap();
    path
}

#[test]
fn a_flipped_byte_in_packed_records_is_damage_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = fluxo_test_data::mbo_file(folder.path(), 40_000);
    let list = listing(folder.path(), "cme-futures", fluxo_test_data::MBO_SYMBOL, ("0.25", "1"));
    let (list, out) = (["--instruments", text(&list)], folder.path().join("out"));
    let mut bytes = fs::read(&file).unwrap();
    let at = bytes.len() * 9 / 10;
    bytes[at] ^= 0x40;
    fs::write(&file, bytes).unwrap();
    let refused = dataset(&[file], &out, &list);
    assert!(refused.failure(4).contains("orders.mbo.dbn.zst is damaged"), "{}", refused.stderr);
    assert_eq!(bytes_or_nothing(&out).len(), 0);
}

#[test]
fn what_an_order_by_order_feed_cannot_tell_of_an_instrument_must_be_listed() {
    let folder = tempfile::tempdir().unwrap();
    let files = [
        fluxo_test_data::order_capture(folder.path(), "MSFT", 200),
        fluxo_test_data::mbo_file(folder.path(), 4_000),
    ];
    let out = folder.path().join("out");
    for (file, words) in files.into_iter().zip([
        ["nasdaq MSFT is not listed", "symbol = \"MSFT\"", "tick_size = \"0.01\"", "--instruments"],
        ["cme-futures id1 is not listed", "symbol = \"id1\"", "tick_size = \"0.25\"", "multiplier"],
    ]) {
        let refused = dataset(&[file], &out, &[]);
        let line = refused.failure(2);
        for word in words {
            assert!(line.contains(word), "{line}");
        }
    }
    // With what the line asks for it is read.
    let file = fluxo_test_data::order_capture(folder.path(), "MSFT", 200);
    let list = listing(folder.path(), "nasdaq", "MSFT", ("0.01", "1"));
    let summary = dataset(&[file], &out, &["--instruments", text(&list)]).json();
    assert!(summary["rows"].as_u64().unwrap() > 100, "{summary}");
}

#[test]
fn a_grid_that_is_finer_before_the_first_row_is_the_one_that_is_stated() {
    let folder = tempfile::tempdir().unwrap();
    let file = [fluxo_test_data::synthetic_capture(folder.path(), "FINEUSDT", 400)];
    let list = listing(folder.path(), "binance-usdm", "FINEUSDT", ("1", "0.01"));
    let (list, out) = (["--instruments", text(&list)], folder.path().join("out"));
    let summary = dataset(&file, &out, &list).json();
    let warning =
        "the data of FINEUSDT is finer than its listed grid: refined to tick 0.1 and lot 0.001";
    assert!(summary["warnings"].as_array().unwrap().contains(&json!(warning)), "{summary}");
    let manifest =
        fs::read_to_string(Path::new(summary["path"].as_str().unwrap()).join("dataset.json"));
    let manifest: serde_json::Value = serde_json::from_str(&manifest.unwrap()).unwrap();
    let instrument = &manifest["ds.instrument"];
    assert_eq!((&instrument["tick_size"], &instrument["lot_size"]), (&json!(0.1), &json!(0.001)));
    assert_eq!(instrument["listed"], json!({ "tick_size": 1.0, "lot_size": 0.01 }));
    // What lies there is this very dataset, though the list says another grid.
    assert_eq!(dataset(&file, &out, &list).json()["existed"], json!(true));
}

#[test]
fn a_grid_that_becomes_finer_behind_a_row_is_refused_with_what_to_list() {
    let folder = tempfile::tempdir().unwrap();
    let file = fluxo_test_data::synthetic_capture(folder.path(), "FINEUSDT", 400);
    let mut lines: Vec<String> =
        fs::read_to_string(&file).unwrap().lines().map(str::to_owned).collect();
    let at = (lines.len() / 2..).find(|at| lines[*at].contains("\"9.003\"")).unwrap();
    lines[at] = lines[at].replace("\"9.003\"", "\"9.0031\"");
    fs::write(&file, lines.join("\n") + "\n").unwrap();
    let (file, out) = ([file], folder.path().join("out"));
    let list = listing(folder.path(), "binance-usdm", "FINEUSDT", ("0.1", "0.001"));
    let refused = dataset(&file, &out, &["--instruments", text(&list)]);
    let line = refused.failure(2);
    for word in [
        "fineusdt.txt",
        "2024-08-08T23:54:",
        "tick 0.1 and lot 0.001 there",
        "tick 0.1 and lot 0.0001 from here",
        "list tick_size = \"0.1\" and lot_size = \"0.0001\"",
    ] {
        assert!(line.contains(word), "{line}");
    }
    assert_eq!(bytes_or_nothing(&out).len(), 0);
    let list = listing(folder.path(), "binance-usdm", "FINEUSDT", ("0.1", "0.0001"));
    dataset(&file, &out, &["--instruments", text(&list)]).json();
}

#[test]
fn a_lake_with_a_changed_byte_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let lake = folder.path().join("lake");
    import(&[capture(folder.path(), 2_400)], &lake).json();
    let events = bytes_below(&lake).into_keys().find(|name| name.starts_with("events")).unwrap();
    let path = lake.join(events);
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x10;
    fs::write(&path, bytes).unwrap();
    let out = folder.path().join("out");
    let refused = dataset(&[lake], &out, &[]);
    refused.failure(4);
    assert_eq!(bytes_or_nothing(&out).len(), 0);
}

#[test]
fn a_command_that_cannot_be_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let capture = [capture(folder.path(), 400)];
    let out = folder.path().join("out");
    for (more, word) in [
        (["--set", "rows.clok=3"], "rows.clock"),
        (["--set", "rows.clock=time:0"], "time:MILLISECONDS (1 to 1000000000)"),
        (["--set", "rows.clock=time:99999999999"], "time:MILLISECONDS (1 to 1000000000)"),
        (["--symbol", "ETHUSDT"], "BTCUSDT"),
        (["--config", "nowhere.toml"], "(os error 2); check the path"),
        (["--calibration", "nowhere.json"], "(os error 2); check the path"),
    ] {
        let refused = dataset(&capture, &out, &more);
        assert!(refused.failure(2).contains(word), "{}", refused.stderr);
    }
    assert_eq!(bytes_or_nothing(&out).len(), 0);
}

#[test]
fn trades_alone_make_no_rows_of_the_book() {
    let folder = tempfile::tempdir().unwrap();
    let capture = capture(folder.path(), 2_400);
    let whole = fs::read_to_string(&capture).unwrap();
    let trades: Vec<&str> = whole.lines().filter(|line| line.contains("@trade")).collect();
    assert!(!trades.is_empty());
    fs::write(&capture, trades.join("\n") + "\n").unwrap();
    let (out, trades) = (folder.path().join("out"), [capture]);
    let refused = dataset(&trades, &out, &["--clock", "book-change"]);
    let line = refused.failure(2);
    assert!(line.ends_with("choose --clock time:MS or volume:LOTS"), "{line}");
    dataset(&trades, &out, &[]).json();
}

/// What every tool of a quant does first.
const READ: &str = "
import sys, math, glob
import pyarrow as pa
import pyarrow.parquet as pq
table = pq.read_table(sorted(glob.glob(sys.argv[1] + '/part-*.parquet')))
assert table.num_rows == 750, table.num_rows
assert table.schema.field('ts').type == pa.timestamp('ns', 'UTC'), table.schema.field('ts')
assert table.schema.field('regime').type == pa.int8()
assert table.schema.field('dir_10s').type == pa.float32() and table.schema.field('dir_10s').nullable
assert not table.schema.field('imbalance').nullable
assert set(table['dir_10s'].drop_null().to_pylist()) <= {-1.0, 0.0, 1.0}
assert 0 < table['fut_rv_30s'].null_count < 100, table['fut_rv_30s'].null_count
assert math.isnan(table['nonstationarity'][0].as_py())
assert table['symbol'].unique().to_pylist() == ['BTCUSDT']
print(pq.read_schema(sys.argv[2]).metadata[b'ds.mode'].decode())
";

#[test]
fn pyarrow_and_the_trainer_read_it() {
    let Some(python) = fluxo_test_data::python() else { return };
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let capture = [capture(folder.path(), 15_000)];
    let summary = dataset(&capture, &out, &["--set", "rows.clock=time:1000"]).json();
    let place = summary["path"].as_str().unwrap();
    let part = format!("{place}/part-20240808.parquet");
    let read = said(Command::new(&python).args(["-c", READ, place, &part]).output());
    assert_eq!((read.code, read.stdout.as_str()), (0, "\"book_enhanced\"\n"), "{}", read.stderr);
    let sources = fluxo_test_data::project().join("python/src");
    let load = "
import sys
from pathlib import Path
from fluxo_train.dataset import load
print(load(Path(sys.argv[1]), 'dir_10s').sha256)";
    let load = Command::new(&python).args(["-c", load, place]).env("PYTHONPATH", sources).output();
    let load = said(load);
    assert_eq!(load.code, 0, "{}", load.stderr);
    assert_eq!(load.stdout.trim(), summary["sha256"], "both know the dataset by one name");
}
