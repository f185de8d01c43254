//! 25 and 26: how far the trade price lies from the mean price of the lots.

use serde::{Deserialize, Serialize};

use crate::catalogue::index;
use crate::coverage::Coverage;
use crate::grid::{SECOND_NS, bucket};
use crate::primitives::{Ring, ratio_bps};

use super::Slots;

const WINDOW_S: i64 = 300;
const BUCKET_NS: i64 = 5 * SECOND_NS;
const BUCKETS: usize = 60;

/// Lots, and lots times ticks, of the window and of the session.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Vwap {
    bucket_end: i64,
    value: Ring,
    lots: Ring,
    session: Totals,
    known: [Distance; 2],
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Totals {
    value: i128,
    lots: i128,
}

/// A distance that was computed, and of what.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Distance {
    price: i64,
    totals: Totals,
    bps: f64,
}

impl Distance {
    /// From the mean price to the price, which is above zero; `None` without lots, and where the mean
    /// is not above zero.
    fn of(&mut self, price: i64, totals: Totals) -> Option<f64> {
        let has_log = totals.value > 0 && totals.lots > 0;
        if (price, totals) != (self.price, self.totals) && has_log {
            let bps = ratio_bps(totals.value, i128::from(price) * totals.lots);
            *self = Self { price, totals, bps };
        }
        has_log.then_some(self.bps)
    }
}

impl Vwap {
    pub(crate) fn new() -> Self {
        Self {
            bucket_end: i64::MIN,
            value: Ring::new(&[BUCKETS]),
            lots: Ring::new(&[BUCKETS]),
            session: Totals::default(),
            known: [Distance::default(); 2],
        }
    }

    /// Forgets everything: a break.
    pub(crate) fn clear(&mut self) {
        self.bucket_end = i64::MIN;
        self.value.clear();
        self.lots.clear();
        self.open_session();
    }

    /// The sums of the session begin anew.
    pub(crate) fn open_session(&mut self) {
        self.session = Totals::default();
    }

    pub(crate) fn advance(&mut self, ts: i64) {
        if ts > self.bucket_end {
            let newest = bucket(ts, BUCKET_NS);
            self.value.advance(newest);
            self.lots.advance(newest);
            self.bucket_end = newest * BUCKET_NS;
        }
    }

    #[inline]
    pub(crate) fn on_print(&mut self, price: i64, lots: i64) {
        let (lots, value) = (i128::from(lots), i128::from(price) * i128::from(lots));
        self.value.add(value);
        self.lots.add(lots);
        self.session.value += value;
        self.session.lots += lots;
    }

    pub(crate) fn write(
        &mut self,
        at: i64,
        price: Option<i64>,
        coverage: &Coverage,
        slots: &mut Slots<'_>,
    ) {
        let window = Totals { value: self.value.total(0), lots: self.lots.total(0) };
        let [of_window, of_session] = &mut self.known;
        let covered = price.filter(|_| coverage.of_trades(at, WINDOW_S));
        slots.put(index::VWAP_DIST_300S, covered.and_then(|price| of_window.of(price, window)));
        let session = price.and_then(|price| of_session.of(price, self.session));
        slots.put(index::VWAP_DIST_SESSION, session);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_begins_without_a_price_and_the_window_goes_on() {
        let mut vwap = Vwap::new();
        vwap.advance(1);
        vwap.on_print(100, 2);
        vwap.on_print(102, 2);
        assert_eq!(vwap.known[1].of(101, vwap.session), Some(0.0));
        vwap.open_session();
        assert_eq!(vwap.known[1].of(102, vwap.session), None);
        vwap.on_print(-7, 1);
        assert_eq!(vwap.known[1].of(102, vwap.session), None, "the mean is below zero");
        vwap.open_session();
        assert_eq!((vwap.value.total(0), vwap.lots.total(0)), (397, 5));
    }
}
