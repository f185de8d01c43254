//! BAR: the open, high, low and close of the prints in each bucket of time.

use serde::{Deserialize, Serialize};

use crate::grid::bucket;

/// A bar that is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Bar {
    pub(crate) open: i64,
    pub(crate) high: i64,
    pub(crate) low: i64,
    pub(crate) close: i64,
    pub(crate) lots: i128,
    /// The last price before the bar, where there was one.
    pub(crate) close_before: Option<i64>,
}

/// Bars on the absolute grid. The first one is the first whole one after the first event; what was
/// printed before it is only the close before it (FEATURES 17.8). A bar without prints repeats the last
/// close; there is none before the first print.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Bars {
    width: i64,
    /// The bar that is forming; `None` before the first event.
    forming: Option<i64>,
    /// Whether the forming bar began before the first event.
    is_partial: bool,
    bar: Option<Bar>,
    close: Option<i64>,
}

impl Bars {
    pub(crate) const fn new(width_ns: i64) -> Self {
        Self { width: width_ns, forming: None, is_partial: true, bar: None, close: None }
    }

    /// Forgets everything.
    pub(crate) const fn clear(&mut self) {
        *self = Self::new(self.width);
    }

    /// An event of any kind came; only the first one matters.
    pub(crate) fn begin(&mut self, ts: i64) {
        if self.forming.is_none() {
            self.forming = Some(bucket(ts, self.width));
        }
    }

    /// A print inside the forming bar.
    #[inline]
    pub(crate) fn on_print(&mut self, price: i64, lots: i64) {
        let close_before = self.close;
        let fresh =
            Bar { open: price, high: price, low: price, close: price, lots: 0, close_before };
        let bar = self.bar.get_or_insert(fresh);
        bar.high = bar.high.max(price);
        bar.low = bar.low.min(price);
        bar.close = price;
        bar.lots += i128::from(lots);
    }

    /// Ends the forming bar if it does not lie after `last`, and returns it if it was a whole one with
    /// prices. Call it until it says that nothing is left.
    pub(crate) fn end_one(&mut self, last: i64) -> Ended {
        let Some(forming) = self.forming.filter(|forming| *forming <= last) else {
            return Ended::NoneLeft;
        };
        let held = self.close.map(|close| Bar {
            open: close,
            high: close,
            low: close,
            close,
            lots: 0,
            close_before: Some(close),
        });
        let bar = self.bar.take().or(held);
        self.close = bar.map(|bar| bar.close);
        self.forming = Some(forming + 1);
        let was_partial = core::mem::replace(&mut self.is_partial, false);
        bar.filter(|_| !was_partial).map_or(Ended::Without, Ended::Bar)
    }
}

/// What [`Bars::end_one`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// The forming bar is not over.
    NoneLeft,
    /// A bar was over that is none: it was not whole, or there never was a price.
    Without,
    /// A bar.
    Bar(Bar),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(bars: &mut Bars, last: i64) -> Vec<Bar> {
        let mut all = Vec::new();
        loop {
            match bars.end_one(last) {
                Ended::NoneLeft => return all,
                Ended::Without => {}
                Ended::Bar(bar) => all.push(bar),
            }
        }
    }

    #[test]
    fn the_first_bar_is_the_first_whole_one() {
        let mut bars = Bars::new(10);
        bars.on_print(70, 2);
        bars.begin(20);
        bars.begin(21);
        assert_eq!(ended(&mut bars, 1), []);
        assert_eq!(ended(&mut bars, 2), [], "the bucket of the first event ends with it");
        for (price, lots) in [(72, 3), (75, 4), (71, 1), (73, 0)] {
            bars.on_print(price, lots);
        }
        let traded =
            Bar { open: 72, high: 75, low: 71, close: 73, lots: 8, close_before: Some(70) };
        let close_before = Some(73);
        let silent = Bar { open: 73, high: 73, low: 73, close: 73, lots: 0, close_before };
        assert_eq!(ended(&mut bars, 5), [traded, silent, silent]);
        assert_eq!(ended(&mut bars, 5), []);
    }

    #[test]
    fn without_a_price_there_is_no_bar() {
        let mut bars = Bars::new(10);
        bars.begin(1);
        assert_eq!(ended(&mut bars, 4), []);
        bars.on_print(5, 1);
        let bar = Bar { open: 5, high: 5, low: 5, close: 5, lots: 1, close_before: None };
        assert_eq!(ended(&mut bars, 5), [bar]);
        bars.clear();
        assert_eq!(bars.end_one(99), Ended::NoneLeft);
    }
}
