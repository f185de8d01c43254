//! A paper session, its journal and a backtest of the same files do the same, on every capture.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::path::PathBuf;

use support::{replay, replay_journal, run, synthetic_capture};

const STRATEGIES: [&str; 3] = ["maker", "imbalance", "agents"];

/// The recordings to try: every capture run that has a book, and one of our own.
fn recordings(folder: &std::path::Path) -> Vec<(String, Vec<PathBuf>)> {
    let captures =
        fluxo_test_data::synchronised_runs().into_iter().map(|run| (run.name(), run.files));
    let own = ("synthetic".to_owned(), vec![synthetic_capture(folder, "BTCUSDT")]);
    captures.chain([own]).collect()
}

#[test]
fn paper_journal_and_backtest_agree_and_every_rule_trades() {
    let folder = tempfile::tempdir().unwrap();
    for (name, files) in recordings(folder.path()) {
        for strategy in STRATEGIES {
            let (journal, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
            let flag = ["--strategy", strategy];
            let paper = replay(&files, journal.path(), &flag).json();
            let backtest = run(&files, out.path(), &flag).json();
            let verdict = replay_journal(journal.path(), &[]).json();
            assert_eq!(verdict["identical"], true, "{name} {strategy}: {verdict}");
            for other in [&backtest, &verdict] {
                assert_eq!(paper["actions_sha256"], other["actions_sha256"], "{name} {strategy}");
            }
            assert_eq!(verdict["journal_sha256"], paper["journal"]["sha256"]);
            for figure in ["events", "frames", "fills", "position", "fees", "net_pnl"] {
                assert_eq!(paper[figure], backtest[figure], "{name} {strategy}: {figure}");
            }
            let (orders, fills) =
                (paper["orders"].as_u64().unwrap(), paper["fills"].as_u64().unwrap());
            assert!(fills > 0, "{name} {strategy} does not trade");
            if strategy == "maker" {
                assert!(orders >= 100 && fills >= 20, "{name}: {orders} orders, {fills} fills");
            }
        }
    }
}

#[test]
fn a_lake_is_as_good_as_the_files() {
    let folder = tempfile::tempdir().unwrap();
    for (name, files) in recordings(folder.path()) {
        let (lake, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        support::import(&files, lake.path()).json();
        let flag = ["--strategy", "maker"];
        let from_lake = run(&[lake.path().to_owned()], out.path(), &flag).json();
        let out = tempfile::tempdir().unwrap();
        let from_files = run(&files, out.path(), &flag).json();
        assert_eq!(from_lake["actions_sha256"], from_files["actions_sha256"], "{name}");
        assert_eq!(from_lake["events"], from_files["events"], "{name}");
    }
}

#[test]
fn without_its_agent_the_engine_does_something_else() {
    let folder = tempfile::tempdir().unwrap();
    for (name, files) in recordings(folder.path()) {
        for strategy in STRATEGIES {
            let report = |more: &[&str]| {
                let out = tempfile::tempdir().unwrap();
                let flags = [&["--strategy", strategy], more].concat();
                run(&files, out.path(), &flags).json()
            };
            let (with, without) = (report(&[]), report(&["--set", "agents.enabled=[]"]));
            assert_ne!(with["actions_sha256"], without["actions_sha256"], "{name} {strategy}");
            // The other rules only record what the agent thinks; this one has nobody to follow.
            if strategy == "agents" {
                assert_eq!(without["orders"], 0, "{name}");
                assert!(with["orders"].as_u64().unwrap() > 0, "{name}");
            }
        }
    }
}

#[test]
fn the_fills_add_up_to_the_report() {
    let folder = tempfile::tempdir().unwrap();
    for (name, files) in recordings(folder.path()) {
        let out = tempfile::tempdir().unwrap();
        let report = run(&files, out.path(), &["--strategy", "maker"]).json();
        let fills = std::fs::read_to_string(out.path().join("fills.csv")).unwrap();
        let (mut position, mut fees, mut count) = (0_i128, 0_i128, 0_u64);
        for line in fills.lines().skip(1) {
            let fields: Vec<&str> = line.split(',').collect();
            let sign = if fields[3] == "buy" { 1 } else { -1 };
            position += sign * units(fields[5]);
            assert_eq!(position, units(fields[10]), "{name}: {line}");
            fees += units(fields[9]);
            count += 1;
        }
        assert_eq!(report["fills"].as_u64().unwrap(), count);
        assert!(
            (report["position"].as_f64().unwrap() - position as f64 / 1e8).abs() < 1e-9,
            "{name}"
        );
        assert!((report["fees"].as_f64().unwrap() - fees as f64 / 1e8).abs() < 1e-9, "{name}");
    }
}

/// A decimal text in units of 1e-8.
fn units(text: &str) -> i128 {
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |digits| (true, digits));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let value: i128 = format!("{whole}{fraction:0<8}").parse().unwrap();
    if negative { -value } else { value }
}
