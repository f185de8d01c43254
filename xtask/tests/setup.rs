//! `cargo setup` where it cannot work: one clear line, exit code 2, and nothing left behind.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

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

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
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
    assert_eq!(names(&root.path().join(".ort")), ["setup.lock"]);
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

#[test]
fn an_environment_that_works_stays_until_the_new_one_is_whole() {
    let root = tempfile::tempdir().unwrap();
    let at = |name: &str| root.path().join(name);
    // The real library of this tree, so that the set-up comes as far as Python.
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let library = project.join(".ort/libonnxruntime.so");
    assert!(library.is_file(), "run `cargo setup` first: verify does");
    std::fs::create_dir_all(at(".ort")).unwrap();
    std::fs::copy(library, at(".ort/libonnxruntime.so")).unwrap();
    std::fs::create_dir_all(at("python")).unwrap();
    for lock in ["requirements.lock", "uv.lock.txt"] {
        std::fs::copy(project.join("python").join(lock), at("python").join(lock)).unwrap();
    }
    std::fs::create_dir_all(at(".venv/bin")).unwrap();
    std::fs::write(at(".venv/bin/python"), "made from other locks").unwrap();
    // What a killed set-up left is no obstacle.
    std::fs::create_dir_all(at(".venv.new/bin")).unwrap();
    std::fs::create_dir_all(at(".uv/bin")).unwrap();
    std::fs::write(at(".uv/bin/uv"), "half a program").unwrap();
    let output = setup(root.path())
        .arg("--python")
        .env("PIP_NO_INDEX", "1")
        .env("PIP_FIND_LINKS", at("python"))
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("failed: installing uv with pip failed: ERROR"), "{said}");
    let kept = std::fs::read_to_string(at(".venv/bin/python")).unwrap();
    assert_eq!(kept, "made from other locks");
    assert!(!at(".venv.new").exists() && !at(".uv/bin/uv").exists());
}
