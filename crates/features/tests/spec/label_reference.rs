//! Labels by the text of FEATURES 11, each from the whole history. It shares no state machine with the
//! target engine.

use fluxo_core::{BatchKind, MarketData};
use fluxo_features::FeatureConfig;

use crate::events::{Received, SECOND};
use crate::history::{Era, Reader, State};

/// What came after a row: the end of the label, the return, and the direction where it is known.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Expected {
    pub(crate) t1: i64,
    pub(crate) forward_return: f64,
    pub(crate) threshold: Option<f64>,
}

/// What says whether the book was whole until then.
enum Evidence {
    Batch,
    GapFrom(i64),
}

pub(crate) struct LabelReference {
    config: FeatureConfig,
    eras: Vec<(i64, Era)>,
    evidence: Vec<(i64, Evidence)>,
}

fn is_good(state: &State) -> bool {
    let crossed =
        matches!((state.bids.first(), state.asks.first()), (Some(b), Some(a)) if b.0 >= a.0);
    state.live && state.continuous && !crossed
}

fn bps(from: i64, to: i64) -> f64 {
    1e4 * libm::log(to as f64 / from as f64)
}

impl LabelReference {
    pub(crate) fn new(config: FeatureConfig, events: &[Received]) -> Self {
        let mut reader = Reader::new(config);
        let (mut evidence, mut now, mut live) = (Vec::new(), i64::MIN, false);
        for received in events {
            reader.read(received);
            now = now.max(received.ts);
            match &received.event.data {
                MarketData::Book(batch) => {
                    live |= batch.kind == BatchKind::Snapshot;
                    evidence.extend(live.then_some((now, Evidence::Batch)));
                }
                MarketData::Gap(gap) => {
                    live = false;
                    evidence.push((now, Evidence::GapFrom(gap.from.get())));
                }
                _ => {}
            }
        }
        Self { config, eras: reader.eras, evidence }
    }

    /// The label of a row over a horizon, where it has one.
    pub(crate) fn label(&self, at: i64, seconds: i64) -> Option<Expected> {
        let t1 = at + seconds * SECOND;
        let number = self.eras.iter().rposition(|(from, _)| *from <= at)?;
        let (_, era) = &self.eras[number];
        let ends_before = self.eras.get(number + 1).is_some_and(|(next, _)| *next <= t1);
        if ends_before || !self.was_good(era, at, t1) || !self.is_confirmed(t1) {
            return None;
        }
        let (from, to) = (self.mid(era, at)?, self.mid(era, t1)?);
        let threshold = self
            .sigma(era, at, seconds)
            .map(|sigma| f64::max(0.5 * sigma, 0.25 * 1e4 / (from as f64 / 2.0)));
        Some(Expected { t1, forward_return: bps(from, to), threshold })
    }

    /// Whether nothing is wrong at `from`, nor after it up to `to`.
    fn was_good(&self, era: &Era, from: i64, to: i64) -> bool {
        let known = era.states.partition_point(|state| state.ts <= from);
        let after = era.states.partition_point(|state| state.ts <= to);
        known > 0 && era.states[known - 1..after].iter().all(is_good)
    }

    fn is_confirmed(&self, t1: i64) -> bool {
        let next = self.evidence.partition_point(|(ts, _)| *ts <= t1);
        let Some((ts, evidence)) = self.evidence.get(next) else { return false };
        let in_time = ts - 1 <= t1 + self.config.stale_book_after.get();
        in_time
            && match evidence {
                Evidence::Batch => true,
                Evidence::GapFrom(from) => *from >= t1,
            }
    }

    /// The last valid mid, in half-ticks.
    fn mid(&self, era: &Era, at: i64) -> Option<i64> {
        let known = era.states.partition_point(|state| state.ts <= at);
        let valid = era.states[..known].iter().rev().find(|s| s.is_valid(s.ts, &self.config));
        valid.map(State::mid)
    }

    /// Of the returns that end at or before `at`, when they are 600.
    fn sigma(&self, era: &Era, at: i64, seconds: i64) -> Option<f64> {
        let (first, last) = (era.states.first()?.ts.div_euclid(SECOND), at.div_euclid(SECOND));
        let squares: Vec<f64> = (first..=last)
            .filter_map(|k| {
                let (start, end) = ((k - seconds) * SECOND, k * SECOND);
                let known = era.states.partition_point(|state| state.ts <= end);
                let valid = known > 0 && era.states[known - 1].is_valid(end, &self.config);
                let counts = valid && self.was_good(era, start, end);
                let both = counts.then(|| self.mid(era, start).zip(self.mid(era, end))).flatten();
                both.map(|(from, to)| bps(from, to).powi(2))
            })
            .collect();
        if squares.len() < 600 {
            return None;
        }
        let (mut sum, mut weights) = (0.0, 0.0);
        for (age, square) in squares.iter().rev().enumerate() {
            let weight = libm::pow(0.5, age as f64 / 1800.0);
            sum += weight * square;
            weights += weight;
        }
        Some((sum / weights).sqrt())
    }
}
