//! `collector` as a user runs it: counts, idempotence, kills, bad input.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;

const COUNTS: [&str; 10] = [
    "frames",
    "depth_updates",
    "levels",
    "trades",
    "malformed",
    "gaps",
    "resyncs",
    "crossed",
    "book_ticker_compared",
    "book_ticker_equal",
];

fn collector(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_collector")).args(arguments).output().unwrap()
}

fn import_arguments<'a>(files: &'a [PathBuf], lake: &'a Path) -> Vec<&'a str> {
    let mut arguments =
        vec!["import", "--format", "binance-raw", "--json", "--out", lake.to_str().unwrap()];
    arguments.extend(files.iter().map(|file| file.to_str().unwrap()));
    arguments
}

fn import(files: &[PathBuf], lake: &Path) -> Output {
    collector(&import_arguments(files, lake))
}

fn verify(lake: &Path) -> Output {
    collector(&["verify", "--json", lake.to_str().unwrap()])
}

fn json(output: &Output) -> Value {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The one line of a failure.
fn failure(output: &Output, code: i32) -> String {
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{stderr}");
    let mut lines = stderr.lines().filter(|line| line.starts_with("error:"));
    let line = lines.next().unwrap_or_else(|| panic!("no error line: {stderr}")).to_owned();
    assert_eq!(lines.next(), None, "{stderr}");
    line
}

fn counts(report: &Value) -> Vec<u64> {
    COUNTS.iter().map(|name| report[name].as_u64().unwrap_or_else(|| panic!("no {name}"))).collect()
}

/// Every file of a lake but its lock, by path.
fn files_of(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let (mut files, mut folders) = (BTreeMap::new(), vec![folder.to_owned()]);
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.file_name().unwrap() != "lock" {
                let bytes = std::fs::read(&path).unwrap();
                files.insert(path.strip_prefix(folder).unwrap().to_owned(), bytes);
            }
        }
    }
    files
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn every_run_with_a_snapshot_is_whole_and_its_lake_says_the_same() {
    for run in fluxo_test_data::synchronised_runs() {
        let lake = tempfile::tempdir().unwrap();
        let imported = json(&import(&run.files, lake.path()));
        let verified = json(&verify(lake.path()));
        assert_eq!(counts(&imported), counts(&verified), "{}", run.name());
        for name in ["malformed", "gaps", "resyncs", "crossed"] {
            assert_eq!(imported[name], 0, "{} {name}", run.name());
        }
        let (compared, equal) = (&imported["book_ticker_compared"], &imported["book_ticker_equal"]);
        assert_eq!(compared, equal, "{}", run.name());
        assert!(compared.as_u64().unwrap() >= 100, "{}: {compared}", run.name());
        assert!(imported["levels"].as_u64().unwrap() > 0, "{}", run.name());
        assert_eq!(verified["recovered_bytes"], 0);
        assert!(verified["sealed_files"].as_u64().unwrap() > 0);
    }
}

#[test]
fn a_run_without_a_snapshot_is_archived_and_said_to_have_no_book() {
    for run in fluxo_test_data::binance_runs().into_iter().filter(|run| !run.has_snapshot) {
        let lake = tempfile::tempdir().unwrap();
        let output = import(&run.files, lake.path());
        let imported = json(&output);
        assert_eq!(imported["levels"], 0, "{}", run.name());
        assert!(imported["frames"].as_u64().unwrap() > 0);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(stderr.contains("snapshot") && stderr.contains(&run.name()), "{stderr}");
    }
}

#[test]
fn the_same_content_comes_in_once() {
    let folder = tempfile::tempdir().unwrap();
    let plain = fluxo_test_data::synthetic_capture(folder.path(), "BTCUSDT", 2_000);
    let packed = folder.path().join("renamed.gz");
    std::fs::write(&packed, gzip(&std::fs::read(&plain).unwrap())).unwrap();
    let lake = folder.path().join("lake");
    let first = json(&import(std::slice::from_ref(&plain), &lake));
    let before = files_of(&lake);
    for again in [&plain, &packed] {
        let report = json(&import(std::slice::from_ref(again), &lake));
        assert_eq!(report["frames_new"], 0);
        assert_eq!(counts(&report), counts(&first));
        assert!(files_of(&lake) == before, "importing again changed the lake");
    }
    assert_eq!(counts(&json(&verify(&lake))), counts(&first));
}

/// Starts an import and kills it after a while. Whether it was still running.
fn killed_after(files: &[PathBuf], lake: &Path, after: Duration) -> bool {
    let mut child = Command::new(env!("CARGO_BIN_EXE_collector"))
        .args(import_arguments(files, lake))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    std::thread::sleep(after);
    let _already_over = child.kill();
    child.wait().unwrap().code().is_none()
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "kills are spread over the time that an import takes"
)]
fn killed_imports_end_like_the_uninterrupted_one() {
    const KILLS: u32 = 20;
    let folder = tempfile::tempdir().unwrap();
    let plain = fluxo_test_data::synthetic_capture(folder.path(), "BTCUSDT", 40_000);
    let packed = folder.path().join("capture.gz");
    std::fs::write(&packed, gzip(&std::fs::read(&plain).unwrap())).unwrap();
    let (files, whole) = ([packed], folder.path().join("whole"));
    let started = std::time::Instant::now();
    let expected = json(&import(&files, &whole));
    let takes = started.elapsed();
    let expected_files = files_of(&whole);
    let (mut killed, mut state) = (0, 0x9E37_79B9_7F4A_7C15_u64);
    for attempt in 0..10 * KILLS {
        if killed == KILLS {
            break;
        }
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let lake = folder.path().join(format!("lake-{attempt}"));
        let after = takes.mul_f64((state % 1_000) as f64 / 1_000.0);
        let mut middle = killed_after(&files, &lake, after);
        if attempt % 3 == 0 {
            middle |= killed_after(&files, &lake, takes / 2);
        }
        killed += u32::from(middle);
        let resumed = json(&import(&files, &lake));
        assert_eq!(counts(&resumed), counts(&expected), "attempt {attempt}");
        assert!(
            files_of(&lake) == expected_files,
            "attempt {attempt}: other files than uninterrupted"
        );
        assert_eq!(counts(&json(&verify(&lake))), counts(&expected), "attempt {attempt}");
        std::fs::remove_dir_all(&lake).unwrap();
    }
    assert_eq!(killed, KILLS, "too few imports could be killed in their middle");
}

#[test]
fn a_cut_gzip_is_archived_up_to_the_cut_and_continued_when_it_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let plain = fluxo_test_data::synthetic_capture(folder.path(), "BTCUSDT", 5_000);
    let whole = gzip(&std::fs::read(&plain).unwrap());
    let file = folder.path().join("capture.gz");
    let lake = folder.path().join("lake");
    std::fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    let line = failure(&import(std::slice::from_ref(&file), &lake), 4);
    assert!(
        line.contains("capture.gz")
            && line.contains("ends early")
            && line.contains("import it again"),
        "{line}"
    );
    let part = verify(&lake);
    assert_eq!(part.status.code(), Some(3), "a lake of half a recording is not whole");
    std::fs::write(&file, &whole).unwrap();
    let continued = json(&import(std::slice::from_ref(&file), &lake));
    assert!(continued["frames_new"].as_u64().unwrap() < continued["frames"].as_u64().unwrap());
    let other = folder.path().join("other");
    assert_eq!(counts(&continued), counts(&json(&import(&[plain], &other))));
    assert_eq!(counts(&json(&verify(&lake))), counts(&continued));
}

#[test]
fn a_flipped_byte_in_packed_records_is_damage_and_what_came_before_is_not_called_whole() {
    let folder = tempfile::tempdir().unwrap();
    let file = fluxo_test_data::mbo_file(folder.path(), 20_000);
    let mut bytes = std::fs::read(&file).unwrap();
    let at = bytes.len() / 2;
    bytes[at] ^= 0x40;
    std::fs::write(&file, bytes).unwrap();
    let lake = folder.path().join("lake");
    let (file, lake) = (file.to_str().unwrap(), lake.to_str().unwrap());
    let arguments = ["import", "--format", "dbn-mbo", "--json", "--out", lake, file];
    let line = failure(&collector(&arguments), 4);
    assert!(line.contains("orders.mbo.dbn.zst is damaged"), "{line}");
    assert_eq!(verify(Path::new(lake)).status.code(), Some(3), "half a recording is not whole");
}

#[test]
fn a_broken_frame_is_counted_kept_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = fluxo_test_data::synthetic_capture(folder.path(), "BTCUSDT", 2_000);
    let mut lines: Vec<String> =
        std::fs::read_to_string(&path).unwrap().lines().map(str::to_owned).collect();
    let at = lines.iter().position(|line| line.contains("\"t\":700,")).unwrap();
    lines[at].truncate(60);
    std::fs::write(&path, lines.join("\n") + "\n").unwrap();
    let lake = folder.path().join("lake");
    let output = import(&[path], &lake);
    let report = json(&output);
    assert_eq!((&report["malformed"], &report["gaps"]), (&1.into(), &0.into()));
    assert_eq!(report["frames"], lines.len());
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains(&format!("line {}", at + 1)), "{stderr}");
    assert_eq!(counts(&json(&verify(&lake))), counts(&report));
}

#[test]
fn a_flipped_byte_in_any_sealed_file_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let path = fluxo_test_data::synthetic_capture(folder.path(), "BTCUSDT", 500);
    let lake = folder.path().join("lake");
    json(&import(&[path], &lake));
    for (file, bytes) in files_of(&lake) {
        let path = lake.join(&file);
        let mut flipped = bytes.clone();
        flipped[bytes.len() / 2] ^= 0x01;
        std::fs::write(&path, &flipped).unwrap();
        failure(&verify(&lake), 4);
        std::fs::write(&path, &bytes).unwrap();
    }
    json(&verify(&lake));
}

#[test]
fn what_a_user_can_get_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let capture = [fluxo_test_data::synthetic_capture(folder.path(), "BTCUSDT", 100)];
    let lake = folder.path().join("lake");
    let nowhere = [folder.path().join("nowhere.gz")];
    assert!(failure(&import(&nowhere, &lake), 2).contains("nowhere.gz"));
    let novel = folder.path().join("novel.txt");
    std::fs::write(&novel, "It was a dark and stormy night.\n".repeat(100)).unwrap();
    assert!(failure(&import(&[novel], &lake), 4).contains("novel.txt"));
    let locked = folder.path().join("locked");
    std::fs::create_dir(&locked).unwrap();
    std::fs::set_permissions(&locked, std::fs::Permissions::from_mode(0o555)).unwrap();
    assert!(failure(&import(&capture, &locked), 2).contains("read-only"));
    let occupied = folder.path().join("occupied");
    std::fs::create_dir(&occupied).unwrap();
    std::fs::write(occupied.join("thesis.txt"), "years").unwrap();
    assert!(failure(&import(&capture, &occupied), 2).contains("occupied"));
    assert!(failure(&verify(&occupied), 2).contains("occupied"));
    assert!(failure(&verify(&folder.path().join("none")), 2).contains("none"));
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    assert!(failure(&import(&capture, &file), 2).contains("file"));
    assert_eq!(collector(&["import", "--out", "x"]).status.code(), Some(2));
}

#[test]
fn one_file_that_is_no_recording_stops_an_import_before_it_begins() {
    let folder = tempfile::tempdir().unwrap();
    let good = fluxo_test_data::synthetic_capture(folder.path(), "BTCUSDT", 100);
    let empty = folder.path().join("empty.txt");
    std::fs::write(&empty, "").unwrap();
    for files in [[good.clone(), empty.clone()], [empty.clone(), good.clone()]] {
        let lake = folder.path().join("lake");
        let line = failure(&import(&files, &lake), 4);
        assert!(line.contains("empty.txt"), "{line}");
        assert!(!lake.exists(), "nothing was begun");
    }
}

#[test]
fn a_lake_names_what_it_holds_a_part_of() {
    let folder = tempfile::tempdir().unwrap();
    let whole = fluxo_test_data::synthetic_capture(folder.path(), "BTCUSDT", 400);
    let cut = folder.path().join("cut.gz");
    let bytes = gzip(&std::fs::read(whole).unwrap());
    std::fs::write(&cut, &bytes[..bytes.len() / 2]).unwrap();
    let lake = folder.path().join("lake");
    failure(&import(&[cut], &lake), 4);
    let said = verify(&lake);
    let stderr = String::from_utf8_lossy(&said.stderr);
    assert_eq!(said.status.code(), Some(3), "{stderr}");
    assert!(stderr.contains("cut.gz (binance-usdm BTCUSDT) is cut"), "{stderr}");
}

#[test]
fn the_order_of_the_files_does_not_matter() {
    let folder = tempfile::tempdir().unwrap();
    let whole = fluxo_test_data::synthetic_capture(folder.path(), "BTCUSDT", 400);
    let text = std::fs::read_to_string(whole).unwrap();
    let half = text.lines().count() / 2;
    let [early, late] = ["early.txt", "late.txt"].map(|name| folder.path().join(name));
    let lines = |lines: Vec<&str>| lines.join("\n") + "\n";
    std::fs::write(&early, lines(text.lines().take(half).collect())).unwrap();
    std::fs::write(&late, lines(text.lines().skip(half).collect())).unwrap();
    let lakes = ["one", "other"].map(|name| folder.path().join(name));
    let reports = [
        json(&import(&[early.clone(), late.clone()], &lakes[0])),
        json(&import(&[late, early], &lakes[1])),
    ];
    assert_eq!(counts(&reports[0]), counts(&reports[1]));
    assert_eq!(reports[1]["gaps"], 0);
    assert!(files_of(&lakes[0]) == files_of(&lakes[1]), "other files");
}

#[test]
fn a_lake_that_lost_a_file_takes_nothing_more() {
    let folder = tempfile::tempdir().unwrap();
    let file = [fluxo_test_data::synthetic_capture(folder.path(), "BTCUSDT", 100)];
    let lake = folder.path().join("lake");
    json(&import(&file, &lake));
    std::fs::remove_dir_all(lake.join("raw")).unwrap();
    let line = failure(&import(&file, &lake), 4);
    assert!(line.contains("is missing") && line.contains("docs/LAKE.md"), "{line}");
}

#[test]
fn an_output_that_is_a_link_to_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let file = [fluxo_test_data::synthetic_capture(folder.path(), "BTCUSDT", 100)];
    let link = folder.path().join("link");
    std::os::unix::fs::symlink("nowhere", &link).unwrap();
    let line = failure(&import(&file, &link), 2);
    assert!(line.contains("link") && line.contains("choose another folder"), "{line}");
}
