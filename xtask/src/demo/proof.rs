//! Hours of other seeds: with a signal to find, and with none.

use std::fmt;
use std::fs;

use serde_json::Value;

use super::{NOTIONAL, SCRATCH, rule};
use crate::programs::Programs;

const SEEDS: [&str; 8] = ["101", "102", "103", "104", "105", "106", "107", "108"];
/// The 97.5 % quantile of Student's t with one degree of freedom less than there are seeds.
const T_QUANTILE: f64 = 2.364_624;

/// What the models earned per hour on each kind of market, after costs.
pub(super) struct Proof {
    pub(super) planted: Estimate,
    pub(super) no_signal: Estimate,
}

/// A mean with its 95 % interval, in basis points of the position's value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Estimate {
    pub(super) mean: f64,
    pub(super) half_width: f64,
}

impl Proof {
    pub(super) fn run(programs: &Programs<'_>) -> anyhow::Result<Self> {
        let hours = |kind| -> anyhow::Result<Estimate> {
            let nets: anyhow::Result<Vec<f64>> =
                SEEDS.iter().map(|seed| hour(programs, kind, seed)).collect();
            Ok(Estimate::of(&nets?))
        };
        Ok(Self { planted: hours("planted")?, no_signal: hours("no-signal")? })
    }

    pub(super) fn seeds() -> String {
        format!("{} to {}", SEEDS[0], SEEDS[SEEDS.len() - 1])
    }
}

/// The net result of one hour, in basis points of the position's value.
fn hour(programs: &Programs<'_>, kind: &str, seed: &str) -> anyhow::Result<f64> {
    let folder = format!("{SCRATCH}/proof");
    let (lake, out) = (format!("{folder}/lake"), format!("{folder}/run"));
    programs.json(
        "backtester",
        &["synth", "--kind", kind, "--seed", seed, "--hours", "1", "--out", &lake],
    )?;
    let run = ["run", &lake, "--out", &out];
    let summary = programs.json("backtester", &[&run[..], &rule()].concat())?;
    fs::remove_dir_all(programs.at(&folder))?;
    Ok(net_bps(&summary))
}

/// The net result of a run, in basis points of the position's value.
pub(super) fn net_bps(summary: &Value) -> f64 {
    summary["net_pnl"].as_f64().unwrap_or(f64::NAN) * 1e4 / f64::from(NOTIONAL)
}

impl Estimate {
    #[expect(clippy::cast_precision_loss, reason = "a handful of seeds")]
    fn of(values: &[f64]) -> Self {
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
        let error = (squares / (count - 1.0) / count).sqrt();
        Self { mean, half_width: T_QUANTILE * error }
    }

    pub(super) fn low(self) -> f64 {
        self.mean - self.half_width
    }
}

impl fmt::Display for Estimate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (low, high) = (self.low(), self.mean + self.half_width);
        write!(f, "{:+.0} bps an hour, 95 % [{low:+.0}, {high:+.0}]", self.mean)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_is_as_wide_as_student_says() {
        // The mean of 1..8 is 4.5, its standard deviation 2.449, its error 0.866.
        let estimate = Estimate::of(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]);
        assert!((estimate.mean - 4.5).abs() < 1e-12);
        assert!((estimate.half_width - 2.047_825).abs() < 1e-5, "{estimate:?}");
        assert!((estimate.low() - 2.452_175).abs() < 1e-5);
    }
}
