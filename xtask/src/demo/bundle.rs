//! The bundle of the demo, made anew: market, dataset, training. The same commands as anybody's.

use std::fs;
use std::path::Path;

use anyhow::{Context, bail};

use super::{BUNDLE, CONFIG};
use crate::programs::{Profile, Programs};
use crate::setup;

/// Where the market, the dataset and a bundle that is only compared come to lie.
const SCRATCH: &str = "target/demo-bundle";
/// Another market than those of the demo: nothing was learned from what is traded there.
const SEED: &str = "1";
const HOURS: &str = "48";
/// The list whose hash is the bundle's identity.
const SUMS: &str = "SHA256SUMS";

/// Makes the bundle and puts it into its place; with `check` it is only compared with what is there.
pub(crate) fn make(root: &Path, check: bool) -> anyhow::Result<()> {
    let programs = Programs::build(root, Profile::Release)?;
    setup::run(root, true)?;
    let scratch = root.join(SCRATCH);
    if scratch.is_dir() {
        fs::remove_dir_all(&scratch).with_context(|| format!("removing {SCRATCH}"))?;
    }
    let (lake, data) = (format!("{SCRATCH}/lake"), format!("{SCRATCH}/data"));
    let made = format!("{SCRATCH}/demo");
    programs.json(
        "backtester",
        &["synth", "--kind", "planted", "--seed", SEED, "--hours", HOURS, "--out", &lake],
    )?;
    programs.json("trainer-bridge", &["dataset", &lake, "--config", CONFIG, "--out", &data])?;
    let out = if check { made.as_str() } else { BUNDLE };
    let sums = |folder: &str| fs::read(root.join(folder).join(SUMS));
    let before = sums(BUNDLE).ok();
    let train = ["train", "--model", "all", "--data", &data, "--out", out, "--name", "demo"];
    let result =
        programs.json("trainer-bridge", &[&train[..], &["--seed", SEED, "--replace"]].concat())?;
    println!("{result:#}");
    let same = before == Some(sums(out).with_context(|| format!("reading {out}/{SUMS}"))?);
    match (same, check) {
        (true, _) => println!("{BUNDLE}: the same bytes as before"),
        (false, false) => println!("{BUNDLE}: new bytes"),
        (false, true) => bail!("{BUNDLE} has other bytes than {made}, which was made now"),
    }
    Ok(())
}
