//! EWN: the mean and the variance of a quantity, decaying by one step per event.

use serde::{Deserialize, Serialize};

/// With `a = 2^(-1/h)`: `W <- aW + 1`, then the mean moves by `(x - mean)/W`. That is the debiased
/// mean of FEATURES 3 (N/D), in a form that keeps its digits, with the variance under the same weights.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct EventDecayed {
    decay: f64,
    weight: f64,
    mean: f64,
    variance: f64,
    count: u64,
}

impl EventDecayed {
    /// The half-life counts events.
    pub(crate) fn new(half_life: f64) -> Self {
        let decay = libm::exp2(-1.0 / half_life);
        Self { decay, weight: 0.0, mean: 0.0, variance: 0.0, count: 0 }
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        *self = Self { weight: 0.0, mean: 0.0, variance: 0.0, count: 0, ..*self };
    }

    pub(crate) fn step(&mut self, value: f64) {
        self.weight = self.decay * self.weight + 1.0;
        let share = 1.0 / self.weight;
        let off = value - self.mean;
        self.mean += share * off;
        self.variance = (1.0 - share) * (self.variance + share * off * off);
        self.count += 1;
    }

    /// How many events there were since the start or the last [`EventDecayed::clear`].
    pub(crate) const fn count(&self) -> u64 {
        self.count
    }

    /// The weighted mean; 0 before the first event.
    pub(crate) const fn mean(&self) -> f64 {
        self.mean
    }

    /// The weighted population variance, never below 0.
    pub(crate) const fn variance(&self) -> f64 {
        self.variance
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_weighted_mean_of_the_definition() {
        let (values, half_life) = ([3.0, -1.0, 4.0, 1.5, 9.0], 2.0);
        let mut decayed = EventDecayed::new(half_life);
        values.into_iter().for_each(|value| decayed.step(value));
        let weight = |age: usize| libm::exp2(-(age as f64) / half_life);
        let aged = || values.iter().rev().enumerate().map(|(age, value)| (weight(age), *value));
        let total: f64 = aged().map(|(w, _)| w).sum();
        let mean = aged().map(|(w, x)| w * x).sum::<f64>() / total;
        let variance = aged().map(|(w, x)| w * (x - mean).powi(2)).sum::<f64>() / total;
        assert!((decayed.mean() - mean).abs() < 1e-13, "{decayed:?} {mean}");
        assert!((decayed.variance() - variance).abs() < 1e-12, "{decayed:?} {variance}");
        assert_eq!(decayed.count(), 5);
        decayed.clear();
        decayed.step(7.0);
        assert_eq!((decayed.mean(), decayed.variance(), decayed.count()), (7.0, 0.0, 1));
    }
}
