//! The shipped programs, built in release, as a user would call them.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};
use serde_json::Value;

use crate::step;

pub(crate) struct Programs<'r> {
    root: &'r Path,
}

impl<'r> Programs<'r> {
    /// Builds them.
    pub(crate) fn build(root: &'r Path) -> anyhow::Result<Self> {
        let build = ["cargo", "build", "--release", "--locked", "--workspace", "--bins"];
        step::run(root, "build", &build)?;
        Ok(Self { root })
    }

    /// A place in the tree.
    pub(crate) fn at(&self, place: &str) -> PathBuf {
        self.root.join(place)
    }

    /// A program that was not started yet; it runs at the root.
    pub(crate) fn command(&self, program: &str, arguments: &[&str]) -> Command {
        // As cargo does: where the environment names a place for what is built, it is there.
        let target = std::env::var_os("CARGO_TARGET_DIR")
            .map_or_else(|| self.root.join("target"), |folder| self.root.join(folder));
        let mut command = Command::new(target.join("release").join(program));
        command.args(arguments).current_dir(self.root).stdin(Stdio::null());
        command
    }

    /// Runs a program to its end, and reads its result. What it says besides is passed on.
    pub(crate) fn json(&self, program: &str, arguments: &[&str]) -> anyhow::Result<Value> {
        let output = self
            .command(program, arguments)
            .arg("--json")
            .stderr(Stdio::inherit())
            .output()
            .with_context(|| format!("starting {program}"))?;
        if !output.status.success() {
            bail!("{program} {} ({})", arguments.join(" "), output.status);
        }
        serde_json::from_slice(&output.stdout)
            .with_context(|| format!("reading the result of {program} {}", arguments[0]))
    }
}
