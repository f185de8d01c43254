//! The engine against the slow reference: the same rows, the same masks, the same values.

use fluxo_core::Nanos;
use fluxo_features::catalogue::index;
use fluxo_features::{
    FEATURE_COUNT, FeatureConfig, FeatureRow, SamplingClock, revision, slot_name,
};
use proptest::prelude::*;

use crate::drive;
use crate::events::{Received, SECOND};
use crate::reference::Reference;
use crate::stream::{Weather, events, weathers};

/// Compares one row in `every`; a row holds `f32`, so that is the tolerance.
fn check(
    config: FeatureConfig,
    events: &[Received],
    every: usize,
) -> Result<Vec<FeatureRow>, TestCaseError> {
    let end = events.iter().map(|received| received.ts).max().unwrap() + 3 * SECOND;
    let (rows, reference) = (drive::rows(config, events, end), Reference::new(config, events, end));
    let times: Vec<i64> = rows.iter().map(|row| row.ts.get()).collect();
    prop_assert_eq!(&times, &reference.rows);
    for row in rows.iter().step_by(every) {
        check_row(row, &reference)?;
    }
    Ok(rows)
}

pub(crate) fn check_row(row: &FeatureRow, reference: &Reference) -> Result<(), TestCaseError> {
    for slot in 0..FEATURE_COUNT {
        let wanted = reference.value(slot, row.ts.get());
        let (found, name) = (row.value(slot), slot_name(slot));
        let at = row.ts;
        match (found, wanted) {
            (None, None) => {}
            (Some(found), Some(wanted)) => {
                let error = (f64::from(found) - wanted).abs();
                prop_assert!(
                    error <= 1e-6 * wanted.abs() + 1e-12,
                    "{name} at {at}: {found} {wanted}"
                );
            }
            _ => prop_assert!(false, "{name} at {at}: {found:?}, the reference {wanted:?}"),
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn short_markets_agree_in_every_row(weather in weathers()) {
        check(FeatureConfig::default(), &events(weather), 1 + weather.events / 20)?;
    }

    #[test]
    fn any_step_agrees(weather in weathers(), step_ms in 1_i64..3_000, stale_ms in 0_i64..20_000) {
        let config = FeatureConfig {
            clock: SamplingClock::Time { step: Nanos::from_millis(step_ms) },
            stale_book_after: Nanos::from_millis(stale_ms),
            ..FeatureConfig::default()
        };
        check(config, &events(weather), 1 + weather.events / 20 + 100 / usize::try_from(step_ms).unwrap())?;
    }
}

#[test]
fn a_long_market_agrees() {
    let weather = Weather {
        seed: 20_240_808,
        events: 100_000,
        pause_ms: 60,
        trouble_one_in: 20_000,
        late_one_in: 50,
    };
    let events = events(weather);
    let rows = check(FeatureConfig::default(), &events, 101).unwrap();
    assert!(rows.len() > 20_000, "{} rows", rows.len());
    // A comparison of nothing with nothing would agree as well.
    for slot in (0..FEATURE_COUNT).filter(|slot| revision(*slot) > 0) {
        let defined = rows.iter().filter(|row| row.value(slot).is_some()).count();
        let share = match slot {
            // VPIN fills its buckets after the first hour, no micro-price was fitted, and nobody says
            // orders here.
            index::VPIN | index::MICROPRICE_DEV | index::L3_ORDER_COUNT_IMB.. => continue,
            // An hour without a break is rare here, and so is a band that the snapshot covers.
            index::OFI_60M | index::DEPTH_BPS_LOG | index::DEPTH_BPS_IMB => 5,
            _ => 2,
        };
        let enough = share * defined > rows.len();
        assert!(enough, "{} is defined in {defined} rows", slot_name(slot));
    }
}
