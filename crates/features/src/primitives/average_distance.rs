//! How far a quantity lies above its exponential average.

use serde::{Deserialize, Serialize};

/// With `W <- aW + 1` and `k = 1/W` an average moves by `k(x - mean)`, so the distance that is left is
/// `(1-k)` times the distance before plus the rise of x. Only rises are needed: the distance of
/// logarithms keeps its digits however large they are, and no error outlives the average.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct AverageDistance {
    decay: f64,
    /// What the first input weighs: 1 in the debiased average of FEATURES 3; in one that is seeded
    /// with its first input as much as all the inputs before it, had there been any.
    first_weight: f64,
    weight: f64,
    distance: f64,
}

impl AverageDistance {
    /// EWG: debiased. `decay` is what a weight is multiplied with per input.
    pub(crate) const fn debiased(decay: f64) -> Self {
        Self { decay, first_weight: 1.0, weight: 0.0, distance: 0.0 }
    }

    /// The classic average of n periods, alpha = 2/(n+1), seeded with its first input.
    pub(crate) fn seeded(periods: u32) -> Self {
        let alpha = 2.0 / f64::from(periods + 1);
        Self { decay: 1.0 - alpha, first_weight: 1.0 / alpha, weight: 0.0, distance: 0.0 }
    }

    /// Forgets everything.
    pub(crate) const fn clear(&mut self) {
        (self.weight, self.distance) = (0.0, 0.0);
    }

    /// The next input lies `rise` above the one before it; that of the first input does not count.
    pub(crate) fn step(&mut self, rise: f64) {
        if self.weight == 0.0 {
            self.weight = self.first_weight;
        } else {
            self.weight = self.decay * self.weight + 1.0;
            self.distance = (1.0 - 1.0 / self.weight) * (self.distance + rise);
        }
    }

    /// The last input less its average; 0 before the first one.
    pub(crate) const fn distance(&self) -> f64 {
        self.distance
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALUES: [f64; 6] = [3.0, -1.0, 4.0, 1.5, 9.0, 2.0];

    fn distance_of(mut average: AverageDistance) -> f64 {
        let mut before = f64::NAN;
        for value in VALUES {
            average.step(value - before);
            before = value;
        }
        average.distance()
    }

    #[test]
    fn the_debiased_average_is_that_of_the_definition() {
        let decay = 0.8_f64;
        let weights: Vec<f64> = (0..6).map(|age| decay.powi(5 - age)).collect();
        let sum: f64 = weights.iter().zip(VALUES).map(|(w, x)| w * x).sum();
        let wanted = VALUES[5] - sum / weights.iter().sum::<f64>();
        assert!((distance_of(AverageDistance::debiased(decay)) - wanted).abs() < 1e-14);
    }

    #[test]
    fn the_seeded_average_is_the_classic_one() {
        let mut average = VALUES[0];
        for value in &VALUES[1..] {
            average += 2.0 / 13.0 * (value - average);
        }
        let wanted = VALUES[5] - average;
        assert!((distance_of(AverageDistance::seeded(12)) - wanted).abs() < 1e-14);
    }

    #[test]
    fn what_does_not_move_is_its_own_average() {
        let mut average = AverageDistance::debiased(0.5);
        [7.0, 0.0, 0.0].into_iter().for_each(|rise| average.step(rise));
        assert_eq!(Some(average.distance()), Some(0.0));
        average.step(1.0);
        average.clear();
        average.step(1.0);
        assert_eq!(Some(average.distance()), Some(0.0));
    }
}
