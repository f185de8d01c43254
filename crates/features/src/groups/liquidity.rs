//! 49, 78, 79 and 87: how tight, deep and balanced the book is, also against its last minutes
//! (FEATURES 7.12).

use serde::{Deserialize, Serialize};

use crate::book_means::BookMeansAt;
use crate::book_view::BookView;
use crate::catalogue::index;
use crate::grid::SECOND_NS;
use crate::near_book::{Depth, price_pressure};
use crate::primitives::{TimeWeighted, nearest};

use super::{Slots, imbalance};

const PRESSURE_HALF_LIFE_NS: i64 = 5 * SECOND_NS;

/// The mean pressure of the levels on the price, over the time in which the book was valid.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Liquidity {
    pressure: TimeWeighted<1>,
}

impl Liquidity {
    pub(crate) const fn new() -> Self {
        Self { pressure: TimeWeighted::new(PRESSURE_HALF_LIFE_NS) }
    }

    /// Forgets everything: a break.
    pub(crate) fn clear(&mut self) {
        self.pressure.clear();
    }

    /// The valid book is this from `ts` on, and is believed until `until` unless it is seen again.
    pub(crate) fn observe(&mut self, ts: i64, valid: Option<&Depth>, until: i64) {
        self.pressure.observe(ts, valid.map(|depth| [price_pressure(depth)]), until);
    }

    /// At `ts` the book is what it was, and is believed until `until`.
    #[inline]
    pub(crate) fn confirm(&mut self, ts: i64, until: i64) {
        self.pressure.confirm(ts, until);
    }

    pub(crate) fn write(&self, view: &BookView<'_>, slots: &mut Slots<'_>) {
        let means = view.means.filter(BookMeansAt::is_heavy);
        let tightness = view
            .top
            .zip(means)
            .map(|(top, means)| means.spread / (means.spread + (top.ask - top.bid) as f64));
        slots.put(index::SPREAD_QUALITY, tightness);
        let score = tightness.zip(means).map(|(tightness, means)| {
            let [bids, asks] = [view.depth[0].total, view.depth[1].total];
            let depth = nearest(bids + asks);
            let balance = 1.0 - 0.5 * imbalance(bids, asks).abs();
            libm::sqrt(depth / (depth + means.depth) * tightness) * balance
        });
        slots.put(index::LIQUIDITY_SCORE, score);
        // A valid book has been observed since its levels changed.
        let now = view.top.and(self.pressure.held()).map(|[pressure]| pressure);
        slots.put(index::PRICE_PRESSURE, now);
        // A weight of a half is a half-life of valid book.
        let pressure = self.pressure.read(view.at);
        let heavy = pressure.filter(|mean| mean.accrued_ns >= PRESSURE_HALF_LIFE_NS);
        slots.put(index::BOOK_PRESSURE_EW, heavy.map(|mean| mean.values[0]));
    }
}
