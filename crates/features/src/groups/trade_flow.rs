//! 27, 28, 32-35 and 103: how many trades there are, how large, and on which side.

use fluxo_core::{Side, SizeClasses, Trade};
use serde::{Deserialize, Serialize};

use crate::catalogue::index;
use crate::coverage::Coverage;
use crate::parents::{Parent, ParentEvent};
use crate::primitives::{WindowSums, nearest};

use super::{Slots, imbalance};

const SHORT_S: i64 = 10;
const LONG_S: i64 = 60;
const LONGEST_S: i64 = 300;
/// Places in lists of windows.
const SHORT: usize = 0;
const LONG: usize = 1;
/// Lanes of the sums by size.
const VOLUME: usize = 0;
const LARGE: usize = 1;

/// Parents and signed volume. A print counts at its own time; a parent, with all its volume, where it
/// starts, in the class of the size that it has by now.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct TradeFlow {
    /// The smallest size of a large parent and of a whale, in lots.
    large_lots: i128,
    whale_lots: i128,
    starts: WindowSums,
    /// Lots that were taken from the bids (sold) and from the asks (bought).
    lots: WindowSums<2>,
    /// Lots of parents and of prints without a known side, and of them those of large, block and whale
    /// parents.
    sizes: WindowSums<2>,
    /// Lots of whale parents that hit the bids and that hit the asks.
    whales: WindowSums<2>,
    session: Session,
}

/// Signed volume since the session opened.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Session {
    has_trades: bool,
    lots: [i128; 2],
}

impl TradeFlow {
    pub(crate) fn new(size_unit_lots: i64, classes: SizeClasses) -> Self {
        Self {
            large_lots: in_lots(classes.large(), size_unit_lots),
            whale_lots: in_lots(classes.whale(), size_unit_lots),
            starts: WindowSums::new(&[SHORT_S, LONGEST_S]),
            lots: WindowSums::new(&[SHORT_S, LONG_S]),
            sizes: WindowSums::new(&[LONG_S]),
            whales: WindowSums::new(&[LONGEST_S]),
            session: Session::default(),
        }
    }

    /// Forgets everything: a break.
    pub(crate) fn clear(&mut self) {
        self.starts.clear();
        self.lots.clear();
        self.sizes.clear();
        self.whales.clear();
        self.session = Session::default();
    }

    /// What a size unit and its classes are from now on; [`TradeFlow::clear`] what was counted in others.
    pub(crate) fn set_size_unit(&mut self, lots: i64, classes: SizeClasses) {
        self.large_lots = in_lots(classes.large(), lots);
        self.whale_lots = in_lots(classes.whale(), lots);
    }

    /// The session's sums start anew, and nothing else.
    pub(crate) fn open_session(&mut self) {
        self.session = Session::default();
    }

    pub(crate) fn advance(&mut self, ts: i64) {
        self.starts.advance(ts);
        self.lots.advance(ts);
        self.sizes.advance(ts);
        self.whales.advance(ts);
    }

    /// A print without a known side counts in the total volume, and in nothing signed
    /// (FEATURES 17.16).
    pub(crate) fn on_print(&mut self, trade: &Trade) {
        let lots = i128::from(trade.lots.get());
        self.session.has_trades = true;
        match trade.aggressor.hit_side() {
            Some(hit) => {
                self.lots.add_to(hit.index(), lots);
                self.session.lots[hit.index()] += lots;
            }
            None => self.sizes.add_to(VOLUME, lots),
        }
    }

    pub(crate) fn on_parent(&mut self, event: &ParentEvent) {
        match event {
            ParentEvent::Started(parent) => {
                self.starts.add(1);
                self.book(parent, parent.lots);
            }
            ParentEvent::Grew { parent, by } => self.book(parent, i128::from(*by)),
            ParentEvent::Closed { .. } => {}
        }
    }

    /// The parent grew by so many lots. Where it thereby enters a class, all its lots do.
    fn book(&mut self, parent: &Parent, by: i128) {
        let entering = |least: i128| {
            let is_inside = |lots: i128| lots >= least;
            let lots = if is_inside(parent.lots - by) { by } else { parent.lots };
            is_inside(parent.lots).then_some(lots)
        };
        self.sizes.add_to_at(VOLUME, parent.started, by);
        if let Some(lots) = entering(self.large_lots) {
            self.sizes.add_to_at(LARGE, parent.started, lots);
        }
        if let Some(lots) = entering(self.whale_lots) {
            self.whales.add_to_at(parent.hit.index(), parent.started, lots);
        }
    }

    pub(crate) fn write(&self, at: i64, coverage: &Coverage, slots: &mut Slots<'_>) {
        let bought = |window| self.lots.total_of(Side::Ask.index(), window);
        let sold = |window| self.lots.total_of(Side::Bid.index(), window);
        let [short, long, longest] =
            [SHORT_S, LONG_S, LONGEST_S].map(|seconds| coverage.of_trades(at, seconds));
        let starts = || nearest(self.starts.total(SHORT)) / SHORT_S as f64;
        slots.put(index::TRADE_INTENSITY_10S, short.then(starts));
        slots.put(index::INTENSITY_RATIO, longest.then(|| self.intensity_ratio()));
        let side = || imbalance(bought(SHORT), sold(SHORT));
        slots.put(index::VOLUME_IMBALANCE, short.then(side));
        let volume = Some(self.sizes.total_of(VOLUME, 0)).filter(|lots| long && *lots > 0);
        let large = volume.map(|lots| nearest(self.sizes.total_of(LARGE, 0)) / nearest(lots));
        slots.put(index::LARGE_TRADE_RATIO, large);
        let delta = || nearest(bought(LONG) - sold(LONG));
        slots.put(index::DELTA_60S, long.then(delta));
        let Session { has_trades, lots: [sold, bought] } = self.session;
        slots.put(index::CUM_DELTA, has_trades.then(|| imbalance(bought, sold)));
        let [sold, bought] = Side::BOTH.map(|hit| self.whales.total_of(hit.index(), 0));
        slots.put(index::WHALE_IMBALANCE, longest.then(|| imbalance(bought, sold)));
    }

    /// `ln((N_10s + 1) / (N_300s/30 + 1))`.
    fn intensity_ratio(&self) -> f64 {
        let parts = LONGEST_S / SHORT_S;
        let (short, long) = (self.starts.total(SHORT), self.starts.total(LONG));
        libm::log(nearest((short + 1) * i128::from(parts)) / nearest(long + i128::from(parts)))
    }
}

fn in_lots(units: i64, size_unit_lots: i64) -> i128 {
    i128::from(units) * i128::from(size_unit_lots)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: i64 = 1_000_000;

    fn grown(lots: i128, by: i64) -> ParentEvent {
        let parent = Parent { hit: Side::Ask, started: 10 * MS, last_ts: 10 * MS, price: 1, lots };
        if i128::from(by) == lots {
            ParentEvent::Started(parent)
        } else {
            ParentEvent::Grew { parent, by }
        }
    }

    #[test]
    fn a_parent_takes_all_its_lots_into_its_new_class() {
        let sums = |classes| {
            let mut flow = TradeFlow::new(2, classes);
            flow.advance(10 * MS);
            let mut sums = Vec::new();
            for event in
                [grown(39, 39), grown(40, 1), grown(199, 159), grown(205, 6), grown(206, 1)]
            {
                // The bucket of the first print is not the newest one any more.
                flow.on_parent(&event);
                flow.advance(300 * MS);
                let sizes = [VOLUME, LARGE].map(|lane| flow.sizes.total_of(lane, 0));
                sums.push([sizes[0], sizes[1], flow.whales.total_of(Side::Ask.index(), 0)]);
            }
            assert_eq!(flow.starts.total(SHORT), 1);
            sums
        };
        let wanted = [[39, 0, 0], [40, 40, 0], [199, 199, 0], [205, 205, 205], [206, 206, 206]];
        assert_eq!(sums(SizeClasses::DEFAULT), wanted);
        let wanted = [[39, 0, 0], [40, 0, 0], [199, 199, 0], [205, 205, 0], [206, 206, 206]];
        assert_eq!(sums(SizeClasses([1, 21, 22, 103])), wanted);
    }
}
