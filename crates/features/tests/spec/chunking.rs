//! How often somebody looks, and how often time is said to pass, changes no row.

use fluxo_core::MarketData;
use fluxo_features::{FeatureConfig, FeatureEngine};
use proptest::prelude::*;

use crate::drive::{self, assert_same};
use crate::events::{Received, SECOND, received, spec};
use crate::stream::{events, weathers};

/// The same events with timers and heartbeats before some of them.
fn rows_with_timers(
    events: &[Received],
    end: i64,
    often: &[u8],
) -> Vec<fluxo_features::FeatureRow> {
    let mut engine = FeatureEngine::new(FeatureConfig::default(), &spec()).unwrap();
    let (mut rows, mut watermark) = (Vec::new(), i64::MIN);
    for (at, received_event) in events.iter().enumerate() {
        let ts = received_event.ts.max(watermark);
        let is_gap = matches!(received_event.event.data, MarketData::Gap(_));
        // Nobody sets a timer between two recordings.
        if at > 0 && !is_gap && ts > watermark {
            for part in 1..=i64::from(often[at % often.len()] % 4) {
                let now = watermark + (ts - watermark) / 4 * part;
                if part % 2 == 0 {
                    drive::feed(&mut engine, &received(now, MarketData::Heartbeat), &mut rows);
                } else {
                    drive::pull(&mut engine, now, &mut rows);
                }
            }
        }
        drive::feed(&mut engine, received_event, &mut rows);
        watermark = ts;
    }
    drive::pull(&mut engine, end, &mut rows);
    rows
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn timers_and_heartbeats_leave_no_trace(
        weather in weathers(),
        often in prop::collection::vec(any::<u8>(), 1..20),
    ) {
        let all = events(weather);
        let end = all.iter().map(|received| received.ts).max().unwrap() + 20 * SECOND;
        let plain = drive::rows(FeatureConfig::default(), &all, end);
        assert_same(&plain, &rows_with_timers(&all, end, &often));
    }

    #[test]
    fn without_the_heartbeats_the_rows_are_the_same(weather in weathers()) {
        let all = events(weather);
        let end = all.iter().map(|received| received.ts).max().unwrap() + 20 * SECOND;
        // A late event counts as at the watermark, which a heartbeat may have set.
        let silent: Vec<Received> = effective(&all)
            .into_iter()
            .filter(|received| received.event.data != MarketData::Heartbeat)
            .collect();
        let rows = drive::rows(FeatureConfig::default(), &effective(&all), end);
        assert_same(&rows, &drive::rows(FeatureConfig::default(), &silent, end));
    }
}

/// The events at the times at which they count.
fn effective(events: &[Received]) -> Vec<Received> {
    let mut watermark = i64::MIN;
    let count = |received: &Received| {
        watermark = watermark.max(received.ts);
        Received { ts: watermark, event: received.event.clone() }
    };
    events.iter().map(count).collect()
}
