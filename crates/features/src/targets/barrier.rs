//! Target 8: which of two barriers the mid reaches first, or neither in time.

use fluxo_core::Nanos;

use super::Unlabelled;
use super::bet::Bets;
use super::decided::{Decided, Ended, RowKey};
use super::family::{Family, TB_LABEL};
use super::market::Market;
use super::min_tree::MinTree;
use super::terms::Barrier;

/// The rows whose barriers stand.
///
/// Thousands of rows wait at a time, and a change of the mid concerns few of them: the nearest barrier
/// above, the nearest below and the next end are each at the root of a tree. A row has the slot of its
/// number's low bits, the same in every tree.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub(super) struct TripleBarrier {
    standing: Box<[Option<RowKey>]>,
    /// Upper barriers in half-ticks.
    uppers: MinTree,
    /// The negatives of lower barriers: the nearest one is the smallest.
    lowers: MinTree,
    /// When the barriers fall.
    ends: MinTree,
    /// Rows before it have ended.
    first: u64,
    /// The number of the next row.
    next: u64,
    ended: Ended,
}

impl TripleBarrier {
    /// For so many rows at a time.
    pub(super) fn new(rows: usize) -> Self {
        let slots = rows.next_power_of_two();
        Self {
            standing: vec![None; slots].into_boxed_slice(),
            uppers: MinTree::new(slots),
            lowers: MinTree::new(slots),
            ends: MinTree::new(slots),
            first: 0,
            next: 0,
            ended: Ended::new(TB_LABEL, rows),
        }
    }

    /// Puts up the barriers of the next row, around its mid in half-ticks.
    pub(super) fn open(&mut self, row: RowKey, mid: i64, barrier: &Barrier) {
        while self.standing[slot_of(row.number, self.standing.len())].is_some() {
            self.grow();
        }
        let slot = slot_of(row.number, self.standing.len());
        let [upper, lower] = barrier.prices(mid);
        self.standing[slot] = Some(row);
        self.uppers.set(slot, upper);
        self.lowers.set(slot, lower.map(|price| -price));
        self.ends.set(slot, Some(row.at + barrier.span.get()));
        self.next = row.number + 1;
        while self.first < row.number
            && self.standing[slot_of(self.first, self.standing.len())].is_none()
        {
            self.first += 1;
        }
    }

    /// Everything up to `through` has happened, and the market is as it is since before that. A mid
    /// that was left again at the same moment was never the mid of that moment.
    pub(super) fn mature(&mut self, through: i64, market: &Market, bets: &mut Bets) {
        let since = market.mid_since();
        if let Some(mid) = market.mid().filter(|_| since <= through) {
            while let Some(slot) = self.uppers.slot_up_to(mid) {
                self.end(slot, 1.0, since, bets);
            }
            while let Some(slot) = self.lowers.slot_up_to(-mid) {
                self.end(slot, -1.0, since, bets);
            }
        }
        while let Some(slot) = self.ends.slot_up_to(through) {
            let end = self.ends.key(slot).expect("the slot was found by its key");
            self.end(slot, 0.0, end, bets);
        }
    }

    /// Makes room for twice as many rows: events may make more of them than any clock of time.
    fn grow(&mut self) {
        let slots = 2 * self.standing.len();
        let mut grown = Self {
            standing: vec![None; slots].into_boxed_slice(),
            uppers: MinTree::new(slots),
            lowers: MinTree::new(slots),
            ends: MinTree::new(slots),
            ..self.clone()
        };
        for number in self.first..self.next {
            let from = slot_of(number, self.standing.len());
            if self.standing[from].is_some_and(|row| row.number == number) {
                let to = slot_of(number, slots);
                grown.standing[to] = self.standing[from];
                grown.uppers.set(to, self.uppers.key(from));
                grown.lowers.set(to, self.lowers.key(from));
                grown.ends.set(to, self.ends.key(from));
            }
        }
        *self = grown;
    }

    fn end(&mut self, slot: usize, value: f64, t1: i64, bets: &mut Bets) {
        let row = self.take(slot).expect("a row with barriers stands in the slot");
        self.ended.push(row, value, t1);
        bets.close_after(row.number, t1);
    }

    fn take(&mut self, slot: usize) -> Option<RowKey> {
        let row = self.standing[slot].take()?;
        for tree in [&mut self.uppers, &mut self.lowers, &mut self.ends] {
            tree.set(slot, None);
        }
        Some(row)
    }
}

impl Family for TripleBarrier {
    fn confirm(&mut self, moment: i64, decided: &mut Decided) {
        self.ended.confirm(moment, decided);
    }

    fn give_up(&mut self, moment: i64, why: Unlabelled, decided: &mut Decided) {
        self.ended.give_up(moment, why, decided);
    }

    fn fail_open(&mut self, why: Unlabelled, decided: &mut Decided) {
        for number in self.first..self.next {
            if let Some(row) = self.take(slot_of(number, self.standing.len())) {
                decided.push(row.matured(TB_LABEL, Err(why)));
            }
        }
        self.first = self.next;
    }
}

/// How many rows can wait at a time, for so long at most.
pub(super) fn rows_within(span: i64, step: Nanos) -> usize {
    usize::try_from(span / step.get() + 2).expect("rows of a quarter of an hour fit into memory")
}

/// A row's place among a power of two of slots.
#[expect(clippy::cast_possible_truncation, reason = "only the low bits count")]
pub(super) const fn slot_of(number: u64, slots: usize) -> usize {
    number as usize & (slots - 1)
}
