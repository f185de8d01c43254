//! Rows that events make: of each nanosecond the last one, as trading saw it, with the labels of the text.

use std::collections::BTreeMap;
use std::path::PathBuf;

use fluxo_core::Side;
use fluxo_dataset::{Dataset, check_dataset, write_dataset};
use fluxo_features::{FeatureEngine, slot_name};
use fluxo_session::{Instruments, Recording};
use fluxo_sim::MarketSource;
use parquet::record::Field;
use serde_json::json;

use crate::support::{Cells, clocked, inputs, rows};

const MOMENTS: i64 = 200;
const SECOND: i64 = 1_000_000_000;

/// What the engine that trades gives, row by row, and the mid in dollars behind every moment.
struct Traded {
    rows: Vec<(i64, Vec<u32>)>,
    mids: BTreeMap<i64, f64>,
}

fn traded(file: &PathBuf, clock: &str) -> Traded {
    let (instruments, inputs) =
        (Instruments::load(None).unwrap(), inputs(std::slice::from_ref(file)));
    let mut recording = Recording::open(&inputs, &instruments).unwrap();
    let config = clocked(clock).feature_config().unwrap();
    let mut features = FeatureEngine::new(config, recording.spec()).unwrap();
    let mut traded = Traded { rows: Vec::new(), mids: BTreeMap::new() };
    while let Some(recorded) = recording.next().unwrap() {
        let (ts, event) = (recorded.ts_recv, &recorded.event);
        let watermark = FeatureEngine::watermark_before(ts, event);
        assert!(features.next_row(watermark).is_none(), "time alone makes no row");
        features.apply(ts, event);
        while let Some(row) = features.next_row(watermark) {
            let bits = row.values()[..114].iter().map(|value| (value + 0.0).to_bits());
            traded.rows.push((row.ts.get(), bits.collect()));
        }
        let best = |side| features.book().best(side).map(|level| level.price.ticks());
        if let Some((bid, ask)) = best(Side::Bid).zip(best(Side::Ask)) {
            traded.mids.insert(ts.get(), (bid + ask) as f64 / 200.0);
        }
    }
    traded
}

fn written(file: &PathBuf, clock: &str, out: &std::path::Path) -> Dataset {
    let instruments = Instruments::load(None).unwrap();
    let inputs = inputs(std::slice::from_ref(file));
    write_dataset(&inputs, &instruments, &clocked(clock), out, &mut |_| ()).unwrap()
}

fn time(row: &Cells) -> i64 {
    let Field::Long(ts) = row["ts"] else { panic!("{:?}", row["ts"]) };
    ts
}

fn number(field: &Field) -> Option<f64> {
    match field {
        Field::Float(value) => Some(f64::from(*value)),
        Field::Null => None,
        other => panic!("{other:?}"),
    }
}

/// The returns over a second are those of the mids that moments end with.
fn check_labels(rows: &[Cells], mids: &BTreeMap<i64, f64>) {
    let mid_at = |ts: i64| *mids.range(..=ts).next_back().unwrap().1;
    let mut labelled = 0;
    for row in rows {
        let Some(found) = number(&row["fwd_ret_1s"]) else { continue };
        let (from, to) = (mid_at(time(row)), mid_at(time(row) + SECOND));
        assert!((found - 1e4 * libm::log(to / from)).abs() < 0.01, "{found} of {from} to {to}");
        assert_eq!(row["t1_fwd_ret_1s"], Field::Long(time(row) + SECOND));
        labelled += 1;
    }
    assert!(labelled > 150, "{labelled} labels");
}

#[test]
fn of_the_rows_of_a_nanosecond_the_last_one_is_written() {
    for clock in ["volume:1", "book-change"] {
        let folder = tempfile::tempdir().unwrap();
        let file = fluxo_test_data::order_capture(folder.path(), "GOOG", MOMENTS);
        let Traded { rows: given, mids } = traded(&file, clock);
        let last: BTreeMap<i64, Vec<u32>> = given.iter().cloned().collect();
        assert!(given.len() >= last.len() + 200, "{} rows, {} times", given.len(), last.len());
        let dataset = written(&file, clock, &folder.path().join("out"));
        let rows = rows(&dataset);
        assert!(rows.iter().map(time).eq(last.keys().copied()), "{clock}");
        for row in &rows {
            for (slot, bits) in last[&time(row)].iter().enumerate() {
                let Field::Float(found) = row[slot_name(slot)] else { panic!("no float") };
                let is_same =
                    found.to_bits() == *bits || found.is_nan() && f32::from_bits(*bits).is_nan();
                assert!(is_same, "{clock} {} at {}", slot_name(slot), time(row));
            }
        }
        check_labels(&rows, &mids);
        let dropped = &dataset.manifest.facts["ds.rows_dropped"];
        assert_eq!(dropped["superseded"], json!(given.len() - last.len()));
        let checked = check_dataset(&dataset.path, &mut |_| ()).unwrap();
        assert!(checked.damages.is_empty(), "{clock}: {:?}", checked.damages);
    }
}
