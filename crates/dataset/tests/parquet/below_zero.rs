//! A future that trades around zero and below it makes a dataset, and nothing is wrong with that.

use std::path::{Path, PathBuf};

use fluxo_dataset::check_dataset;
use parquet::record::Field;

use crate::support::{Cells, rows, write};

/// A market of the fuzzer's corpus, so many units of 1e-9 lower. Each line is an order:
/// `time,id,price,size,flags,publisher,action,…` behind the instrument.
fn lowered(folder: &Path, by: i64) -> PathBuf {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/market");
    let text = std::fs::read_to_string(corpus.join("plain_cme.txt")).unwrap();
    let lower = |line: &str| {
        let mut parts: Vec<String> = line.split(',').map(str::to_owned).collect();
        match parts[2].parse::<i64>().unwrap() {
            // What has no price has the largest one there is.
            i64::MAX => {}
            price => parts[2] = (price - by).to_string(),
        }
        parts.join(",") + "\n"
    };
    let path = folder.join("esh4.orders.txt");
    // The first line says what trades.
    std::fs::write(&path, text.lines().skip(1).map(lower).collect::<String>()).unwrap();
    path
}

fn number(row: &Cells, name: &str) -> Option<f64> {
    match row[name] {
        Field::Float(value) => Some(f64::from(value)).filter(|value| !value.is_nan()),
        Field::Double(value) => Some(value),
        _ => None,
    }
}

#[test]
fn a_market_around_zero_is_no_damage() {
    let folder = tempfile::tempdir().unwrap();
    let (mut below, mut bids_below) = (0, 0);
    for (at, by) in [1_799_500_000_000, 1_800_000_000_000, 1_803_000_000_000].iter().enumerate() {
        let file = lowered(folder.path(), *by);
        let dataset = write(&[file], 500, &folder.path().join(at.to_string())).unwrap();
        for row in rows(&dataset) {
            let mid = number(&row, "mid_price");
            let is_above = mid.is_some_and(|mid| mid > 0.0);
            let prices = ["bid", "ask", "mid", "half_spread_bps", "spread_bps"];
            assert!(prices.iter().all(|name| number(&row, name).is_some() == is_above), "{mid:?}");
            below += usize::from(mid.is_some_and(|mid| mid < 0.0));
            bids_below += usize::from(number(&row, "bid").is_some_and(|bid| bid <= 0.0));
        }
        let found = check_dataset(&dataset.path, &mut |_| ()).unwrap();
        let damages: Vec<String> = found.damages.iter().map(ToString::to_string).collect();
        assert_eq!(damages, [""; 0], "lowered by {by}");
    }
    assert!(
        below > 10 && bids_below > 0,
        "{below} mids below zero, {bids_below} bids not above it"
    );
}
