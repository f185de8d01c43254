//! Journals that were changed, cut, or belong to something else.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::path::{Path, PathBuf};

use support::{replay, replay_journal, synthetic_capture};

/// The files of a journal that hold data, the largest last.
fn files(journal: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(journal).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| std::fs::metadata(file).unwrap().len() > 0);
    files.sort_by_key(|file| std::fs::metadata(file).unwrap().len());
    assert!(!files.is_empty());
    files
}

#[test]
fn one_flipped_byte_is_damage() {
    let folder = tempfile::tempdir().unwrap();
    let capture = synthetic_capture(folder.path(), "BTCUSDT");
    let journal = folder.path().join("journal");
    replay(&[capture], &journal, &["--strategy", "maker"]).json();
    for file in files(&journal) {
        let whole = std::fs::read(&file).unwrap();
        for at in [0, 7, whole.len() / 3, whole.len() / 2, whole.len() - 1] {
            let mut flipped = whole.clone();
            flipped[at] ^= 0x10;
            std::fs::write(&file, &flipped).unwrap();
            let said = replay_journal(&journal, &[]);
            let line = said.failure(4);
            assert!(line.contains(file.file_name().unwrap().to_str().unwrap()), "{line}");
        }
        std::fs::write(&file, &whole).unwrap();
    }
    assert_eq!(replay_journal(&journal, &[]).json()["identical"], true);
}

#[test]
fn a_journal_that_was_cut_anywhere_is_unfinished_and_not_different() {
    let folder = tempfile::tempdir().unwrap();
    let capture = synthetic_capture(folder.path(), "BTCUSDT");
    let journal = folder.path().join("journal");
    replay(&[capture], &journal, &["--strategy", "maker"]).json();
    let file = files(&journal).pop().unwrap();
    let whole = std::fs::read(&file).unwrap();
    for cut in (1..40).map(|part| whole.len() * part / 40 + part % 7) {
        std::fs::write(&file, &whole[..cut]).unwrap();
        let said = replay_journal(&journal, &[]);
        assert_eq!(said.code, 3, "cut at {cut}: {}", said.stderr);
        let verdict: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
        assert_eq!((&verdict["identical"], &verdict["finished"]), (&true.into(), &false.into()));
        assert!(said.stderr.contains("not finished"), "{}", said.stderr);
    }
}

#[test]
fn a_changed_threshold_is_named_at_its_first_event() {
    let folder = tempfile::tempdir().unwrap();
    let capture = synthetic_capture(folder.path(), "BTCUSDT");
    let journal = folder.path().join("journal");
    replay(&[capture], &journal, &["--strategy", "imbalance"]).json();
    let config = folder.path().join("changed.toml");
    std::fs::write(&config, "[strategy.imbalance]\nenter = 0.95\n").unwrap();
    for more in [["--config", support::text(&config)], ["--set", "strategy.imbalance.enter=0.95"]] {
        let verdict = replay_journal(&journal, &more).json();
        assert_eq!(verdict["identical"], false, "{verdict}");
        let first = &verdict["first_difference"];
        assert_eq!(first["event"], "timer", "{verdict}");
        assert!(first["sequence"].as_u64().unwrap() > 0);
        assert_ne!(first["recorded"], first["replayed"]);
    }
    // A threshold that this strategy does not look at changes nothing.
    let verdict = replay_journal(&journal, &["--set", "strategy.agents.enter=0.95"]).json();
    assert_eq!(verdict["identical"], true, "{verdict}");
}

#[test]
fn a_journal_is_repeated_by_the_same_run_and_refused_by_another() {
    let folder = tempfile::tempdir().unwrap();
    let capture = synthetic_capture(folder.path(), "BTCUSDT");
    let journal = folder.path().join("journal");
    std::fs::create_dir(&journal).unwrap();
    let first = replay(std::slice::from_ref(&capture), &journal, &["--strategy", "maker"]).json();
    let again = replay(std::slice::from_ref(&capture), &journal, &["--strategy", "maker"]).json();
    assert_eq!(first["journal"]["sha256"], again["journal"]["sha256"]);
    let other = replay(&[capture], &journal, &["--strategy", "imbalance"]);
    assert!(other.failure(2).contains("another run"), "{}", other.stderr);
}

#[test]
fn a_folder_without_a_journal_is_said_to_be_one() {
    let folder = tempfile::tempdir().unwrap();
    let said = replay_journal(folder.path(), &[]);
    assert!(said.failure(2).contains("journal"), "{}", said.stderr);
    let said = replay_journal(&folder.path().join("nowhere"), &[]);
    said.failure(2);
}
