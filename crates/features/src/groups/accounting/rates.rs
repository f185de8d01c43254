//! 88-90 and 92: how fast orders are added and cancelled, against what is traded.

use fluxo_core::Side;
use serde::{Deserialize, Serialize};

use crate::book_view::BookView;
use crate::catalogue::index;
use crate::groups::{Slots, imbalance};
use crate::primitives::WindowSums;

const WINDOW_S: i64 = 10;

/// Lots that were added near the best prices, cancelled there, and traded. Where the feed tells every
/// order, it says them exactly; else they are made of levels and prints.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Rates {
    added: WindowSums,
    /// Of the bids and of the asks.
    cancelled: [WindowSums; 2],
    traded: WindowSums,
}

impl Rates {
    pub(super) fn new() -> Self {
        let sums = || WindowSums::new(&[WINDOW_S]);
        Self { added: sums(), cancelled: [sums(), sums()], traded: sums() }
    }

    fn sums(&mut self) -> impl Iterator<Item = &mut WindowSums> {
        [&mut self.added, &mut self.traded].into_iter().chain(&mut self.cancelled)
    }

    /// Forgets everything: a break.
    pub(super) fn clear(&mut self) {
        self.sums().for_each(WindowSums::clear);
    }

    pub(super) fn advance(&mut self, ts: i64) {
        self.sums().for_each(|sums| sums.advance(ts));
    }

    pub(super) fn on_add(&mut self, lots: i64) {
        self.added.add(i128::from(lots));
    }

    pub(super) fn on_cancel(&mut self, side: Side, lots: i64) {
        self.cancelled[side.index()].add(i128::from(lots));
    }

    /// What was booked as a cancel at that time was an execution.
    pub(super) fn take_back(&mut self, side: Side, ts: i64, lots: i64) {
        self.cancelled[side.index()].add_at(ts, -i128::from(lots));
    }

    /// A print of a known side (FEATURES 17.6).
    pub(super) fn on_print(&mut self, lots: i64) {
        self.traded.add(i128::from(lots));
    }

    pub(super) fn write(&self, view: &BookView<'_>, slots: &mut Slots<'_>) {
        let (added, traded) = (self.added.total(0), self.traded.total(0));
        let [of_bids, of_asks] = [self.cancelled[0].total(0), self.cancelled[1].total(0)];
        let covered = view.covers_both(WINDOW_S);
        // Per second, in shares of the usual depth.
        let usual = view.means.filter(|_| covered).map(|means| WINDOW_S as f64 * means.depth);
        slots.put(index::ADD_RATE, usual.map(|usual| added as f64 / usual));
        slots.put(index::CANCEL_RATE, usual.map(|usual| (of_bids + of_asks) as f64 / usual));
        // What is withdrawn above the price points up.
        slots.put(index::CANCEL_IMBALANCE, covered.then(|| imbalance(of_asks, of_bids)));
        let all = traded + added;
        let share = (covered && all > 0).then(|| traded as f64 / all as f64);
        slots.put(index::AGGRESSION_RATIO, share);
    }
}
