//! Puts into the tree what no cargo build brings: ONNX Runtime, and Python's environment.
//!
//! Both are idempotent and cost almost nothing when nothing is missing. What is put in place is
//! checked against a hash first and appears at once or not at all.

mod python;
mod runtime;

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, bail};

pub(crate) use python::programs;

/// Two set-ups of one tree wait for each other. It lies where nothing of the tree is committed.
const LOCK: &str = ".ort/setup.lock";

/// ONNX Runtime alone, or the environment of the cold path too.
pub(crate) fn run(root: &Path, with_python: bool) -> anyhow::Result<()> {
    fs::create_dir_all(root.join(".ort")).context("making .ort")?;
    let lock = File::create(root.join(LOCK)).with_context(|| format!("making {LOCK}"))?;
    lock.lock().with_context(|| format!("locking {LOCK}"))?;
    runtime::set_up(root)?;
    if with_python {
        python::set_up(root)?;
    }
    Ok(())
}

/// The Python that installs: 3.11 or newer, with pip.
fn system_python() -> anyhow::Result<&'static str> {
    const PYTHON: &str = "python3";
    let version = "import sys; sys.exit(0 if sys.version_info >= (3, 11) else 3)";
    let status = Command::new(PYTHON).args(["-c", version]).status();
    match status.map(|status| status.code()) {
        Ok(Some(0)) => {}
        Ok(Some(3)) => bail!("python3 is older than 3.11: install Python 3.11 or newer"),
        _ => bail!("python3 was not found: install Python 3.11 or newer, with pip"),
    }
    let pip = Command::new(PYTHON)
        .args(["-m", "pip", "--version"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .context("starting python3")?;
    if !pip.success() {
        bail!("python3 has no pip: install it (on Debian: apt-get install python3-pip)");
    }
    Ok(PYTHON)
}

/// Runs an installer without showing what it says; when it fails, its last words go into one line.
fn quietly(command: &mut Command, what: &str) -> anyhow::Result<()> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("starting {}", command.get_program().to_string_lossy()))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    bail!("{what} failed: {}; is a package index in reach?", last_words(&said))
}

/// Removes what a set-up that was killed left: entries of `folder` whose names begin so. The lock is
/// held, so nobody else's work is among them.
fn clear(folder: &Path, beginning: &str) -> anyhow::Result<()> {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(()) };
    for entry in entries {
        let entry = entry.with_context(|| format!("reading {}", folder.display()))?;
        if entry.file_name().to_string_lossy().starts_with(beginning) {
            let path = entry.path();
            fs::remove_dir_all(&path).with_context(|| format!("removing {}", path.display()))?;
        }
    }
    Ok(())
}

/// The line of an installer's output that says most: the last error, else the last line.
fn last_words(said: &str) -> &str {
    let lines = || said.lines().map(str::trim).filter(|line| !line.is_empty());
    let error = lines().rfind(|line| line.to_lowercase().starts_with("error"));
    error.or_else(|| lines().next_back()).unwrap_or("it said nothing")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_error_is_what_matters() {
        let said =
            "WARNING: retrying\nERROR: one\nERROR: no matching distribution\n[notice] a hint\n";
        assert_eq!(last_words(said), "ERROR: no matching distribution");
        assert_eq!(last_words("only this\n\n"), "only this");
        assert_eq!(last_words(""), "it said nothing");
    }
}
