//! How sessions begin and end: in good order, by a kill, or not at all.

use std::net::TcpListener;

use fluxo_core::{Action, Event, OperatorCommand, OrderUpdate};
use fluxo_lake::journal::{JournalReader, Record};

use crate::support::{Bench, events, journal_bytes, replayed, wait_for};

#[test]
fn sigterm_withdraws_what_works_and_ends_in_good_order() {
    let bench = Bench::new();
    let double = bench.double(&[]);
    for signal in ["-TERM", "-INT"] {
        let session = bench.session(double.address(), &["--strategy", "maker"]);
        wait_for("trading", || journal_bytes(&bench.journal()) > 100_000);
        session.signal(signal);
        let summary = session.output().summary();
        assert!(summary["orders"].as_u64().unwrap() > 0, "{summary}");
        assert_eq!(summary["live"]["commands"], 1);
        assert!(replayed(&bench.journal()).finished);
        let events = events(&bench.journal());
        let halt = Event::Operator(OperatorCommand::Halt);
        let halted = events.iter().position(|event| *event == halt).unwrap();
        assert_eq!(summary["simulation"]["unarrived"], 0, "every cancel arrived");
        let answers = events[halted..].iter().filter(|event| is_answer_to_cancel(event)).count();
        // One that was on its way already may be answered behind the halt as well.
        assert!(answers >= cancels_behind(&bench, halted), "every cancel was answered");
        std::fs::remove_dir_all(bench.journal()).unwrap();
    }
}

/// An order that was filled meanwhile cannot be canceled: that is an answer too.
fn is_answer_to_cancel(event: &Event) -> bool {
    let Event::Order(order) = event else { return false };
    matches!(order.update, OrderUpdate::Canceled { .. } | OrderUpdate::CancelRejected)
}

/// Cancels that were sent at or behind an event.
fn cancels_behind(bench: &Bench, sequence: usize) -> usize {
    let mut reader = JournalReader::open(&bench.journal()).unwrap();
    let mut cancels = 0;
    while let Some(entry) = reader.next_entry().unwrap() {
        if let Record::Actions { sequence: at, actions } = entry.record
            && at >= sequence as u64
        {
            cancels += actions.iter().filter(|a| matches!(a, Action::Cancel { .. })).count();
        }
    }
    cancels
}

#[test]
fn a_killed_session_replays_to_where_it_was_and_is_not_continued() {
    let bench = Bench::new();
    let double = bench.double(&[]);
    let session = bench.session(double.address(), &["--strategy", "imbalance"]);
    wait_for("trading", || journal_bytes(&bench.journal()) > 200_000);
    session.signal("-KILL");
    assert_eq!(session.output().code, None);
    let replay = replayed(&bench.journal());
    assert!(!replay.finished && replay.events > 100, "{replay:?}");
    assert!(replay.warnings[0].contains("killed"), "{:?}", replay.warnings);
    let again = bench.session(double.address(), &[]).output();
    let line = again.failure(2);
    assert!(line.contains("cannot be continued") && line.contains("new folder"), "{line}");
    assert_eq!(replayed(&bench.journal()).journal_sha256, replay.journal_sha256);
}

#[test]
fn a_full_disk_ends_a_session_that_is_not_to_be_continued() {
    let bench = Bench::new();
    let double = bench.double(&[]);
    // No file may grow beyond 64 KiB, as on a disk that is full.
    let said = bench.session_in_little_room(double.address()).output();
    let line = said.failure(2);
    assert!(line.contains("no room left") && line.contains("new folder"), "{line}");
    assert!(line.contains("replay-journal") && !line.contains("same command"), "{line}");
}

#[test]
fn a_second_session_on_a_journal_is_refused() {
    let bench = Bench::new();
    let double = bench.double(&[]);
    let session = bench.session(double.address(), &[]);
    wait_for("a journal", || journal_bytes(&bench.journal()) > 0);
    let second = bench.session(double.address(), &[]).output();
    assert!(second.failure(2).contains("in use"), "{}", second.stderr);
    session.signal("-TERM");
    session.output().summary();
}

#[test]
fn a_venue_that_is_not_there_is_given_up_after_six_calls() {
    let bench = Bench::new();
    // A port that was free a moment ago.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let said = bench.session(address, &[]).output();
    let line = said.failure(2);
    assert!(line.contains("(6 attempts)") && line.contains("--rest-url"), "{line}");
    assert_eq!(said.stderr.lines().filter(|line| line.contains("no answer yet")).count(), 5);
    assert!(!bench.journal().exists(), "nothing was begun");
}

#[test]
fn a_symbol_that_the_venue_does_not_list_is_refused() {
    let bench = Bench::new();
    let double = bench.double(&[]);
    let said = bench.session_of("ETHUSDT", double.address(), &[]).output();
    let line = said.failure(2);
    assert!(line.contains("exchangeInfo") && line.contains("--symbol"), "{line}");
    assert!(!bench.journal().exists(), "nothing was begun");
}
