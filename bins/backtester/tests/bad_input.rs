//! What a user can get wrong, and what a disk can: one line that says what, where and what to do.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use support::{Said, backtester, replay, run, synthetic_capture, text};

fn capture(folder: &Path) -> PathBuf {
    synthetic_capture(folder, "BTCUSDT")
}

/// Both commands that run the engine, into a folder of their own.
fn both(files: &[PathBuf], more: &[&str]) -> [Said; 2] {
    let (journal, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let said = [replay(files, journal.path(), more), run(files, out.path(), more)];
    // Nothing that looks whole is left of what failed.
    assert!(!out.path().join("report.json").exists() || said[1].code == 0);
    assert!(!out.path().join("fills.csv").exists() || said[1].code == 0);
    said
}

#[test]
fn a_cut_gzip() {
    let folder = tempfile::tempdir().unwrap();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(&std::fs::read(capture(folder.path())).unwrap()).unwrap();
    let whole = encoder.finish().unwrap();
    let cut = folder.path().join("cut.gz");
    std::fs::write(&cut, &whole[..whole.len() * 2 / 3]).unwrap();
    for said in both(std::slice::from_ref(&cut), &[]) {
        let line = said.failure(4);
        assert!(line.contains("cut.gz") && line.contains("ends early"), "{line}");
    }
}

#[test]
fn a_broken_frame_in_the_middle() {
    let folder = tempfile::tempdir().unwrap();
    let path = capture(folder.path());
    let mut lines: Vec<String> =
        std::fs::read_to_string(&path).unwrap().lines().map(str::to_owned).collect();
    // A trade: the book does not miss it.
    let at = lines.iter().position(|line| line.contains("\"t\":700,")).unwrap();
    lines[at].truncate(60);
    std::fs::write(&path, lines.join("\n")).unwrap();
    for said in both(std::slice::from_ref(&path), &["--strategy", "maker"]) {
        let report = said.json();
        assert_eq!((&report["malformed"], &report["gaps"]), (&1.into(), &0.into()));
        let expected = format!("line {}", at + 1);
        assert!(said.stderr.contains(&expected), "{}", said.stderr);
    }
}

#[test]
fn a_recording_without_a_snapshot() {
    let folder = tempfile::tempdir().unwrap();
    let path = capture(folder.path());
    let whole = std::fs::read_to_string(&path).unwrap();
    let (_, rest) = whole.split_once('\n').unwrap();
    std::fs::write(&path, rest).unwrap();
    for said in both(std::slice::from_ref(&path), &[]) {
        let line = said.failure(4);
        assert!(line.contains("snapshot") && line.contains("BTCUSDT"), "{line}");
    }
}

#[test]
fn a_symbol_that_nobody_listed_is_inferred_and_flagged() {
    let folder = tempfile::tempdir().unwrap();
    let path = synthetic_capture(folder.path(), "NEWCOINUSDT");
    for said in both(std::slice::from_ref(&path), &["--strategy", "maker"]) {
        let report = said.json();
        assert_eq!(report["spec_source"], "inferred");
        assert!(report["fills"].as_u64().unwrap() > 0);
        assert!(said.stderr.contains("NEWCOINUSDT"), "{}", said.stderr);
    }
}

#[test]
fn an_unknown_configuration_key() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("engine.toml");
    std::fs::write(&config, "[strategy.imbalance]\nentre = 0.7\n").unwrap();
    for said in both(&[capture(folder.path())], &["--config", text(&config)]) {
        let line = said.failure(2);
        assert!(line.contains("strategy.imbalance.entre"), "{line}");
        assert!(line.contains("`strategy.imbalance.enter`"), "{line}");
    }
}

#[test]
fn a_file_that_is_not_there_or_is_something_else() {
    let folder = tempfile::tempdir().unwrap();
    for said in both(&[folder.path().join("nowhere.gz")], &[]) {
        assert!(said.failure(2).contains("nowhere.gz"));
    }
    let novel = folder.path().join("novel.txt");
    std::fs::write(&novel, "It was a dark and stormy night.\n".repeat(100)).unwrap();
    for said in both(&[novel], &[]) {
        assert!(said.failure(4).contains("novel.txt"));
    }
}

#[test]
fn files_of_two_instruments() {
    let folder = tempfile::tempdir().unwrap();
    let files = [capture(folder.path()), synthetic_capture(folder.path(), "ETHUSDT")];
    for said in both(&files, &[]) {
        let line = said.failure(2);
        assert!(line.contains("ETHUSDT") && line.contains("BTCUSDT"), "{line}");
    }
}

#[test]
fn an_output_that_cannot_be_written() {
    let folder = tempfile::tempdir().unwrap();
    let files = [capture(folder.path())];
    let locked = folder.path().join("locked");
    std::fs::create_dir(&locked).unwrap();
    std::fs::set_permissions(&locked, std::fs::Permissions::from_mode(0o555)).unwrap();
    for said in [replay(&files, &locked, &[]), run(&files, &locked, &[])] {
        let line = said.failure(2);
        assert!(line.contains("read-only") && line.contains("locked"), "{line}");
    }
    let occupied = folder.path().join("occupied");
    std::fs::create_dir(&occupied).unwrap();
    std::fs::write(occupied.join("thesis.txt"), "years").unwrap();
    for said in [replay(&files, &occupied, &[]), run(&files, &occupied, &[])] {
        assert!(said.failure(2).contains("occupied"));
    }
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    for said in [replay(&files, &file, &[]), run(&files, &file, &[])] {
        assert!(said.failure(2).contains("file"));
    }
}

#[test]
fn a_wrong_command_line() {
    for arguments in [&["run"][..], &["walk"], &["run", "x", "--out", "y", "--strategy", "luck"]] {
        assert_eq!(backtester(arguments).code, 2);
    }
}
