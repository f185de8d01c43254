//! 40 and 41: self-exciting intensities of buyers and sellers (FEATURES 7.13).

use core::f64::consts::LN_2;

use fluxo_core::Side;
use serde::{Deserialize, Serialize};

use crate::catalogue::index;
use crate::coverage::Coverage;
use crate::grid::SECOND_NS;
use crate::parents::ParentEvent;
use crate::primitives::TimeDecayed;

use super::Slots;

const HALF_LIFE_S: i64 = 5;
const WARM_S: i64 = 25;

/// An exponential kernel of unit mass per parent: in a stationary market its mean is the rate of
/// parents.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Hawkes {
    /// Parents that hit the bids and that hit the asks, each where it starts.
    excitement: TimeDecayed<2>,
}

impl Hawkes {
    pub(crate) const fn new() -> Self {
        Self { excitement: TimeDecayed::new(HALF_LIFE_S * SECOND_NS) }
    }

    /// Forgets everything: a break.
    pub(crate) fn clear(&mut self) {
        self.excitement.clear();
    }

    pub(crate) fn on_parent(&mut self, event: &ParentEvent) {
        if let ParentEvent::Started(parent) = event {
            self.excitement.add(parent.hit.index(), parent.started, 1.0);
        }
    }

    pub(crate) fn write(&self, at: i64, coverage: &Coverage, slots: &mut Slots<'_>) {
        let is_warm = coverage.of_trades(at, WARM_S);
        let excitement = self.excitement.read(at);
        let rate = |hit: Side| is_warm.then(|| LN_2 / HALF_LIFE_S as f64 * excitement[hit.index()]);
        slots.put(index::HAWKES_BUY, rate(Side::Ask));
        slots.put(index::HAWKES_SELL, rate(Side::Bid));
    }
}
