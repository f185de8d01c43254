//! The traps of the recordings, by their numbers in the data's own list.

use std::path::PathBuf;

use fluxo_core::{BatchKind, BookBatch, InstrumentSpec, LevelUpdate, Side, SpecSource};
use fluxo_market_data::{Body, Book, BookConfig, Grid, GridAt, RawLevel};
use fluxo_test_data::{capture, synchronised_runs};

use crate::replay::{Frame, Replay, for_each_frame, inferred, replay};

fn levels(at: &GridAt, raw: &[RawLevel]) -> Vec<LevelUpdate> {
    raw.iter()
        .map(|level| LevelUpdate {
            side: level.side,
            price: at.price(level.price).unwrap(),
            lots: at.lots(level.size).unwrap(),
        })
        .collect()
}

/// The batch of a frame, as somebody would make it who knows of no bridge.
fn naive_batch(frame: &Frame<'_>, grid: &Grid) -> Option<BookBatch> {
    let message = frame.message?;
    let at = grid.at(message.digits).unwrap();
    match message.body {
        Body::Snapshot(snapshot) => Some(BookBatch {
            kind: BatchKind::Snapshot,
            update_id: snapshot.last_id,
            levels: levels(&at, snapshot.levels),
        }),
        Body::Depth(update) => Some(BookBatch {
            kind: BatchKind::Update,
            update_id: update.last_id,
            levels: levels(&at, update.levels),
        }),
        _ => None,
    }
}

#[test]
fn trap_1_a_snapshot_that_is_older_than_deltas_before_it() {
    let Some(file) = capture("spot_btcusdt_20240808.gz") else { return };
    let files = [file];
    let spec = inferred(&files, usize::MAX);
    let (grid, mut book) = (Grid::new(&spec).unwrap(), Book::new(BookConfig::DEFAULT));
    let (mut synchronised, mut crossed) = (false, 0);
    for_each_frame(&files, |frame| {
        if let Some(batch) = naive_batch(frame, &grid) {
            synchronised |= batch.kind == BatchKind::Snapshot;
            book.apply(&batch, |_| ());
            crossed += u64::from(synchronised && book.is_crossed());
        }
    });
    // Whoever does not buffer is crossed for most of the file; so the audit would notice.
    assert!(crossed > 1_000, "{crossed}");
    let outcome = replay(&files, spec);
    assert_eq!((outcome.audit.crossed, outcome.feed.gaps), (0, 0));
}

#[test]
fn trap_3_the_bridge_may_end_at_the_snapshot() {
    let Some(file) = capture("usdm_ethusdt_20240718.gz") else { return };
    let (mut snapshot_id, mut last_ids) = (None, Vec::new());
    let mut run = Replay::new(inferred(&[&file], usize::MAX));
    for_each_frame(&[&file], |frame| {
        match frame.message.unwrap().body {
            Body::Snapshot(snapshot) => snapshot_id = Some(snapshot.last_id),
            Body::Depth(update) => last_ids.push(update.last_id),
            _ => {}
        }
        run.on_frame(frame);
    });
    let bridge = last_ids.iter().position(|id| Some(*id) == snapshot_id).unwrap();
    // The bridge and everything after it is applied, as one batch up to the snapshot's arrival.
    let outcome = run.outcome();
    assert!(outcome.books > 1 && outcome.books <= (last_ids.len() - bridge) as u64);
    assert_eq!((outcome.feed.gaps, outcome.feed.dropped_depth), (0, 0));
}

#[test]
fn traps_4_and_5_neither_clock_runs_as_one_would_like() {
    let Some(file) = capture("usdm_btcusdt_20240719.gz") else { return };
    let (mut back, mut negative, mut newest) = (0, 0, None);
    for_each_frame(&[file], |frame| {
        let sent = match frame.message.unwrap().body {
            Body::Depth(update) => update.ts_sent,
            Body::Trade(trade) => trade.ts_sent,
            Body::Ticker(ticker) => ticker.ts_sent,
            _ => None,
        };
        back += u64::from(sent < newest);
        newest = newest.max(sent);
        negative += u64::from(sent.is_some_and(|sent| sent > frame.ts_recv));
    });
    // The runs above are whole all the same: identifiers order a stream, and no time does.
    assert!(back >= 435, "{back}");
    assert!(negative > 50_000, "{negative}");
}

#[test]
fn trap_6_the_book_outgrows_its_snapshot() {
    for run in synchronised_runs() {
        let spec = inferred(&run.files, usize::MAX);
        let (grid, mut replay) = (Grid::new(&spec).unwrap(), Replay::new(spec));
        let (mut deletes, mut unknown, mut most) = (0_u64, 0_u64, 0);
        for_each_frame(&run.files, |frame| {
            // The audit's book still has the state before the update.
            if let Some(update) = depth_of(frame)
                && let Some(state) = replay.audit.book().update_id()
                && update.last_id > state
            {
                let at = grid.at(frame.message.unwrap().digits).unwrap();
                for level in update.levels.iter().filter(|level| level.size == 0) {
                    let price = at.price(level.price).unwrap();
                    deletes += 1;
                    let held = replay.audit.book().lots_at(level.side, price);
                    unknown += u64::from(held.get() == 0);
                }
            }
            replay.on_frame(frame);
            let book = replay.audit.book();
            most = most.max(book.level_count(Side::Bid)).max(book.level_count(Side::Ask));
        });
        let name = run.name();
        assert!(most > 1_000, "{name}: {most} levels");
        assert!(
            unknown * 100 > deletes * 5 && unknown * 2 < deletes,
            "{name}: {unknown}/{deletes}"
        );
    }
}

fn depth_of<'a>(frame: &Frame<'a>) -> Option<fluxo_market_data::DepthUpdate<'a>> {
    match frame.message?.body {
        Body::Depth(update) => Some(update),
        _ => None,
    }
}

#[test]
fn trap_9_a_configured_lot_that_is_too_coarse_is_refined() {
    let Some(file) = capture("spot_btcusdt_20240808.gz") else { return };
    let files: [PathBuf; 1] = [file];
    let lot_size = "0.00001".parse().unwrap();
    let source = SpecSource::Configured;
    let configured = InstrumentSpec { lot_size, source, ..inferred(&files, usize::MAX) };
    let outcome = replay(&files, configured);
    let units: Vec<i64> = outcome.specs.iter().map(|spec| spec.size_unit_lots.get()).collect();
    assert_eq!(
        (outcome.spec.lot_size.to_string().as_str(), units.as_slice()),
        ("0.000001", &[1_000][..])
    );
    assert_eq!(outcome.spec.source, SpecSource::Refined);
    assert_eq!((outcome.audit.crossed, outcome.feed.gaps), (0, 0));
    assert!(outcome.audit.compared > 100 && outcome.audit.equal == outcome.audit.compared);
}
