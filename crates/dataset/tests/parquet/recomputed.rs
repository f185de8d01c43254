//! The dataset of a recording, computed again by the definitions, all of it in memory.

use std::path::PathBuf;

use fluxo_core::{Decimal, Gap, InstrumentSpec, MarketData, Side};
use fluxo_features::catalogue::{TARGETS, index};
use fluxo_features::{
    FeatureEngine, FeatureRow, RowLabeller, RowLabels, TARGET_COUNT, TargetConfig, slot_name,
};
use fluxo_session::{Instruments, Recording};
use fluxo_sim::MarketSource;
use parquet::record::Field;

use crate::support::{Cells, engine, inputs};

const WARM_NS: i64 = 300_000_000_000;

struct Expected {
    row: FeatureRow,
    segment: i32,
    segment_began: i64,
    /// Best bid and ask in ticks, where the book is valid.
    touch: Option<(i64, i64)>,
    /// What the engine itself says of the regime.
    regime: i8,
}

/// Every cell of every row.
pub(crate) fn cells(files: &[PathBuf], every_ms: u64) -> Vec<Cells> {
    let (instruments, inputs) = (Instruments::load(None).unwrap(), inputs(files));
    let mut recording = Recording::open(&inputs, &instruments).unwrap();
    let (spec, config) = (recording.spec().clone(), engine(every_ms).feature_config().unwrap());
    let mut features = FeatureEngine::new(config, &spec).unwrap();
    let mut targets = RowLabeller::new(config, TargetConfig::default(), &spec).unwrap();
    let (mut rows, mut labels) = (Vec::<Expected>::new(), Vec::new());
    let (mut began, mut breaks) = (None, Vec::new());
    while let Some(recorded) = recording.next().unwrap() {
        let (ts, event) = (recorded.ts_recv, &recorded.event);
        let watermark = FeatureEngine::watermark_before(ts, event);
        while let Some(row) = features.next_row(watermark) {
            targets.on_row(row);
            let row = row.clone();
            let before = rows.last().map(|row| row.row.ts.get());
            let new = breaks.last().is_some_and(|at| before.is_some_and(|before| before < *at));
            let segment = rows.last().map_or(0, |row| row.segment) + i32::from(new);
            let best = |side| features.book().best(side).map(|level| level.price.ticks());
            let touch = best(Side::Bid).zip(best(Side::Ask));
            let touch = touch.filter(|_| row.value(index::SPREAD_ABS).is_some());
            let segment_began = breaks.last().copied().or(began).unwrap();
            let regime = features.regime().trend_sign();
            rows.push(Expected { row, segment, segment_began, touch, regime });
        }
        features.apply(ts, event);
        targets.apply(ts, event);
        labels.extend(std::iter::from_fn(|| targets.next_labels()));
        if let MarketData::Gap(Gap { .. }) = event.data {
            breaks.push(ts.get());
        }
        began.get_or_insert(ts.get());
        assert!(!matches!(event.data, MarketData::Spec(_)), "no test refines a grid");
    }
    targets.finish();
    labels.extend(std::iter::from_fn(|| targets.next_labels()));
    assert_eq!(labels.len(), rows.len());
    let weights: Vec<Vec<Option<f64>>> =
        (0..TARGET_COUNT).map(|target| uniqueness(&labels, target)).collect();
    let row = |at: usize| {
        let weights: Vec<Option<f64>> = weights.iter().map(|of| of[at]).collect();
        cells_of(at, &rows[at], &labels[at], &weights, &spec)
    };
    (0..rows.len()).map(row).collect()
}

/// The mean of 1/concurrency over the rows in `(ts, t1]`, counted by looking at every label.
fn uniqueness(rows: &[RowLabels], target: usize) -> Vec<Option<f64>> {
    let life = |row: &RowLabels| Some((row.at.get(), row.label(target)?.t1.get()));
    let alive: Vec<usize> = rows
        .iter()
        .enumerate()
        .map(|(at, row)| {
            let now = row.at.get();
            // No target looks further ahead than a quarter of an hour and two orders.
            let recent =
                rows[..at].iter().rev().take_while(|r| now - r.at.get() <= 901_000_000_000);
            recent.filter_map(life).filter(|(_, t1)| now <= *t1).count()
        })
        .collect();
    let mean = |at: usize| {
        let (_, t1) = life(&rows[at])?;
        let times = rows[at + 1..].iter().take_while(|row| row.at.get() <= t1).count();
        let shares: f64 = alive[at + 1..=at + times].iter().map(|count| 1.0 / *count as f64).sum();
        Some(if times == 0 { 1.0 } else { shares / times as f64 })
    };
    (0..rows.len()).map(mean).collect()
}

#[expect(clippy::cast_possible_truncation, reason = "columns are f32")]
fn cells_of(
    at: usize,
    expected: &Expected,
    labels: &RowLabels,
    weights: &[Option<f64>],
    spec: &InstrumentSpec,
) -> Cells {
    let (symbol, tick) = (spec.symbol.as_str(), spec.tick_size);
    let ts = expected.row.ts.get();
    let mut cells = Cells::new();
    let mut put = |name: &str, field: Field| {
        assert!(cells.insert(name.to_owned(), field).is_none(), "{name} twice");
    };
    put("ts", Field::Long(ts));
    put("seq", Field::Long(i64::try_from(at).unwrap()));
    put("symbol", Field::Str(symbol.to_owned()));
    put("session_id", Field::Int(day_of(ts)));
    put("segment_id", Field::Int(expected.segment));
    put("warm", Field::Bool(ts >= expected.segment_began + WARM_NS));
    put("regime", Field::Byte(expected.regime));
    for (slot, value) in expected.row.values().iter().enumerate().take(114) {
        put(slot_name(slot), Field::Float(*value));
    }
    for (target, info) in TARGETS.iter().enumerate() {
        let label = labels.label(target);
        let value = label.map_or(Field::Null, |label| Field::Float(label.value as f32));
        put(info.name, value);
        let end = label.map_or(Field::Null, |label| Field::Long(label.t1.get()));
        put(&format!("t1_{}", info.name), end);
        let weight = weights[target].map_or(Field::Null, |mean| Field::Float(mean as f32));
        put(&format!("u_{}", info.name), weight);
    }
    let aux = |value: fn(i64, i64) -> f64| {
        expected.touch.map_or(Field::Null, |(bid, ask)| Field::Double(value(bid, ask)))
    };
    put("bid", price(expected.touch.map(|(bid, _)| 2 * bid), tick));
    put("ask", price(expected.touch.map(|(_, ask)| 2 * ask), tick));
    put("mid", price(expected.touch.map(|(bid, ask)| bid + ask), tick));
    put("half_spread_bps", aux(|bid, ask| 1e4 * (ask - bid) as f64 / (ask + bid) as f64));
    cells
}

/// A price of so many half-ticks, through its decimal digits.
fn price(half_ticks: Option<i64>, tick: Decimal) -> Field {
    let Some(half_ticks) = half_ticks else { return Field::Null };
    assert_eq!(tick.mantissa(), 1, "a tick of these tests is a power of ten");
    // Half a tick of 10^-digits is 5 units of 10^-(digits + 1).
    let text = format!("{:06}", half_ticks * 5);
    let (whole, part) = text.split_at(text.len() - usize::from(tick.exponent()) - 1);
    Field::Double(format!("{whole}.{part}").parse().unwrap())
}

/// yyyymmdd by counting days; a row at midnight belongs to the day that ends.
fn day_of(ts: i64) -> i32 {
    let days = (ts - 1).div_euclid(86_400_000_000_000);
    // Howard Hinnant's algorithm for the proleptic Gregorian calendar.
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let day_of_era = z - era * 146_097;
    let year = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    i32::try_from(year * 10_000 + month * 100 + day).unwrap()
}
