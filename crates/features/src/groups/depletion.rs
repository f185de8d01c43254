//! 104: which of the best queues empties sooner.

use core::f64::consts::LN_2;

use fluxo_core::Side;
use serde::{Deserialize, Serialize};

use crate::book_view::BookView;
use crate::catalogue::index;
use crate::grid::SECOND_NS;
use crate::primitives::TimeDecayed;

use super::Slots;

const HALF_LIFE_S: i64 = 5;
const COVERED_S: i64 = 25;
/// What leaves a queue in any case, as a share of the average best queue per second.
const LEAK_PER_S: f64 = 0.01;
const SIZE_MAX: f64 = 10.0;

/// What left the best queues of both sides lately, cancelled or executed (FEATURES 17.22).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Depletion {
    outflow: TimeDecayed<2>,
}

impl Depletion {
    pub(crate) const fn new() -> Self {
        Self { outflow: TimeDecayed::new(HALF_LIFE_S * SECOND_NS) }
    }

    /// Forgets everything: a break, a gap or a snapshot.
    pub(crate) fn clear(&mut self) {
        self.outflow.clear();
    }

    /// A batch took lots from the price that was the best before it.
    pub(crate) fn on_outflow(&mut self, ts: i64, side: Side, lots: i64) {
        self.outflow.add(side.index(), ts, lots as f64);
    }

    pub(crate) fn write(&self, view: &BookView<'_>, slots: &mut Slots<'_>) {
        let inputs = view.top.zip(view.means).filter(|_| view.covers_both(COVERED_S));
        let value = inputs.map(|(top, means)| {
            // Lots per second.
            let per_second = LN_2 / HALF_LIFE_S as f64;
            let outflow = self.outflow.read(view.at);
            let rates = outflow.map(|lots| per_second * lots + LEAK_PER_S * means.queue);
            log_lifetimes([top.bid_lots, top.ask_lots], rates)
        });
        slots.put(index::QUEUE_DEPLETION_ASYM, value);
    }
}

/// The logarithm of how many times longer the bid lasts; the mirror negates every bit.
fn log_lifetimes(lots: [i64; 2], rates: [f64; 2]) -> f64 {
    let (bid, ask) = (lots[0] as f64 * rates[1], lots[1] as f64 * rates[0]);
    let log = if bid >= ask { libm::log(bid / ask) } else { -libm::log(ask / bid) };
    log.clamp(-SIZE_MAX, SIZE_MAX)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::oracles::Given;

    pub(crate) fn log_lifetime_ratio(given: &Given) -> f64 {
        log_lifetimes(given.get("queues"), given.get("outflows_per_s"))
    }

    #[test]
    fn the_mirror_negates_and_what_is_extreme_is_bounded() {
        let value = log_lifetimes([20, 10], [2.0, 5.0]);
        assert_eq!(log_lifetimes([10, 20], [5.0, 2.0]).to_bits(), (-value).to_bits());
        assert_eq!(log_lifetimes([1 << 40, 1], [1e-9, 1e9]).to_bits(), 10.0_f64.to_bits());
    }
}
