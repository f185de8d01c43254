//! Target 9: whether the side that a simple rule takes at a row earns more than it costs.

use super::barrier::slot_of;
use super::decided::{Decided, Ended, RowKey};
use super::family::{Family, TB_META};
use super::market::Market;
use super::min_tree::MinTree;
use super::{TargetConfig, Unlabelled};
use crate::FeatureRow;
use crate::book_state::Top;
use crate::catalogue::index;
use crate::primitives::return_bps;

/// Order flow beyond this has a side of its own.
const OFI_MIN: f32 = 0.5;
/// Else a touch as uneven as this has one.
const IMBALANCE_MIN: f32 = 0.2;

/// Buying or selling at the touch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) enum BetSide {
    Buy,
    Sell,
}

/// A position that is to be opened, and closed when the barriers of its row have ended.
#[derive(Clone, Copy, Debug, serde::Serialize, serde::Deserialize)]
struct Bet {
    row: RowKey,
    side: BetSide,
    /// For each of its two orders.
    fee_bps: f64,
    /// The price at which it was opened, in ticks.
    entry: Option<i64>,
}

/// The bets of rows in the slots of their numbers, like the barriers.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub(super) struct Bets {
    bets: Box<[Option<Bet>]>,
    /// When bets are closed whose barriers have ended.
    exits: MinTree,
    /// Rows before it have had their turn to open.
    entered: u64,
    /// Rows before it have no bet any more.
    first: u64,
    /// The number of the next row.
    next: u64,
    latency: i64,
    ended: Ended,
}

impl BetSide {
    /// The primary side of a row; an undefined feature says nothing.
    pub(super) fn of(row: &FeatureRow) -> Option<Self> {
        let beyond = |slot, min| row.value(slot).filter(|value| value.abs() >= min);
        let says = beyond(index::OFI_5S, OFI_MIN).or(beyond(index::IMBALANCE, IMBALANCE_MIN))?;
        Some(if says > 0.0 { Self::Buy } else { Self::Sell })
    }

    /// The price that opens the position: the order takes.
    pub(super) const fn entry(self, touch: &Top) -> i64 {
        match self {
            Self::Buy => touch.ask,
            Self::Sell => touch.bid,
        }
    }

    /// The price that closes it.
    pub(super) const fn exit(self, touch: &Top) -> i64 {
        match self {
            Self::Buy => touch.bid,
            Self::Sell => touch.ask,
        }
    }
}

/// What is left of a bet after both fees, in bps; prices in ticks.
pub(super) fn net_bps(side: BetSide, entry: i64, exit: i64, fee_bps: f64) -> f64 {
    let moved = match side {
        BetSide::Buy => return_bps(entry, exit),
        BetSide::Sell => return_bps(exit, entry),
    };
    moved - 2.0 * fee_bps
}

impl Bets {
    /// For so many rows at a time.
    pub(super) fn new(rows: usize, config: &TargetConfig) -> Self {
        let slots = rows.next_power_of_two();
        Self {
            bets: vec![None; slots].into_boxed_slice(),
            exits: MinTree::new(slots),
            entered: 0,
            first: 0,
            next: 0,
            latency: config.latency.get(),
            ended: Ended::new(TB_META, rows),
        }
    }

    /// Sends the order of the next row.
    pub(super) fn open(&mut self, row: RowKey, side: BetSide, fee_bps: f64) {
        while self.bets[slot_of(row.number, self.bets.len())].is_some() {
            self.grow();
        }
        let slot = slot_of(row.number, self.bets.len());
        self.bets[slot] = Some(Bet { row, side, fee_bps, entry: None });
        self.next = row.number + 1;
        while self.first < row.number && self.bets[slot_of(self.first, self.bets.len())].is_none() {
            self.first += 1;
        }
    }

    /// Makes room for twice as many rows: events may make more of them than any clock of time.
    fn grow(&mut self) {
        let slots = 2 * self.bets.len();
        let mut grown = Self {
            bets: vec![None; slots].into_boxed_slice(),
            exits: MinTree::new(slots),
            ..self.clone()
        };
        for number in self.first..self.next {
            let from = slot_of(number, self.bets.len());
            if self.bets[from].as_ref().is_some_and(|bet| bet.row.number == number) {
                let to = slot_of(number, slots);
                grown.bets[to] = self.bets[from].take();
                grown.exits.set(to, self.exits.key(from));
            }
        }
        *self = grown;
    }

    /// The barriers of a row ended at `t1`: the order that closes is sent then, or as soon as there is
    /// something to close.
    pub(super) fn close_after(&mut self, number: u64, t1: i64) {
        let slot = slot_of(number, self.bets.len());
        if let Some(bet) = &self.bets[slot] {
            let sent = t1.max(bet.row.at + self.latency);
            self.exits.set(slot, Some(sent + self.latency));
        }
    }

    /// Everything up to `through` has happened, and the market is as it is since before that.
    pub(super) fn mature(&mut self, through: i64, market: &Market, decided: &mut Decided) {
        while self.entered < self.next {
            let slot = slot_of(self.entered, self.bets.len());
            if let Some(bet) = &mut self.bets[slot] {
                let at = bet.row.at + self.latency;
                if at > through {
                    break;
                }
                match touch_at(at, market) {
                    Some(touch) => bet.entry = Some(bet.side.entry(&touch)),
                    None => self.drop(slot, Unlabelled::NoTouch, decided),
                }
            }
            self.entered += 1;
        }
        while let Some(slot) = self.exits.slot_up_to(through) {
            let at = self.exits.key(slot).expect("the slot was found by its key");
            match touch_at(at, market) {
                Some(touch) => self.close(slot, at, &touch),
                None => self.drop(slot, Unlabelled::NoTouch, decided),
            }
        }
    }

    fn close(&mut self, slot: usize, t1: i64, touch: &Top) {
        self.exits.set(slot, None);
        let bet = self.bets[slot].take().expect("a bet with an exit stands in the slot");
        let entry = bet.entry.expect("an order to close is sent after the position was opened");
        let net = net_bps(bet.side, entry, bet.side.exit(touch), bet.fee_bps);
        self.ended.push(bet.row, f64::from(u8::from(net > 0.0)), t1);
    }

    fn drop(&mut self, slot: usize, why: Unlabelled, decided: &mut Decided) {
        self.exits.set(slot, None);
        if let Some(bet) = self.bets[slot].take() {
            decided.push(bet.row.matured(TB_META, Err(why)));
        }
    }
}

/// The best prices, where an order can trade at both.
fn touch_at(at: i64, market: &Market) -> Option<Top> {
    market.touch_at(at).filter(|touch| touch.bid > 0)
}

impl Family for Bets {
    fn confirm(&mut self, moment: i64, decided: &mut Decided) {
        self.ended.confirm(moment, decided);
    }

    fn give_up(&mut self, moment: i64, why: Unlabelled, decided: &mut Decided) {
        self.ended.give_up(moment, why, decided);
    }

    fn fail_open(&mut self, why: Unlabelled, decided: &mut Decided) {
        for number in self.first..self.next {
            self.drop(slot_of(number, self.bets.len()), why, decided);
        }
        (self.first, self.entered) = (self.next, self.next);
    }
}
