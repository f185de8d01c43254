//! `paper-trader` as a user runs it: what it prints, and what it asks for.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::process::{Command, Output};

fn paper_trader(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_paper-trader")).args(arguments).output().unwrap()
}

#[test]
fn a_session_prints_a_summary_that_a_person_can_read() {
    let folder = tempfile::tempdir().unwrap();
    let capture = fluxo_test_data::synthetic_capture(folder.path(), "BTCUSDT", 2_400);
    let journal = folder.path().join("journal");
    let (capture, journal) = (capture.to_str().unwrap(), journal.to_str().unwrap());
    let output = paper_trader(&["replay", capture, "--journal", journal, "--strategy", "maker"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    for name in [
        "binance-usdm BTCUSDT",
        "orders",
        "fills",
        "fees",
        "net result",
        "actions sha256",
        journal,
        "assumes",
    ] {
        assert!(text.contains(name), "{name} is missing from:\n{text}");
    }
}

#[test]
fn every_field_that_a_program_reads_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let capture = fluxo_test_data::synthetic_capture(folder.path(), "BTCUSDT", 2_400);
    let journal = folder.path().join("journal");
    let (capture, journal) = (capture.to_str().unwrap(), journal.to_str().unwrap());
    let output = paper_trader(&["replay", capture, "--journal", journal, "--json"]);
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    for name in [
        "events",
        "rows",
        "decisions",
        "orders",
        "fills",
        "opinions",
        "position",
        "fees",
        "net_pnl",
        "actions_sha256",
        "decision_latency_ns",
        "events_per_second",
        "assumptions",
    ] {
        assert!(!summary[name].is_null(), "{name} is missing from {summary}");
    }
    for name in ["p50", "p99", "max"] {
        assert!(summary["decision_latency_ns"][name].as_u64().unwrap() > 0, "{name}");
    }
    assert!(summary["opinions"]["order-flow-specialist"].as_u64().unwrap() > 0);
}

#[test]
fn without_a_journal_there_is_no_session() {
    let output = paper_trader(&["replay", "x.gz"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--journal"));
}
