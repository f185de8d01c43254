//! Processes that are killed, and processes that find the disk full: real ones, this binary started
//! again.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use fluxo_core::{Event, Nanos, Stamped, StrategyKind, TimerId, UnixNanos};
use fluxo_lake::Error;
use fluxo_lake::archive::{ImportConfig, Importer, Lake, verify};
use fluxo_lake::journal::{
    End, Header, JournalConfig, JournalReader, JournalSummary, JournalWriter,
};
use fluxo_lake::segment::SegmentConfig;
use fluxo_test_data::capture;
use tempfile::tempdir;

/// Tells a child where to work; only children see it.
const FOLDER: &str = "FLUXO_LAKE_TEST_FOLDER";
const JOURNAL_EVENTS: u64 = 200_000;

/// Everything is kept at once, so that a child is killed in the middle of its work.
const IMPORT: ImportConfig = ImportConfig {
    part_frames_max: 3_000,
    part_bytes_max: 64 << 20,
    sync_every: Nanos::ZERO,
    segment: SegmentConfig { segment_bytes_max: 200_000 },
};

const JOURNAL: JournalConfig = JournalConfig {
    segment: SegmentConfig { segment_bytes_max: 500_000 },
    sync_every: Nanos::ZERO,
};

fn work_folder() -> Option<PathBuf> {
    std::env::var_os(FOLDER).map(PathBuf::from)
}

/// Starts one of the tests below as a child that works in `folder`.
fn start(child: &str, folder: &Path) -> (Child, BufReader<ChildStdout>) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    spawn(command.args(["--exact", child, "--nocapture", "--test-threads=1"]), folder)
}

fn spawn(command: &mut Command, folder: &Path) -> (Child, BufReader<ChildStdout>) {
    let mut child =
        command.env(FOLDER, folder).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    (child, output)
}

/// The numbers behind `word` in what a child says.
fn numbers(output: impl BufRead, word: &str) -> impl Iterator<Item = u64> {
    output.lines().filter_map(move |line| line.unwrap().strip_prefix(word)?.trim().parse().ok())
}

/// Kills a child with SIGKILL once it has said `word` so many times; returns the number it said last.
fn kill_after(
    count: usize,
    word: &str,
    (mut child, output): (Child, BufReader<ChildStdout>),
) -> u64 {
    let kept = numbers(output, word).take(count).last().unwrap_or(0);
    child.kill().unwrap();
    child.wait().unwrap();
    kept
}

fn tree(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let (mut files, mut folders) = (BTreeMap::new(), vec![folder.to_owned()]);
    while let Some(next) = folders.pop() {
        for path in fs::read_dir(next).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else {
                files.insert(path.strip_prefix(folder).unwrap().into(), fs::read(&path).unwrap());
            }
        }
    }
    files
}

fn sources() -> Vec<PathBuf> {
    ["usdm_ethusdt_20240718.gz"].into_iter().filter_map(capture).collect()
}

#[test]
fn child_imports() {
    let Some(lake) = work_folder() else { return };
    let result = Importer::open(&lake, IMPORT).and_then(|mut importer| {
        importer.import(&sources(), &mut |progress| println!("kept {}", progress.lines_kept))
    });
    if let Err(Error::NoRoom { path, .. }) = result {
        println!("full {}", u8::from(path.starts_with(&lake)));
    }
}

#[test]
fn child_journals() {
    let Some(folder) = work_folder() else { return };
    journal(&folder, |kept| println!("kept {kept}")).unwrap();
}

fn journal(folder: &Path, mut progress: impl FnMut(u64)) -> Result<JournalSummary, Error> {
    let header = Header::new("child".to_owned(), String::new(), StrategyKind::Maker);
    let mut journal = JournalWriter::open(folder, &header, JOURNAL)?;
    let mut kept = 0;
    for sequence in 0..JOURNAL_EVENTS {
        let event = Event::Timer(TimerId::RowClock);
        let ts_recv = UnixNanos::new(sequence.cast_signed() * 1_000_003);
        journal.append_event(&Stamped { ts_recv, sequence, event })?;
        if journal.records_synced() > kept {
            kept = journal.records_synced();
            progress(kept);
        }
    }
    journal.finish(&End { events: JOURNAL_EVENTS, ..End::default() })
}

#[test]
fn an_import_survives_kills_in_its_middle() {
    let sources = sources();
    if sources.is_empty() {
        return;
    }
    let whole = tempdir().unwrap();
    let expected = Importer::open(whole.path(), IMPORT)
        .and_then(|mut importer| importer.import(&sources, &mut |_| ()))
        .unwrap();
    let expected_tree = tree(whole.path());
    for count in [1, 5, 20, 47, 60, 100, 140, 200] {
        let lake = tempdir().unwrap();
        let kept = kill_after(count, "kept", start("child_imports", lake.path()));
        assert!(kept > 0 && kept < expected.counts.frames, "killed in the middle, at {kept}");
        let report = verify(lake.path()).unwrap();
        assert!(report.counts.frames + report.unsealed_frames >= kept);
        // Killed once more on its way to the end.
        kill_after(count / 2, "kept", start("child_imports", lake.path()));
        let again = Importer::open(lake.path(), IMPORT)
            .and_then(|mut importer| importer.import(&sources, &mut |_| ()))
            .unwrap();
        assert_eq!(again.counts, expected.counts);
        assert!(again.frames_new <= expected.counts.frames - kept);
        assert_eq!(tree(lake.path()), expected_tree, "killed after {count} words");
    }
}

#[test]
fn a_journal_survives_kills_in_its_middle() {
    let whole = tempdir().unwrap();
    let expected = journal(whole.path(), |_| ()).unwrap();
    for count in [1, 10, 100, 300, 600] {
        let folder = tempdir().unwrap();
        let kept = kill_after(count, "kept", start("child_journals", folder.path()));
        let ending = JournalReader::open(folder.path()).unwrap().ending().unwrap();
        assert!(ending.records >= kept && kept > 0);
        assert_eq!(ending.end, None, "killed in the middle");
        let again = journal(folder.path(), |_| ()).unwrap();
        assert_eq!(again.journal_sha256, expected.journal_sha256);
        assert_eq!(again.records, expected.records);
        assert!(again.repeated >= kept && again.repeated < again.records);
    }
}

#[test]
fn a_full_disk_is_said_and_goes_on_when_there_is_room() {
    let sources = sources();
    if sources.is_empty() {
        return;
    }
    let (whole, lake) = (tempdir().unwrap(), tempdir().unwrap());
    let import = |lake: &Path| {
        Importer::open(lake, IMPORT)
            .and_then(|mut importer| importer.import(&sources, &mut |_| ()))
            .unwrap();
    };
    import(whole.path());
    // No file may grow beyond 64 KiB: the first segment meets that, as it would meet a full disk.
    let mut shell = Command::new("sh");
    shell.args(["-c", r#"trap "" XFSZ; ulimit -f 128; exec "$@""#, "sh"]);
    shell.arg(std::env::current_exe().unwrap());
    shell.args(["--exact", "child_imports", "--nocapture", "--test-threads=1"]);
    let (mut child, output) = spawn(&mut shell, lake.path());
    let said: Vec<u64> = numbers(output, "full").collect();
    assert!(child.wait().unwrap().success());
    assert_eq!(said, [1], "it names a path in the lake");
    Lake::open(lake.path()).unwrap();
    import(lake.path());
    assert_eq!(tree(lake.path()), tree(whole.path()));
}
