//! Targets come one by one as soon as they are known, the same as after the fact, and a saved engine
//! goes on where it was.

use fluxo_core::{MarketData, UnixNanos};
use fluxo_features::{FeatureEngine, Matured, TARGET_COUNT, TargetConfig, TargetEngine};
use proptest::prelude::*;

use crate::events::Received;
use crate::stream::{events, weathers};
use crate::targets::{calm, cheap_spec, config, labels};

/// What matures, each with the number of the event that decided it; the engine is saved and restored
/// before the event `saved_at`.
fn matured(events: &[Received], saved_at: Option<usize>) -> Vec<(usize, Matured)> {
    let mut features = FeatureEngine::new(config(), &cheap_spec()).unwrap();
    let mut targets = TargetEngine::new(config(), TargetConfig::default(), &cheap_spec()).unwrap();
    let mut all = Vec::new();
    for (number, received) in events.iter().enumerate() {
        if saved_at == Some(number) {
            let saved = postcard::to_stdvec(&targets).unwrap();
            targets = postcard::from_bytes(&saved).unwrap();
        }
        let ts = UnixNanos::new(received.ts);
        let watermark = FeatureEngine::watermark_before(ts, &received.event);
        while let Some(row) = features.next_row(watermark) {
            targets.on_row(row);
        }
        features.apply(ts, &received.event);
        targets.apply(ts, &received.event);
        all.extend(core::iter::from_fn(|| targets.next_matured()).map(|m| (number, m)));
    }
    targets.finish();
    all.extend(core::iter::from_fn(|| targets.next_matured()).map(|m| (events.len(), m)));
    all
}

fn check_stream(events: &[Received]) -> Result<(), TestCaseError> {
    let after_the_fact = labels(config(), events);
    let stream = matured(events, None);
    prop_assert_eq!(stream.len(), after_the_fact.len() * TARGET_COUNT);
    let mut seen = vec![[false; TARGET_COUNT]; after_the_fact.len()];
    let mut watermark = i64::MIN;
    let times: Vec<i64> = events
        .iter()
        .map(|received| {
            watermark = watermark.max(received.ts);
            watermark
        })
        .collect();
    for (number, Matured { row, row_ts, target, label }) in stream {
        let row = usize::try_from(row).unwrap();
        prop_assert_eq!(
            (row_ts, label),
            (after_the_fact[row].at, after_the_fact[row].labels[target])
        );
        prop_assert!(!core::mem::replace(&mut seen[row][target], true), "twice");
        let Ok(label) = label else { continue };
        // The first message after its end that says whether the book was whole.
        let says = |place: &usize| {
            let data = &events[*place].event.data;
            matches!(data, MarketData::Book(_) | MarketData::Gap(_))
                && times[*place] > label.t1.get()
        };
        prop_assert_eq!((0..events.len()).find(says), Some(number));
    }
    Ok(())
}

#[test]
fn what_matures_is_what_is_labelled_after_the_fact() {
    check_stream(&events(calm(5))).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn rough_markets_mature_as_labelled(weather in weathers()) {
        check_stream(&events(weather))?;
    }

    #[test]
    fn a_restored_engine_goes_on(weather in weathers(), cut in 0.0..1.0_f64) {
        let all = events(weather);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share")]
        let cut = (cut * all.len() as f64) as usize;
        prop_assert_eq!(matured(&all, Some(cut)), matured(&all, None));
    }
}

#[test]
fn a_restored_engine_goes_on_with_barriers_standing() {
    let all = events(calm(6));
    assert_eq!(matured(&all, Some(1_500)), matured(&all, None));
}
