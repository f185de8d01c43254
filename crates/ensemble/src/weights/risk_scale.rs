//! How far an unsure regime cuts the largest position.

use serde::{Deserialize, Serialize};

/// The half-life of confidence, in seconds.
const HALF_LIFE_S: f64 = 60.0;
/// What remains of a limit when nothing is known.
const SCALE_MIN: f64 = 0.25;

/// `r = 0.25 + 0.75 EWG(kappa; 60 s)`: an upper bound on the size of a position as a share of the
/// full one. It can reduce a position, never create or enlarge one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RiskScale {
    sum: f64,
    weight: f64,
}

impl RiskScale {
    /// Nothing is known.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// One grid second, with the confidence in the regime; NaN is none.
    pub fn step(&mut self, kappa: f64) {
        let decay = libm::exp2(-1.0 / HALF_LIFE_S);
        // `max` passes a NaN by.
        let kappa = kappa.max(0.0);
        self.sum = decay * self.sum + kappa.min(1.0);
        self.weight = decay * self.weight + 1.0;
    }

    /// The scale, in [0.25, 1].
    #[must_use]
    pub fn value(&self) -> f64 {
        let confidence = if self.weight > 0.0 { self.sum / self.weight } else { 0.0 };
        SCALE_MIN + (1.0 - SCALE_MIN) * confidence.min(1.0)
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "no doubt and no trust are exact")]
mod tests {
    use super::*;

    #[test]
    fn doubt_cuts_at_once_and_trust_returns_slowly() {
        let mut scale = RiskScale::new();
        assert_eq!(scale.value(), 0.25);
        for _ in 0..10_000 {
            scale.step(1.0);
        }
        assert_eq!(scale.value(), 1.0);
        for _ in 0..60 {
            scale.step(0.0);
        }
        assert!((scale.value() - 0.625).abs() < 1e-12);
        (0..60).for_each(|_| scale.step(f64::NAN));
        assert!((scale.value() - 0.4375).abs() < 1e-12);
    }

    #[test]
    fn a_start_is_not_trusted() {
        let mut scale = RiskScale::new();
        (0..1800).for_each(|_| scale.step(0.0));
        assert_eq!(scale.value(), 0.25);
        scale.step(7.0);
        assert!(scale.value() < 0.27);
    }
}
