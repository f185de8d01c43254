//! What a trader earns who knows everything about the market but the future: the posterior of the
//! signal given every book so far, and the best band around zero in which he does not trade.

use std::ops::Range;

use super::random::mix;
use super::{Process, SyntheticConfig, SyntheticMarket};

/// The mean of the signal given all evidence so far: a Kalman filter of one number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Posterior {
    persistence: f64,
    gain: f64,
    noise: f64,
    mean: f64,
    variance: f64,
}

impl Posterior {
    /// Before the first evidence: the signal is standard normal.
    #[must_use]
    pub const fn new(config: &SyntheticConfig) -> Self {
        let SyntheticConfig { persistence, gain, noise, .. } = *config;
        Self { persistence, gain, noise, mean: 0.0, variance: 1.0 }
    }

    /// Takes the evidence of a step, and returns the posterior mean of the signal at that step. Then
    /// it looks one step ahead.
    pub fn update(&mut self, evidence: f64) -> f64 {
        let Self { persistence, gain, noise, mean, variance } = *self;
        let weight = variance * gain / (gain * gain * variance + noise * noise);
        let (mean, variance) =
            (mean + weight * (evidence - gain * mean), variance * (1.0 - weight * gain));
        self.mean = persistence * mean;
        self.variance = persistence * persistence * variance + 1.0 - persistence * persistence;
        mean
    }

    /// The variance of the signal around the mean that the next evidence will give.
    #[must_use]
    pub fn next_variance(&self) -> f64 {
        let Self { gain, noise, variance, .. } = *self;
        variance * noise * noise / (gain * gain * variance + noise * noise)
    }
}

/// What a policy did, in basis points of one unit: returns and costs add up, and nothing is
/// reinvested. Positions are not closed at the end.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Score {
    /// Returns that were met.
    pub steps: u64,
    /// What the positions earned before costs.
    pub gross_bps: f64,
    /// Units traded: one for the first position, two for each change of side.
    pub traded: u64,
    /// What trading cost.
    pub cost_bps: f64,
    /// Sum of the squares of the net returns of the steps.
    pub squares: f64,
    /// Returns other than zero that were met in a position, and those of them that had its sign.
    pub judged: u64,
    /// See [`Self::judged`].
    pub hits: u64,
}

impl Score {
    /// What is left after costs, in basis points.
    #[must_use]
    pub fn net_bps(&self) -> f64 {
        self.gross_bps - self.cost_bps
    }

    /// The mean of a step after costs, in basis points; zero without steps.
    #[must_use]
    pub fn net_bps_per_step(&self) -> f64 {
        ratio(self.net_bps(), self.steps)
    }

    /// The standard error of [`Self::net_bps_per_step`], taking steps for independent.
    #[must_use]
    pub fn standard_error_bps(&self) -> f64 {
        let mean = self.net_bps_per_step();
        let variance = ratio(self.squares, self.steps) - mean * mean;
        ratio(variance.max(0.0), self.steps).sqrt()
    }

    /// Mean over standard deviation of the net returns of single steps; zero where they are all alike.
    #[must_use]
    pub fn sharpe_per_step(&self) -> f64 {
        let mean = self.net_bps_per_step();
        let variance = ratio(self.squares, self.steps) - mean * mean;
        if variance > 0.0 { mean / variance.sqrt() } else { 0.0 }
    }

    /// The share of judged returns that had the sign of the position; zero without any.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
    pub fn hit_ratio(&self) -> f64 {
        ratio(self.hits as f64, self.judged)
    }
}

/// Holds one unit in the direction of a signal, and changes side only when the signal is beyond a
/// band around zero on the other side. It begins without a position.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Band {
    threshold: f64,
    cost_bps: f64,
    position: i8,
    score: Score,
}

impl Band {
    /// A policy with that threshold, at `cost_bps` per unit traded. With a threshold of zero it
    /// follows the sign.
    #[must_use]
    pub fn new(threshold: f64, cost_bps: f64) -> Self {
        Self { threshold, cost_bps, position: 0, score: Score::default() }
    }

    /// Sees a signal, trades if it has to, and then meets the return to the next step.
    pub fn meet(&mut self, signal: f64, return_bps: f64) {
        let wanted = if signal > self.threshold {
            1
        } else if signal < -self.threshold {
            -1
        } else {
            self.position
        };
        let traded = wanted.abs_diff(self.position);
        self.position = wanted;
        let (gross, cost) = (f64::from(wanted) * return_bps, f64::from(traded) * self.cost_bps);
        let score = &mut self.score;
        score.steps += 1;
        score.gross_bps += gross;
        score.traded += u64::from(traded);
        score.cost_bps += cost;
        score.squares += (gross - cost) * (gross - cost);
        score.judged += u64::from(gross != 0.0);
        score.hits += u64::from(gross > 0.0);
    }

    /// What it did so far.
    #[must_use]
    pub const fn score(&self) -> &Score {
        &self.score
    }
}

/// The best band on the posterior, for one market and one cost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Oracle {
    /// The market.
    pub config: SyntheticConfig,
    /// What one traded unit costs, in basis points.
    pub cost_bps: f64,
    /// The band's threshold on the posterior mean; `None` where every band loses, so that the best is
    /// not to trade.
    pub threshold: Option<f64>,
}

/// Steps of the run that a band is fitted on.
const FIT_STEPS: u32 = 200_000;
/// The thresholds that are tried are this many tenths, from zero.
const THRESHOLD_TENTHS_MAX: u32 = 14;
/// Makes another seed of a seed: a band is fitted on a run that the market never shows.
const FIT_SALT: u64 = 0x0b5e_55ed_ba4d_5eed;

impl Oracle {
    /// Fits the band on an independent run of the same market.
    #[must_use]
    pub fn fit(config: &SyntheticConfig, cost_bps: f64) -> Self {
        let fitted_on = SyntheticConfig { seed: mix(config.seed ^ FIT_SALT), ..*config };
        let mut process = Process::new(&fitted_on);
        let mut posterior = Posterior::new(&fitted_on);
        let mut bands: Vec<Band> = (0..=THRESHOLD_TENTHS_MAX)
            .map(|tenths| Band::new(f64::from(tenths) / 10.0, cost_bps))
            .collect();
        let mut signal = posterior.update(process.draw().evidence);
        for _ in 0..FIT_STEPS {
            let draw = process.draw();
            for band in &mut bands {
                band.meet(signal, draw.log_return * BPS);
            }
            signal = posterior.update(draw.evidence);
        }
        let best = bands.iter().max_by(|a, b| a.score.net_bps().total_cmp(&b.score.net_bps()));
        let earns = best.filter(|band| {
            // What no run of this length can tell from nothing is nothing.
            let score = band.score;
            score.net_bps_per_step() > 2.0 * score.standard_error_bps()
        });
        Self { config: *config, cost_bps, threshold: earns.map(|band| band.threshold) }
    }

    /// What it earns between the first and the last step of `window`, on the prices that the book
    /// shows. It has seen every book before the window, and begins it without a position. A window of
    /// fewer than two steps has no return.
    #[must_use]
    pub fn score(&self, window: Range<u64>) -> Score {
        let threshold = self.threshold.unwrap_or(f64::INFINITY);
        let mut band = Band::new(threshold, self.cost_bps);
        let mut market = SyntheticMarket::new(&self.config);
        let mut posterior = Posterior::new(&self.config);
        let mut before: Option<(f64, f64)> = None;
        for index in 0..window.end {
            let step = market.step();
            let mid = mid_ticks(step.mid_half_ticks());
            if let Some((signal, mid_before)) = before
                && index > window.start
            {
                band.meet(signal, (mid / mid_before - 1.0) * BPS);
            }
            before = Some((posterior.update(step.evidence()), mid));
        }
        band.score
    }
}

/// Basis points in one.
const BPS: f64 = 10_000.0;

#[expect(clippy::cast_precision_loss, reason = "prices far below 2^53 half-ticks")]
fn mid_ticks(half_ticks: i64) -> f64 {
    half_ticks as f64 / 2.0
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
fn ratio(of: f64, to: u64) -> f64 {
    if to == 0 { 0.0 } else { of / to as f64 }
}
