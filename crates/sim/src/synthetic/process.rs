//! The numbers behind a market: the signal, what the book tells of it, the returns.

use super::random::Random;
use super::{SyntheticConfig, SyntheticKind};

/// What is drawn for one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Draw {
    /// `s`: standard normal, with the configured persistence. Nobody in the market sees it.
    pub signal: f64,
    /// `a s + b ν`: what the book shows, as the inverse hyperbolic tangent of its imbalance.
    pub evidence: f64,
    /// The logarithmic return from the step before to this one; zero at step 0. It depends on the
    /// signal of the step before.
    pub log_return: f64,
}

/// Draws step after step, without an end.
#[derive(Clone, Debug)]
pub struct Process {
    config: SyntheticConfig,
    /// √(1-φ²) and √(1-ρ²): what is new in the next signal and in the next return.
    innovation: f64,
    surprise: f64,
    signals: Random,
    evidence: Random,
    returns: Random,
    signal: f64,
    log_return: f64,
}

/// What random numbers are for: each purpose has a stream of its own, so that drawing more of one
/// changes no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Signal = 1,
    Evidence = 2,
    Return = 3,
    Depth = 4,
    Trade = 5,
    Latency = 6,
}

impl SyntheticConfig {
    pub(super) fn random(&self, purpose: Purpose) -> Random {
        let kind = match self.kind {
            SyntheticKind::Planted => 0,
            SyntheticKind::NoSignal => 1 << 32,
        };
        Random::new(self.seed, kind + purpose as u64)
    }
}

impl Process {
    /// The process of a market, before step 0. Its signal begins in its stationary distribution.
    #[must_use]
    pub fn new(config: &SyntheticConfig) -> Self {
        let mut signals = config.random(Purpose::Signal);
        Self {
            config: *config,
            innovation: (1.0 - config.persistence * config.persistence).sqrt(),
            surprise: (1.0 - config.predictability * config.predictability).sqrt(),
            signal: signals.normal(),
            signals,
            evidence: config.random(Purpose::Evidence),
            returns: config.random(Purpose::Return),
            log_return: 0.0,
        }
    }

    /// The next step.
    pub fn draw(&mut self) -> Draw {
        let SyntheticConfig { persistence, predictability, volatility, gain, noise, .. } =
            self.config;
        let draw = Draw {
            signal: self.signal,
            evidence: gain * self.signal + noise * self.evidence.normal(),
            log_return: self.log_return,
        };
        self.log_return =
            volatility * (predictability * self.signal + self.surprise * self.returns.normal());
        self.signal = persistence * self.signal + self.innovation * self.signals.normal();
        draw
    }
}
