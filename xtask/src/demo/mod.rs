//! An hour of a market that was planted, served over a socket, traded on paper by models.
//!
//! Everything is the shipped programs, as a user would call them: the demo only starts them, one
//! after the other, and puts what they said on one page. It fails where the page is no proof: a
//! replay that differs, models that earn nothing, or that earn where there is nothing to earn.

mod bundle;
mod page;
mod proof;
mod venue;

use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::Context;

use crate::programs::{Profile, Programs};
use crate::setup;
use page::Page;
use proof::Proof;
use venue::Venue;

pub(crate) use bundle::make as make_bundle;

/// Where the demo leaves what it made.
const SCRATCH: &str = "target/demo";
const BUNDLE: &str = "trained/demo";
const CONFIG: &str = "configs/synthetic.toml";
/// What one position is worth, in the quote currency.
const NOTIONAL: u32 = 1000;
const SIZE: &str = "sizing.order={notional=\"1000\"}";
/// How much faster than the clock on the wall the market runs.
const SPEED: u32 = 60;
/// The market of the session. The bundle was trained on another one.
const SEED: &str = "7";
/// The market goes on behind the hour of the session, so that its end is no loss of the feed.
const HOURS: &str = "2";
const SESSION: &str = "1h";
/// A step is a second.
const SESSION_STEPS: &str = "3600";

pub(crate) fn run(root: &Path, profile: Profile) -> anyhow::Result<()> {
    let programs = Programs::build(root, profile)?;
    let started = Instant::now();
    setup::run(root, false)?;
    let scratch = root.join(SCRATCH);
    if scratch.is_dir() {
        fs::remove_dir_all(&scratch).with_context(|| format!("removing {SCRATCH}"))?;
    }
    let (lake, journal) = (format!("{SCRATCH}/lake"), format!("{SCRATCH}/journal"));
    println!("\n── the market: planted, seed {SEED}");
    let market = ["synth", "--kind", "planted", "--seed", SEED, "--hours", HOURS];
    programs.json("backtester", &[&market[..], &["--out", &lake]].concat())?;
    let known = ["--oracle", "--to-step", SESSION_STEPS];
    let oracle = programs.json("backtester", &[&market[..], &known].concat())?;
    println!("── the session: {SESSION} over a socket, {SPEED} times as fast as the clock");
    let session = session(&programs, &lake, &journal)?;
    println!("── the replays of its journal");
    let replay =
        |scores| programs.json("backtester", &["replay-journal", &journal, "--scores", scores]);
    let (recomputed, recorded) = (replay("recompute")?, replay("recorded")?);
    println!("── the proof: other hours, with and without something to learn");
    let proof = Proof::run(&programs)?;
    let page = Page { session, oracle, recomputed, recorded, proof };
    println!("\n{}", page.text());
    println!("{:.0} s since the build", started.elapsed().as_secs_f64());
    page.check()
}

/// One session over loopback, with the models.
fn session(
    programs: &Programs<'_>,
    lake: &str,
    journal: &str,
) -> anyhow::Result<serde_json::Value> {
    let venue = Venue::open(programs, lake, SPEED)?;
    let (ws, rest) = (format!("ws://{}", venue.address()), format!("http://{}", venue.address()));
    let place = ["run", "--venue", "binance-usdm", "--symbol", "SYNTHUSDT", "--journal", journal];
    let venue_at = ["--ws-url", &ws, "--rest-url", &rest, "--for", SESSION];
    programs.json("paper-trader", &[&place[..], &venue_at, &rule()].concat())
}

/// How decisions are made, in the session and in the proof.
fn rule() -> [&'static str; 8] {
    ["--strategy", "ensemble", "--bundle", BUNDLE, "--config", CONFIG, "--set", SIZE]
}
