//! Losses in [0, 1], so that models of classes and of returns are judged by one rule.

use serde::{Deserialize, Serialize};

/// A class forecast that is as wrong as this, in nats, is as wrong as can be.
const NATS_MAX: f64 = 3.0;
/// How many losses the scale of a target looks back on.
const WINDOW: usize = 1024;
/// The share of losses that the scale lets pass unclipped.
const QUANTILE: f64 = 0.95;

/// The loss of the probability that was given to what then happened: `min(-ln p, 3)/3`.
#[must_use]
pub fn class_loss(probability: f64) -> f64 {
    // NaN and what is below zero give the most: `max` passes a NaN by.
    (-libm::log(probability.max(0.0))).clamp(0.0, NATS_MAX) / NATS_MAX
}

/// The pinball loss of a quantile of level `tau`, in the unit of the target.
#[must_use]
pub fn pinball_loss(outcome: f64, forecast: f64, tau: f64) -> f64 {
    let error = outcome - forecast;
    if error >= 0.0 { tau * error } else { (tau - 1.0) * error }
}

/// The Huber loss of an error that is square up to `delta` and linear beyond.
#[must_use]
pub fn huber_loss(outcome: f64, forecast: f64, delta: f64) -> f64 {
    let error = (outcome - forecast).abs();
    if error <= delta { error * error / 2.0 } else { delta * (error - delta / 2.0) }
}

/// Scales the losses of one target by their trailing 95 % quantile, to `min(l/q, 1)`.
///
/// The quantile is exact (nearest rank) over the last 1024 losses of *all* models of the target: a
/// scale per model would call the worst and the best equally good. It includes the round itself, so
/// that there is always one.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TrailingScale {
    ring: Vec<f64>,
    /// The same in order; places not used yet hold infinity.
    sorted: Vec<f64>,
    next: usize,
    used: usize,
}

impl Default for TrailingScale {
    fn default() -> Self {
        Self::new()
    }
}

impl TrailingScale {
    /// A scale that has seen nothing.
    #[must_use]
    pub fn new() -> Self {
        let empty = vec![f64::INFINITY; WINDOW];
        Self { ring: empty.clone(), sorted: empty, next: 0, used: 0 }
    }

    /// Takes in the losses of one round and scales them.
    ///
    /// # Panics
    /// When a loss is negative or not finite.
    pub fn scale(&mut self, losses: &mut [Option<f64>]) {
        losses.iter().flatten().for_each(|loss| self.push(*loss));
        let Some(quantile) = self.quantile() else { return };
        for loss in losses.iter_mut().flatten() {
            *loss = if *loss < quantile { *loss / quantile } else { clipped(*loss) };
        }
    }

    /// The quantile; `None` before the first loss.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rank up to 1024"
    )]
    pub fn quantile(&self) -> Option<f64> {
        let rank = (QUANTILE * self.used as f64).ceil() as usize;
        (self.used > 0).then(|| self.sorted[rank - 1])
    }

    fn push(&mut self, loss: f64) {
        assert!(loss >= 0.0 && loss.is_finite(), "a loss of {loss}");
        let gone = core::mem::replace(&mut self.ring[self.next], loss);
        self.next = (self.next + 1) % WINDOW;
        self.used = (self.used + 1).min(WINDOW);
        let from = self.sorted.partition_point(|value| *value < gone);
        let to = self.sorted.partition_point(|value| *value < loss);
        if to <= from {
            self.sorted[to..=from].rotate_right(1);
            self.sorted[to] = loss;
        } else {
            self.sorted[from..to].rotate_left(1);
            self.sorted[to - 1] = loss;
        }
    }
}

/// At or beyond the quantile: one, but nothing lost is nothing lost where all losses are zero.
fn clipped(loss: f64) -> f64 {
    if loss > 0.0 { 1.0 } else { 0.0 }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "the numbers were chosen to be exact")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_class_loss_is_between_zero_and_one() {
        for (probability, loss) in [
            (1.0, 0.0),
            (libm::exp(-1.5), 0.5),
            (libm::exp(-3.0), 1.0),
            (0.0, 1.0),
            (-0.1, 1.0),
            (f64::NAN, 1.0),
            (1.0001, 0.0),
        ] {
            assert!((class_loss(probability) - loss).abs() < 1e-12, "{probability}");
        }
    }

    #[test]
    fn losses_of_returns() {
        assert_eq!(pinball_loss(3.0, 1.0, 0.75), 1.5);
        assert_eq!(pinball_loss(1.0, 3.0, 0.75), 0.5);
        assert_eq!(huber_loss(1.0, 2.0, 2.0), 0.5);
        assert_eq!(huber_loss(-3.0, 1.0, 2.0), 6.0);
    }

    #[test]
    fn the_scale_is_common_to_all_models() {
        let mut scale = TrailingScale::new();
        assert_eq!(scale.quantile(), None);
        let mut nothing = [None, None];
        scale.scale(&mut nothing);
        assert_eq!(nothing, [None, None]);
        let mut zeros = [Some(0.0), Some(0.0)];
        scale.scale(&mut zeros);
        assert_eq!(zeros, [Some(0.0), Some(0.0)]);
        for _ in 0..600 {
            let mut losses = [Some(4.0), None, Some(1.0)];
            scale.scale(&mut losses);
            assert_eq!(losses, [Some(1.0), None, Some(0.25)]);
        }
    }

    proptest! {
        #[test]
        fn the_quantile_is_that_of_the_last_losses(
            losses in prop::collection::vec(prop_oneof![Just(1.0), 0.0..9.0_f64], 1..2600),
        ) {
            let mut scale = TrailingScale::new();
            for loss in &losses {
                scale.push(*loss);
            }
            let mut last: Vec<f64> = losses.iter().rev().take(WINDOW).copied().collect();
            last.sort_by(f64::total_cmp);
            let rank = (last.len() * 95).div_ceil(100);
            prop_assert_eq!(scale.quantile(), Some(last[rank - 1]));
        }
    }
}
