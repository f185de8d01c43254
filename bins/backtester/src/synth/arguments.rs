//! The command line of `synth`.

use std::ops::Range;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use fluxo_report::{Failure, Outcome};
use fluxo_sim::synthetic::{COST_BPS, SyntheticConfig, SyntheticKind};

/// A year.
const HOURS_MAX: i64 = 8_760;
const STEPS_PER_HOUR: u64 = 3_600;

#[derive(Args, Debug)]
pub(crate) struct Synth {
    /// Whether the book tells of the next return, or only seems to.
    #[arg(long, value_enum)]
    kind: Kind,
    /// The same seed gives the same market, byte for byte.
    #[arg(long, value_name = "N")]
    pub(crate) seed: u64,
    /// How long the market goes on from 2025-01-06, in hours of 3,600 steps.
    #[arg(long, value_name = "H", value_parser = clap::value_parser!(u64).range(1..=HOURS_MAX.unsigned_abs()))]
    pub(crate) hours: u64,
    /// The folder of the lake: new, empty, or the lake of this very market.
    #[arg(long, value_name = "LAKE", required_unless_present = "oracle")]
    pub(crate) out: Option<PathBuf>,
    /// Write nothing, and only say what the oracle earns.
    #[arg(long, conflicts_with = "out")]
    oracle: bool,
    /// What one traded unit costs the oracle, in basis points.
    #[arg(long, value_name = "BPS", default_value_t = COST_BPS, value_parser = cost)]
    pub(crate) cost_bps: f64,
    /// The oracle's first step, from 0: one per second, half a second after the full one.
    #[arg(long, value_name = "STEP")]
    from_step: Option<u64>,
    /// The step behind the oracle's last one.
    #[arg(long, value_name = "STEP")]
    to_step: Option<u64>,
    /// Print the summary as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    /// The next return depends on a signal that only the book tells of.
    Planted,
    /// The book moves alike, and tells nothing.
    NoSignal,
}

impl Synth {
    pub(crate) const fn config(&self) -> SyntheticConfig {
        let kind = match self.kind {
            Kind::Planted => SyntheticKind::Planted,
            Kind::NoSignal => SyntheticKind::NoSignal,
        };
        SyntheticConfig::new(kind, self.seed)
    }

    pub(crate) const fn steps(&self) -> u64 {
        self.hours * STEPS_PER_HOUR
    }

    /// The steps that the oracle is asked about.
    pub(crate) fn window(&self) -> Outcome<Range<u64>> {
        let window = self.from_step.unwrap_or(0)..self.to_step.unwrap_or(self.steps());
        if window.end > self.steps() || window.end < window.start.saturating_add(2) {
            return Err(Failure::usage(anyhow::anyhow!(
                "steps {} to {} are no window of a market of {} steps",
                window.start,
                window.end,
                self.steps()
            ))
            .remedy("give --from-step and --to-step at least two apart, within the market"));
        }
        Ok(window)
    }
}

fn cost(text: &str) -> Result<f64, String> {
    let cost: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if (0.0..=1_000.0).contains(&cost) {
        Ok(cost)
    } else {
        Err("a cost lies between 0 and 1000 basis points".to_owned())
    }
}
