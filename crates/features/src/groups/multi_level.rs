//! 80-82: order-flow imbalance of ten levels (FEATURES 7.2 and 7.3).

use fluxo_core::Side;
use serde::{Deserialize, Serialize};

use crate::book_state::pressure_of;
use crate::book_view::BookView;
use crate::catalogue::index;
use crate::grid::{MINUTE_NS, SECOND_NS};
use crate::near_book::{DEPTH_LEVELS, NearBook};
use crate::primitives::{Diagonal, Eigenbasis, WindowSums, grid_decay, leading, nearest};

use super::Slots;

const WINDOW_S: i64 = 10;
const HALF_LIFE_NS: i64 = 1800 * SECOND_NS;
/// The weights come from at least so many samples.
const SAMPLES_MIN: u64 = 300;
/// Weights that sum to less have no sign to be fixed by.
const SUM_MIN: f64 = 1e-9;
/// The ranks of the two features that count several levels: 2-5 and 6-10, counted from 0.
const NEARER: core::ops::Range<usize> = 1..5;
const FARTHER: core::ops::Range<usize> = 5..DEPTH_LEVELS;

/// The sums of e of each rank, and how the ranks move together.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct MultiLevel {
    flow: WindowSums<DEPTH_LEVELS>,
    /// The decaying sum of o o'. Its scale does not matter to its eigenvectors.
    moments: [[f64; DEPTH_LEVELS]; DEPTH_LEVELS],
    decay: f64,
    samples: u64,
    /// The leading eigenvector as it was made last, its entries divided by the sum of their sizes.
    weights: Option<[f64; DEPTH_LEVELS]>,
}

impl MultiLevel {
    pub(crate) fn new() -> Self {
        Self {
            flow: WindowSums::new(&[WINDOW_S]),
            moments: [[0.0; DEPTH_LEVELS]; DEPTH_LEVELS],
            decay: grid_decay(SECOND_NS, HALF_LIFE_NS),
            samples: 0,
            weights: None,
        }
    }

    /// Forgets everything: a break.
    pub(crate) fn clear(&mut self) {
        self.flow.clear();
        self.moments = [[0.0; DEPTH_LEVELS]; DEPTH_LEVELS];
        (self.samples, self.weights) = (0, None);
    }

    pub(crate) fn advance(&mut self, ts: i64) {
        self.flow.advance(ts);
    }

    /// A batch led from one valid book to another.
    pub(crate) fn on_update(&mut self, near: &NearBook) {
        let mut flow = [0; DEPTH_LEVELS];
        for side in Side::BOTH {
            near.for_each_moved_rank(side, |rank, before, after| {
                flow[rank] += pressure_of(side, before, after);
            });
        }
        self.flow.add_all(&flow);
    }

    /// A point of the grid of one second: the weights are made of the samples before it, then its own
    /// is taken.
    pub(crate) fn sample(&mut self, view: &BookView<'_>) {
        self.advance(view.at);
        if view.at % MINUTE_NS == 0 && self.samples >= SAMPLES_MIN {
            self.weights = leading_weights(&self.moments).or(self.weights);
        }
        if let Some(level) = level(view).filter(|_| view.top.is_some()) {
            let flow = in_levels(self.lots(), level);
            for (row, a) in self.moments.iter_mut().zip(&flow) {
                for (moment, b) in row.iter_mut().zip(&flow) {
                    *moment = self.decay * *moment + a * b;
                }
            }
            self.samples += 1;
        }
    }

    pub(crate) fn write(&self, view: &BookView<'_>, slots: &mut Slots<'_>) {
        let (level, lots) = (level(view), self.lots());
        for (slot, ranks) in [(index::MLOFI_2_5, NEARER), (index::MLOFI_6_10, FARTHER)] {
            let (count, lots) = (ranks.len() as f64, lots[ranks].iter().sum::<i128>());
            slots.put(slot, level.map(|level| nearest(lots) / (count * level)));
        }
        let weighted = level.zip(self.weights).map(|(level, weights)| {
            let flow = in_levels(lots, level);
            flow.iter().zip(&weights).map(|(flow, weight)| flow * weight).sum()
        });
        slots.put(index::OFI_INTEGRATED, weighted);
    }

    /// The flow of each rank in the window.
    fn lots(&self) -> [i128; DEPTH_LEVELS] {
        core::array::from_fn(|of| self.flow.total_of(of, 0))
    }
}

/// `o`: the flow of each rank in average levels.
fn in_levels(lots: [i128; DEPTH_LEVELS], level: f64) -> [f64; DEPTH_LEVELS] {
    lots.map(|lots| nearest(lots) / level)
}

/// `Qbar`, where it may be a denominator and the window is covered.
fn level(view: &BookView<'_>) -> Option<f64> {
    let covered = view.coverage.of_book(view.at, WINDOW_S);
    view.means.filter(|_| covered).map(|means| means.level())
}

/// The leading eigenvector, its sum above zero and the sizes of its entries summing to one.
fn leading_weights(moments: &[[f64; DEPTH_LEVELS]; DEPTH_LEVELS]) -> Option<[f64; DEPTH_LEVELS]> {
    let mut basis = Eigenbasis::new();
    let values = basis.decompose(DEPTH_LEVELS, moments, Diagonal::Exact);
    let leading = &basis.vectors()[leading(&values)];
    let sum: f64 = leading.iter().sum();
    if sum.abs() < SUM_MIN {
        return None;
    }
    let size: f64 = leading.iter().map(|entry| entry.abs()).sum();
    Some(leading.map(|entry| entry * sum.signum() / size))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::oracles::Given;

    pub(crate) fn weighted_flow(given: &Given) -> f64 {
        let (flow, leading) = (given.get::<Vec<f64>>("flow"), given.get::<Vec<f64>>("leading"));
        let vector = |at: usize| leading.get(at).copied().unwrap_or(0.0);
        let moments = core::array::from_fn(|i| core::array::from_fn(|j| vector(i) * vector(j)));
        let weights = leading_weights(&moments).unwrap();
        flow.iter().zip(&weights).map(|(flow, weight)| flow * weight).sum()
    }

    #[test]
    fn weights_that_cancel_have_no_sign() {
        let opposite = |at: usize| [1.0, -1.0].get(at).copied().unwrap_or(0.0);
        let moments = core::array::from_fn(|i| core::array::from_fn(|j| opposite(i) * opposite(j)));
        assert_eq!(leading_weights(&moments), None);
    }
}
