//! One command of a verification, shown and timed.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, bail};

/// Runs a command in `folder`, passes its output through, and returns it.
pub(crate) fn run(folder: &Path, name: &str, command: &[&str]) -> anyhow::Result<String> {
    run_with(folder, name, command, &[])
}

/// The same with variables in the command's environment.
pub(crate) fn run_with(
    folder: &Path,
    name: &str,
    command: &[&str],
    environment: &[(&str, &str)],
) -> anyhow::Result<String> {
    println!("\n── {name}: {}", command.join(" "));
    let started = Instant::now();
    // The runners speak on stderr; one pipe for both keeps their order.
    let mut child = Command::new("sh")
        .arg("-c")
        .arg("exec \"$@\" 2>&1")
        .arg("sh")
        .args(command)
        .envs(environment.iter().copied())
        .current_dir(folder)
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("starting {}", command[0]))?;
    let mut output = String::new();
    let pipe = child.stdout.take().context("the command has an output")?;
    for line in BufReader::new(pipe).lines() {
        let line = line.unwrap_or_default();
        println!("{line}");
        output.push_str(&line);
        output.push('\n');
    }
    let status = child.wait().with_context(|| format!("waiting for {}", command[0]))?;
    if !status.success() {
        bail!("{name} ({status})");
    }
    println!("── {name}: ok, {:.0} s", started.elapsed().as_secs_f64());
    Ok(output)
}

/// Whether a command can be started and ends well.
pub(crate) fn exists(command: &[&str]) -> bool {
    Command::new(command[0])
        .args(&command[1..])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
