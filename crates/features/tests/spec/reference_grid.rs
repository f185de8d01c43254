//! The slow reference of what is sampled once a second, from the text of FEATURES 7.3, 7.9 and 7.10.

use fluxo_features::catalogue::index;

use crate::events::SECOND;
use crate::history::{Batch, State};
use crate::reference::Past;
use crate::reference_book::{flow_of_rank, lots};

const FINE: i64 = SECOND / 10;
const LN_2: f64 = std::f64::consts::LN_2;

/// The market at one point of the grid of one second.
struct Second {
    at: i64,
    is_valid: bool,
    /// Of the last valid book: twice the mid, and the lots of five levels of both sides.
    mid: Option<i64>,
    near_lots: Option<i128>,
    /// The flow of ten ranks over ten seconds in average levels, where it is sampled.
    flow: Option<[f64; 10]>,
}

/// The points of an era's grid, which every row of the era reads up to its own time.
#[derive(Default)]
pub(crate) struct Grid {
    seconds: Vec<Second>,
}

impl Grid {
    /// `past` reads the same era at its end.
    pub(crate) fn of(past: &Past<'_>) -> Self {
        let Some(first) = past.era.first_event else { return Self::default() };
        let first = first.div_euclid(SECOND) + i64::from(first.rem_euclid(SECOND) > 0);
        let levels = usual_levels(past, first);
        let points = first..=past.at.div_euclid(SECOND);
        let seconds = points.zip(levels).map(|(k, level)| second(past, k * SECOND, level));
        Self { seconds: seconds.collect() }
    }

    fn up_to(&self, at: i64) -> &[Second] {
        &self.seconds[..self.seconds.partition_point(|second| second.at <= at)]
    }
}

fn second(past: &Past<'_>, at: i64, level: Option<f64>) -> Second {
    let then = Past { at, ..*past };
    let states = then.states();
    let valid = states.iter().rev().find(|state| state.is_valid(state.ts, past.config));
    let is_valid = states.last().is_some_and(|state| state.is_valid(at, past.config));
    let flow = level.filter(|_| is_valid && then.has_book_for(10)).map(|level| {
        let start = then.window_start(10);
        let batches = then.batches();
        let inside = &batches[batches.partition_point(|batch| batch.ts <= start)..];
        let counted: Vec<&Batch> = inside.iter().filter(|batch| batch.counts).collect();
        std::array::from_fn(|m| {
            counted.iter().map(|batch| flow_of_rank(batch, m)).sum::<i128>() as f64 / level
        })
    });
    Second {
        at,
        is_valid,
        mid: valid.map(State::mid).filter(|mid| *mid > 0),
        near_lots: valid.map(|state| lots(&state.bids, 5) + lots(&state.asks, 5)),
        flow,
    }
}

/// The mean level at every second: each valid moment weighs half as much after every 300 valid seconds.
fn usual_levels(past: &Past<'_>, first: i64) -> Vec<Option<f64>> {
    let (states, mut found) = (past.states(), Vec::new());
    let (mut sum, mut total, mut valid_time, mut now) = (0.0, 0.0, 0_i64, i64::MIN);
    let mut at = 0;
    for k in first..=past.at.div_euclid(SECOND) {
        let mut advance = |state: Option<&State>, to: i64| {
            if let Some(state) = state.filter(|state| state.is_valid(state.ts, past.config)) {
                let span = (to.min(state.fresh_until(past.config)) - now).max(0);
                let kept = libm::exp(-LN_2 * span as f64 / (300 * SECOND) as f64);
                let gained = -libm::expm1(-LN_2 * span as f64 / (300 * SECOND) as f64);
                let depth = (lots(&state.bids, 10) + lots(&state.asks, 10)) as f64;
                (sum, total) = (kept * sum + gained * depth / 20.0, kept * total + gained);
                valid_time += span;
            }
            now = to;
        };
        while at < states.len() && states[at].ts <= k * SECOND {
            advance(at.checked_sub(1).map(|before| &states[before]), states[at].ts);
            at += 1;
        }
        advance(at.checked_sub(1).map(|before| &states[before]), k * SECOND);
        found.push((valid_time >= 30 * SECOND).then(|| sum / total));
    }
    found
}

/// Weighted mean, variances and covariance of pairs, the newest last, with weights `decay^age`. Both are
/// measured from the first pair, so that what never moves has no variance.
fn moments(pairs: &[(f64, f64)], decay: f64) -> (f64, f64) {
    let Some((x0, y0)) = pairs.first().copied() else { return (0.0, 0.0) };
    let weight = |age: usize| libm::pow(decay, age as f64);
    let weights: Vec<f64> = (0..pairs.len()).rev().map(weight).collect();
    let total: f64 = weights.iter().sum();
    let mean = |of: &dyn Fn(&(f64, f64)) -> f64| {
        weights.iter().zip(pairs).map(|(weight, pair)| weight * of(pair)).sum::<f64>() / total
    };
    let (x, y) = (mean(&|pair| pair.0 - x0) + x0, mean(&|pair| pair.1 - y0) + y0);
    (mean(&|pair| (pair.0 - x) * (pair.1 - y)), mean(&|pair| (pair.1 - y).powi(2)))
}

fn decay_of(half_life: i64) -> f64 {
    libm::exp(-LN_2 / half_life as f64)
}

/// The leading eigenvector, by squaring: the powers of a matrix tend to its projector.
fn leading(mut matrix: [[f64; 10]; 10]) -> [f64; 10] {
    for _ in 0..60 {
        let size = matrix.iter().flatten().fold(0.0_f64, |size, entry| size.max(entry.abs()));
        let scaled = matrix.map(|row| row.map(|entry| entry / size));
        matrix = std::array::from_fn(|i| {
            std::array::from_fn(|j| (0..10).map(|k| scaled[i][k] * scaled[k][j]).sum())
        });
    }
    let length = |row: &[f64; 10]| row.iter().map(|entry| entry * entry).sum::<f64>();
    matrix.into_iter().max_by(|a, b| length(a).total_cmp(&length(b))).unwrap()
}

impl Past<'_> {
    fn integrated(&self) -> Option<f64> {
        let minute = self.at.div_euclid(60 * SECOND) * 60 * SECOND;
        let samples: Vec<[f64; 10]> =
            self.grid.up_to(minute - 1).iter().filter_map(|second| second.flow).collect();
        if samples.len() < 300 {
            return None;
        }
        let decay = decay_of(1800);
        let mut matrix = [[0.0; 10]; 10];
        for (age, sample) in samples.iter().rev().enumerate() {
            let weight = libm::pow(decay, age as f64);
            for (i, row) in matrix.iter_mut().enumerate() {
                for (j, entry) in row.iter_mut().enumerate() {
                    *entry += weight * sample[i] * sample[j];
                }
            }
        }
        let weights = leading(matrix);
        let sign = weights.iter().sum::<f64>().signum();
        let size: f64 = weights.iter().map(|weight| weight.abs()).sum();
        let (start, level) = (self.window_start(10), self.level()?);
        let inside = self.batches().iter().filter(|batch| batch.ts > start && batch.counts);
        let inside: Vec<&Batch> = inside.collect();
        let of_rank = |m: usize| inside.iter().map(|batch| flow_of_rank(batch, m)).sum::<i128>();
        let flow = (0..10).map(|m| sign * weights[m] / size * of_rank(m) as f64 / level);
        self.has_book_for(10).then(|| flow.sum())
    }

    fn level(&self) -> Option<f64> {
        let depth = |state: &State| (lots(&state.bids, 10) + lots(&state.asks, 10)) as f64 / 20.0;
        self.mean_of(depth, 300, 30)
    }

    fn resiliency(&self) -> Option<f64> {
        let log = |second: &Second| second.near_lots.map(|lots| libm::log((1 + lots) as f64));
        let seconds = self.grid.up_to(self.at);
        let pairs: Vec<(f64, f64)> = seconds
            .windows(2)
            .filter(|pair| pair[1].is_valid)
            .filter_map(|pair| log(&pair[1]).zip(log(&pair[0])))
            .collect();
        let (covariance, variance) = moments(&pairs, decay_of(300));
        (pairs.len() >= 120 && variance > 0.0)
            .then(|| (1.0 - covariance / variance).clamp(0.0, 2.0))
    }

    fn kyle(&self) -> Option<f64> {
        let seconds = self.grid.up_to(self.at);
        let mut pairs = Vec::new();
        for pair in seconds.windows(2).filter(|pair| pair[1].is_valid) {
            let Some(moved) = moved(&pair[0], &pair[1]) else { continue };
            let prints = self.prints();
            let until = |at: i64| prints.partition_point(|print| print.ts <= at);
            let inside = &prints[until(pair[0].at)..until(pair[1].at)];
            let lots: i128 = inside.iter().map(|print| i128::from(print.sign * print.lots)).sum();
            pairs.push((moved, lots as f64));
        }
        let (covariance, variance) = moments(&pairs, decay_of(300));
        (pairs.len() >= 120 && variance > 0.0).then(|| covariance / variance)
    }

    fn hasbrouck(&self) -> Option<f64> {
        let (seconds, decay) = (self.grid.up_to(self.at), decay_of(600));
        let closings = self.closings();
        let flow = |k: usize| -> f64 {
            let until = |at: i64| closings.partition_point(|closing| closing.0 <= at);
            let from = k.checked_sub(1).map_or(0, |before| until(seconds[before].at));
            let inside = &closings[from..until(seconds[k].at)];
            inside.iter().map(|(_, sign, lots)| *sign as f64 * (*lots as f64).sqrt()).sum()
        };
        let x: Vec<f64> = (0..seconds.len()).map(flow).collect();
        let (mut u, mut sums, mut responses) = (Vec::new(), (0.0, 0.0), (0.0, 0.0));
        let mut count = 0;
        for k in 0..seconds.len() {
            let before = k.checked_sub(1).map_or(0.0, |before| x[before]);
            if seconds[k].is_valid {
                sums = (decay * sums.0 + x[k] * before, decay * sums.1 + before * before);
            }
            let phi = if sums.1 > 0.0 { sums.0 / sums.1 } else { 0.0 };
            u.push(x[k] - phi * before);
            // The response covers the five seconds that end here.
            let Some(start) = k.checked_sub(5).filter(|_| seconds[k].is_valid) else { continue };
            let moves = seconds[start..=k].windows(2).map(|pair| moved(&pair[0], &pair[1]));
            if let Some(moves) = moves.collect::<Option<Vec<f64>>>() {
                let (y, innovation) = (moves.iter().sum::<f64>(), u[k - 4]);
                responses.0 = decay * responses.0 + y * innovation;
                responses.1 = decay * responses.1 + innovation * innovation;
                count += 1;
            }
        }
        (count >= 300 && responses.1 > 0.0).then(|| responses.0 / responses.1)
    }

    /// The last valid mid before an event, in ticks.
    fn mid_before(&self, seq: usize) -> Option<f64> {
        let states = self.states();
        let known = &states[..states.partition_point(|state| state.seq < seq)];
        let valid = known.iter().rev().find(|state| state.is_valid(state.ts, self.config))?;
        (valid.mid() > 0).then(|| valid.mid() as f64 / 2.0)
    }

    /// 97 at the print; 98 at the grid point five seconds after the end of its bucket.
    fn spread(&self, is_realized: bool) -> Option<f64> {
        let (mut sum, mut total, mut parents) = (0.0, 0.0, 0);
        for prints in self.prints_of_parents() {
            let mut is_counted = false;
            for print in prints {
                let Some(mid) = self.mid_before(print.seq) else { continue };
                let bucket = print.ts.div_euclid(FINE) + i64::from(print.ts.rem_euclid(FINE) > 0);
                let (time, price) = if is_realized {
                    let point = (bucket + 50) * FINE;
                    if point > self.at {
                        is_counted = true;
                        continue;
                    }
                    (point, self.mid_at(point).unwrap() / 2.0)
                } else {
                    (print.ts, mid)
                };
                parents += usize::from(!is_counted);
                is_counted = true;
                let weight = print.lots as f64
                    * libm::exp(-LN_2 * (self.at - time) as f64 / (60 * SECOND) as f64);
                sum += weight * 2e4 * print.sign as f64 * (print.price as f64 - price) / mid;
                total += weight;
            }
        }
        (parents >= 20).then(|| sum / total)
    }

    pub(crate) fn of_grid(&self, slot: usize) -> Option<f64> {
        match slot {
            index::OFI_INTEGRATED => self.integrated(),
            index::RESILIENCY => self.resiliency(),
            index::KYLE_LAMBDA => self.kyle(),
            index::HASBROUCK_IMPACT => self.hasbrouck(),
            index::EFFECTIVE_SPREAD => self.spread(false),
            _ => self.spread(true),
        }
    }
}

fn moved(before: &Second, now: &Second) -> Option<f64> {
    let (before, now) = (before.mid? as f64, now.mid? as f64);
    Some(1e4 * libm::log1p((now - before) / before))
}
