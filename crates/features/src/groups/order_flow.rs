//! 69-77: order-flow imbalance of the best levels (FEATURES 7.1).

use serde::{Deserialize, Serialize};

use crate::book_state::Top;
use crate::book_view::BookView;
use crate::catalogue::index;
use crate::primitives::{WindowSums, nearest};

use super::Slots;

const WINDOWS_S: [i64; 9] = [1, 5, 15, 30, 60, 300, 900, 1800, 3600];
const SLOTS: [usize; 9] = [
    index::OFI_1S,
    index::OFI_5S,
    index::OFI_15S,
    index::OFI_30S,
    index::OFI_1M,
    index::OFI_5M,
    index::OFI_15M,
    index::OFI_30M,
    index::OFI_60M,
];

/// The sums of e.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct OrderFlow {
    flow: WindowSums,
}

impl OrderFlow {
    pub(crate) fn new() -> Self {
        Self { flow: WindowSums::new(&WINDOWS_S) }
    }

    /// Forgets everything: a break.
    pub(crate) fn clear(&mut self) {
        self.flow.clear();
    }

    pub(crate) fn advance(&mut self, ts: i64) {
        self.flow.advance(ts);
    }

    /// A batch led from one valid book to another.
    pub(crate) fn on_update(&mut self, before: &Top, after: &Top) {
        self.flow.add(after.pressure_since(before));
    }

    /// The unit is the average best queue.
    pub(crate) fn write(&self, view: &BookView<'_>, slots: &mut Slots<'_>) {
        for (window, (slot, seconds)) in SLOTS.into_iter().zip(WINDOWS_S).enumerate() {
            let means = view.means.filter(|_| view.coverage.of_book(view.at, seconds));
            slots.put(slot, means.map(|means| nearest(self.flow.total(window)) / means.queue));
        }
    }
}
