//! The slow reference of what is made of parent trades, from the text of FEATURES 2 and 17.3.

use fluxo_core::{InstrumentSpec, Nanos};
use fluxo_features::catalogue::index;

use crate::events::SECOND;
use crate::history::Print;
use crate::reference::{Past, balance};

/// What the features are counted in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Units {
    pub(crate) size_unit: i128,
    /// Of a large parent and of a whale, in size units.
    pub(crate) large: i128,
    pub(crate) whale: i128,
    pub(crate) profile_row: i64,
    pub(crate) footprint_row: i64,
    pub(crate) funding_interval: Option<Nanos>,
    pub(crate) match_ttl: i64,
    /// The size of a bucket of VPIN where it was fitted.
    pub(crate) bucket_lots: Option<i64>,
}

impl Units {
    pub(crate) fn of(spec: &InstrumentSpec) -> Self {
        Self {
            size_unit: i128::from(spec.size_unit_lots.get()),
            large: i128::from(spec.units.size_classes.0[1]),
            whale: i128::from(spec.units.size_classes.0[3]),
            profile_row: spec.units.profile_row_ticks,
            footprint_row: spec.units.footprint_row_ticks,
            funding_interval: spec.units.funding_interval,
            match_ttl: spec.units.match_ttl.get(),
            bucket_lots: None,
        }
    }
}

/// A parent as known at T.
struct Parent<'a> {
    prints: Vec<&'a Print>,
    is_closed: bool,
}

impl Parent<'_> {
    fn start(&self) -> i64 {
        self.prints[0].ts
    }

    fn sign(&self) -> i64 {
        self.prints[0].sign
    }

    fn last(&self) -> &Print {
        self.prints[self.prints.len() - 1]
    }

    fn lots(&self) -> i128 {
        self.prints.iter().map(|print| i128::from(print.lots)).sum()
    }

    /// The time of the print at the third distinct price, while prices went its way.
    fn swept(&self) -> Option<i64> {
        let way = |pair: &[&Print]| self.sign() * (pair[1].price - pair[0].price);
        let monotone = 1 + self.prints.windows(2).take_while(|pair| way(pair) >= 0).count();
        let mut distinct: Vec<i64> = Vec::new();
        self.prints[..monotone].iter().find_map(|print| {
            if distinct.contains(&print.price) {
                return None;
            }
            distinct.push(print.price);
            (distinct.len() == 3).then_some(print.ts)
        })
    }
}

impl Past<'_> {
    fn parents(&self) -> Vec<Parent<'_>> {
        let (gap, close) = (self.config.parent_gap.get(), self.config.parent_close.get());
        let joins = |last: &Print, print: &Print| {
            let apart = match (last.ts_event, print.ts_event) {
                (Some(a), Some(b)) => (b - a).abs(),
                _ => print.ts - last.ts,
            };
            let same_match = match (last.match_id, print.match_id) {
                (Some(a), Some(b)) => a == b,
                _ => apart <= gap,
            };
            print.sign == last.sign && same_match && print.ts <= last.ts + close
        };
        let mut parents: Vec<Parent<'_>> = Vec::new();
        for print in self.prints().iter().filter(|print| print.sign != 0) {
            match parents.last_mut() {
                Some(parent) if joins(parent.last(), print) => parent.prints.push(print),
                _ => parents.push(Parent { prints: vec![print], is_closed: false }),
            }
        }
        let count = parents.len();
        for (at, parent) in parents.iter_mut().enumerate() {
            parent.is_closed = at + 1 < count || self.at > parent.last().ts + close;
        }
        parents
    }

    /// The prints of each parent.
    pub(crate) fn prints_of_parents(&self) -> Vec<Vec<&Print>> {
        self.parents().into_iter().map(|parent| parent.prints).collect()
    }

    /// When parents closed, their signs and lots.
    pub(crate) fn closings(&self) -> Vec<(i64, i64, i128)> {
        let close = self.config.parent_close.get();
        let parents = self.parents();
        let closing = |at: usize| {
            let (parent, next) =
                (&parents[at], parents.get(at + 1).map_or(i64::MAX, Parent::start));
            // Time closes it once more than `close` has passed.
            let closed = next.min(parent.last().ts + close + 1);
            (closed, parent.sign(), parent.lots())
        };
        (0..parents.len()).filter(|at| parents[*at].is_closed).map(closing).collect()
    }

    pub(crate) fn of_parents(&self, slot: usize) -> Option<f64> {
        let parents = self.parents();
        let closed: Vec<&Parent<'_>> = parents.iter().filter(|parent| parent.is_closed).collect();
        let started_in = |seconds: i64| {
            let start = self.window_start(seconds);
            parents.iter().filter(move |parent| parent.start() > start)
        };
        let lots_of = |seconds: i64, units: i128, sign: Option<i64>| {
            let least = units * self.units.size_unit;
            let large = started_in(seconds).filter(|parent| parent.lots() >= least);
            let ours = large.filter(|parent| sign.is_none_or(|sign| sign == parent.sign()));
            ours.map(Parent::lots).sum::<i128>()
        };
        let starts: Vec<i64> = parents.iter().map(Parent::start).collect();
        let durations: Vec<f64> =
            starts.windows(2).map(|pair| (pair[1] - pair[0]) as f64 / 1e9).collect();
        let defined = |is_warm: bool, value: f64| is_warm.then_some(value);
        match slot {
            index::TRADE_INTENSITY_10S => {
                defined(self.has_trades_for(10), started_in(10).count() as f64 / 10.0)
            }
            index::INTENSITY_RATIO => {
                let (short, long) = (started_in(10).count() as f64, started_in(300).count() as f64);
                defined(
                    self.has_trades_for(300),
                    libm::log(short + 1.0) - libm::log(long / 30.0 + 1.0),
                )
            }
            index::INTER_TRADE_TIME => defined(durations.len() >= 20, moments(&durations, 20.0).0),
            index::INTER_TRADE_BURST => {
                let (mean, variance) = moments(&durations, 100.0);
                let deviation = variance.sqrt();
                let is_defined = durations.len() >= 50 && deviation + mean > 0.0;
                defined(is_defined, (deviation - mean) / (deviation + mean))
            }
            index::TRADE_SIZE_EW => {
                let sizes: Vec<f64> = closed.iter().map(|parent| parent.lots() as f64).collect();
                defined(sizes.len() >= 50, moments(&sizes, 100.0).0)
            }
            index::LARGE_TRADE_RATIO => {
                let start = self.window_start(60);
                let unsigned =
                    self.prints().iter().filter(|print| print.sign == 0 && print.ts > start);
                let unsigned: i128 = unsigned.map(|print| i128::from(print.lots)).sum();
                let total = lots_of(60, 0, None) + unsigned;
                let ratio = lots_of(60, self.units.large, None) as f64 / total as f64;
                defined(self.has_trades_for(60) && total > 0, ratio)
            }
            index::ROLL_SPREAD => {
                let prices: Vec<i64> = closed.iter().map(|parent| parent.last().price).collect();
                let moves: Vec<i64> = prices.windows(2).map(|pair| pair[1] - pair[0]).collect();
                serial(&moves).map(|mean| 2.0 * (-mean).max(0.0).sqrt())
            }
            index::SIGN_AUTOCORR => {
                serial(&closed.iter().map(|parent| parent.sign()).collect::<Vec<_>>())
            }
            index::HAWKES_BUY | index::HAWKES_SELL => {
                let sign = if slot == index::HAWKES_BUY { 1 } else { -1 };
                let beta = core::f64::consts::LN_2 / 5.0;
                let kernel =
                    |start: i64| beta * libm::exp(-beta * (self.at - start) as f64 / SECOND as f64);
                let ours = parents.iter().filter(|parent| parent.sign() == sign);
                defined(self.has_trades_for(25), ours.map(|parent| kernel(parent.start())).sum())
            }
            index::SWEEP_DETECTED => {
                let swept = parents.iter().rev();
                let latest = swept.filter_map(|p| p.swept().map(|ts| (ts, p.sign()))).next();
                let held = latest.filter(|(ts, _)| self.at < ts + SECOND);
                defined(self.has_trades_for(0), held.map_or(0.0, |(_, sign)| sign as f64))
            }
            index::WHALE_IMBALANCE => {
                let [up, down] = [1, -1].map(|sign| lots_of(300, self.units.whale, Some(sign)));
                defined(self.has_trades_for(300), balance(up, down))
            }
            _ => unreachable!("slot {slot} is not made of parents"),
        }
    }
}

/// Mean and population variance where the newest value weighs 1, and one `half_life` values older 1/2.
fn moments(values: &[f64], half_life: f64) -> (f64, f64) {
    let aged = || {
        let newest_first = values.iter().rev().enumerate();
        newest_first.map(|(age, value)| (libm::exp2(-(age as f64) / half_life), *value))
    };
    let total: f64 = aged().map(|(weight, _)| weight).sum();
    let mean = aged().map(|(weight, value)| weight * value).sum::<f64>() / total;
    let squares = aged().map(|(weight, value)| weight * (value - mean) * (value - mean));
    (mean, squares.sum::<f64>() / total)
}

/// The mean of the last 256 products of neighbours.
fn serial(values: &[i64]) -> Option<f64> {
    let products: Vec<i64> = values.windows(2).map(|pair| pair[0] * pair[1]).collect();
    let last = products.len().checked_sub(256)?;
    Some(products[last..].iter().sum::<i64>() as f64 / 256.0)
}
