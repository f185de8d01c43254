//! The column `regime` of a whole real session, against the definition: every class occurs, and the two
//! trends go where the efficiency ratio says.

use std::collections::BTreeMap;

use parquet::record::Field;

use crate::support::{Cells, rows, write};

/// A mean that forgets half of itself in so many seconds, by its sums (FEATURES 3).
struct Mean {
    half_life_s: f64,
    sum: f64,
    squares: f64,
    weight: f64,
}

impl Mean {
    const fn new(half_life_s: f64) -> Self {
        Self { half_life_s, sum: 0.0, squares: 0.0, weight: 0.0 }
    }

    fn step(&mut self, x: f64) {
        let decay = libm::exp2(-1.0 / self.half_life_s);
        self.sum = decay * self.sum + x;
        self.squares = decay * self.squares + x * x;
        self.weight = decay * self.weight + 1.0;
    }

    fn mean(&self) -> f64 {
        self.sum / self.weight
    }

    /// How many deviations a value lies above the mean.
    fn deviations(&self, x: f64) -> f64 {
        let variance = self.squares / self.weight - self.mean() * self.mean();
        (x - self.mean()) / variance.sqrt()
    }
}

fn float(row: &Cells, name: &str) -> Option<f64> {
    match row[name] {
        Field::Float(value) => Some(f64::from(value)).filter(|value| !value.is_nan()),
        ref other => panic!("{name} is {other:?}"),
    }
}

fn regime(row: &Cells) -> i8 {
    match row["regime"] {
        Field::Byte(regime) => regime,
        ref other => panic!("a regime is {other:?}"),
    }
}

#[test]
fn trends_of_a_session_go_where_the_efficiency_ratio_says() {
    let place = "lobster/LOBSTER_SampleFile_GOOG_2012-06-21_10.zip";
    let Some(archive) = fluxo_test_data::data_file(place) else { return };
    let folder = tempfile::tempdir().unwrap();
    // A row at each second of the grid on which the regime is sampled.
    let rows = rows(&write(&[archive], 1_000, folder.path()).unwrap());
    let (mut straightness, mut direction) = (Mean::new(60.0), Mean::new(60.0));
    let mut volatility = Mean::new(4.0 * 3_600.0);
    let mut counts = BTreeMap::<i8, usize>::new();
    for (at, row) in rows.iter().enumerate() {
        if let Some(ratio) = float(row, "efficiency_ratio_60s") {
            straightness.step(ratio.abs());
            direction.step(ratio);
        }
        let (straight, towards) = (straightness.mean(), direction.mean());
        let logarithm = float(row, "vol_30s").map(|moved| libm::log(moved + 0.01));
        let deviations = logarithm.map_or(f64::NAN, |moved| volatility.deviations(moved));
        logarithm.into_iter().for_each(|moved| volatility.step(moved));
        let regime = regime(row);
        *counts.entry(regime).or_default() += 1;
        // Values were narrowed when they were written: what lies on an edge may fall on either side.
        let edge = 1e-4;
        let fits = match regime {
            -1 => true,
            // Stress wins over a trend, and one that has not begun is below the edge to enter.
            0 => straight < 0.35 + edge || deviations > 1.5 - edge,
            1 => straight > 0.25 - edge && towards > -edge && deviations < 2.0 + edge,
            2 => straight > 0.25 - edge && towards < edge && deviations < 2.0 + edge,
            _ => false,
        };
        assert!(fits, "row {at}: {regime}, {straight} {towards} {deviations}");
        // Nobody can say until half an hour was seen, and the vector says the same.
        match float(row, "regime_stability") {
            None => assert_eq!(regime, -1, "row {at}"),
            Some(stability) => assert!(regime != -1 || stability < edge, "row {at}"),
        }
        assert!(at >= 1_800 || regime == -1, "row {at}");
    }
    for regime in [-1, 0, 1, 2] {
        let rows = counts.get(&regime).copied().unwrap_or_default();
        assert!(rows > 1_000, "regime {regime}: {rows} rows of {counts:?}");
    }
}
