//! 88-90 and 92: how fast orders are added and cancelled, against what is traded.

use fluxo_core::Side;
use serde::{Deserialize, Serialize};

use crate::book_view::BookView;
use crate::catalogue::index;
use crate::groups::{Slots, imbalance};
use crate::primitives::{WindowSums, nearest};

const WINDOW_S: i64 = 10;

/// Lanes: lots that were added near the best prices, cancelled there (of the bids, of the asks), and
/// traded.
const ADDED: usize = 0;
const CANCELLED: [usize; 2] = [1, 2];
const TRADED: usize = 3;

/// Where the feed tells every order, it says them exactly; else they are made of levels and prints.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Rates(WindowSums<4>);

impl Rates {
    pub(super) fn new() -> Self {
        Self(WindowSums::new(&[WINDOW_S]))
    }

    /// Forgets everything: a break.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) fn advance(&mut self, ts: i64) {
        self.0.advance(ts);
    }

    pub(super) fn on_add(&mut self, lots: i64) {
        self.0.add_to(ADDED, i128::from(lots));
    }

    pub(super) fn on_cancel(&mut self, side: Side, lots: i64) {
        self.0.add_to(CANCELLED[side.index()], i128::from(lots));
    }

    /// What was booked as a cancel at that time was an execution.
    pub(super) fn take_back(&mut self, side: Side, ts: i64, lots: i64) {
        self.0.add_to_at(CANCELLED[side.index()], ts, -i128::from(lots));
    }

    /// A print of a known side (FEATURES 17.6).
    pub(super) fn on_print(&mut self, lots: i64) {
        self.0.add_to(TRADED, i128::from(lots));
    }

    pub(super) fn write(&self, view: &BookView<'_>, slots: &mut Slots<'_>) {
        let [added, of_bids, of_asks, traded] =
            [ADDED, CANCELLED[0], CANCELLED[1], TRADED].map(|lane| self.0.total_of(lane, 0));
        let covered = view.covers_both(WINDOW_S);
        // Per second, in shares of the usual depth.
        let usual = view.means.filter(|_| covered).map(|means| WINDOW_S as f64 * means.depth);
        slots.put(index::ADD_RATE, usual.map(|usual| nearest(added) / usual));
        slots.put(index::CANCEL_RATE, usual.map(|usual| nearest(of_bids + of_asks) / usual));
        // What is withdrawn above the price points up.
        slots.put(index::CANCEL_IMBALANCE, covered.then(|| imbalance(of_asks, of_bids)));
        let all = traded + added;
        let share = (covered && all > 0).then(|| nearest(traded) / nearest(all));
        slots.put(index::AGGRESSION_RATIO, share);
    }
}
