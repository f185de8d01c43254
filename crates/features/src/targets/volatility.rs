//! How far the mid usually moves over each horizon: what a label is measured against.

use super::market::Market;
use crate::grid::{SECOND_NS, point};
use crate::primitives::{Lag, return_bps};

/// Exponentially weighted squared returns over each horizon, one step per second (EWG of FEATURES 3).
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub(super) struct GridReturns {
    /// The horizons, in seconds, each with its returns.
    horizons: Box<[(i64, Squares)]>,
    /// The mid on the 1 s grid.
    mids: Lag,
    /// What is left of the weight of a square after a second.
    decay: f64,
    /// Fewer returns say nothing about how far the price moves.
    returns_min: u64,
}

#[derive(Clone, Copy, Debug, Default, serde::Serialize, serde::Deserialize)]
struct Squares {
    weight: f64,
    sum: f64,
    count: u64,
}

impl GridReturns {
    pub(super) fn new(horizons_s: &[usize], half_life_s: f64, returns_min: u64) -> Self {
        let seconds = |horizon: &usize| i64::try_from(*horizon).expect("a few seconds");
        Self {
            horizons: horizons_s.iter().map(|h| (seconds(h), Squares::default())).collect(),
            mids: Lag::new(horizons_s.iter().copied().max().unwrap_or(0)),
            decay: libm::exp2(-1.0 / half_life_s),
            returns_min,
        }
    }

    /// Forgets everything: a break.
    pub(super) fn clear(&mut self) {
        self.mids.clear();
        self.horizons.iter_mut().for_each(|(_, squares)| *squares = Squares::default());
    }

    /// Samples every grid point up to `through`; the market did not change since the last one.
    ///
    /// A return counts where nothing was wrong from its start to its end and the book is valid at its
    /// end. A label asks for more, a depth message after its end: a row cannot wait for that.
    pub(super) fn sample_through(&mut self, through: i64, market: &Market) {
        let (last, mid) = (point(through, SECOND_NS), market.mid());
        if last <= self.mids.head() {
            return;
        }
        if let (Ok(since), Some(to)) = (market.state(), mid) {
            let valid = last.min(point(market.valid_until(), SECOND_NS));
            // No return starts before the state became good, so none ends before that either.
            let first = self.mids.head().saturating_add(1).max(point(since, SECOND_NS));
            for at in first..=valid {
                self.mids.hold(at, mid);
                self.step(at, since, to);
            }
        }
        self.mids.hold(last, mid);
    }

    fn step(&mut self, at: i64, since: i64, to: i64) {
        for (horizon, squares) in &mut self.horizons {
            let start = at - *horizon;
            if start * SECOND_NS < since {
                continue;
            }
            if let Some(from) = self.mids.at(start) {
                let bps = return_bps(from, to);
                squares.weight = self.decay * squares.weight + 1.0;
                squares.sum = self.decay * squares.sum + bps * bps;
                squares.count += 1;
            }
        }
    }

    /// The root mean square of returns over a horizon, in bps, over those that ended by now; `None`
    /// while there are too few.
    pub(super) fn root_mean_square(&self, horizon: usize) -> Option<f64> {
        let (_, squares) = &self.horizons[horizon];
        (squares.count >= self.returns_min).then(|| libm::sqrt(squares.sum / squares.weight))
    }
}
