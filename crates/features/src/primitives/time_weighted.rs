//! TWEW: the time-weighted, exponentially decaying mean of quantities that are held between changes.

use serde::{Deserialize, Serialize};

use super::kept_after;

/// With elapsed `dt` and the value `x` held during it: `d = 2^(-dt/H)`, `N <- dN + (1-d)x`,
/// `w <- dw + (1-d)`; the mean is N/w. While the quantity does not exist nothing is gained and
/// nothing decays (FEATURES 17.18). Reading stores nothing, so rows and timers leave no trace. N
/// quantities that exist together share one weight.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(bound = "[f64; N]: Serialize + serde::de::DeserializeOwned")]
pub(crate) struct TimeWeighted<const N: usize> {
    half_life: f64,
    sums: [f64; N],
    weight: f64,
    /// How long the quantities have existed, up to `since`.
    accrued_ns: i64,
    held: Option<[f64; N]>,
    /// When the held value was taken up.
    since: i64,
    /// The last moment at which the held values still stand.
    until: i64,
}

/// Means, and how much time they rest on. Their weight is at least a half exactly when that time is
/// a half-life: both are `1 - 2^(-accrued/H)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Means<const N: usize> {
    pub(crate) values: [f64; N],
    pub(crate) accrued_ns: i64,
}

impl<const N: usize> TimeWeighted<N> {
    pub(crate) const fn new(half_life_ns: i64) -> Self {
        Self {
            half_life: half_life_ns as f64,
            sums: [0.0; N],
            weight: 0.0,
            accrued_ns: 0,
            held: None,
            since: 0,
            until: 0,
        }
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        *self = Self { half_life: self.half_life, ..Self::new(0) };
    }

    /// From `ts` on the quantities are `values`, and stand until `until` unless they are observed again.
    pub(crate) fn observe(&mut self, ts: i64, values: Option<[f64; N]>, until: i64) {
        let bits = |values: Option<[f64; N]>| values.map(|values| values.map(f64::to_bits));
        if bits(self.held) == bits(values) {
            return self.confirm(ts, until);
        }
        *self = self.extended(ts);
        (self.held, self.since, self.until) = (values, ts, until);
    }

    /// At `ts` the quantities are what they were, and stand until `until`.
    #[inline]
    pub(crate) fn confirm(&mut self, ts: i64, until: i64) {
        if ts > self.until {
            *self = self.extended(ts);
            self.since = ts;
        }
        self.until = until;
    }

    /// The quantities as they were observed last, where they existed then.
    pub(crate) const fn held(&self) -> Option<[f64; N]> {
        self.held
    }

    /// The means at `ts`; `None` when the quantities never existed for any time.
    pub(crate) fn read(&self, ts: i64) -> Option<Means<N>> {
        let now = self.extended(ts);
        let values = now.sums.map(|sum| sum / now.weight);
        (now.weight > 0.0).then_some(Means { values, accrued_ns: now.accrued_ns })
    }

    /// The state after the held values stood until `ts`, or until they expired.
    fn extended(&self, ts: i64) -> Self {
        let Some(values) = self.held else { return *self };
        let span = ts.min(self.until) - self.since;
        if span <= 0 {
            return *self;
        }
        let kept = kept_after(span, self.half_life);
        let gained = 1.0 - kept;
        Self {
            sums: core::array::from_fn(|of| kept * self.sums[of] + gained * values[of]),
            weight: kept * self.weight + gained,
            accrued_ns: self.accrued_ns + span,
            ..*self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEVER: i64 = i64::MAX;

    #[test]
    fn a_half_life_weighs_the_older_value_half() {
        let mut mean = TimeWeighted::new(100);
        assert_eq!(mean.read(0), None);
        mean.observe(0, Some([6.0, 0.0]), NEVER);
        mean.observe(100, Some([9.0, 0.0]), NEVER);
        // Weights 1/4 and 1/2.
        let read = mean.read(200).unwrap();
        assert!((read.values[0] - 8.0).abs() < 1e-12, "{read:?}");
        assert_eq!((read.values[1], read.accrued_ns), (0.0, 200));
    }

    #[test]
    fn an_expired_value_gains_and_loses_nothing() {
        let mut mean = TimeWeighted::new(100);
        mean.observe(0, Some([6.0]), 100);
        let expired = mean.read(100).unwrap();
        assert_eq!(mean.read(5_000), Some(expired));
        mean.observe(5_000, Some([6.0]), 6_000);
        assert_eq!(mean.read(5_000), Some(expired));
        assert_eq!(mean.read(5_100).unwrap().accrued_ns, 200);
        mean.confirm(7_000, 8_000);
        assert_eq!(mean.read(7_100).unwrap().accrued_ns, 1_200);
        mean.clear();
        assert_eq!(mean.read(9_000), None);
    }

    #[test]
    fn observing_the_same_value_again_changes_no_bit() {
        let (mut often, mut once) = (TimeWeighted::new(1_000), TimeWeighted::new(1_000));
        once.observe(0, Some([0.1]), NEVER);
        for ts in 0..50 {
            often.observe(ts, Some([0.1]), NEVER);
            let _ = often.read(ts);
        }
        assert_eq!(often.read(77), once.read(77));
    }
}
