//! Rows that events make: after a change of the best levels, and after so many traded lots.

use std::collections::BTreeMap;

use fluxo_core::{Lots, MarketData, Side, TradeCondition, UnixNanos};
use fluxo_features::{FeatureConfig, FeatureEngine, FeatureRow, SamplingClock};

use crate::drive::{assert_same, feed, is_same_but_for_votes, pull, rows};
use crate::events::{Received, spec};
use crate::stream::{Weather, events};

const LEVELS: usize = 10;

fn config(clock: SamplingClock) -> FeatureConfig {
    FeatureConfig { clock, ..FeatureConfig::default() }
}

fn market(seed: u64) -> Vec<Received> {
    events(Weather { seed, events: 6_000, pause_ms: 40, trouble_one_in: 400, late_one_in: 300 })
}

/// The rows that are there as soon as the event is, with the place of that event.
fn at_once(clock: SamplingClock, events: &[Received]) -> Vec<(usize, FeatureRow)> {
    let mut engine = FeatureEngine::new(config(clock), &spec()).unwrap();
    let mut all = Vec::new();
    for (place, received) in events.iter().enumerate() {
        let mut rows = Vec::new();
        feed(&mut engine, received, &mut rows);
        pull(&mut engine, received.ts, &mut rows);
        assert!(rows.len() <= 1, "an event completes one row");
        all.extend(rows.into_iter().map(|row| (place, row)));
    }
    all
}

#[test]
fn a_row_is_the_same_at_once_and_when_the_next_event_comes() {
    for clock in [SamplingClock::BookChange, SamplingClock::Volume { lots: Lots::new(40) }] {
        for seed in 0..6 {
            let events = market(seed);
            let now: Vec<FeatureRow> = at_once(clock, &events).into_iter().map(|r| r.1).collect();
            assert!(now.len() > 50, "{clock}: {} rows", now.len());
            assert!(now.iter().all(|row| row.ts == row.known_at));
            assert_same(&now, &rows(config(clock), &events, i64::MAX));
        }
    }
}

/// The best levels of both sides.
fn shown(engine: &FeatureEngine) -> Vec<(i64, i64)> {
    let side = |side| engine.book().levels(side).take(LEVELS);
    let levels = Side::BOTH.map(side).into_iter().flat_map(|levels| {
        let levels: Vec<_> = levels.map(|l| (l.price.ticks(), l.lots.get())).collect();
        let filling = vec![(0, 0); LEVELS - levels.len()];
        levels.into_iter().chain(filling)
    });
    levels.collect()
}

#[test]
fn a_book_row_follows_every_batch_that_changed_the_best_ten_levels() {
    for seed in 0..6 {
        let events = market(seed);
        let rows: BTreeMap<usize, FeatureRow> =
            at_once(SamplingClock::BookChange, &events).into_iter().collect();
        let mut engine = FeatureEngine::new(config(SamplingClock::BookChange), &spec()).unwrap();
        let mut is_open = true;
        for (place, received) in events.iter().enumerate() {
            let before = shown(&engine);
            feed(&mut engine, received, &mut Vec::new());
            if let MarketData::Status(phase) = received.event.data {
                is_open = phase == fluxo_core::Phase::Continuous;
            }
            let is_batch = matches!(received.event.data, MarketData::Book(_));
            let changed = is_batch && is_open && before != shown(&engine);
            assert_eq!(rows.contains_key(&place), changed, "event {place}: {:?}", received.event);
        }
    }
}

#[test]
fn a_volume_row_follows_the_print_that_completes_a_bucket() {
    let (bucket, events) = (40_i64, market(3));
    let rows = at_once(SamplingClock::Volume { lots: Lots::new(bucket) }, &events);
    let (mut filled, mut expected, mut is_open) = (0, Vec::new(), true);
    for (place, received) in events.iter().enumerate() {
        match &received.event.data {
            MarketData::Trade(trade) if trade.condition == TradeCondition::Market => {
                filled += trade.lots.get();
                if filled >= bucket {
                    filled = 0;
                    expected.extend(is_open.then_some(place));
                }
            }
            MarketData::Status(phase) => {
                is_open = *phase == fluxo_core::Phase::Continuous;
                if !is_open {
                    filled = 0;
                }
            }
            MarketData::Gap(gap) if gap.reason == fluxo_core::GapReason::RecordingBoundary => {
                filled = 0;
            }
            _ => {}
        }
    }
    assert!(expected.len() > 20, "{} rows", expected.len());
    assert_eq!(rows.iter().map(|row| row.0).collect::<Vec<_>>(), expected);
}

/// FEATURES 13.7: where a grid time of the row clock is also the time of a book change after which
/// nothing more of that time came, the rows of both clocks agree.
#[test]
fn the_clocks_agree_where_they_meet() {
    let mut met = 0;
    for seed in 0..12 {
        let events = market(seed);
        let by_time = rows(FeatureConfig::default(), &events, events.last().unwrap().ts + 1);
        let by_time: BTreeMap<UnixNanos, FeatureRow> =
            by_time.into_iter().map(|row| (row.ts, row)).collect();
        for (place, row) in at_once(SamplingClock::BookChange, &events) {
            let is_last = events.get(place + 1).is_none_or(|next| next.ts > row.ts.get());
            if let Some(same) = by_time.get(&row.ts)
                && is_last
            {
                assert!(is_same_but_for_votes(same, &row), "{same:?}\n{row:?}");
                met += 1;
            }
        }
    }
    assert!(met > 30, "{met} rows met");
}
