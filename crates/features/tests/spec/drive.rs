//! Feeds an engine the way its users do, and keeps what comes out.

use fluxo_core::UnixNanos;
use fluxo_features::{CONSENSUS_START, FeatureConfig, FeatureEngine, FeatureRow};

use crate::events::{Received, spec};

/// Every row that the events and then a timer at `end` close.
pub(crate) fn rows(config: FeatureConfig, events: &[Received], end: i64) -> Vec<FeatureRow> {
    rows_of(FeatureEngine::new(config, &spec()).unwrap(), events, end)
}

/// The same of an engine that was made in another way.
pub(crate) fn rows_of(mut engine: FeatureEngine, events: &[Received], end: i64) -> Vec<FeatureRow> {
    let mut rows = Vec::new();
    for received in events {
        feed(&mut engine, received, &mut rows);
    }
    pull(&mut engine, end, &mut rows);
    assert_eq!(engine.counts().not_finite, 0, "a value was not finite");
    rows
}

pub(crate) fn feed(engine: &mut FeatureEngine, received: &Received, rows: &mut Vec<FeatureRow>) {
    let ts = UnixNanos::new(received.ts);
    pull(engine, FeatureEngine::watermark_before(ts, &received.event).get(), rows);
    engine.apply(ts, &received.event);
}

pub(crate) fn pull(engine: &mut FeatureEngine, watermark: i64, rows: &mut Vec<FeatureRow>) {
    while let Some(row) = engine.next_row(UnixNanos::new(watermark)) {
        rows.push(row.clone());
    }
}

/// Whether two rows are the same bits, whenever they became known.
pub(crate) fn is_same(a: &FeatureRow, b: &FeatureRow) -> bool {
    let bits = |row: &FeatureRow| row.values().map(f32::to_bits);
    a.ts == b.ts && a.mask() == b.mask() && bits(a) == bits(b)
}

/// Whether the features and the regime of two rows are the same bits: what does not depend on when the
/// rows before them were made.
pub(crate) fn is_same_but_for_votes(a: &FeatureRow, b: &FeatureRow) -> bool {
    let bits =
        |row: &FeatureRow| row.values()[..CONSENSUS_START].iter().map(|v| v.to_bits()).collect();
    let (a_bits, b_bits): (Vec<u32>, Vec<u32>) = (bits(a), bits(b));
    a.ts == b.ts && a_bits == b_bits
}

/// The first row in which two streams differ.
#[track_caller]
pub(crate) fn assert_same(a: &[FeatureRow], b: &[FeatureRow]) {
    for (a, b) in a.iter().zip(b) {
        assert!(is_same(a, b), "rows differ:\n{a:?}\n{b:?}");
    }
    assert_eq!(a.len(), b.len(), "one stream has more rows");
}
