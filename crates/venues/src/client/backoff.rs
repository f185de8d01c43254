//! How long to wait before something is tried again, and how often it may be tried at all.

use std::collections::VecDeque;
use std::time::Duration;

/// Waits that double, with a seeded jitter: clients that were cut together do not return together.
#[derive(Clone, Debug)]
pub(super) struct Backoff {
    first: Duration,
    max: Duration,
    state: u64,
}

impl Backoff {
    pub(super) const fn new(first: Duration, max: Duration, seed: u64) -> Self {
        // An odd state: xorshift stands still at zero.
        Self { first, max, state: (seed ^ 0x9e37_79b9_7f4a_7c15) | 1 }
    }

    /// The wait after so many failures in a row: between half of its bound and all of it.
    pub(super) fn wait(&mut self, failures: u32) -> Duration {
        let doublings = failures.saturating_sub(1).min(16);
        let bound = self.first.saturating_mul(1 << doublings).min(self.max);
        let half = bound / 2;
        half + half.mul_f64(self.share())
    }

    /// A number in `[0, 1)` (xorshift64*).
    fn share(&mut self) -> f64 {
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        let drawn = self.state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 40;
        #[expect(clippy::cast_precision_loss, reason = "24 bits are exact")]
        let share = drawn as f64 / f64::from(1_u32 << 24);
        share
    }
}

/// Connection attempts within a sliding window.
#[derive(Clone, Debug)]
pub(super) struct Budget {
    max: usize,
    window: Duration,
    spent: VecDeque<Duration>,
}

impl Budget {
    pub(super) fn new(max: usize, window: Duration) -> Self {
        Self { max: max.max(1), window, spent: VecDeque::new() }
    }

    /// Spends an attempt, or says when the next one is free.
    pub(super) fn spend(&mut self, now: Duration) -> Result<(), Duration> {
        while self.spent.front().is_some_and(|first| *first + self.window <= now) {
            self.spent.pop_front();
        }
        if self.spent.len() >= self.max {
            return Err(self.spent.front().map_or(now, |first| *first + self.window));
        }
        self.spent.push_back(now);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn waits_double_up_to_the_longest_and_differ_by_seed() {
        let waits = |seed| {
            let mut backoff = Backoff::new(ms(100), ms(1_000), seed);
            (1..=8).map(|failures| backoff.wait(failures)).collect::<Vec<_>>()
        };
        for (wait, bound) in waits(7).iter().zip([100, 200, 400, 800, 1_000, 1_000, 1_000, 1_000]) {
            assert!(*wait >= ms(bound) / 2 && *wait <= ms(bound), "{wait:?} of {bound}");
        }
        assert_eq!(waits(7), waits(7));
        assert_ne!(waits(7), waits(8));
    }

    #[test]
    fn a_spent_budget_comes_back_with_time() {
        let mut budget = Budget::new(2, ms(100));
        assert_eq!(budget.spend(ms(0)), Ok(()));
        assert_eq!(budget.spend(ms(50)), Ok(()));
        assert_eq!(budget.spend(ms(99)), Err(ms(100)));
        assert_eq!(budget.spend(ms(100)), Ok(()));
        assert_eq!(budget.spend(ms(149)), Err(ms(150)));
    }
}
