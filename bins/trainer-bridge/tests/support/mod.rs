//! Runs the commands as a user does, and reads what they say.

use std::collections::BTreeMap;
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

    /// A failure is one line on stderr.
    pub(crate) fn failure(&self, code: i32) -> &str {
        assert_eq!(self.code, code, "{}", self.stderr);
        let lines: Vec<&str> =
            self.stderr.lines().filter(|line| line.starts_with("error:")).collect();
        let [line] = lines[..] else { panic!("not one line of error: {}", self.stderr) };
        line
    }
}

/// The program, in a folder where it finds nothing by itself.
pub(crate) fn program(arguments: &[&str], folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trainer-bridge"));
    command.args(arguments).current_dir(folder).env_remove("FLUXO_PYTHON");
    command
}

pub(crate) fn trainer_bridge(arguments: &[&str], folder: &Path) -> Said {
    said(program(arguments, folder).output())
}

pub(crate) fn said(output: std::io::Result<Output>) -> Said {
    let output = output.expect("the program starts");
    Said {
        code: output.status.code().expect("the program ends by itself"),
        stdout: String::from_utf8(output.stdout).expect("the result is text"),
        stderr: String::from_utf8(output.stderr).expect("logs are text"),
    }
}

/// `trainer-bridge dataset` of files or a lake.
pub(crate) fn dataset(inputs: &[PathBuf], out: &Path, more: &[&str]) -> Said {
    let mut arguments = vec!["dataset"];
    arguments.extend(inputs.iter().map(|input| text(input)));
    arguments.extend(["--out", text(out), "--json"]);
    arguments.extend(more);
    trainer_bridge(&arguments, Path::new("."))
}

pub(crate) fn text(path: &Path) -> &str {
    path.to_str().expect("paths of tests are text")
}

/// The files below a folder with their bytes, by their paths in it.
pub(crate) fn bytes_below(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let (mut found, mut folders) = (BTreeMap::new(), vec![folder.to_owned()]);
    while let Some(at) = folders.pop() {
        for entry in std::fs::read_dir(at).expect("a folder of a test can be listed") {
            let path = entry.expect("an entry of a folder").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("it lies below").to_owned();
                found.insert(name, std::fs::read(&path).expect("a file of a test can be read"));
            }
        }
    }
    found
}
