//! EWT: a sum whose parts lose half their weight in every half-life.

use serde::{Deserialize, Serialize};

use super::kept_after;

/// `S(T) = sum_i x_i 2^(-(T-t_i)/H)`, for several quantities side by side: the lanes. Reading stores
/// nothing, so rows and timers leave no trace.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(bound = "[f64; LANES]: Serialize + serde::de::DeserializeOwned")]
pub(crate) struct TimeDecayed<const LANES: usize> {
    half_life: f64,
    sums: [f64; LANES],
    /// The time that the sums are stated for.
    at: i64,
}

impl<const LANES: usize> TimeDecayed<LANES> {
    pub(crate) const fn new(half_life_ns: i64) -> Self {
        Self { half_life: half_life_ns as f64, sums: [0.0; LANES], at: i64::MIN }
    }

    /// Forgets everything.
    pub(crate) const fn clear(&mut self) {
        (self.sums, self.at) = ([0.0; LANES], i64::MIN);
    }

    /// Something of that size happened in a lane at `ts`, which is no earlier than what was added before.
    pub(crate) fn add(&mut self, lane: usize, ts: i64, value: f64) {
        self.sums = self.read(ts);
        self.sums[lane] += value;
        self.at = ts;
    }

    /// The sums at `ts`; exactly 0 while nothing was added.
    pub(crate) fn read(&self, ts: i64) -> [f64; LANES] {
        if ts <= self.at || self.at == i64::MIN {
            return self.sums;
        }
        let kept = kept_after(ts - self.at, self.half_life);
        self.sums.map(|sum| sum * kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_loses_half_its_weight_in_a_half_life() {
        let mut sums = TimeDecayed::<2>::new(100);
        assert_eq!(sums.read(5).map(f64::to_bits), [0; 2]);
        sums.add(0, 0, 8.0);
        sums.add(0, 100, 2.0);
        sums.add(1, 200, 4.0);
        let close = |at: i64, wanted: [f64; 2]| {
            let read = sums.read(at);
            assert!(
                read.iter().zip(wanted).all(|(got, want)| (got - want).abs() < 1e-12),
                "{read:?}"
            );
        };
        close(200, [3.0, 4.0]);
        close(300, [1.5, 2.0]);
        sums.clear();
        assert_eq!(sums.read(400).map(f64::to_bits), [0; 2]);
    }
}
