//! Cuts, restarts and gaps in mid-session.

use fluxo_core::{GapReason, Nanos};
use fluxo_venues::double::{Start, Trouble};

use crate::support::{Bench, gaps, journal_bytes, replayed, wait_for};

#[test]
fn a_cut_of_every_socket_is_a_gap_and_the_book_comes_back() {
    let bench = Bench::new();
    let double = bench.double(&[(40, Trouble::Cut), (70, Trouble::Cut)]);
    let session = bench.session(double.address(), &["--strategy", "imbalance", "--for", "120s"]);
    let summary = session.output().summary();
    let live = &summary["live"];
    assert_eq!(live["reconnects"], 4, "{summary}");
    assert_eq!((&live["resyncs"], &live["snapshots"]), (&2.into(), &3.into()), "{summary}");
    let gaps = gaps(&bench.journal());
    assert_eq!(gaps, [GapReason::Disconnected; 2]);
    assert!(replayed(&bench.journal()).finished);
}

#[test]
fn a_depth_update_that_nobody_got_is_a_gap_of_the_chain_and_a_snapshot_mends_it() {
    let bench = Bench::new();
    let double = bench.double(&[(30, Trouble::LoseDepth)]);
    let session = bench.session(double.address(), &["--strategy", "maker", "--for", "60s"]);
    let summary = session.output().summary();
    assert_eq!((&summary["gaps"], &summary["live"]["resyncs"]), (&1.into(), &1.into()));
    assert_eq!(summary["live"]["reconnects"], 0, "{summary}");
    assert!(matches!(gaps(&bench.journal())[..], [GapReason::Sequence { .. }]));
    assert!(replayed(&bench.journal()).finished);
}

#[test]
fn a_server_that_restarts_is_found_again() {
    let bench = Bench::new();
    let double = bench.double(&[]);
    let address = double.address();
    let session = bench.session(address, &["--strategy", "imbalance", "--for", "150s"]);
    wait_for("trading", || journal_bytes(&bench.journal()) > 100_000);
    drop(double);
    std::thread::sleep(std::time::Duration::from_millis(400));
    let later = Start::After(Nanos::from_millis(90_000));
    let _again = bench.double_at(address, later, &[]);
    let summary = session.output().summary();
    assert_eq!(summary["live"]["resyncs"], 1, "{summary}");
    assert_eq!(gaps(&bench.journal()), [GapReason::Disconnected]);
    assert!(replayed(&bench.journal()).finished);
}
