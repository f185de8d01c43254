//! The journal as its users see it: what goes in comes out, a kill loses nothing that was kept, and
//! no changed byte goes unnoticed.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

use fluxo_core::{
    Action, BatchKind, BookBatch, CancelReason, ClientOrderId, Event, InstrumentId, LevelUpdate,
    Lots, MarketData, MarketEvent, Nanos, Price, Side, Stamped, StrategyKind, UnixNanos,
};
use fluxo_lake::journal::{
    End, Header, JournalConfig, JournalReader, JournalSummary, JournalWriter, Record,
    journal_sha256,
};
use fluxo_lake::segment::SegmentConfig;
use fluxo_lake::{Damage, Error};
use tempfile::{TempDir, tempdir};

const SMALL_SEGMENTS: JournalConfig =
    JournalConfig { segment: SegmentConfig { segment_bytes_max: 400 }, sync_every: Nanos::SECOND };

fn header() -> Header {
    Header::new("test 1".to_owned(), "threshold = 3\n".to_owned(), StrategyKind::Maker)
}

fn event(sequence: u64) -> Stamped {
    let level = LevelUpdate {
        side: Side::Bid,
        price: Price::from_ticks(618_000 + i64::try_from(sequence).unwrap()),
        lots: Lots::new(7),
    };
    let levels = vec![level; usize::try_from(sequence % 4).unwrap()];
    Stamped {
        ts_recv: UnixNanos::new(1_723_161_255_030_314_667),
        sequence,
        event: Event::Market(MarketEvent {
            instrument: InstrumentId::new(0),
            ts_event: None,
            data: MarketData::Book(BookBatch { kind: BatchKind::Update, update_id: 9, levels }),
        }),
    }
}

fn action(sequence: u64) -> Action {
    Action::Cancel {
        instrument: InstrumentId::new(0),
        id: ClientOrderId::new(sequence),
        reason: CancelReason::Replaced,
    }
}

fn end(events: u64) -> End {
    End { events, actions: events.div_ceil(3), ..End::default() }
}

/// Hands a run of `events` events to the journal in `folder`.
fn run(folder: &Path, events: u64) -> Result<JournalSummary, Error> {
    let mut journal = JournalWriter::open(folder, &header(), SMALL_SEGMENTS)?;
    for sequence in 0..events {
        journal.append_event(&event(sequence))?;
        let actions = if sequence % 3 == 0 { vec![action(sequence)] } else { vec![] };
        journal.append_actions(sequence, &actions)?;
    }
    journal.finish(&end(events))
}

fn finished(events: u64) -> (TempDir, JournalSummary) {
    let folder = tempdir().unwrap();
    let summary = run(folder.path(), events).unwrap();
    (folder, summary)
}

fn read_all(folder: &Path) -> Result<Vec<Record>, Error> {
    let mut reader = JournalReader::open(folder)?;
    let mut records = Vec::new();
    while let Some(entry) = reader.next_entry()? {
        records.push(entry.record);
    }
    reader.ending()?;
    Ok(records)
}

fn segments(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "seg"))
        .collect();
    paths.sort();
    paths
}

#[test]
fn what_goes_in_comes_out() {
    let (folder, summary) = finished(20);
    assert!(segments(folder.path()).len() > 2);
    let mut expected = Vec::new();
    for sequence in 0..20 {
        expected.push(Record::Event(event(sequence)));
        if sequence % 3 == 0 {
            expected.push(Record::Actions { sequence, actions: vec![action(sequence)] });
        }
    }
    expected.push(Record::End(end(20)));
    assert_eq!(read_all(folder.path()).unwrap(), expected);
    let reader = JournalReader::open(folder.path()).unwrap();
    assert_eq!(reader.header(), &header());
    let ending = reader.ending().unwrap();
    assert_eq!(ending.end, Some(end(20)));
    assert_eq!(ending.records, summary.records);
    assert_eq!(ending.journal_sha256, summary.journal_sha256);
    assert_eq!(journal_sha256(folder.path()).unwrap(), summary.journal_sha256);
}

#[test]
fn every_record_says_where_it_stands() {
    let (folder, _) = finished(20);
    let mut reader = JournalReader::open(folder.path()).unwrap();
    let mut index = 1;
    while let Some(entry) = reader.next_entry().unwrap() {
        assert_eq!(entry.index, index);
        let bytes = fs::read(entry.path).unwrap();
        let start = usize::try_from(entry.byte).unwrap() + 8;
        assert_eq!(&bytes[start..start + entry.payload.len()], entry.payload);
        index += 1;
    }
}

#[test]
fn every_flipped_byte_in_every_file_is_found() {
    let (folder, _) = finished(12);
    let mut flips = 0;
    for path in fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()) {
        let whole = fs::read(&path).unwrap();
        for at in 0..whole.len() {
            for mask in [0x01, 0x80, 0xff] {
                let mut flipped = whole.clone();
                flipped[at] ^= mask;
                fs::write(&path, &flipped).unwrap();
                let error = read_all(folder.path()).unwrap_err();
                assert!(error.is_damage(), "{} byte {at}: {error}", path.display());
                let again = run(folder.path(), 12).unwrap_err();
                assert!(again.is_damage(), "{} byte {at}: {again}", path.display());
                flips += 1;
            }
        }
        fs::write(&path, &whole).unwrap();
    }
    assert!(flips > 1_000);
    read_all(folder.path()).unwrap();
}

#[test]
fn a_last_segment_cut_at_any_byte_is_unfinished_and_goes_on() {
    let (whole, summary) = finished(12);
    let files = segments(whole.path());
    let (last, others) = files.split_last().unwrap();
    let bytes = fs::read(last).unwrap();
    for cut in 32..bytes.len() {
        let folder = tempdir().unwrap();
        for path in others {
            fs::copy(path, folder.path().join(path.file_name().unwrap())).unwrap();
        }
        fs::write(folder.path().join(last.file_name().unwrap()), &bytes[..cut]).unwrap();
        let ending = JournalReader::open(folder.path()).unwrap().ending().unwrap();
        assert_eq!(ending.end, None, "cut at byte {cut}");
        let again = run(folder.path(), 12).unwrap();
        assert_eq!(again.journal_sha256, summary.journal_sha256, "cut at byte {cut}");
        assert_eq!(again.repeated, ending.records);
        let ending = JournalReader::open(folder.path()).unwrap().ending().unwrap();
        assert_eq!((ending.end, ending.torn_bytes), (Some(end(12)), 0));
    }
}

#[test]
fn a_cut_or_missing_segment_before_the_last_is_damage() {
    let (folder, _) = finished(12);
    let files = segments(folder.path());
    for path in &files[..files.len() - 1] {
        let whole = fs::read(path).unwrap();
        for cut in 0..whole.len() {
            fs::write(path, &whole[..cut]).unwrap();
            assert!(read_all(folder.path()).unwrap_err().is_damage(), "cut at byte {cut}");
        }
        fs::remove_file(path).unwrap();
        let error = read_all(folder.path()).unwrap_err();
        let missing = Damage::SegmentMissing;
        assert!(
            matches!(&error, Error::Damaged { path: at, damage, .. } if at == path && *damage == missing),
            "{error}"
        );
        fs::write(path, &whole).unwrap();
    }
}

#[test]
fn another_record_is_named_and_nothing_is_changed() {
    let (folder, _) = finished(12);
    let before: Vec<_> =
        segments(folder.path()).iter().map(|path| fs::read(path).unwrap()).collect();
    let mut journal = JournalWriter::open(folder.path(), &header(), SMALL_SEGMENTS).unwrap();
    journal.append_event(&event(0)).unwrap();
    journal.append_actions(0, &[action(0)]).unwrap();
    let error = journal.append_event(&event(5)).unwrap_err();
    assert!(matches!(error, Error::RecordDiffers { record: 3, .. }), "{error}");
    drop(journal);
    let error = run(folder.path(), 11).unwrap_err();
    assert!(matches!(error, Error::RecordDiffers { .. }), "it ends too early: {error}");
    let error = run(folder.path(), 13).unwrap_err();
    assert!(matches!(error, Error::RecordDiffers { .. }), "it ends too late: {error}");
    let after: Vec<_> =
        segments(folder.path()).iter().map(|path| fs::read(path).unwrap()).collect();
    assert_eq!(before, after);
}

#[test]
fn another_run_and_another_folder_are_refused() {
    let (folder, _) = finished(3);
    let mut other = header();
    other.strategy = StrategyKind::Agents;
    let error = JournalWriter::open(folder.path(), &other, SMALL_SEGMENTS).unwrap_err();
    assert!(matches!(error, Error::OtherRun { .. }) && error.is_usage(), "{error}");

    let occupied = tempdir().unwrap();
    fs::write(occupied.path().join("letter.txt"), "dear").unwrap();
    let error = JournalWriter::open(occupied.path(), &header(), SMALL_SEGMENTS).unwrap_err();
    assert!(matches!(error, Error::OccupiedFolder { .. }) && error.is_usage(), "{error}");
    assert_eq!(fs::read_dir(occupied.path()).unwrap().count(), 1, "nothing was left there");

    let nothing = occupied.path().join("nothing");
    let error = JournalReader::open(&nothing).unwrap_err();
    assert!(matches!(error, Error::NotFound { .. }) && error.is_usage(), "{error}");
}

#[test]
fn a_journal_of_an_older_format_says_so() {
    let folder = tempdir().unwrap();
    let older = Header { format: 1, ..header() };
    drop(JournalWriter::open(folder.path(), &older, SMALL_SEGMENTS).unwrap());
    let error = JournalReader::open(folder.path()).unwrap_err();
    assert!(matches!(error, Error::UnknownFormat { found: 1, known: 4, .. }), "{error}");
    assert!(error.is_damage() && error.remedy().unwrap().contains("version that wrote it"));
}

#[test]
fn one_writes_and_nobody_else_looks() {
    let folder = tempdir().unwrap();
    let journal = JournalWriter::open(folder.path(), &header(), SMALL_SEGMENTS).unwrap();
    let second = JournalWriter::open(folder.path(), &header(), SMALL_SEGMENTS).unwrap_err();
    assert!(matches!(second, Error::Locked { .. }) && second.is_usage(), "{second}");
    assert!(matches!(JournalReader::open(folder.path()), Err(Error::Locked { .. })));
    drop(journal);
    let reader = JournalReader::open(folder.path()).unwrap();
    assert!(matches!(run(folder.path(), 3), Err(Error::Locked { .. })));
    drop(reader);
    run(folder.path(), 3).unwrap();
}

#[test]
fn a_read_only_folder_is_refused() {
    let parent = tempdir().unwrap();
    let folder = parent.path().join("journal");
    fs::create_dir(&folder).unwrap();
    let mut permissions = fs::metadata(&folder).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&folder, permissions).unwrap();
    let error = run(&folder, 3).unwrap_err();
    assert!(matches!(&error, Error::ReadOnly { path } if *path == folder), "{error}");
    assert!(error.is_usage());
}

#[test]
fn a_record_behind_the_end_is_damage() {
    let (folder, _) = finished(3);
    let last = segments(folder.path()).pop().unwrap();
    let mut bytes = fs::read(&last).unwrap();
    bytes.extend_from_slice(&[1, 2, 3]);
    fs::write(&last, &bytes).unwrap();
    let misplaced =
        |error: &Error| matches!(error, Error::Damaged { damage: Damage::Misplaced, .. });
    assert!(misplaced(&read_all(folder.path()).unwrap_err()));
    assert!(misplaced(&run(folder.path(), 3).unwrap_err()));
}
