//! A replay that is killed at any moment goes on to the journal of one that was not.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use support::{replay, replay_journal, text};

/// Kills that leave the journal in its middle; they are tried until there are so many.
const KILLS: u32 = 20;

/// Starts a replay and kills it when its journal has reached `bytes`. Whether it was in the middle.
fn killed_at(capture: &Path, journal: &Path, bytes: u64) -> bool {
    let mut child = Command::new(fluxo_test_data::program("paper-trader"))
        .args(["replay", text(capture), "--journal", text(journal), "--strategy", "maker"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while size(journal) < bytes && child.try_wait().unwrap().is_none() {
        std::thread::sleep(Duration::from_micros(200));
    }
    let _already_over = child.kill();
    child.wait().unwrap().code().is_none()
}

fn size(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    entries.filter_map(|entry| entry.ok()?.metadata().ok()).map(|metadata| metadata.len()).sum()
}

fn sha256(summary: &Value) -> (Value, Value) {
    (summary["journal"]["sha256"].clone(), summary["actions_sha256"].clone())
}

#[test]
fn killed_replays_end_like_the_uninterrupted_one() {
    let folder = tempfile::tempdir().unwrap();
    let capture = fluxo_test_data::synthetic_capture(folder.path(), "BTCUSDT", 30_000);
    let whole = folder.path().join("whole");
    let flags = ["--strategy", "maker"];
    let expected = replay(std::slice::from_ref(&capture), &whole, &flags).json();
    let total = size(&whole);
    let (mut killed, mut state) = (0, 0x2545_F491_4F6C_DD1D_u64);
    for attempt in 0..10 * KILLS {
        if killed == KILLS {
            break;
        }
        // A seeded walk over the journal's length (xorshift64); the attempt is in every message.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let journal = folder.path().join(format!("journal-{attempt}"));
        let mut middle = killed_at(&capture, &journal, state % total);
        // Every third one is killed again on its way back.
        if attempt % 3 == 0 {
            middle |= killed_at(&capture, &journal, total);
        }
        killed += u32::from(middle);
        if journal.is_dir() && size(&journal) > 0 {
            let verdict = replay_journal(&journal, &[]);
            assert!([0, 2, 3].contains(&verdict.code), "attempt {attempt}: {}", verdict.stderr);
        }
        let resumed = replay(std::slice::from_ref(&capture), &journal, &flags).json();
        assert_eq!(sha256(&resumed), sha256(&expected), "attempt {attempt}");
        assert_eq!(replay_journal(&journal, &[]).json()["identical"], true, "attempt {attempt}");
        std::fs::remove_dir_all(&journal).unwrap();
    }
    assert_eq!(killed, KILLS, "too few replays could be killed in their middle");
}

#[test]
fn a_second_replay_into_a_journal_in_use_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let capture = fluxo_test_data::synthetic_capture(folder.path(), "BTCUSDT", 30_000);
    let journal = folder.path().join("journal");
    let mut first = Command::new(fluxo_test_data::program("paper-trader"))
        .args(["replay", text(&capture), "--journal", text(&journal)])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    while size(&journal) == 0 {
        std::thread::sleep(Duration::from_micros(200));
    }
    let second = replay(std::slice::from_ref(&capture), &journal, &[]);
    assert!(second.failure(2).contains("in use"), "{}", second.stderr);
    assert!(first.wait().unwrap().success());
}
