//! The shipped programs, as a user would call them.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};
use serde_json::Value;

use crate::step;

/// How they are built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Profile {
    /// As they ship.
    Release,
    /// As the tests have them, which is built already where tests ran.
    Verify,
}

impl Profile {
    const fn name(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Verify => "verify",
        }
    }
}

pub(crate) struct Programs<'r> {
    root: &'r Path,
    profile: Profile,
}

impl<'r> Programs<'r> {
    /// Builds them.
    pub(crate) fn build(root: &'r Path, profile: Profile) -> anyhow::Result<Self> {
        let build =
            ["cargo", "build", "--profile", profile.name(), "--locked", "--workspace", "--bins"];
        step::run(root, "build", &build)?;
        Ok(Self { root, profile })
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
        let mut command = Command::new(target.join(self.profile.name()).join(program));
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
