//! Every recorded run: all frames decode, nothing is missing, the book is never crossed, and it has
//! the venue's own best prices whenever the venue says what they are.

use fluxo_core::SpecSource;
use fluxo_market_data::SyncState;
use fluxo_test_data::{binance_runs, synchronised_runs};

use crate::replay::{Outcome, inferred, replay};

/// Level changes from the bridge on, prints, and tickers whose identifier is that of a depth update
/// from the bridge on: counted by a script that knows nothing of this crate.
const COUNTED: [(&str, u64, u64, u64); 5] = [
    ("cm_btcusd_perp_20240808.gz", 659_405, 5_235, 1_885),
    ("spot_btcusdt_20240808.gz", 298_094, 19_904, 1_072),
    ("usdm_btcusdt_20240718.gz", 400_668, 10_701, 625),
    ("usdm_btcusdt_20240808.gz", 443_262, 21_313, 629),
    ("usdm_ethusdt_20240718.gz", 354_944, 13_655, 834),
];

fn assert_whole(name: &str, outcome: &Outcome) {
    let (feed, audit) = (&outcome.feed, &outcome.audit);
    assert_eq!((outcome.malformed, outcome.out_of_range), (0, 0), "{name}");
    assert_eq!(feed.messages, outcome.frames, "{name}");
    assert_eq!((feed.gaps, feed.boundary_gaps, feed.resyncs), (0, 0, 0), "{name}: {feed:?}");
    assert_eq!((feed.stale_depth, feed.dropped_depth, feed.foreign), (0, 0, 0), "{name}: {feed:?}");
    assert_eq!((feed.duplicate_trades, feed.missing_trades), (0, 0), "{name}: {feed:?}");
    assert_eq!(outcome.state, SyncState::Live, "{name}");
    assert_eq!(audit.crossed, 0, "{name}");
    assert!(audit.compared >= 100, "{name}: {audit:?}");
    assert_eq!(audit.equal, audit.compared, "{name}");
    assert_eq!(audit.batches, outcome.books, "{name}");
}

#[test]
fn runs_with_a_snapshot_are_whole_and_agree_with_the_venue() {
    for run in synchronised_runs() {
        let (name, outcome) = (run.name(), replay(&run.files, inferred(&run.files, usize::MAX)));
        assert_whole(&name, &outcome);
        assert_eq!((outcome.feed.refinements, outcome.feed.snapshots), (0, 1), "{name}");
        if let Some(counted) = COUNTED.iter().find(|(run, ..)| *run == name) {
            let (feed, compared) = (outcome.feed, outcome.audit.compared);
            assert_eq!((feed.levels, feed.trades, compared), (counted.1, counted.2, counted.3));
        }
    }
}

#[test]
fn a_specification_from_a_few_frames_is_refined_and_nothing_else_changes() {
    for run in synchronised_runs() {
        let (name, coarse) = (run.name(), inferred(&run.files, 1));
        let outcome = replay(&run.files, coarse);
        assert_whole(&name, &outcome);
        assert_eq!(outcome.specs.len() as u64, outcome.feed.refinements, "{name}");
        let whole = inferred(&run.files, usize::MAX);
        let end = &outcome.spec;
        assert_eq!((end.tick_size, end.lot_size), (whole.tick_size, whole.lot_size), "{name}");
        assert_eq!(end.source, SpecSource::Inferred);
    }
}

#[test]
fn runs_without_a_snapshot_stay_unsynchronised() {
    // Data trap 8, also of files that go on where another one ended, when they are read alone.
    let alone = synchronised_runs().into_iter().flat_map(|run| run.files.into_iter().skip(1));
    let without = binance_runs().into_iter().filter(|run| !run.has_snapshot);
    for file in alone.chain(without.flat_map(|run| run.files)) {
        let files = [&file];
        let outcome = replay(&files, inferred(&files, usize::MAX));
        assert_eq!((outcome.malformed, outcome.books), (0, 0), "{}", file.display());
        assert_eq!((outcome.feed.gaps, outcome.feed.levels), (0, 0), "{}", file.display());
        assert_eq!(outcome.state, SyncState::Buffering, "{}", file.display());
        assert!(outcome.feed.trades > 0 && outcome.feed.quotes > 0, "{}", file.display());
    }
}
