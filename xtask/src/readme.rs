//! Runs the commands that the documents print, so that a newcomer's first hour cannot rot.

use std::fs;
use std::path::Path;

use anyhow::Context;

use crate::{step, verify};

/// Blocks of commands to run are fenced with this; others are shown only.
const FENCE: &str = "```sh run";
/// The documents whose commands are run, in this order.
const DOCUMENTS: [&str; 2] = ["README.md", "docs/OPERATIONS.md"];
/// Where the commands write.
const SCRATCH: &str = "target/tour";

/// Runs them at the root, with the captures in reach. Returns how many ran.
pub(crate) fn run(root: &Path) -> anyhow::Result<usize> {
    let mut all = Vec::new();
    for document in DOCUMENTS {
        let text = fs::read_to_string(root.join(document));
        all.extend(commands(&text.with_context(|| format!("reading {document}"))?));
    }
    anyhow::ensure!(!all.is_empty(), "no document prints a command to run");
    let data = verify::data_dir(root);
    if !data.is_dir() {
        println!("NO CAPTURES: the commands of the documents were not run");
        return Ok(0);
    }
    let scratch = root.join(SCRATCH);
    if scratch.is_dir() {
        fs::remove_dir_all(&scratch).with_context(|| format!("removing {SCRATCH}"))?;
    }
    // The same programs in the profile that was just built; as printed they are built once more.
    let script = format!("set -eu\n{}", all.join("\n")).replace("--release", "--profile verify");
    step::run(root, "the commands of the documents", &["sh", "-c", &script])?;
    Ok(all.len())
}

fn commands(text: &str) -> Vec<String> {
    let (mut inside, mut commands) = (false, Vec::new());
    for line in text.lines() {
        if line.starts_with("```") {
            inside = line == FENCE;
        } else if inside && !line.trim().is_empty() && !line.starts_with('#') {
            commands.push(line.to_owned());
        }
    }
    commands
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_marked_blocks_run() {
        let text = "```sh run\none\n# why\n\ntwo\n```\n```sh\nthree\n```\n";
        assert_eq!(commands(text), ["one", "two"]);
    }
}
