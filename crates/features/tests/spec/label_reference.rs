//! Labels by the text of FEATURES 11, each from the whole history. It shares no state machine with the
//! target engine.

use fluxo_core::{BatchKind, MarketData};
use fluxo_features::catalogue::index;
use fluxo_features::{FeatureConfig, FeatureRow, TargetConfig};

use crate::events::{Received, SECOND};
use crate::history::{Era, Reader, State};

/// What came after a row: the end of the label, the return, and the direction where it is known.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Expected {
    pub(crate) t1: i64,
    pub(crate) forward_return: f64,
    pub(crate) threshold: Option<f64>,
}

/// A label: its value, its end, and whether other digits would have made it another label.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    pub(crate) value: f64,
    pub(crate) t1: i64,
    pub(crate) is_near: bool,
}

/// The barriers of a row: their distance in bps, and when they fall.
#[derive(Clone, Copy, Debug)]
struct Barriers {
    width: f64,
    end: i64,
}

/// What says whether the book was whole until then.
enum Evidence {
    Batch,
    GapFrom(i64),
}

pub(crate) struct LabelReference {
    config: FeatureConfig,
    targets: TargetConfig,
    fee_bps: f64,
    eras: Vec<(i64, Era)>,
    evidence: Vec<(i64, Evidence)>,
}

fn is_crossed(state: &State) -> bool {
    matches!((state.bids.first(), state.asks.first()), (Some(b), Some(a)) if b.0 >= a.0)
}

fn is_whole(state: &State) -> bool {
    state.live && state.continuous
}

fn is_good(state: &State) -> bool {
    is_whole(state) && !is_crossed(state)
}

fn bps(from: i64, to: i64) -> f64 {
    1e4 * libm::log(to as f64 / from as f64)
}

/// The last state that is known at a moment.
fn last(era: &Era, at: i64) -> Option<&State> {
    era.states[..era.states.partition_point(|state| state.ts <= at)].last()
}

/// Whether it holds at `from` and after it up to `to`.
fn was(holds: fn(&State) -> bool, era: &Era, from: i64, to: i64) -> bool {
    let known = era.states.partition_point(|state| state.ts <= from);
    let after = era.states.partition_point(|state| state.ts <= to);
    known > 0 && era.states[known - 1..after].iter().all(holds)
}

impl LabelReference {
    pub(crate) fn new(
        config: FeatureConfig,
        targets: TargetConfig,
        fee_bps: f64,
        events: &[Received],
    ) -> Self {
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
        Self { config, targets, fee_bps, eras: reader.eras, evidence }
    }

    /// The label of a row over a horizon, where it has one.
    pub(crate) fn label(&self, at: i64, seconds: i64) -> Option<Expected> {
        let t1 = at + seconds * SECOND;
        let era = self.era(at)?;
        if !self.stands(era, at, t1, is_good) {
            return None;
        }
        let (from, to) = (self.mid(era, at)?, self.mid(era, t1)?);
        let threshold = self
            .sigma(era, at, seconds, 1800.0, 600)
            .map(|sigma| f64::max(0.5 * sigma, 0.25 * 1e4 / (from as f64 / 2.0)));
        Some(Expected { t1, forward_return: bps(from, to), threshold })
    }

    /// Target 8.
    pub(crate) fn tb_label(&self, at: i64) -> Option<Wanted> {
        let (era, wanted) = (self.era(at)?, self.tb_end(at)?);
        self.stands(era, at, wanted.t1, is_whole).then_some(wanted)
    }

    /// Target 9.
    pub(crate) fn tb_meta(&self, at: i64, row: &FeatureRow) -> Option<Wanted> {
        let (era, label) = (self.era(at)?, self.tb_end(at)?);
        let (ofi, imbalance) = (row.value(index::OFI_5S), row.value(index::IMBALANCE));
        let z = match (ofi, imbalance) {
            (Some(ofi), _) if ofi.abs() >= 0.5 => ofi.signum(),
            (_, Some(imbalance)) if imbalance.abs() >= 0.2 => imbalance.signum(),
            _ => return None,
        };
        let latency = self.targets.latency.get();
        let t1 = label.t1.max(at + latency) + latency;
        let (entry, exit) = (self.touch(era, at + latency)?, self.touch(era, t1)?);
        let (entry, exit) = if z > 0.0 { (entry.1, exit.0) } else { (entry.0, exit.1) };
        let net = f64::from(z) * bps(entry, exit) - 2.0 * self.fee_bps;
        let value = if net > 0.0 { 1.0 } else { 0.0 };
        let is_near = label.is_near || net.abs() < 1e-9;
        self.stands(era, at, t1, is_whole).then_some(Wanted { value, t1, is_near })
    }

    /// Target 10.
    pub(crate) fn fut_rv_30s(&self, at: i64) -> Option<Wanted> {
        let (era, t1) = (self.era(at)?, at + 30 * SECOND);
        if !self.stands(era, at, t1, is_whole) {
            return None;
        }
        let square = |j: i64| {
            let (from, to) = (at + (j - 1) * SECOND, at + j * SECOND);
            Some(bps(self.mid(era, from)?, self.mid(era, to)?).powi(2))
        };
        let sum: f64 = (1..=30).map(square).sum::<Option<f64>>()?;
        Some(Wanted { value: (sum / 30.0).sqrt(), t1, is_near: false })
    }

    /// Target 11.
    pub(crate) fn fut_spread_10s(&self, at: i64) -> Option<Wanted> {
        let (era, t1) = (self.era(at)?, at + 10 * SECOND);
        if !self.stands(era, at, t1, is_whole) {
            return None;
        }
        let inside = era.states.iter().map(|state| state.ts).filter(|ts| at < *ts && *ts < t1);
        let moments: Vec<i64> = [at].into_iter().chain(inside).chain([t1]).collect();
        let (mut area, mut crossed) = (0.0, 0);
        for span in moments.windows(2) {
            let (valid, known) = (self.last_valid(era, span[0])?, last(era, span[0])?);
            area += (valid.asks[0].0 - valid.bids[0].0) as f64 * (span[1] - span[0]) as f64;
            crossed += if is_crossed(known) { span[1] - span[0] } else { 0 };
        }
        let is_rare = crossed <= (t1 - at) / 100;
        is_rare.then_some(Wanted { value: area / (t1 - at) as f64, t1, is_near: false })
    }

    /// Which barrier the mid reaches first, whatever else happens on the way.
    fn tb_end(&self, at: i64) -> Option<Wanted> {
        let era = self.era(at)?;
        let (from, barriers) = (self.mid(era, at)?, self.barriers(era, at)?);
        let mut is_near = false;
        for (place, state) in era.states.iter().enumerate() {
            // What the next event of the same moment changes was never seen.
            let is_last = era.states.get(place + 1).is_none_or(|next| next.ts > state.ts);
            if state.ts <= at || state.ts > barriers.end || !is_last {
                continue;
            }
            let x = bps(from, self.mid(era, state.ts)?);
            is_near |= (x.abs() - barriers.width).abs() < 1e-8;
            if x.abs() >= barriers.width {
                return Some(Wanted { value: x.signum(), t1: state.ts, is_near });
            }
        }
        Some(Wanted { value: 0.0, t1: barriers.end, is_near })
    }

    fn barriers(&self, era: &Era, at: i64) -> Option<Barriers> {
        let (bid, ask) = self.touch(era, at)?;
        let spread_bps = 1e4 * (ask - bid) as f64 / ((ask + bid) as f64 / 2.0);
        let cost = spread_bps + 2.0 * self.fee_bps + 2.0 * self.targets.slip_bps;
        let sigma = self.sigma(era, at, 1, 300.0, 120).filter(|sigma| *sigma > 0.0)?;
        let wanted = self.targets.c_cost * cost;
        let seconds = (wanted / sigma).powi(2).clamp(60.0, 900.0);
        let width = f64::max(wanted, sigma * seconds.sqrt());
        #[expect(clippy::cast_possible_truncation, reason = "a few hundred seconds")]
        let end = at + (seconds * SECOND as f64) as i64;
        Some(Barriers { width, end })
    }

    fn era(&self, at: i64) -> Option<&Era> {
        let number = self.eras.iter().rposition(|(from, _)| *from <= at)?;
        Some(&self.eras[number].1)
    }

    /// Whether nothing is wrong from the row to its end, and something proves it.
    fn stands(&self, era: &Era, at: i64, t1: i64, is_right: fn(&State) -> bool) -> bool {
        let ends_before = self.eras.iter().any(|(from, _)| at < *from && *from <= t1);
        !ends_before && was(is_right, era, at, t1) && self.is_confirmed(t1)
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

    fn last_valid<'e>(&self, era: &'e Era, at: i64) -> Option<&'e State> {
        let known = era.states.partition_point(|state| state.ts <= at);
        era.states[..known].iter().rev().find(|state| state.is_valid(state.ts, &self.config))
    }

    /// The last valid mid, in half-ticks.
    fn mid(&self, era: &Era, at: i64) -> Option<i64> {
        self.last_valid(era, at).map(State::mid)
    }

    /// The best prices, while the book is valid.
    fn touch(&self, era: &Era, at: i64) -> Option<(i64, i64)> {
        let state = last(era, at).filter(|state| state.is_valid(at, &self.config))?;
        Some((state.bids[0].0, state.asks[0].0))
    }

    /// Of the returns that end at or before `at`, when they are enough.
    fn sigma(
        &self,
        era: &Era,
        at: i64,
        seconds: i64,
        half_life_s: f64,
        returns_min: usize,
    ) -> Option<f64> {
        let (first, last) = (era.states.first()?.ts.div_euclid(SECOND), at.div_euclid(SECOND));
        let squares: Vec<f64> = (first..=last)
            .filter_map(|k| {
                let (start, end) = ((k - seconds) * SECOND, k * SECOND);
                let known = era.states.partition_point(|state| state.ts <= end);
                let valid = known > 0 && era.states[known - 1].is_valid(end, &self.config);
                let counts = valid && was(is_good, era, start, end);
                let both = counts.then(|| self.mid(era, start).zip(self.mid(era, end))).flatten();
                both.map(|(from, to)| bps(from, to).powi(2))
            })
            .collect();
        if squares.len() < returns_min {
            return None;
        }
        let (mut sum, mut weights) = (0.0, 0.0);
        for (age, square) in squares.iter().rev().enumerate() {
            let weight = libm::pow(0.5, age as f64 / half_life_s);
            sum += weight * square;
            weights += weight;
        }
        Some((sum / weights).sqrt())
    }
}
