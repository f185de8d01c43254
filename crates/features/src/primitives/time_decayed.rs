//! EWT: a sum whose parts lose half their weight in every half-life.

use core::f64::consts::LN_2;

use serde::{Deserialize, Serialize};

/// `S(T) = sum_i x_i 2^(-(T-t_i)/H)`. Reading stores nothing, so rows and timers leave no trace.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct TimeDecayed {
    half_life: f64,
    sum: f64,
    /// The time that the sum is stated for.
    at: i64,
}

impl TimeDecayed {
    pub(crate) const fn new(half_life_ns: i64) -> Self {
        Self { half_life: half_life_ns as f64, sum: 0.0, at: i64::MIN }
    }

    /// Forgets everything.
    pub(crate) const fn clear(&mut self) {
        (self.sum, self.at) = (0.0, i64::MIN);
    }

    /// Something of that size happened at `ts`, which is no earlier than what was added before.
    pub(crate) fn add(&mut self, ts: i64, value: f64) {
        self.sum = self.read(ts) + value;
        self.at = ts;
    }

    /// The sum at `ts`; exactly 0 while nothing was added.
    pub(crate) fn read(&self, ts: i64) -> f64 {
        if self.sum == 0.0 {
            return 0.0;
        }
        if ts <= self.at {
            return self.sum;
        }
        self.sum * libm::exp(-LN_2 * (ts.saturating_sub(self.at) as f64 / self.half_life))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_loses_half_its_weight_in_a_half_life() {
        let mut sum = TimeDecayed::new(100);
        assert_eq!(sum.read(5).to_bits(), 0);
        sum.add(0, 8.0);
        sum.add(100, 2.0);
        assert!((sum.read(100) - 6.0).abs() < 1e-12);
        assert!((sum.read(300) - 1.5).abs() < 1e-12);
        sum.clear();
        assert_eq!(sum.read(400).to_bits(), 0);
    }
}
