//! 27, 32 and 34: how many trades there are, and on which side.

use serde::{Deserialize, Serialize};

use fluxo_core::{Side, Trade};

use crate::catalogue::index;
use crate::coverage::Coverage;
use crate::parents::{Parents, Print};
use crate::primitives::WindowSums;

use super::{Slots, imbalance};

const SHORT_S: i64 = 10;
const LONG_S: i64 = 60;
const SHORT: usize = 0;
const LONG: usize = 1;

/// Parent trades and signed volume. A print counts at its own time; a parent where it starts.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct TradeFlow {
    parents: Parents,
    starts: WindowSums,
    /// Lots that were taken from the bids (sold) and from the asks (bought).
    lots: [WindowSums; 2],
}

impl TradeFlow {
    pub(crate) fn new(parents: Parents) -> Self {
        Self {
            parents,
            starts: WindowSums::new(&[SHORT_S]),
            lots: [WindowSums::new(&[SHORT_S, LONG_S]), WindowSums::new(&[SHORT_S, LONG_S])],
        }
    }

    /// Forgets everything: a break.
    pub(crate) fn clear(&mut self) {
        self.parents.clear();
        self.starts.clear();
        self.lots.iter_mut().for_each(WindowSums::clear);
    }

    pub(crate) fn advance(&mut self, ts: i64) {
        self.starts.advance(ts);
        self.lots.iter_mut().for_each(|lots| lots.advance(ts));
    }

    /// A print without a known side is part of no parent and of no signed sum (FEATURES 17.16).
    pub(crate) fn on_trade(&mut self, ts: i64, ts_event: Option<i64>, trade: &Trade) {
        let Some(hit) = trade.aggressor.hit_side() else { return };
        self.lots[hit.index()].add(i128::from(trade.lots.get()));
        let (sign, match_id) = (trade.aggressor.sign(), trade.match_id);
        if self.parents.starts(Print { ts, ts_event, sign, match_id }) {
            self.starts.add(1);
        }
    }

    pub(crate) fn write(&self, at: i64, coverage: &Coverage, slots: &mut Slots<'_>) {
        let bought = |window| self.lots[Side::Ask.index()].total(window);
        let sold = |window| self.lots[Side::Bid.index()].total(window);
        let (short, long) = (coverage.of_trades(at, SHORT_S), coverage.of_trades(at, LONG_S));
        let starts = || self.starts.total(0) as f64 / SHORT_S as f64;
        slots.put(index::TRADE_INTENSITY_10S, short.then(starts));
        let side = || imbalance(bought(SHORT), sold(SHORT));
        slots.put(index::VOLUME_IMBALANCE, short.then(side));
        let delta = || (bought(LONG) - sold(LONG)) as f64;
        slots.put(index::DELTA_60S, long.then(delta));
    }
}
