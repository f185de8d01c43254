//! Counts what the labels of rows add up to: of all rows, of each session, of each hour of the day, and
//! of each regime.

use std::collections::BTreeMap;

use fluxo_features::{Clamp, TARGET_COUNT, TargetKind, Unlabelled, catalogue::TARGETS};

use crate::row::{Row, WeighedLabel};

/// The directions of targets 4 to 7 are those of the returns of targets 0 to 3.
pub(crate) const DIRECTIONS: std::ops::Range<usize> = 4..8;
/// The place of `tb_label`.
pub(crate) const TB_LABEL: usize = 8;
/// Multiples of the cost of a round trip against which moves are counted.
pub(crate) const COST_MULTIPLES: [f64; 3] = [0.5, 1.0, 2.0];

/// Memory is that of the sessions and of the different values of k, to the third digit, up to 100.
#[derive(Debug, Default)]
pub(crate) struct Balance {
    pub(crate) all: Stretch,
    /// By the day as yyyymmdd.
    pub(crate) sessions: BTreeMap<i32, Stretch>,
    /// By the hour, UTC.
    pub(crate) hours: BTreeMap<u8, Stretch>,
    /// By the column `regime`.
    pub(crate) regimes: BTreeMap<i8, Stretch>,
}

/// Rows that are counted together.
#[derive(Debug, Default)]
pub(crate) struct Stretch {
    pub(crate) rows: u64,
    pub(crate) targets: [TargetTally; TARGET_COUNT],
    pub(crate) barriers: BarrierTally,
}

/// The labels of one target.
#[derive(Debug, Default)]
pub(crate) struct TargetTally {
    pub(crate) labelled: u64,
    /// Down, neutral, up.
    pub(crate) classes: [ClassTally; 3],
    /// By reason, in the order of [`Unlabelled::ALL`].
    pub(crate) unlabelled: [u64; Unlabelled::ALL.len()],
    /// The sum of uniqueness: what the labels are worth together.
    pub(crate) effective: f64,
    /// The sum of the labels' lives, in nanoseconds.
    pub(crate) spans: i128,
    pub(crate) values: Moments,
    pub(crate) costs: CostTally,
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ClassTally {
    pub(crate) rows: u64,
    pub(crate) effective: f64,
}

/// Sums of values and of their squares.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Moments {
    sum: f64,
    squares: f64,
}

/// Moves against the cost of a round trip at their row.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct CostTally {
    /// Moves whose row has a known cost.
    pub(crate) rows: u64,
    /// The sum of these costs, in bps.
    pub(crate) cost_bps: f64,
    /// Moves beyond each of [`COST_MULTIPLES`].
    pub(crate) beyond: [u64; 3],
    moves: Moments,
}

/// The barriers of rows whose triple barrier has a label.
#[derive(Debug, Default)]
pub(crate) struct BarrierTally {
    pub(crate) rows: u64,
    pub(crate) shortest: u64,
    pub(crate) longest: u64,
    /// Rows by k in thousandths.
    ks: BTreeMap<u32, u64>,
}

impl Balance {
    /// The next row, with all its labels and their weights.
    pub(crate) fn on_row(&mut self, row: &Row) {
        self.all.on_row(row);
        self.sessions.entry(row.session).or_default().on_row(row);
        self.hours.entry(hour_of(row.ts.get())).or_default().on_row(row);
        self.regimes.entry(row.regime).or_default().on_row(row);
    }
}

/// The hour, UTC; a full hour belongs to the one that ends there, as midnight belongs to its day.
fn hour_of(ts: i64) -> u8 {
    const HOUR_NS: i64 = 3_600_000_000_000;
    let hour = (ts - 1).div_euclid(HOUR_NS).rem_euclid(24);
    u8::try_from(hour).expect("a day has 24 hours")
}

impl Stretch {
    fn on_row(&mut self, row: &Row) {
        self.rows += 1;
        for (tally, (target, label)) in self.targets.iter_mut().zip(TARGETS.iter().zip(&row.labels))
        {
            match label {
                Ok(label) => tally.count(target.kind, label, row.ts.get()),
                Err(why) => tally.unlabelled[*why as usize] += 1,
            }
        }
        for at in DIRECTIONS {
            let moved = row.labels[at - DIRECTIONS.start];
            if let (Ok(moved), Ok(_)) = (moved, row.labels[at]) {
                self.targets[at].costs.count(f64::from(moved.value), row.terms.cost_bps);
            }
        }
        if let (Some(barrier), Ok(_)) = (row.terms.barrier, row.labels[TB_LABEL]) {
            self.barriers.count(barrier.k, barrier.clamp);
        }
    }
}

impl TargetTally {
    fn count(&mut self, kind: TargetKind, label: &WeighedLabel, ts: i64) {
        let uniqueness = f64::from(label.uniqueness.unwrap_or_default());
        self.labelled += 1;
        self.effective += uniqueness;
        self.spans += i128::from(label.t1 - ts);
        self.values.add(f64::from(label.value));
        if kind != TargetKind::Regression {
            let class = 1 + usize::from(label.value > 0.0) - usize::from(label.value < 0.0);
            self.classes[class].rows += 1;
            self.classes[class].effective += uniqueness;
        }
    }
}

impl Moments {
    fn add(&mut self, value: f64) {
        self.sum += value;
        self.squares += value * value;
    }

    /// The mean and the standard deviation of so many values.
    pub(crate) fn mean_and_deviation(&self, count: u64) -> Option<(f64, f64)> {
        let count = (count > 0).then_some(count as f64)?;
        let mean = self.sum / count;
        Some((mean, f64::max(self.squares / count - mean * mean, 0.0).sqrt()))
    }
}

impl CostTally {
    fn count(&mut self, moved_bps: f64, cost_bps: Option<f64>) {
        let Some(cost_bps) = cost_bps else { return };
        self.rows += 1;
        self.cost_bps += cost_bps;
        self.moves.add(moved_bps);
        for (beyond, multiple) in self.beyond.iter_mut().zip(COST_MULTIPLES) {
            *beyond += u64::from(moved_bps.abs() > multiple * cost_bps);
        }
    }

    /// The standard deviation of the moves, in bps.
    pub(crate) fn sigma_bps(&self) -> Option<f64> {
        self.moves.mean_and_deviation(self.rows).map(|(_, deviation)| deviation)
    }
}

impl BarrierTally {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 100")]
    fn count(&mut self, k: f64, clamp: Option<Clamp>) {
        self.rows += 1;
        self.shortest += u64::from(clamp == Some(Clamp::Shortest));
        self.longest += u64::from(clamp == Some(Clamp::Longest));
        let thousandths = (k.clamp(0.0, 100.0) * 1_000.0).round() as u32;
        *self.ks.entry(thousandths).or_default() += 1;
    }

    /// The lower median of k.
    pub(crate) fn k_median(&self) -> Option<f64> {
        let (middle, mut below) = (self.rows.div_ceil(2), 0);
        let median = self.ks.iter().find(|(_, rows)| {
            below += **rows;
            below >= middle
        });
        median.map(|(thousandths, _)| f64::from(*thousandths) / 1_000.0)
    }
}

#[cfg(test)]
mod tests {
    use fluxo_core::UnixNanos;
    use fluxo_features::RowTerms;

    use super::*;
    use crate::row::VALUES;

    #[test]
    fn the_median_is_the_middle_one() {
        let mut barriers = BarrierTally::default();
        assert_eq!(barriers.k_median(), None);
        for k in [1.0, 1.0, 1.2504, 3.0, 1e9] {
            barriers.count(k, (k > 1.0).then_some(Clamp::Longest));
        }
        assert_eq!(barriers.k_median(), Some(1.25));
        assert_eq!((barriers.rows, barriers.longest, barriers.shortest), (5, 3, 0));
    }

    #[test]
    fn a_row_counts_in_its_regime_and_in_no_other() {
        let mut balance = Balance::default();
        for (regime, value) in [(-1, 1.0), (2, -1.0), (2, 1.0), (0, 0.0)] {
            let label = WeighedLabel { value, t1: 2, uniqueness: Some(0.5) };
            balance.on_row(&Row {
                ts: UnixNanos::new(1),
                session: 19_700_101,
                segment: 0,
                is_warm: true,
                is_partial_session: false,
                regime,
                values: [f32::NAN; VALUES],
                touch: None,
                superseded: 0,
                terms: RowTerms::default(),
                labels: [Ok(label); TARGET_COUNT],
            });
        }
        let of = |stretch: &Stretch| stretch.targets[TB_LABEL].classes.map(|class| class.rows);
        let regimes = balance.regimes.iter().map(|(regime, stretch)| (*regime, of(stretch)));
        let wanted = [(-1, [0, 0, 1]), (0, [0, 1, 0]), (2, [1, 0, 1])];
        assert_eq!(regimes.collect::<Vec<_>>(), wanted);
        assert_eq!(of(&balance.all), [1, 1, 2]);
    }

    #[test]
    fn places_are_those_of_the_catalogue() {
        assert_eq!(TARGETS[TB_LABEL].name, "tb_label");
        let names = DIRECTIONS.map(|at| TARGETS[at].name);
        assert!(names.eq(["dir_1s", "dir_5s", "dir_10s", "dir_30s"]));
    }

    #[test]
    fn hours_end_like_days() {
        const HOUR: i64 = 3_600_000_000_000;
        assert_eq!([0, 1, HOUR, HOUR + 1, 24 * HOUR].map(hour_of), [23, 0, 0, 1, 23]);
    }
}
