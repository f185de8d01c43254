//! Every real recording, in and out of a lake.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

use fluxo_capture::CaptureReader;
use fluxo_lake::archive::{
    ImportConfig, ImportReport, Importer, Item, Lake, SourceState, Span, verify,
};
use fluxo_market_data::{Body, Decoder, Digits, Message};
use fluxo_test_data::{binance_runs, capture};
use tempfile::tempdir;

/// Several parts per file.
const SMALL_PARTS: ImportConfig = ImportConfig {
    part_frames_max: 10_000,
    part_bytes_max: 3 << 20,
    sync_every: fluxo_core::Nanos::SECOND,
    segment: fluxo_lake::segment::SegmentConfig { segment_bytes_max: 1 << 20 },
};

fn import(lake: &Path, files: &[PathBuf], config: ImportConfig) -> ImportReport {
    let mut importer = Importer::open(lake, config).unwrap();
    importer.import(files, &mut |_| ()).unwrap()
}

#[test]
fn every_run_is_whole_and_the_lake_says_the_same() {
    for run in binance_runs() {
        let lake = tempdir().unwrap();
        let report = import(lake.path(), &run.files, ImportConfig::default());
        let (name, counts) = (run.name(), report.counts);
        let lines: u64 = run.files.iter().map(|file| lines(file)).sum();
        assert_eq!((counts.frames, report.frames_new), (lines, lines), "{name}");
        assert_eq!((counts.malformed, counts.foreign, counts.out_of_range), (0, 0, 0), "{name}");
        assert_eq!((counts.gaps, counts.resyncs, counts.crossed), (0, 0, 0), "{name}");
        assert_eq!(counts.book_ticker_compared, counts.book_ticker_equal, "{name}");
        for source in &report.sources {
            assert_eq!(source.state, SourceState::Complete, "{name}");
            assert_eq!(source.unsynchronised, !run.has_snapshot, "{name}");
        }
        if run.has_snapshot {
            assert!(counts.book_ticker_compared >= 100 && counts.levels > 10_000, "{name}");
        }
        let verified = verify(lake.path()).unwrap();
        assert_eq!(verified.counts, counts, "{name}");
        assert_eq!(verified.instruments, report.instruments, "{name}");
        assert_eq!(verified.sealed_files, 2 * run.files.len() as u64, "{name}");
        assert_eq!((verified.unsealed_frames, verified.leftover_files), (0, 0), "{name}");
    }
}

fn lines(file: &Path) -> u64 {
    let mut reader = CaptureReader::open(file).unwrap();
    let mut lines = 0;
    while reader.next_line().unwrap().is_some() {
        lines += 1;
    }
    lines
}

#[test]
fn the_messages_come_back_as_they_were() {
    for run in binance_runs() {
        let folder = tempdir().unwrap();
        import(folder.path(), &run.files, SMALL_PARTS);
        let lake = Lake::open(folder.path()).unwrap();
        let instrument = lake.holdings().remove(0).instrument;
        let mut reader = lake.read(&instrument, Span::default()).unwrap();
        for file in &run.files {
            let item = reader.next_item().unwrap().unwrap();
            let name = file.file_name().unwrap().to_str().unwrap();
            assert_eq!(item, Item::Recording { name });
            let (mut source, mut decoder) = (CaptureReader::open(file).unwrap(), Decoder::new());
            while let Some(line) = source.next_line().unwrap() {
                let stamp = line.stamp().unwrap();
                let expected = decoder.decode(stamp.payload).unwrap();
                if matches!(expected.body, Body::Other) {
                    continue;
                }
                let Some(Item::Message { ts_recv, message }) = reader.next_item().unwrap() else {
                    panic!("{name}: the lake ends before line {}", line.number);
                };
                assert_eq!(ts_recv, stamp.ts_recv, "{name} line {}", line.number);
                assert_eq!(values(&message), values(&expected), "{name} line {}", line.number);
            }
        }
        assert_eq!(reader.next_item().unwrap(), None);
    }
}

/// A message without the digits that its numbers happen to be written at, its numbers apart.
fn values(message: &Message<'_>) -> (String, Vec<i128>) {
    let Digits { price, size } = message.digits;
    let mut numbers = Vec::new();
    let mut take = |p: &mut i64, s: &mut i64| {
        numbers.push(i128::from(std::mem::take(p)) * 10_i128.pow(18 - u32::from(price)));
        numbers.push(i128::from(std::mem::take(s)) * 10_i128.pow(18 - u32::from(size)));
    };
    let mut rest = *message;
    rest.digits = Digits::default();
    let levels = match &mut rest.body {
        Body::Depth(update) => std::mem::take(&mut update.levels),
        Body::Snapshot(book) | Body::PartialDepth(book) => std::mem::take(&mut book.levels),
        Body::Trade(trade) => {
            take(&mut trade.price, &mut trade.size);
            &[]
        }
        Body::Ticker(ticker) => {
            take(&mut ticker.bid, &mut ticker.bid_size);
            take(&mut ticker.ask, &mut ticker.ask_size);
            &[]
        }
        Body::AggTrade(_) | Body::MarkPrice(_) | Body::Order(_) | Body::Other => &[],
    };
    for mut level in levels.iter().copied() {
        take(&mut level.price, &mut level.size);
    }
    let sides: String = levels.iter().map(|level| format!("{:?}", level.side)).collect();
    (format!("{rest:?} {sides}"), numbers)
}

#[test]
fn a_cut_capture_goes_on_with_its_whole_twin() {
    let Some(file) = capture("usdm_ethusdt_20240718.gz") else { return };
    let (lake, copies) = (tempdir().unwrap(), tempdir().unwrap());
    let bytes = fs::read(&file).unwrap();
    let cut = copies.path().join("cut.gz");
    fs::write(&cut, &bytes[..bytes.len() / 2]).unwrap();
    let first = import(lake.path(), &[cut], SMALL_PARTS);
    assert!(matches!(first.fault(), Some(fluxo_capture::Error::Truncated { .. })));
    assert!(first.frames_new > 5_000);
    let second = import(lake.path(), std::slice::from_ref(&file), SMALL_PARTS);
    assert!(second.fault().is_none());
    assert_eq!(first.frames_new + second.frames_new, lines(&file));
    let verified = verify(lake.path()).unwrap();
    assert_eq!(verified.counts, second.counts);
    assert_eq!(verified.incomplete_sources, 0);
}
