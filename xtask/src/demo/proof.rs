//! Hours of other seeds: with a signal to find, and with none.

use std::fmt;
use std::fs;

use serde_json::Value;

use super::{NOTIONAL, SCRATCH, rule};
use crate::programs::Programs;

/// None of them is the seed of the session, or the one that the bundle was trained on.
const SEEDS: [&str; 8] = ["101", "102", "103", "104", "105", "106", "107", "108"];
/// The 97.5 % quantile of Student's t with one degree of freedom less than there are seeds.
const T_QUANTILE: f64 = 2.364_624;

/// What the models earned per hour on each kind of market, after costs.
pub(super) struct Proof {
    pub(super) planted: Estimate,
    pub(super) no_signal: Estimate,
    /// What was earned of the planted hours, as a share of what the oracle earns in them.
    pub(super) share: Estimate,
}

/// A mean with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Estimate {
    pub(super) mean: f64,
    pub(super) half_width: f64,
}

/// One hour, in basis points of the position's value, after costs.
struct Hour {
    models: f64,
    oracle: f64,
}

impl Proof {
    pub(super) fn run(programs: &Programs<'_>) -> anyhow::Result<Self> {
        let hours = |kind| -> anyhow::Result<Vec<Hour>> {
            SEEDS.iter().map(|seed| hour(programs, kind, seed)).collect()
        };
        let (planted, no_signal) = (hours("planted")?, hours("no-signal")?);
        let models = |hours: &[Hour]| {
            Estimate::of(&hours.iter().map(|hour| hour.models).collect::<Vec<_>>())
        };
        Ok(Self {
            planted: models(&planted),
            no_signal: models(&no_signal),
            share: share(&planted),
        })
    }

    pub(super) fn seeds() -> String {
        format!("{} to {}", SEEDS[0], SEEDS[SEEDS.len() - 1])
    }
}

/// The ratio of the sums: an hour in which little was to be earned counts little. Its interval is that
/// of the residuals, as of any ratio of means.
fn share(hours: &[Hour]) -> Estimate {
    let sum = |of: fn(&Hour) -> f64| hours.iter().map(of).sum::<f64>();
    let oracle = sum(|hour| hour.oracle);
    let mean = sum(|hour| hour.models) / oracle;
    let residuals: Vec<f64> = hours.iter().map(|hour| hour.models - mean * hour.oracle).collect();
    #[expect(clippy::cast_precision_loss, reason = "a handful of seeds")]
    let per_hour = oracle / hours.len() as f64;
    Estimate { mean, half_width: Estimate::of(&residuals).half_width / per_hour }
}

/// The net result of one hour, and the oracle's.
fn hour(programs: &Programs<'_>, kind: &str, seed: &str) -> anyhow::Result<Hour> {
    let folder = format!("{SCRATCH}/proof");
    let (lake, out) = (format!("{folder}/lake"), format!("{folder}/run"));
    let market = ["synth", "--kind", kind, "--seed", seed, "--hours", "1", "--out", &lake];
    let market = programs.json("backtester", &market)?;
    let run = ["run", &lake, "--out", &out];
    let summary = programs.json("backtester", &[&run[..], &rule()].concat())?;
    fs::remove_dir_all(programs.at(&folder))?;
    Ok(Hour { models: net_bps(&summary), oracle: oracle_bps(&market) })
}

/// What the oracle earns, in basis points of the position's value.
pub(super) fn oracle_bps(market: &Value) -> f64 {
    market["oracle"]["net_bps"].as_f64().unwrap_or(f64::NAN)
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

    pub(super) fn high(self) -> f64 {
        self.mean + self.half_width
    }

    pub(super) fn low(self) -> f64 {
        self.mean - self.half_width
    }
}

impl fmt::Display for Estimate {
    /// A rate in basis points an hour.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (low, high) = (self.low(), self.high());
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

    #[test]
    fn a_share_is_of_the_sums() {
        let hour = |models, oracle| Hour { models, oracle };
        let exact = share(&[hour(50.0, 100.0), hour(5.0, 10.0), hour(0.5, 1.0)]);
        assert!((exact.mean - 0.5).abs() < 1e-12 && exact.half_width < 1e-12, "{exact:?}");
        let rough = share(&[hour(100.0, 100.0), hour(0.0, 100.0)]);
        assert!((rough.mean - 0.5).abs() < 1e-12 && rough.half_width > 1.0, "{rough:?}");
    }
}
