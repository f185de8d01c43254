//! The regime vector of standardised inputs: a fast estimate of their joint law against a slow one.

use serde::{Deserialize, Serialize};

use super::change::{Calibration, ChangeTest, Mode};
use super::distance::{
    Gaussian, bhattacharyya, null_distance, own_spread_limit, spread, spread_limit,
};
use super::eigen::Eigenvectors;
use super::identity::Regimes;
use super::matrix::Vector;
use super::moments::{Moments, effective_size_limit};

/// Half-lives of the two estimates, in steps.
pub(crate) const FAST: f64 = 60.0;
pub(crate) const SLOW: f64 = 1800.0;
/// Fewer steps than this, and the two estimates are not distinct.
pub(crate) const SETTLED_STEPS: u64 = 1800;
/// Steps between two tests: two half-lives of the fast estimate, so that tests hardly overlap.
pub(crate) const TEST_STEPS: u64 = 120;
/// Steps after an alarm until the fast estimate has forgotten the old regime.
pub(crate) const REFRACTORY_STEPS: u64 = 240;
/// For how many steps values stand that could not be computed anew.
const FAULT_HOLD_STEPS: u64 = 60;
/// The half-life of the doubt about a new regime, in steps.
const AGE_HALF_LIFE: f64 = 300.0;

/// Compares a fast and a slow estimate at every n-th step, and tests for a change at every 120th.
///
/// A step is a grid second at which every input had a value. Times are counted in steps: where
/// nothing is known nothing ages.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Monitor {
    n: usize,
    fast: Moments,
    slow: Moments,
    /// The sum over all steps of the products of the two weights.
    shared: f64,
    eigenvectors: Eigenvectors,
    compared: Option<Comparison>,
    dimension_ratio: Option<f64>,
    /// Steps since a comparison failed for the first time.
    faulty_for: Option<u64>,
    test: ChangeTest,
    /// Steps since an alarm, during the refractory time.
    since_alarm: Option<u64>,
    regimes: Regimes,
    regime: Option<Regime>,
    counts: NsmiCounts,
    /// The six values since the last step.
    vector: [Option<f64>; 6],
}

/// What was counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NsmiCounts {
    /// Tests for a change that could have raised an alarm.
    pub tests: u64,
    /// Alarms.
    pub alarms: u64,
    /// Comparisons that failed because an estimate was degenerate.
    pub faults: u64,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Comparison {
    gap: f64,
    distance: f64,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Regime {
    id: u32,
    age_steps: u64,
}

impl Monitor {
    pub(crate) fn new(n: usize, calibration: Calibration, alarm_threshold: f64) -> Self {
        Self {
            n,
            fast: Moments::new(FAST),
            slow: Moments::new(SLOW),
            shared: 0.0,
            eigenvectors: Eigenvectors::new(),
            compared: None,
            dimension_ratio: None,
            faulty_for: None,
            test: ChangeTest::new(calibration, alarm_threshold),
            since_alarm: None,
            regimes: Regimes::default(),
            regime: None,
            counts: NsmiCounts::default(),
            vector: [None; 6],
        }
    }

    /// One grid second with standardised inputs.
    pub(crate) fn step(&mut self, z: &Vector) {
        self.fast.step(self.n, z);
        self.slow.step(self.n, z);
        self.shared = self.fast.decay() * self.slow.decay() * self.shared + 1.0;
        if let Some(regime) = &mut self.regime {
            regime.age_steps += 1;
        }
        self.since_alarm = self.since_alarm.map(|steps| steps + 1);
        self.faulty_for = self.faulty_for.map(|steps| steps + 1);
        // Also while nothing is shown: the first values that are shown are those held from then.
        let steps = self.fast.steps();
        let test_is_due = self.is_warm() && steps.is_multiple_of(TEST_STEPS);
        if test_is_due || steps.is_multiple_of(self.n as u64) {
            self.compare(test_is_due);
        }
        if self.is_warm() {
            self.dimension_ratio = self.fast.dimension_ratio(self.n, self.rho());
        }
        self.vector = self.evaluate();
    }

    /// A session ended: what comes next is compared with the slow estimate, which stays; the fast
    /// one starts anew, and the regime is found again once that is warm.
    pub(crate) fn on_break(&mut self) {
        self.fast.clear();
        self.shared = 0.0;
        self.test.restart();
        (self.compared, self.dimension_ratio, self.faulty_for) = (None, None, None);
        (self.since_alarm, self.regime) = (None, None);
        self.vector = self.evaluate();
    }

    /// The six values in the order of the row.
    pub(crate) const fn vector(&self) -> [Option<f64>; 6] {
        self.vector
    }

    fn evaluate(&self) -> [Option<f64>; 6] {
        if !self.is_sound() {
            return [None; 6];
        }
        let drift = self.compared.map(|now| drift_norm(self.n, now.distance));
        let settled = self.is_settled();
        [
            self.test.z().filter(|_| settled).map(normal_cdf),
            settled.then(|| self.test.probability()),
            self.compared.map(|now| now.gap),
            drift,
            self.dimension_ratio,
            self.stability(),
        ]
    }

    /// How sure the regime is: 0 while it is unknown; `None` while the vector is undefined.
    pub(crate) fn stability(&self) -> Option<f64> {
        (self.is_sound() && self.is_settled()).then(|| {
            let trust =
                |regime: Regime| 1.0 - libm::exp2(-(regime.age_steps as f64) / AGE_HALF_LIFE);
            (1.0 - self.test.probability()) * self.regime.map_or(0.0, trust)
        })
    }

    pub(crate) const fn probability(&self) -> f64 {
        self.test.probability()
    }

    /// The regime, while the vector is defined and it is known.
    pub(crate) fn regime_id(&self) -> Option<u32> {
        self.regime.filter(|_| self.is_sound()).map(|regime| regime.id)
    }

    pub(crate) const fn calibration(&self) -> Calibration {
        self.test.calibration()
    }

    pub(crate) const fn counts(&self) -> NsmiCounts {
        self.counts
    }

    pub(crate) const fn regimes(&self) -> u32 {
        self.regimes.count()
    }

    fn is_warm(&self) -> bool {
        self.fast.steps() as f64 > effective_size_limit(FAST)
    }

    const fn is_settled(&self) -> bool {
        self.slow.steps() >= SETTLED_STEPS
    }

    fn is_sound(&self) -> bool {
        self.is_warm() && self.faulty_for.is_none_or(|steps| steps <= FAULT_HOLD_STEPS)
    }

    /// How far both covariances are shrunk towards a sphere.
    fn rho(&self) -> f64 {
        let n = self.n as f64;
        n / (n + self.fast.effective_size())
    }

    fn compare(&mut self, test_is_due: bool) {
        let (n, rho) = (self.n, self.rho());
        let estimate = |moments: &Moments| Gaussian {
            mean: *moments.mean(),
            covariance: moments.shrunk(n, rho),
        };
        let (fast, slow) = (estimate(&self.fast), estimate(&self.slow));
        let Some(distance) = bhattacharyya(n, &fast, &slow) else {
            self.counts.faults += 1;
            self.faulty_for = self.faulty_for.or(Some(0));
            return;
        };
        self.faulty_for = None;
        let values = self.eigenvectors.decompose(n, &fast.covariance);
        let gap = (values[0] - values[1]) / (values[0] + values[1]);
        self.compared = Some(Comparison { gap, distance });
        if self.since_alarm.is_some_and(|steps| steps >= REFRACTORY_STEPS) {
            self.since_alarm = None;
        }
        if test_is_due {
            self.test(distance);
        }
        let may_know = self.is_settled() && self.is_warm() && self.since_alarm.is_none();
        if may_know && self.regime.is_none() {
            self.identify(&fast);
        }
    }

    fn test(&mut self, distance: f64) {
        let y = libm::cbrt(distance / self.null_distance());
        let mode = match self.since_alarm {
            Some(_) => Mode::Rest,
            None if self.is_settled() => Mode::Test,
            None => Mode::Learn,
        };
        self.counts.tests += u64::from(mode == Mode::Test);
        if self.test.step(y, mode) {
            self.counts.alarms += 1;
            (self.since_alarm, self.regime) = (Some(0), None);
        }
    }

    /// What the distance would be without a change: from the weights as they are until both
    /// estimates have grown.
    fn null_distance(&self) -> f64 {
        let grown = self.is_settled() && self.fast.steps() >= SETTLED_STEPS;
        let spread = if grown {
            spread_limit(FAST, SLOW)
        } else {
            spread(&self.fast, &self.slow, self.shared)
        };
        null_distance(self.n, spread)
    }

    fn identify(&mut self, fast: &Gaussian) {
        let usual = self.test.usual_max();
        // Two independent fast estimates of one regime lie this far apart.
        let expected = null_distance(self.n, 2.0 * own_spread_limit(FAST));
        let id = self.regimes.identify(self.n, fast, expected * usual * usual * usual);
        self.regime = Some(Regime { id, age_steps: 0 });
    }
}

/// `sqrt(1 - exp(-DB/n))`: a distance per input, in [0, 1).
pub(crate) fn drift_norm(n: usize, distance: f64) -> f64 {
    libm::sqrt(-libm::expm1(-distance / n as f64))
}

/// The probability that a standard normal value lies below z.
fn normal_cdf(z: f64) -> f64 {
    libm::erfc(-z * core::f64::consts::FRAC_1_SQRT_2) / 2.0
}
