//! The last trade price, sampled on the 100 ms and the 1 s grid.

use serde::{Deserialize, Serialize};

use crate::grid::{FINE_NS, FINE_PER_SECOND, SECOND_NS, point};
use crate::primitives::{Lag, return_bps};

/// The longest lag on the 100 ms grid; longer ones are read on the 1 s grid.
const FINE_LAG_S: usize = 60;
const LONGEST_LAG_S: usize = 300;

/// What the last print said, now and in the past. A price that is not above zero has no logarithm: a
/// print that carries one is not shown to it, but ends what it knows.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct TradePrice {
    /// In ticks, above zero.
    price: Option<i64>,
    fine: Lag,
    seconds: Lag,
}

/// A point k of the 1 s grid at which there is a trade price.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Second<'a> {
    /// `P_k`, in ticks.
    pub(crate) price: i64,
    /// `P_{k-1}`, where there was one.
    pub(crate) before: Option<i64>,
    /// `r_k`, the return since the point before, in bps.
    pub(crate) bps: Option<f64>,
    seconds: &'a Lag,
}

impl Second<'_> {
    /// The return over the last `points` points in bps; `None` while there was no price then.
    pub(crate) fn bps_over(&self, points: usize) -> Option<f64> {
        let before = self.seconds.ago(points)?;
        Some(return_bps(before, self.price))
    }
}

impl TradePrice {
    pub(crate) fn new() -> Self {
        let (fine, seconds) = (Lag::new(FINE_LAG_S * FINE_PER_SECOND), Lag::new(LONGEST_LAG_S));
        Self { price: None, fine, seconds }
    }

    /// Forgets everything: returns do not span a break.
    pub(crate) fn clear(&mut self) {
        self.price = None;
        self.fine.clear();
        self.seconds.clear();
    }

    /// A print; the grids were sampled up to the last point before it.
    #[inline]
    pub(crate) fn on_print(&mut self, price: i64) {
        self.price = Some(price);
    }

    /// The last price.
    pub(crate) const fn now(&self) -> Option<i64> {
        self.price
    }

    /// The last price so many seconds before the newest point of the grid of 100 ms; beyond a minute,
    /// before that of the grid of one second.
    #[inline]
    pub(crate) fn before(&self, seconds: usize) -> Option<i64> {
        if seconds <= FINE_LAG_S {
            self.fine.ago(seconds * FINE_PER_SECOND)
        } else {
            self.seconds.ago(seconds)
        }
    }

    /// Samples every point of both grids up to `fine`, a point of the 100 ms grid; each point of the 1 s
    /// grid that has a price is shown to `on_second`.
    pub(crate) fn sample_through(&mut self, fine: i64, mut on_second: impl FnMut(&Second<'_>)) {
        if fine <= self.fine.head() {
            return;
        }
        self.fine.hold(fine, self.price);
        let last = point(fine, SECOND_NS / FINE_NS);
        let Some(price) = self.price else { return self.seconds.hold(last, None) };
        while self.seconds.head() < last {
            let before = self.seconds.newest();
            self.seconds.hold(self.seconds.head() + 1, Some(price));
            let bps = before.map(|before| return_bps(before, price));
            on_second(&Second { price, before, bps, seconds: &self.seconds });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The price, the one before it and the return over two points, at each point of the 1 s grid.
    fn sampled(price: &mut TradePrice, fine: i64) -> Vec<(i64, Option<i64>, bool)> {
        let mut all = Vec::new();
        price.sample_through(fine, |second| {
            all.push((second.price, second.before, second.bps_over(2).is_some()));
        });
        all
    }

    #[test]
    fn a_point_holds_the_last_print_up_to_it() {
        let mut price = TradePrice::new();
        assert_eq!(sampled(&mut price, 97), []);
        price.on_print(7);
        assert_eq!(sampled(&mut price, 99), []);
        price.on_print(8);
        assert_eq!(sampled(&mut price, 105), [(8, None, false)]);
        price.on_print(9);
        let held = [(9, Some(8), false), (9, Some(9), true)];
        assert_eq!(sampled(&mut price, 120), held);
        assert_eq!([2, 1, 300].map(|seconds| price.before(seconds)), [Some(8), Some(9), None]);
        price.clear();
        assert_eq!(sampled(&mut price, 140), []);
        assert_eq!((price.now(), price.before(1)), (None, None));
    }
}
