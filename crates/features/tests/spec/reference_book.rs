//! The slow reference of what is read from batches and states of the book, from the text of FEATURES
//! 6.3 and 7.

use fluxo_features::catalogue::index;

use crate::events::SECOND;
use crate::history::{Batch, State};
use crate::reference::{Past, balance};

const LN_2: f64 = std::f64::consts::LN_2;

/// Price and lots of a rank, counted from 0: a missing level has none, one tick behind the last one.
fn rank(levels: &[(i64, i64)], m: usize, behind: i64) -> (i64, i128) {
    match levels.get(m) {
        Some((price, lots)) => (*price, i128::from(*lots)),
        None => (levels[levels.len() - 1].0 + behind, 0),
    }
}

/// e of a rank.
pub(crate) fn flow_of_rank(batch: &Batch, m: usize) -> i128 {
    let of = |state: &State| (rank(&state.bids, m, -1), rank(&state.asks, m, 1));
    let (((b0, qb0), (a0, qa0)), ((b1, qb1), (a1, qa1))) = (of(&batch.before), of(&batch.after));
    let mut e = 0;
    if b1 >= b0 {
        e += qb1;
    }
    if b1 <= b0 {
        e -= qb0;
    }
    if a1 <= a0 {
        e -= qa1;
    }
    if a1 >= a0 {
        e += qa0;
    }
    e
}

pub(crate) fn lots(levels: &[(i64, i64)], count: usize) -> i128 {
    levels.iter().take(count).map(|level| i128::from(level.1)).sum()
}

fn pressure(state: &State) -> f64 {
    let mid = state.mid() as f64 / 2.0;
    let press = |levels: &[(i64, i64)]| -> f64 {
        let near = levels.iter().take(5);
        near.map(|(price, lots)| *lots as f64 / (*price as f64 - mid).abs()).sum()
    };
    let (bids, asks) = (press(&state.bids), press(&state.asks));
    (bids - asks) / (bids + asks)
}

/// The line through the origin: sum d C / sum d^2.
fn slope(levels: &[(i64, i64)], mid: f64) -> f64 {
    let (mut products, mut squares) = (0.0, 0.0);
    for (at, (price, _)) in levels.iter().enumerate() {
        let distance = (*price as f64 - mid).abs();
        products += distance * lots(levels, at + 1) as f64;
        squares += distance * distance;
    }
    products / squares
}

impl Past<'_> {
    pub(crate) fn batches(&self) -> &[Batch] {
        let batches = &self.era.batches;
        &batches[..batches.partition_point(|batch| batch.ts <= self.at)]
    }

    /// cov(W) by both, and the gap rule.
    fn has_both_for(&self, seconds: i64) -> bool {
        self.has_book_for(seconds) && self.has_trades_for(seconds)
    }

    fn valid_state(&self) -> Option<&State> {
        self.states().last().filter(|state| state.is_valid(self.at, self.config))
    }

    /// The time-weighted mean of a quantity of the valid book, with its half-life in seconds, once so
    /// many seconds of valid book have accrued.
    pub(crate) fn mean_of(
        &self,
        quantity: impl Fn(&State) -> f64,
        half_life: i64,
        accrued: i64,
    ) -> Option<f64> {
        let (mut pieces, mut valid_time) = (Vec::new(), 0_i64);
        let states = self.states();
        for (at, state) in states.iter().enumerate() {
            let next = states.get(at + 1).map_or(self.at, |next| next.ts);
            let end = next.min(state.fresh_until(self.config));
            if end > state.ts && state.is_valid(state.ts, self.config) {
                pieces.push((valid_time, valid_time + end - state.ts, quantity(state)));
                valid_time += end - state.ts;
            }
        }
        let decayed = |span: i64| -LN_2 * span as f64 / (half_life * SECOND) as f64;
        let (mut sum, mut total) = (0.0, 0.0);
        for (from, to, value) in pieces {
            let weight = libm::exp(decayed(valid_time - to)) * -libm::expm1(decayed(to - from));
            sum += weight * value;
            total += weight;
        }
        (valid_time >= accrued * SECOND).then(|| sum / total)
    }

    pub(crate) fn queue(&self) -> Option<f64> {
        let queue = |state: &State| (lots(&state.bids, 1) + lots(&state.asks, 1)) as f64 / 2.0;
        self.mean_of(queue, 300, 30)
    }

    fn usual_depth(&self, accrued: i64) -> Option<f64> {
        self.mean_of(|state| (lots(&state.bids, 10) + lots(&state.asks, 10)) as f64, 300, accrued)
    }

    fn multi_level(&self, ranks: std::ops::Range<usize>) -> Option<f64> {
        let (start, level) = (self.window_start(10), self.usual_depth(30)? / 20.0);
        let inside = self.batches().iter().filter(|batch| batch.ts > start && batch.counts);
        let count = ranks.len() as f64;
        let e = |batch: &Batch| ranks.clone().map(|m| flow_of_rank(batch, m)).sum::<i128>();
        let sum = inside.map(e).sum::<i128>() as f64;
        self.has_book_for(10).then(|| sum / (count * level))
    }

    fn rate(&self, lots: i128) -> Option<f64> {
        let usual = self.usual_depth(30)?;
        self.has_both_for(10).then(|| lots as f64 / (10.0 * usual))
    }

    /// What left the best price of a side per second.
    fn outflow(&self, side: usize) -> f64 {
        let states = self.states().iter().filter(|state| !state.live).map(|state| state.seq);
        let snapshots = self.batches().iter().filter(|batch| batch.is_snapshot);
        let since = states.chain(snapshots.map(|batch| batch.seq)).max().unwrap_or(0);
        let counted = self.batches().iter().filter(|batch| batch.counts && batch.seq > since);
        let parts = counted.map(|batch| {
            let best = [&batch.before.bids, &batch.before.asks][side][0];
            let (before, after) = batch.changes.get(&(side, best.0)).copied().unwrap_or((0, 0));
            let age = (self.at - batch.ts) as f64 / (5 * SECOND) as f64;
            (before - after).max(0) as f64 * libm::exp(-LN_2 * age)
        });
        LN_2 / 5.0 * parts.sum::<f64>()
    }

    fn depletion(&self) -> Option<f64> {
        let (state, leak) = (self.valid_state()?, 0.01 * self.queue()?);
        let life = |levels: &[(i64, i64)], side| levels[0].1 as f64 / (self.outflow(side) + leak);
        let ratio = life(&state.bids, 0) / life(&state.asks, 1);
        self.has_both_for(25).then(|| libm::log(ratio).clamp(-10.0, 10.0))
    }

    pub(crate) fn of_batches(&self, slot: usize) -> Option<f64> {
        match slot {
            index::SPREAD_QUALITY => {
                let state = self.valid_state()?;
                let spread = |state: &State| (state.asks[0].0 - state.bids[0].0) as f64;
                let usual = self.mean_of(spread, 300, 300)?;
                Some(usual / (usual + spread(state)))
            }
            index::LIQUIDITY_SCORE => {
                let (state, usual) = (self.valid_state()?, self.usual_depth(300)?);
                let (bids, asks) = (lots(&state.bids, 10), lots(&state.asks, 10));
                let share = (bids + asks) as f64 / ((bids + asks) as f64 + usual);
                let tight = self.of_batches(index::SPREAD_QUALITY)?;
                Some((share * tight).sqrt() * (1.0 - 0.5 * balance(bids, asks).abs()))
            }
            index::MLOFI_2_5 => self.multi_level(1..5),
            index::MLOFI_6_10 => self.multi_level(5..10),
            index::BOOK_SLOPE | index::SLOPE_ASYM => {
                let state = self.valid_state()?;
                let of = |levels: &[(i64, i64)]| slope(levels, state.mid() as f64 / 2.0);
                let (bid, ask) = (of(&state.bids), of(&state.asks));
                let asymmetry = (bid - ask) / (bid + ask);
                Some(if slot == index::BOOK_SLOPE { (bid + ask) / 2.0 } else { asymmetry })
            }
            index::DEPTH_BPS_LOG => {
                self.valid_state()?.band.map(|[bids, asks]| libm::log((1 + bids + asks) as f64))
            }
            index::DEPTH_BPS_IMB => self.valid_state()?.band.map(|[b, a]| balance(b, a)),
            index::BOOK_PRESSURE_EW => self.mean_of(pressure, 5, 5),
            index::ADD_RATE => self.rate(self.account().added),
            index::CANCEL_RATE => self.rate(self.account().cancelled.iter().sum()),
            index::CANCEL_IMBALANCE => {
                let [bids, asks] = self.account().cancelled;
                self.has_both_for(10).then(|| balance(asks, bids))
            }
            index::AGGRESSION_RATIO => {
                let account = self.account();
                let all = account.traded + account.added;
                (self.has_both_for(10) && all > 0).then(|| account.traded as f64 / all as f64)
            }
            index::ICEBERG_DETECTED => {
                self.valid_state().filter(|_| self.has_trades_for(0))?;
                Some(self.account().latch)
            }
            index::QUEUE_DEPLETION_ASYM => self.depletion(),
            _ => None,
        }
    }
}
