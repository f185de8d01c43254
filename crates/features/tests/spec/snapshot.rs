//! An engine that goes on from a snapshot is the engine that wrote it.

use fluxo_core::UnixNanos;
use fluxo_features::{
    Calibration, FeatureConfig, FeatureEngine, FeatureRow, Matured, SamplingClock, SnapshotError,
    TargetConfig, TargetEngine,
};
use proptest::prelude::*;

use crate::drive::{assert_same, feed, pull};
use crate::events::{Received, SECOND, spec};
use crate::stream::{Weather, events, weathers};

/// Rows of the events behind `cut`, by the engine that saw them all and by one that was restored there.
fn both(config: FeatureConfig, all: &[Received], cut: usize) -> [Vec<FeatureRow>; 2] {
    let new = || FeatureEngine::new(config, &spec()).unwrap();
    let mut through = new();
    all[..cut].iter().for_each(|received| feed(&mut through, received, &mut Vec::new()));
    let snapshot = through.snapshot();
    let mut restored = new();
    restored.restore(&snapshot).unwrap();
    assert_eq!(restored.snapshot(), snapshot, "the same state has the same bytes");
    [through, restored].map(|mut engine| {
        let mut rows = Vec::new();
        all[cut..].iter().for_each(|received| feed(&mut engine, received, &mut rows));
        pull(&mut engine, all.iter().map(|r| r.ts).max().unwrap() + SECOND, &mut rows);
        rows
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn rows_go_on_bit_by_bit(weather in weathers(), share in 0_usize..=100) {
        let all = events(weather);
        let [through, restored] = both(FeatureConfig::default(), &all, all.len() * share / 100);
        assert_same(&through, &restored);
        for (a, b) in through.iter().zip(&restored) {
            prop_assert_eq!((a.segment, a.is_warm, a.known_at), (b.segment, b.is_warm, b.known_at));
        }
        let clock = SamplingClock::BookChange;
        let config = FeatureConfig { clock, ..FeatureConfig::default() };
        let [through, restored] = both(config, &all, all.len() * share / 100);
        assert_same(&through, &restored);
    }
}

/// Targets of everything behind `cut`.
fn matured(all: &[Received], cut: usize, restore: bool) -> Vec<Matured> {
    let new = || {
        let features = FeatureEngine::new(FeatureConfig::default(), &spec()).unwrap();
        let targets = TargetConfig::default();
        (features, TargetEngine::new(FeatureConfig::default(), targets, &spec()).unwrap())
    };
    let (mut features, mut targets) = new();
    let mut found = Vec::new();
    for (at, received) in all.iter().enumerate() {
        if at == cut {
            found.clear();
            if restore {
                let (rows, labels) = (features.snapshot(), targets.snapshot());
                (features, targets) = new();
                features.restore(&rows).unwrap();
                targets.restore(&labels).unwrap();
            }
        }
        let ts = UnixNanos::new(received.ts);
        let watermark = FeatureEngine::watermark_before(ts, &received.event);
        while let Some(row) = features.next_row(watermark) {
            targets.on_row(row);
        }
        features.apply(ts, &received.event);
        targets.apply(ts, &received.event);
        found.extend(core::iter::from_fn(|| targets.next_matured()));
    }
    found
}

#[test]
fn targets_go_on_as_they_would_have() {
    let all = events(Weather {
        seed: 11,
        events: 12_000,
        pause_ms: 60,
        trouble_one_in: 3_000,
        late_one_in: 500,
    });
    let through = matured(&all, 7_000, false);
    assert!(through.len() > 1_000, "{} targets", through.len());
    assert_eq!(format!("{through:?}"), format!("{:?}", matured(&all, 7_000, true)));
}

#[test]
fn a_snapshot_of_something_else_is_refused_and_changes_nothing() {
    let all = events(Weather {
        seed: 5,
        events: 900,
        pause_ms: 40,
        trouble_one_in: 1_000,
        late_one_in: 100,
    });
    let mut engine = FeatureEngine::new(FeatureConfig::default(), &spec()).unwrap();
    all.iter().for_each(|received| feed(&mut engine, received, &mut Vec::new()));
    let before = engine.snapshot();
    let other = FeatureConfig { clock: SamplingClock::BookChange, ..FeatureConfig::default() };
    let other = FeatureEngine::new(other, &spec()).unwrap().snapshot();
    assert_eq!(engine.restore(&other), Err(SnapshotError::OtherSchema));
    let calibration =
        Calibration { sha256: Some([1; 32]), volume_bucket_lots: Some(9), micro_price: None };
    let fitted =
        FeatureEngine::calibrated(FeatureConfig::default(), &spec(), &calibration).unwrap();
    assert_eq!(engine.restore(&fitted.snapshot()), Err(SnapshotError::OtherSchema));
    let mut flipped = before.clone();
    flipped[before.len() / 2] ^= 4;
    assert_eq!(engine.restore(&flipped), Err(SnapshotError::Damaged));
    assert_eq!(engine.restore(&before[..before.len() - 9]), Err(SnapshotError::Damaged));
    assert_eq!(engine.snapshot(), before);
}
