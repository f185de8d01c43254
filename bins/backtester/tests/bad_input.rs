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

/// Two thirds of the capture's gzip.
fn cut_gzip(folder: &Path) -> PathBuf {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(&std::fs::read(capture(folder)).unwrap()).unwrap();
    let whole = encoder.finish().unwrap();
    let cut = folder.join("cut.gz");
    std::fs::write(&cut, &whole[..whole.len() * 2 / 3]).unwrap();
    cut
}

#[test]
fn a_cut_gzip() {
    let folder = tempfile::tempdir().unwrap();
    let cut = cut_gzip(folder.path());
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

/// The lines of the synthetic capture, with one of them changed.
fn with_line(folder: &Path, wanted: &str, change: impl Fn(&str) -> String) -> PathBuf {
    let path = capture(folder);
    let text = std::fs::read_to_string(&path).unwrap();
    let line = text.lines().find(|line| line.contains(wanted)).unwrap();
    std::fs::write(&path, text.replacen(line, &change(line), 1)).unwrap();
    path
}

#[test]
fn one_absurd_number_does_not_bend_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let wanted = "\"t\":700,";
    let whole = run(&[capture(folder.path())], &folder.path().join("whole"), &[]).json();
    type Change = fn(&str) -> String;
    let changes: [(&str, Change); 3] = [
        ("receive times", |line| line.replacen("17", "27", 1)),
        ("venue time", |line| line.replace("\"T\":17", "\"T\":92").replace("\"E\":17", "\"E\":92")),
        ("range", |line| {
            let (before, rest) = line.split_once("\"p\":\"").unwrap();
            let (_, after) = rest.split_once('"').unwrap();
            format!("{before}\"p\":\"0.000000000001\"{after}")
        }),
    ];
    for (what, change) in changes {
        let file = with_line(folder.path(), wanted, change);
        for said in both(std::slice::from_ref(&file), &[]) {
            let report = said.json();
            assert!(said.stderr.contains(what), "{what}: {}", said.stderr);
            assert_eq!((&report["malformed"], &report["gaps"]), (&0.into(), &0.into()), "{what}");
            assert_eq!(report["rows"], whole["rows"], "{what}");
            let orders = |report: &serde_json::Value| report["orders"].as_u64().unwrap();
            let apart = orders(&report).abs_diff(orders(&whole));
            assert!(apart * 20 <= orders(&whole), "{what}: {apart} orders apart");
        }
    }
}

#[test]
fn files_in_the_wrong_order() {
    let folder = tempfile::tempdir().unwrap();
    let path = capture(folder.path());
    let text = std::fs::read_to_string(&path).unwrap();
    let half = text.lines().count() / 2;
    let [early, late] = ["early.txt", "late.txt"].map(|name| folder.path().join(name));
    let lines = |lines: Vec<&str>| lines.join("\n") + "\n";
    std::fs::write(&early, lines(text.lines().take(half).collect())).unwrap();
    std::fs::write(&late, lines(text.lines().skip(half).collect())).unwrap();
    for said in both(&[late.clone(), early.clone()], &[]) {
        let line = said.failure(2);
        assert!(line.contains("early.txt") && line.contains("begins before"), "{line}");
    }
    for said in both(&[early.clone(), late], &[]) {
        assert_eq!(said.json()["gaps"], 0);
    }
    let again = folder.path().join("again.txt");
    std::fs::write(&again, lines(text.lines().skip(half / 2).collect())).unwrap();
    for said in both(&[early, again], &[]) {
        let line = said.failure(2);
        assert!(line.contains("again.txt begins at 2024-08-08 23:54:"), "{line}");
        assert!(line.ends_with("what both hold would happen twice; give one of the two"), "{line}");
    }
}

#[test]
fn what_others_send_first_does_not_name_the_recording() {
    let folder = tempfile::tempdir().unwrap();
    let path = capture(folder.path());
    let text = std::fs::read_to_string(&path).unwrap();
    let stamp = text.split(' ').next().unwrap();
    let mark = r#"{"e":"markPriceUpdate","E":1723161256000,"s":"BNBUSDT","p":"512.5","i":"512.4","T":1723161600000}"#;
    let candle = r#"{"e":"kline","E":1723161256000,"s":"ADAUSDT","k":{}}"#;
    std::fs::write(&path, format!("{stamp} {mark}\n{stamp} {candle}\n{text}")).unwrap();
    for said in both(std::slice::from_ref(&path), &[]) {
        assert_eq!(said.json()["instrument"], "binance-usdm BTCUSDT");
        assert!(said.stderr.contains("2 frames are of another instrument"), "{}", said.stderr);
    }
    let lake = folder.path().join("lake");
    assert_eq!(support::import(&[path], &lake).json()["foreign"], 2);
}

#[test]
fn a_lake_with_half_a_recording_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let cut = cut_gzip(folder.path());
    let lake = folder.path().join("lake");
    assert_eq!(support::import(&[cut], &lake).code, 4);
    let said = run(&[lake], &folder.path().join("out"), &[]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert!(said.stderr.contains("cut, damaged or not finished"), "{}", said.stderr);
}

#[test]
fn limits_that_let_nothing_pass_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let set = ["--strategy", "maker", "--set", "sizing.order_value_max=\"1\""];
    for said in both(&[capture(folder.path())], &set) {
        let report = said.json();
        assert_eq!(report["orders"], 0);
        assert_eq!(report["refusals_by_reason"]["notional"], report["refusals"]);
        assert!(said.stderr.contains("every order was refused"), "{}", said.stderr);
    }
}

#[test]
fn a_number_that_no_venue_allows() {
    let folder = tempfile::tempdir().unwrap();
    for set in [
        "execution.open_orders_max=1000000000000000000",
        "risk.orders_max=4294967295",
        "rows.clock=time:0",
        "strategy.imbalance.enter=nan",
    ] {
        for said in both(&[capture(folder.path())], &["--set", set]) {
            said.failure(2);
        }
    }
}

#[test]
fn equal_hashes_are_of_equal_runs() {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("instruments.toml");
    let shipped = include_str!("../../../configs/instruments.toml");
    std::fs::write(&list, shipped.replace("match_ttl_ms = 250", "match_ttl_ms = 0")).unwrap();
    let file = [capture(folder.path())];
    let reports = [&[][..], &["--instruments", text(&list)]]
        .map(|more| run(&file, tempfile::tempdir().unwrap().path(), more).json());
    assert_eq!(reports[0]["config_sha256"], reports[1]["config_sha256"]);
    assert_ne!(reports[0]["instrument_sha256"], reports[1]["instrument_sha256"]);
}

#[test]
fn a_file_that_is_not_of_the_instrument_that_was_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    for asked in [["--symbol", "ETHUSDT"], ["--venue", "binance-spot"]] {
        for said in both(&[capture(folder.path())], &asked) {
            let line = said.failure(2);
            assert!(line.contains("BTCUSDT") && line.contains("--symbol"), "{line}");
        }
    }
    for said in both(&[capture(folder.path())], &["--symbol", "btcusdt"]) {
        said.json();
    }
}

#[test]
fn a_file_that_is_given_twice_or_is_a_pipe() {
    let folder = tempfile::tempdir().unwrap();
    let file = capture(folder.path());
    let copy = folder.path().join("copy.txt");
    std::fs::copy(&file, &copy).unwrap();
    for said in both(&[file, copy], &[]) {
        let line = said.failure(2);
        assert!(line.contains("copy.txt was given before"), "{line}");
    }
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for said in both(&[pipe], &[]) {
        assert!(said.failure(2).contains("not a regular file"));
    }
}

#[test]
fn what_a_person_should_know_of_a_run_that_did_not_fail() {
    let folder = tempfile::tempdir().unwrap();
    let warned = |file: &Path, more: &[&str], of: &str| {
        for said in both(&[file.to_owned()], more) {
            said.json();
            assert!(said.stderr.contains(of), "{of}: {}", said.stderr);
        }
    };
    let whole = capture(folder.path());
    let small = ["--set", "sizing.order={ quantity = \"0.0000001\" }"];
    warned(&whole, &small, "of one lot, which is more than sizing.order");
    warned(&whole, &["--set", "strategy.imbalance.enter=1.5"], "the rule asked for no order");
    let crossed = with_line(folder.path(), "\"pu\":1400,", |line| {
        line.replacen("\"b\":[", "\"b\":[[\"999999.0\",\"1.000\"],", 1)
    });
    warned(&crossed, &[], "states of the book were crossed");
}
