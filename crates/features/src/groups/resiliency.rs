//! 91: how fast the depth of the book returns to its mean.

use serde::{Deserialize, Serialize};

use crate::book_view::BookView;
use crate::catalogue::index;
use crate::grid::SECOND_NS;
use crate::near_book::Depth;
use crate::primitives::{GridDecayed, grid_decay, nearest};

use super::Slots;

const LEVELS: usize = 5;
const HALF_LIFE_NS: i64 = 300 * SECOND_NS;
const STEPS_MIN: u64 = 120;
/// Places in the moments: the depth at a point of the grid, and at the point before it.
const NOW: usize = 0;
const BEFORE: usize = 1;

/// The autoregression of `ln(1 + lots of the best five levels)` on the grid of one second.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Resiliency {
    /// The lots of the last valid book.
    lots: Option<i128>,
    /// The sample at the last point of the grid.
    sample: Option<f64>,
    moments: GridDecayed<2>,
}

impl Resiliency {
    pub(crate) fn new() -> Self {
        let moments = GridDecayed::new(grid_decay(SECOND_NS, HALF_LIFE_NS));
        Self { lots: None, sample: None, moments }
    }

    /// Forgets everything: a break.
    pub(crate) const fn clear(&mut self) {
        (self.lots, self.sample) = (None, None);
        self.moments.clear();
    }

    /// A valid book shows these levels.
    pub(crate) fn observe(&mut self, depth: &Depth) {
        self.lots = Some(depth[0].sum(LEVELS) + depth[1].sum(LEVELS));
    }

    /// A point of the grid: the last valid book is held, and only a valid one makes a step.
    pub(crate) fn sample(&mut self, view: &BookView<'_>) {
        let now = self.lots.map(|lots| libm::log1p(nearest(lots)));
        if let Some((now, before)) = now.zip(self.sample)
            && view.top.is_some()
        {
            self.moments.step([now, before]);
        }
        self.sample = now;
    }

    pub(crate) fn write(&self, slots: &mut Slots<'_>) {
        let variance = self.moments.covariance(BEFORE, BEFORE);
        let is_warm = self.moments.count() >= STEPS_MIN && variance > 0.0;
        let value = || 1.0 - self.moments.covariance(NOW, BEFORE) / variance;
        slots.put(index::RESILIENCY, is_warm.then(|| value().clamp(0.0, 2.0)));
    }
}
