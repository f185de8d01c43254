//! `class_balance.json`: how the labels of a dataset are spread, and whether that is fit to learn from
//! (FEATURES 11).

use std::collections::BTreeMap;

use fluxo_features::{TargetInfo, TargetKind, Unlabelled, catalogue::TARGETS};
use serde::{Deserialize, Serialize};

use crate::balance::{
    Balance, BarrierTally, COST_MULTIPLES, CostTally, DIRECTIONS, Stretch, TB_LABEL, TargetTally,
};
use crate::manifest::LabelCounts;

/// The name of the file.
pub(crate) const CLASS_BALANCE: &str = "class_balance.json";

/// Each class has at least and at most so many hundredths of the labels.
const CLASS_PERCENT: [u64; 2] = [15, 70];
/// The targets that this holds for.
const SPREAD_TARGETS: [&str; 4] = ["dir_5s", "dir_10s", "dir_30s", "tb_label"];
/// A mid that hardly ever moves within a second teaches nothing.
const NEUTRAL_PERCENT_MAX: u64 = 90;
/// The target that this holds for.
const NEUTRAL_TARGET: &str = "dir_1s";
/// Ups and downs differ at most by so many hundredths of the labels.
const LEAN_PERCENT_MAX: u64 = 10;

/// Whether the labels of a target are fit to learn from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Every limit holds.
    Pass,
    /// Some classes are too rare, too usual, or too uneven.
    Fail,
    /// Nearly every label is neutral: the target is not trained.
    Degenerate,
}

#[derive(Debug, Serialize)]
struct Report {
    schema: &'static str,
    limits: Limits,
    all: BTreeMap<&'static str, TargetReport>,
    sessions: BTreeMap<String, BTreeMap<&'static str, TargetReport>>,
    hours: BTreeMap<String, BTreeMap<&'static str, TargetReport>>,
    regimes: BTreeMap<String, BTreeMap<&'static str, TargetReport>>,
}

#[derive(Debug, Serialize)]
struct Limits {
    class_percent: [u64; 2],
    class_percent_targets: [&'static str; 4],
    dir_1s_neutral_percent_max: u64,
    lean_percent_max: u64,
}

#[derive(Debug, Serialize)]
struct TargetReport {
    labelled: u64,
    share_labelled: f64,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    classes: BTreeMap<&'static str, ClassReport>,
    /// Of the largest possible one: ln 3, or ln 2 for no and yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    entropy: Option<f64>,
    /// The sum of uniqueness.
    effective: f64,
    uniqueness_mean: Option<f64>,
    span_s_mean: Option<f64>,
    mean: Option<f64>,
    deviation: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cost: Option<CostReport>,
    #[serde(skip_serializing_if = "Option::is_none")]
    barrier: Option<BarrierReport>,
    unlabelled: BTreeMap<&'static str, Share>,
    #[serde(skip_serializing_if = "Option::is_none")]
    verdict: Option<Verdict>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    failures: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    degenerate: Option<bool>,
}

#[derive(Clone, Copy, Debug, Serialize)]
struct ClassReport {
    rows: u64,
    share: f64,
    effective: f64,
}

#[derive(Debug, Serialize)]
struct Share {
    rows: u64,
    share: f64,
}

/// The moves of a direction against the cost of a round trip.
#[derive(Debug, Serialize)]
struct CostReport {
    cost_bps_mean: f64,
    sigma_h_bps: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    cost_over_sigma_h: Option<f64>,
    /// Moves beyond so many costs.
    share_beyond: BTreeMap<String, f64>,
}

#[derive(Debug, Serialize)]
struct BarrierReport {
    share_clamped: f64,
    share_shortest: f64,
    share_longest: f64,
    k_median: f64,
}

/// The bytes of the file: keys sorted, one form.
pub(crate) fn to_bytes(balance: &Balance) -> Vec<u8> {
    let report = Report {
        schema: "class_balance/1",
        limits: Limits {
            class_percent: CLASS_PERCENT,
            class_percent_targets: SPREAD_TARGETS,
            dir_1s_neutral_percent_max: NEUTRAL_PERCENT_MAX,
            lean_percent_max: LEAN_PERCENT_MAX,
        },
        all: of_stretch(&balance.all),
        sessions: balance
            .sessions
            .iter()
            .map(|(day, s)| (day.to_string(), of_stretch(s)))
            .collect(),
        hours: balance
            .hours
            .iter()
            .map(|(hour, s)| (format!("{hour:02}"), of_stretch(s)))
            .collect(),
        regimes: balance
            .regimes
            .iter()
            .map(|(regime, s)| (regime.to_string(), of_stretch(s)))
            .collect(),
    };
    // Through a value, whose keys are sorted whatever the order of the fields is.
    let value = serde_json::to_value(report).expect("a report has a JSON form");
    format!("{value:#}\n").into_bytes()
}

/// What each target has labelled, by the names of the targets.
pub(crate) fn counts(stretch: &Stretch) -> BTreeMap<String, LabelCounts> {
    let counts = |(target, tally): (&TargetInfo, &TargetTally)| {
        let classes = classes_of(target.kind).iter();
        let reasons = Unlabelled::ALL.into_iter().zip(tally.unlabelled);
        let reasons = reasons.filter(|(_, rows)| *rows > 0);
        let counts = LabelCounts {
            classes: classes
                .map(|(name, at)| ((*name).to_owned(), tally.classes[*at].rows))
                .collect(),
            labelled: tally.labelled,
            unlabelled: reasons.map(|(why, rows)| (why.name().to_owned(), rows)).collect(),
            balance: verdict(target, tally).map(|(verdict, _)| verdict),
        };
        (target.name.to_owned(), counts)
    };
    TARGETS.iter().zip(&stretch.targets).map(counts).collect()
}

/// The classes of a kind of target, with their places in a tally.
const fn classes_of(kind: TargetKind) -> &'static [(&'static str, usize)] {
    match kind {
        TargetKind::Regression => &[],
        TargetKind::Ternary => &[("-1", 0), ("0", 1), ("1", 2)],
        TargetKind::Binary => &[("0", 1), ("1", 2)],
    }
}

fn of_stretch(stretch: &Stretch) -> BTreeMap<&'static str, TargetReport> {
    let report = |(target, tally): (&'static TargetInfo, &TargetTally)| {
        (target.name, of_target(target, tally, stretch))
    };
    TARGETS.iter().zip(&stretch.targets).map(report).collect()
}

fn of_target(target: &TargetInfo, tally: &TargetTally, stretch: &Stretch) -> TargetReport {
    let of_rows = |rows: u64| rows as f64 / stretch.rows as f64;
    let per_label = |sum: f64| (tally.labelled > 0).then(|| sum / tally.labelled as f64);
    let classes = classes_of(target.kind).iter().map(|(name, at)| {
        let class = tally.classes[*at];
        let share = per_label(class.rows as f64).unwrap_or_default();
        (*name, ClassReport { rows: class.rows, share, effective: class.effective })
    });
    let classes: BTreeMap<_, _> = classes.collect();
    let reasons = Unlabelled::ALL.into_iter().zip(tally.unlabelled);
    let reasons = reasons.filter(|(_, rows)| *rows > 0);
    let (verdict, failures) = verdict(target, tally).unzip();
    let moments = tally.values.mean_and_deviation(tally.labelled);
    TargetReport {
        labelled: tally.labelled,
        share_labelled: of_rows(tally.labelled),
        entropy: per_label(0.0).and_then(|_| entropy(&classes)),
        classes,
        effective: tally.effective,
        uniqueness_mean: per_label(tally.effective),
        span_s_mean: per_label(tally.spans as f64 / 1e9),
        mean: moments.map(|(mean, _)| mean),
        deviation: moments.map(|(_, deviation)| deviation),
        cost: DIRECTIONS.contains(&target.index).then(|| of_cost(&tally.costs)).flatten(),
        barrier: (target.index == TB_LABEL).then(|| of_barriers(&stretch.barriers)).flatten(),
        unlabelled: reasons
            .map(|(why, rows)| (why.name(), Share { rows, share: of_rows(rows) }))
            .collect(),
        degenerate: (target.name == NEUTRAL_TARGET)
            .then_some(verdict)
            .flatten()
            .map(|verdict| verdict == Verdict::Degenerate),
        verdict,
        failures: failures.unwrap_or_default(),
    }
}

/// 1 when every class is as usual as the others, 0 when there is but one.
fn entropy(classes: &BTreeMap<&'static str, ClassReport>) -> Option<f64> {
    let shares = classes.values().map(|class| class.share).filter(|share| *share > 0.0);
    let entropy: f64 = shares.map(|share| -share * libm::log(share)).sum();
    (classes.len() > 1).then(|| entropy / libm::log(classes.len() as f64) + 0.0)
}

fn of_cost(tally: &CostTally) -> Option<CostReport> {
    let sigma_h_bps = tally.sigma_bps()?;
    let rows = tally.rows as f64;
    let cost_bps_mean = tally.cost_bps / rows;
    let share_beyond = COST_MULTIPLES.into_iter().zip(tally.beyond);
    Some(CostReport {
        cost_bps_mean,
        sigma_h_bps,
        cost_over_sigma_h: (sigma_h_bps > 0.0).then(|| cost_bps_mean / sigma_h_bps),
        share_beyond: share_beyond
            .map(|(multiple, beyond)| (format!("{multiple:.1}"), beyond as f64 / rows))
            .collect(),
    })
}

fn of_barriers(tally: &BarrierTally) -> Option<BarrierReport> {
    let share = |rows: u64| rows as f64 / tally.rows as f64;
    tally.k_median().map(|k_median| BarrierReport {
        share_clamped: share(tally.shortest + tally.longest),
        share_shortest: share(tally.shortest),
        share_longest: share(tally.longest),
        k_median,
    })
}

/// Whether the limits hold, and those that do not; `None` for a target without labels, or of which no
/// limit speaks.
fn verdict(target: &TargetInfo, tally: &TargetTally) -> Option<(Verdict, Vec<String>)> {
    if target.kind != TargetKind::Ternary || tally.labelled == 0 {
        return None;
    }
    // Whole numbers, because a share that lies on its limit is within it.
    let (rows, all) = (tally.classes.map(|class| class.rows), tally.labelled);
    let [down, neutral, up] = rows;
    let is_beyond = |rows: u64, percent: u64| 100 * rows > percent * all;
    let mut failures = Vec::new();
    if SPREAD_TARGETS.contains(&target.name) {
        let [least, most] = CLASS_PERCENT;
        for ((name, _), rows) in classes_of(target.kind).iter().zip(rows) {
            if 100 * rows < least * all || is_beyond(rows, most) {
                let percent = 100.0 * rows as f64 / all as f64;
                failures.push(format!("class {name} has {percent:.1} %"));
            }
        }
    }
    if is_beyond(up.abs_diff(down), LEAN_PERCENT_MAX) {
        let percent = 100.0 * up.abs_diff(down) as f64 / all as f64;
        failures.push(format!("ups and downs differ by {percent:.1} %"));
    }
    let is_degenerate = target.name == NEUTRAL_TARGET && is_beyond(neutral, NEUTRAL_PERCENT_MAX);
    if is_degenerate {
        let percent = 100.0 * neutral as f64 / all as f64;
        failures.push(format!("{percent:.1} % are neutral"));
    }
    let verdict = match (is_degenerate, failures.is_empty()) {
        (true, _) => Verdict::Degenerate,
        (false, true) => Verdict::Pass,
        (false, false) => Verdict::Fail,
    };
    Some((verdict, failures))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict_of(name: &str, rows: [u64; 3]) -> Option<(Verdict, usize)> {
        let target = TARGETS.iter().find(|target| target.name == name).unwrap();
        let mut tally = TargetTally { labelled: rows.iter().sum(), ..TargetTally::default() };
        for (class, rows) in tally.classes.iter_mut().zip(rows) {
            class.rows = rows;
        }
        verdict(target, &tally).map(|(verdict, failures)| (verdict, failures.len()))
    }

    #[test]
    fn the_limits_are_those_of_the_specification() {
        assert_eq!(verdict_of("dir_5s", [15, 70, 15]), Some((Verdict::Pass, 0)));
        assert_eq!(verdict_of("dir_5s", [14, 71, 15]), Some((Verdict::Fail, 2)));
        assert_eq!(verdict_of("tb_label", [45, 20, 35]), Some((Verdict::Pass, 0)));
        assert_eq!(verdict_of("tb_label", [46, 20, 34]), Some((Verdict::Fail, 1)));
        assert_eq!(verdict_of("dir_1s", [5, 90, 5]), Some((Verdict::Pass, 0)));
        assert_eq!(verdict_of("dir_1s", [4, 91, 5]), Some((Verdict::Degenerate, 1)));
        assert_eq!(verdict_of("dir_10s", [0, 0, 0]), None);
        assert_eq!(verdict_of("tb_meta", [0, 5, 95]), None);
    }

    #[test]
    fn entropy_is_a_share_of_the_largest() {
        let of = |shares: &[f64]| {
            let names = ["-1", "0", "1"];
            let class = |share: &f64| ClassReport { rows: 0, share: *share, effective: 0.0 };
            entropy(&names.into_iter().zip(shares.iter().map(class)).collect())
        };
        assert!((of(&[1.0 / 3.0; 3]).unwrap() - 1.0).abs() < 1e-12);
        assert!((of(&[0.5, 0.5]).unwrap() - 1.0).abs() < 1e-12);
        assert_eq!(of(&[0.0, 1.0, 0.0]), Some(0.0));
        assert_eq!(of(&[]), None);
    }
}
