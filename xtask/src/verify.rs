//! All of CI.

use std::path::Path;
use std::time::Instant;

use anyhow::Context;

use crate::programs::Profile;
use crate::{demo, layers, readme, setup, step, tidy};

/// What the dependency policy is checked with; installed when it is missing.
const CARGO_DENY: &str = "cargo-deny@0.20.2";
/// The folder of the small crate that a stranger could have written.
const EXAMPLE: &str = "examples/book-features";

pub(crate) fn run(root: &Path) -> anyhow::Result<()> {
    let started = Instant::now();
    step::run(root, "format", &["cargo", "fmt", "--all", "--check"])?;
    house_rules(root)?;
    println!("\n── set-up");
    setup::run(root, true)?;
    let lint =
        ["cargo", "clippy", "--workspace", "--all-targets", "--profile", "verify", "--locked"];
    step::run(root, "lint", &[&lint[..], &["--", "-D", "warnings"]].concat())?;
    let tests = tests(root)?;
    let cold_path = cold_path(root)?;
    let benches = benches(root)?;
    documents(root)?;
    policy(root)?;
    stranger(root)?;
    let commands = readme::run(root)?;
    demo::run(root, Profile::Verify)?;
    println!(
        "\nverify passed: {tests} tests, {cold_path} of Python, {benches} benches run once, {commands} commands of the documents and the demo, {:.0} s",
        started.elapsed().as_secs_f64()
    );
    if !data_dir(root).is_dir() {
        println!(
            "NO CAPTURES: {} does not exist, so the tests on real data checked nothing",
            data_dir(root).display()
        );
    }
    Ok(())
}

/// The rules that no other tool knows.
pub(crate) fn house_rules(root: &Path) -> anyhow::Result<()> {
    println!("\n── house rules");
    let mut complaints = layers::check(root)?;
    complaints.extend(tidy::check(root)?);
    if complaints.is_empty() {
        println!("── house rules: ok");
        return Ok(());
    }
    for complaint in &complaints {
        println!("{complaint}");
    }
    anyhow::bail!("{} house rules are broken", complaints.len())
}

/// Every test once. Returns how many there are.
fn tests(root: &Path) -> anyhow::Result<u64> {
    let ran = if step::exists(&["cargo", "nextest", "--version"]) {
        let command =
            ["cargo", "nextest", "run", "--workspace", "--cargo-profile", "verify", "--locked"];
        let output = step::run(root, "tests", &command)?;
        // "Summary [ 12.3s] 210 tests run: 210 passed, 0 skipped"
        let summary = output.lines().rev().find(|line| line.contains("tests run:"));
        number_before(summary.context("nextest printed no summary")?, "tests run:")
    } else {
        let command = [
            "cargo",
            "test",
            "--workspace",
            "--profile",
            "verify",
            "--locked",
            "--lib",
            "--bins",
            "--tests",
        ];
        let output = step::run(root, "tests", &command)?;
        passed(&output)
    };
    let command = ["cargo", "test", "--workspace", "--profile", "verify", "--locked", "--doc"];
    let documented = passed(&step::run(root, "tests in documents", &command)?);
    Ok(ran + documented)
}

/// Form, types and tests of the Python side. Returns how many tests there are.
fn cold_path(root: &Path) -> anyhow::Result<u64> {
    let tools = setup::programs(root);
    let tool = |name: &str| tools.join(name).to_string_lossy().into_owned();
    let (ruff, python) = (tool("ruff"), tool("python"));
    step::run(root, "Python, lint", &[&ruff, "check", "--no-cache", "python"])?;
    step::run(root, "Python, format", &[&ruff, "format", "--no-cache", "--check", "python"])?;
    let types = [&tool("basedpyright"), "-p", "python", "--pythonpath", &python];
    step::run(root, "Python, types", &types)?;
    let tests = [&python, "-m", "pytest", "-c", "python/pyproject.toml", "python/tests"];
    // Two threads on two busy cores are many times slower than one.
    let one_thread = [("OMP_NUM_THREADS", "1"), ("PYTHONDONTWRITEBYTECODE", "1")];
    let output = step::run_with(root, "Python, tests", &tests, &one_thread)?;
    let summary = output.lines().rev().find(|line| line.contains(" passed"));
    Ok(number_before(summary.context("pytest printed no summary")?, "passed"))
}

/// Every bench once, so that none rots. Returns how many measurements there are.
fn benches(root: &Path) -> anyhow::Result<usize> {
    let command =
        ["cargo", "test", "--workspace", "--profile", "verify", "--locked", "--bench", "*"];
    let output = step::run(root, "benches, once", &command)?;
    Ok(output.lines().filter(|line| line.trim_end() == "Success").count())
}

fn documents(root: &Path) -> anyhow::Result<()> {
    let command = [
        "cargo",
        "doc",
        "--workspace",
        "--no-deps",
        "--profile",
        "verify",
        "--locked",
        "--document-private-items",
    ];
    step::run_with(root, "documents", &command, &[("RUSTDOCFLAGS", "-D warnings")])?;
    Ok(())
}

fn policy(root: &Path) -> anyhow::Result<()> {
    if !step::exists(&["cargo", "deny", "--version"]) {
        step::run(root, "cargo-deny is missing", &["cargo", "install", "--locked", CARGO_DENY])?;
    }
    let command = [
        "cargo",
        "deny",
        "--offline",
        "check",
        "--hide-inclusion-graph",
        "bans",
        "licenses",
        "sources",
    ];
    step::run(root, "dependencies", &command)?;
    Ok(())
}

/// A crate outside the workspace builds with two of ours, and brings nothing heavy along.
fn stranger(root: &Path) -> anyhow::Result<()> {
    let folder = root.join(EXAMPLE);
    let tree = ["cargo", "tree", "--locked", "--edges", "normal", "--prefix", "none"];
    let tree = step::run(&folder, "a stranger's crate, its tree", &tree)?;
    for heavy in ["ort", "tokio", "polars", "arrow", "parquet"] {
        let found = tree.lines().any(|line| line.split(' ').next() == Some(heavy));
        anyhow::ensure!(!found, "{EXAMPLE} pulls in {heavy}");
    }
    step::run(&folder, "a stranger's crate", &["cargo", "build", "--locked", "--quiet"])?;
    Ok(())
}

/// Where the captures lie: the same rule as in the tests.
pub(crate) fn data_dir(root: &Path) -> std::path::PathBuf {
    std::env::var_os("FLUXO_DATA_DIR").map_or_else(|| root.join("../shared/data"), Into::into)
}

fn passed(output: &str) -> u64 {
    output
        .lines()
        .filter(|line| line.starts_with("test result: ok."))
        .map(|line| number_before(line, "passed"))
        .sum()
}

/// The number that stands before a word.
fn number_before(line: &str, word: &str) -> u64 {
    line.split(word)
        .next()
        .and_then(|before| before.split_whitespace().next_back())
        .and_then(|number| number.parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_from_what_the_runners_print() {
        let nextest = "     Summary [  12.345s] 210 tests run: 210 passed, 0 skipped";
        assert_eq!(number_before(nextest, "tests run:"), 210);
        let libtest =
            "test result: ok. 7 passed; 0 failed\nx\ntest result: ok. 3 passed; 0 failed\n";
        assert_eq!(passed(libtest), 10);
    }
}
