//! What a person asks of a running session through its control socket.

use std::process::{Command, Output};

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
