//! A slow reference, written from the text of FEATURES: it computes each value from the whole history
//! by the formula, row by row. It shares no state machine with the engine.

use std::cell::Cell;

use fluxo_features::FeatureConfig;
use fluxo_features::catalogue::index;

use crate::events::{Received, SECOND, spec};
use crate::history::{Era, Print, Reader, State};
use crate::reference_account::Account;
use crate::reference_grid::Grid;
use crate::reference_tape::Units;

const FINE: i64 = SECOND / 10;

/// The whole history.
pub(crate) struct Reference {
    config: FeatureConfig,
    units: Units,
    /// Eras and when they began, in order.
    eras: Vec<(i64, Era)>,
    grids: Vec<Grid>,
    /// What the row that was asked about last has to say of 7.5.
    memo: Cell<Option<(i64, Account)>>,
    /// The times of every row.
    pub(crate) rows: Vec<i64>,
}

impl Reference {
    pub(crate) fn new(config: FeatureConfig, events: &[Received], end: i64) -> Self {
        Self::in_units(Units::of(&spec()), config, events, end)
    }

    pub(crate) fn in_units(
        units: Units,
        config: FeatureConfig,
        events: &[Received],
        end: i64,
    ) -> Self {
        let mut reader = Reader::new(config);
        for received in events {
            reader.read(received);
        }
        let rows = reader.row_times(end);
        let mut new = Self {
            config,
            units,
            eras: reader.eras,
            grids: Vec::new(),
            memo: Cell::new(None),
            rows,
        };
        let ends = |at: usize| new.eras.get(at + 1).map_or(end, |(next, _)| *next);
        let grid = |at: usize| Grid::of(&new.past(at, ends(at), &Grid::default()));
        let grids = (0..new.eras.len()).map(grid).collect();
        new.grids = grids;
        new
    }

    fn past<'a>(&'a self, era: usize, at: i64, grid: &'a Grid) -> Past<'a> {
        let (config, units, memo) = (&self.config, &self.units, &self.memo);
        Past { config, units, eras: &self.eras, era: &self.eras[era].1, at, grid, memo }
    }

    /// The value of a slot at T in double precision; `None` where it is undefined.
    pub(crate) fn value(&self, slot: usize, at: i64) -> Option<f64> {
        let era = self.eras.iter().rposition(|(from, _)| *from <= at)?;
        let past = self.past(era, at, &self.grids[era]);
        match slot {
            index::TRADE_INTENSITY_10S..=index::TRADE_SIZE_EW
            | index::LARGE_TRADE_RATIO
            | index::ROLL_SPREAD..=index::HAWKES_SELL
            | index::SWEEP_DETECTED
            | index::WHALE_IMBALANCE => past.of_parents(slot),
            index::CUM_DELTA | index::VPIN | index::ABSORPTION..=index::VA_POSITION => {
                past.of_prints(slot)
            }
            index::VOLUME_IMBALANCE => past.volume_imbalance(),
            index::DELTA_60S => past.delta(),
            index::RET_1S => past.ret(1),
            index::RET_5S => past.ret(5),
            index::RET_10S => past.ret(10),
            index::VOL_10S => past.vol(10),
            index::VOL_30S => past.vol(30),
            index::OFI_30M => past.ofi(1800),
            index::OFI_60M => past.ofi(3600),
            index::OFI_INTEGRATED
            | index::RESILIENCY
            | index::KYLE_LAMBDA..=index::REALIZED_SPREAD => past.of_grid(slot),
            index::SPREAD_QUALITY..=index::QUEUE_DEPLETION_ASYM => past.of_batches(slot),
            index::OFI_1S => past.ofi(1),
            index::OFI_5S => past.ofi(5),
            index::OFI_15S => past.ofi(15),
            index::OFI_30S => past.ofi(30),
            index::OFI_1M => past.ofi(60),
            index::OFI_5M => past.ofi(300),
            index::OFI_15M => past.ofi(900),
            ..index::SPREAD_ABS => past.of_trade_prices(slot),
            _ => past.of_book(slot),
        }
    }
}

/// Everything up to T, of the era that T lies in.
pub(crate) struct Past<'a> {
    pub(crate) config: &'a FeatureConfig,
    pub(crate) units: &'a Units,
    /// All of them, for what is counted in volume: a break ends no window of that.
    pub(crate) eras: &'a [(i64, Era)],
    pub(crate) era: &'a Era,
    pub(crate) at: i64,
    pub(crate) grid: &'a Grid,
    pub(crate) memo: &'a Cell<Option<(i64, Account)>>,
}

impl Past<'_> {
    /// Where the buckets that make up the window at T begin: FEATURES 17.4.
    pub(crate) fn window_start(&self, seconds: i64) -> i64 {
        let window = seconds * SECOND;
        let width = match seconds {
            0..=30 => FINE,
            31..=300 => SECOND,
            _ => window / 60,
        };
        let newest = self.at.div_euclid(width) + i64::from(self.at.rem_euclid(width) > 0);
        (newest - window / width) * width
    }

    pub(crate) fn states(&self) -> &[State] {
        let states = &self.era.states;
        &states[..states.partition_point(|state| state.ts <= self.at)]
    }

    pub(crate) fn prints(&self) -> &[Print] {
        let prints = &self.era.prints;
        &prints[..prints.partition_point(|print| print.ts <= self.at)]
    }

    /// cov(W) by trades.
    pub(crate) fn has_trades_for(&self, seconds: i64) -> bool {
        self.prints().first().is_some_and(|first| self.at - first.ts >= seconds * SECOND)
    }

    /// cov(W) by the book, and the gap rule.
    pub(crate) fn has_book_for(&self, seconds: i64) -> bool {
        let observed = self.era.first_batch.filter(|first| *first <= self.at);
        observed.is_some_and(|first| self.at - first >= seconds * SECOND)
            && self.has_few_gaps(seconds)
    }

    fn has_few_gaps(&self, seconds: i64) -> bool {
        let (start, mut counted_to, mut lost) = (self.window_start(seconds), i64::MIN, 0);
        for gap in self.era.gaps.iter().filter(|gap| gap.noticed <= self.at) {
            let from = gap.from.max(counted_to).max(start);
            let to = gap.to.map_or(self.at, |to| to.min(self.at));
            lost += (to - from).max(0);
            counted_to = counted_to.max(to);
        }
        lost * 50 <= seconds * SECOND
    }

    fn signed_lots(&self, seconds: i64) -> (i128, i128) {
        let start = self.window_start(seconds);
        let inside = self.prints().iter().filter(|print| print.ts > start);
        inside.fold((0, 0), |(buys, sells), print| match print.sign {
            1 => (buys + i128::from(print.lots), sells),
            -1 => (buys, sells + i128::from(print.lots)),
            _ => (buys, sells),
        })
    }

    fn volume_imbalance(&self) -> Option<f64> {
        let (buys, sells) = self.signed_lots(10);
        self.has_trades_for(10).then(|| balance(buys, sells))
    }

    fn delta(&self) -> Option<f64> {
        let (buys, sells) = self.signed_lots(60);
        self.has_trades_for(60).then(|| (buys - sells) as f64)
    }

    /// The last valid mid with a time up to `at`, in half-ticks.
    pub(crate) fn mid_at(&self, at: i64) -> Option<f64> {
        let states = self.states();
        let known = &states[..states.partition_point(|state| state.ts <= at)];
        let valid = known.iter().rev().find(|state| state.is_valid(state.ts, self.config))?;
        Some(valid.mid() as f64)
    }

    fn ret(&self, seconds: i64) -> Option<f64> {
        let then = (self.at - seconds * SECOND).div_euclid(FINE) * FINE;
        let (before, now) = (self.mid_at(then)?, self.mid_at(self.at)?);
        self.has_few_gaps(seconds).then(|| 1e4 * (libm::log(now) - libm::log(before)))
    }

    fn vol(&self, seconds: i64) -> Option<f64> {
        if !self.has_book_for(seconds) {
            return None;
        }
        let newest = self.at.div_euclid(FINE);
        let squares = (newest - seconds * 10 + 1..=newest).filter_map(|k| {
            let (before, now) = (self.mid_at((k - 1) * FINE)?, self.mid_at(k * FINE)?);
            Some((1e4 * libm::log1p((now - before) / before)).powi(2))
        });
        Some((squares.sum::<f64>() / seconds as f64).sqrt())
    }

    fn ofi(&self, seconds: i64) -> Option<f64> {
        let queue = self.queue()?;
        let start = self.window_start(seconds);
        let inside = self.era.flow.iter().filter(|(ts, _)| *ts > start && *ts <= self.at);
        let sum = inside.map(|(_, e)| e).sum::<i128>() as f64;
        self.has_book_for(seconds).then(|| sum / queue)
    }

    fn of_book(&self, slot: usize) -> Option<f64> {
        let state = self.states().last().filter(|state| state.is_valid(self.at, self.config))?;
        let ((bid, bid_lots), (ask, ask_lots)) = (state.bids[0], state.asks[0]);
        let mid = (ask + bid) as f64 / 2.0;
        let lots = |levels: &[(i64, i64)]| levels.iter().map(|l| i128::from(l.1)).sum::<i128>();
        let at = |levels: &[(i64, i64)], m: usize| levels.get(m).map_or(0, |l| i128::from(l.1));
        Some(match slot {
            index::SPREAD_ABS => (ask - bid) as f64,
            index::SPREAD_BPS => 1e4 * (ask - bid) as f64 / mid,
            index::MID_PRICE => mid,
            index::IMBALANCE => balance(i128::from(bid_lots), i128::from(ask_lots)),
            index::PRICE_PRESSURE => {
                let press = |levels: &[(i64, i64)]| -> f64 {
                    let near = levels.iter().take(5);
                    near.map(|(price, lots)| *lots as f64 / (*price as f64 - mid).abs()).sum()
                };
                let (bids, asks) = (press(&state.bids), press(&state.asks));
                (bids - asks) / (bids + asks)
            }
            index::AVG_BID_QTY => lots(&state.bids) as f64 / state.bids.len() as f64,
            index::AVG_ASK_QTY => lots(&state.asks) as f64 / state.asks.len() as f64,
            index::DEPTH_IMBALANCE => balance(lots(&state.bids), lots(&state.asks)),
            index::WEIGHTED_MID_DEV => {
                0.5 * (ask - bid) as f64 * balance(i128::from(bid_lots), i128::from(ask_lots))
            }
            index::LEVEL_IMB_2..=index::LEVEL_IMB_10 => {
                let m = slot - index::LEVEL_IMB_2 + 1;
                balance(at(&state.bids, m), at(&state.asks, m))
            }
            _ => return None,
        })
    }
}

pub(crate) fn balance(up: i128, down: i128) -> f64 {
    if up + down == 0 { 0.0 } else { (up - down) as f64 / (up + down) as f64 }
}
