//! Runs the commands as a user does, and reads what they say.
#![expect(dead_code, reason = "each test binary uses a part of it")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// What a command said, and how it ended.
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Said {
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.code, 0, "{}", self.stderr);
        serde_json::from_str(&self.stdout).expect("the result is JSON")
    }

    /// A failure is one line on stderr, and nothing on stdout.
    pub(crate) fn failure(&self, code: i32) -> &str {
        assert_eq!(self.code, code, "{}", self.stderr);
        assert_eq!(self.stdout, "");
        let lines: Vec<&str> =
            self.stderr.lines().filter(|line| line.starts_with("error:")).collect();
        let [line] = lines[..] else { panic!("not one line of error: {}", self.stderr) };
        line
    }
}

pub(crate) fn paper_trader(arguments: &[&str]) -> Said {
    said(Command::new(fluxo_test_data::program("paper-trader")).args(arguments).output())
}

pub(crate) fn backtester(arguments: &[&str]) -> Said {
    said(Command::new(env!("CARGO_BIN_EXE_backtester")).args(arguments).output())
}

fn said(output: std::io::Result<Output>) -> Said {
    let output = output.expect("the program starts");
    Said {
        code: output.status.code().expect("the program ends by itself"),
        stdout: String::from_utf8(output.stdout).expect("the result is text"),
        stderr: String::from_utf8(output.stderr).expect("logs are text"),
    }
}

/// `collector import` of files into a lake.
pub(crate) fn import(files: &[PathBuf], lake: &Path) -> Said {
    let mut arguments = vec!["import", "--format", "binance-raw", "--out", text(lake), "--json"];
    arguments.extend(files.iter().map(|file| text(file)));
    said(Command::new(fluxo_test_data::program("collector")).args(arguments).output())
}

/// `paper-trader replay` of files into a journal.
pub(crate) fn replay(files: &[PathBuf], journal: &Path, more: &[&str]) -> Said {
    let mut arguments = vec!["replay"];
    arguments.extend(files.iter().map(|file| text(file)));
    arguments.extend(["--journal", text(journal), "--json"]);
    arguments.extend(more);
    paper_trader(&arguments)
}

/// `backtester run` of files or a lake into a folder.
pub(crate) fn run(inputs: &[PathBuf], out: &Path, more: &[&str]) -> Said {
    let mut arguments = vec!["run"];
    arguments.extend(inputs.iter().map(|input| text(input)));
    arguments.extend(["--out", text(out), "--json"]);
    arguments.extend(more);
    backtester(&arguments)
}

/// `backtester synth` with words as they are typed.
pub(crate) fn synth(words: &str) -> Said {
    let arguments: Vec<&str> = std::iter::once("synth").chain(words.split(' ')).collect();
    backtester(&arguments)
}

/// `collector verify` of a lake.
pub(crate) fn verify(lake: &Path) -> Said {
    let arguments = ["verify", text(lake), "--json"];
    said(Command::new(fluxo_test_data::program("collector")).args(arguments).output())
}

/// `backtester replay-journal`.
pub(crate) fn replay_journal(journal: &Path, more: &[&str]) -> Said {
    let mut arguments = vec!["replay-journal", text(journal), "--json"];
    arguments.extend(more);
    backtester(&arguments)
}

pub(crate) fn text(path: &Path) -> &str {
    path.to_str().expect("paths of tests are text")
}

/// Two minutes of a market of our own: it trades with every rule and needs no captures.
pub(crate) fn synthetic_capture(folder: &Path, symbol: &str) -> PathBuf {
    fluxo_test_data::synthetic_capture(folder, symbol, 2_400)
}
