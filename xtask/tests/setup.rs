//! `cargo setup` where it cannot work: one clear line, exit code 2, and nothing left behind.

use std::path::Path;
use std::process::{Command, Output};

/// The tool, for a project in `root`.
fn setup(root: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.arg("setup").env("CARGO_MANIFEST_DIR", root.join("xtask"));
    command
}

fn check_refused(output: &Output, needle: &str) {
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(2), "{said}");
    let lines: Vec<&str> = said.lines().filter(|line| !line.is_empty()).collect();
    assert_eq!(lines.len(), 1, "{said}");
    assert!(lines[0].starts_with("failed: ") && lines[0].contains(needle), "{said}");
}

fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder).map_or(true, |mut entries| entries.next().is_none())
}

#[test]
fn without_python_it_says_what_to_install() {
    let root = tempfile::tempdir().unwrap();
    let output = setup(root.path()).env("PATH", root.path()).output().unwrap();
    check_refused(&output, "python3 was not found: install Python 3.11 or newer");
}

#[test]
fn without_a_package_index_nothing_half_done_stays() {
    let root = tempfile::tempdir().unwrap();
    let output = setup(root.path())
        .env("PIP_NO_INDEX", "1")
        .env("PIP_FIND_LINKS", root.path())
        .output()
        .unwrap();
    check_refused(&output, "downloading onnxruntime==1.31.1 with pip failed: ERROR: No matching");
    assert!(is_empty(&root.path().join(".ort")));
}

#[test]
fn a_library_with_another_hash_is_not_believed() {
    let root = tempfile::tempdir().unwrap();
    let library = root.path().join(".ort/libonnxruntime.so");
    std::fs::create_dir(root.path().join(".ort")).unwrap();
    std::fs::write(&library, b"half of a library").unwrap();
    let output = setup(root.path())
        .env("PIP_NO_INDEX", "1")
        .env("PIP_FIND_LINKS", root.path())
        .output()
        .unwrap();
    // It goes for a new one, which is out of reach here, and leaves the old one to whoever put it.
    check_refused(&output, "onnxruntime==1.31.1");
    assert_eq!(std::fs::read(&library).unwrap(), b"half of a library");
}
