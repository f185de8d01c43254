//! What a person asks of a running session through its control socket.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use fluxo_core::{Event, OperatorCommand};
use serde_json::Value;

use crate::support::{Bench, events, replayed, text, wait_for};

pub(crate) fn ask(socket: &str, words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_paper-trader"))
        .args(["control", socket])
        .args(words)
        .output()
        .unwrap()
}

pub(crate) fn answer(socket: &str, word: &str) -> Value {
    answer_to(socket, &[word])
}

pub(crate) fn answer_to(socket: &str, words: &[&str]) -> Value {
    let output = ask(socket, words);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn commands_are_answered_journaled_and_replayed() {
    let bench = Bench::new();
    let double = bench.double(&[]);
    let path = bench.path("control");
    let socket = text(&path);
    let session = bench.session(double.address(), &["--strategy", "maker", "--control", socket]);
    wait_for("the socket", || path.exists());
    wait_for("a whole book", || answer(socket, "status")["status"]["book"] == "live");
    wait_for("orders", || answer(socket, "status")["status"]["orders"].as_u64() > Some(0));
    for (word, risk) in [("reduce", "reducing"), ("halt", "halted"), ("resume", "active")] {
        let said = answer(socket, word);
        assert_eq!((&said["ok"], &said["status"]["risk"]), (&word.into(), &risk.into()), "{said}");
        assert_eq!(answer(socket, "status")["status"]["risk"], risk);
    }
    let stopping = answer(socket, "stop");
    assert_eq!(stopping["status"]["session"], "stopping", "{stopping}");
    let summary = session.output().summary();
    assert_eq!(summary["live"]["commands"], 4, "{summary}");
    assert!(!path.exists(), "the socket is gone with its session");
    let commands: Vec<OperatorCommand> = events(&bench.journal())
        .iter()
        .filter_map(|event| match event {
            Event::Operator(command) => Some(*command),
            _ => None,
        })
        .collect();
    use OperatorCommand::{Halt, Reduce, Resume};
    assert_eq!(commands, [Reduce, Halt, Resume, Halt]);
    assert!(replayed(&bench.journal()).finished);
    let nobody = ask(socket, &["status"]);
    assert_eq!(nobody.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&nobody.stderr).contains("--control"));
}

/// Asks for the status until the session hangs up.
fn poll(socket: &str) -> std::thread::JoinHandle<u64> {
    let stream = UnixStream::connect(socket).unwrap();
    std::thread::spawn(move || {
        let mut lines = BufReader::new(&stream).lines();
        let mut answers = 0;
        while writeln!(&stream, "status").is_ok() && matches!(lines.next(), Some(Ok(_))) {
            answers += 1;
        }
        answers
    })
}

#[test]
#[expect(clippy::disallowed_methods, reason = "how long a person waits")]
fn nobody_locks_out_the_one_who_halts_and_nobody_keeps_a_session_alive() {
    let bench = Bench::new();
    let double = bench.double(&[]);
    let path = bench.path("control");
    let socket = text(&path);
    let session = bench.session(double.address(), &["--control", socket]);
    wait_for("the socket", || path.exists());
    wait_for("a whole book", || answer(socket, "status")["status"]["book"] == "live");
    let _idle = UnixStream::connect(&path).unwrap();
    let poller = poll(socket);
    let asked = Instant::now();
    assert_eq!(answer(socket, "halt")["status"]["risk"], "halted");
    assert!(asked.elapsed() < Duration::from_secs(1), "{:?}", asked.elapsed());
    let stopped = Instant::now();
    session.signal("-TERM");
    let summary = session.output().summary();
    assert!(stopped.elapsed() < Duration::from_secs(8), "{:?}", stopped.elapsed());
    assert_eq!(summary["live"]["commands"], 2, "{summary}");
    assert!(poller.join().unwrap() > 0);
}

#[test]
fn connections_have_a_limit_that_is_said() {
    let bench = Bench::new();
    let double = bench.double(&[]);
    let path = bench.path("control");
    let socket = text(&path);
    let _session = bench.session(double.address(), &["--control", socket]);
    wait_for("the socket", || path.exists());
    wait_for("an answer", || ask(socket, &["status"]).status.success());
    let many: Vec<UnixStream> = (0..9).map(|_| UnixStream::connect(&path).unwrap()).collect();
    let is_refused = |mut stream: &UnixStream| {
        stream.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
        let mut line = [0; 200];
        let count = stream.read(&mut line).unwrap_or(0);
        String::from_utf8_lossy(&line[..count]).contains("8 connections")
    };
    let refused: Vec<bool> = many.iter().map(is_refused).collect();
    // The last question may have held its place for a moment longer.
    assert!(refused[8] && !refused[..7].contains(&true), "{refused:?}");
    drop(many);
    wait_for("room again", || ask(socket, &["status"]).status.success());
}

#[test]
fn what_is_no_socket_stays_unharmed() {
    let bench = Bench::new();
    let path = bench.path("notes.txt");
    std::fs::write(&path, "mine").unwrap();
    let nowhere = std::net::SocketAddr::from(([127, 0, 0, 1], 1));
    let said = bench.session(nowhere, &["--control", text(&path)]).output();
    let line = said.failure(2);
    assert!(line.contains("no socket") && line.contains("--control"), "{line}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
}

#[test]
fn a_command_whose_asker_gave_up_is_not_done() {
    // A venue that takes the call and never answers: the session does not come to its commands.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let bench = Bench::new();
    let path = bench.path("control");
    let socket = text(&path);
    let session = bench.session(silent.local_addr().unwrap(), &["--control", socket]);
    wait_for("the socket", || path.exists());
    let late = ask(socket, &["halt"]);
    let said = String::from_utf8(late.stderr).unwrap();
    assert_eq!(late.status.code(), Some(5), "{said}");
    assert!(said.contains("`halt` is not done") && said.contains("ask again"), "{said}");
    session.signal("-TERM");
    let stopped = session.output();
    assert!(stopped.failure(2).contains("stopped before"), "{}", stopped.stderr);
}
