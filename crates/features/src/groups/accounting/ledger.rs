//! Which lots were printed at a price and not yet seen to leave it, and the other way round: the table
//! of FEATURES 7.5, for one side of the book.

use serde::{Deserialize, Serialize};

/// Prices that are followed at once. When all are taken, the one whose last entry is oldest is dropped.
const SLOTS: usize = 256;
/// Entries of either kind that are alive at once. When there are more, the oldest one dies early.
const ENTRIES: usize = 1024;
/// No slot, and no entry.
const NONE: u16 = u16::MAX;

/// What an entry waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Printed lots wait for the decrease that shows them.
    Credit,
    /// Decreases that were booked as cancels wait for the print that explains them.
    Debit,
}

/// Lots that begin to wait.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waiting {
    pub(super) ts: i64,
    pub(super) price: i64,
    pub(super) lots: i64,
    /// Whether the price is the best one of its side.
    pub(super) at_best: bool,
}

/// Lots that wait.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) ts: i64,
    /// Tells entries of the same time apart, on both sides.
    pub(super) sequence: u64,
    pub(super) price: i64,
    /// What is left; zero when it was consumed or dropped.
    pub(super) lots: i64,
    /// Whether the price was the best one of its side, and has been since.
    pub(super) at_best: bool,
    /// Where its price is followed, and the next entry of that price.
    slot: u16,
    next: u16,
}

/// Entries of one kind, oldest first, in a ring.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Queue {
    entries: Box<[Entry]>,
    oldest: usize,
    length: usize,
}

/// The entries of one price and kind, oldest first, as a list through the ring.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct List {
    first: u16,
    last: u16,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Slot {
    price: i64,
    lists: [List; 2],
    /// The number of its last entry.
    touched: u64,
    /// The next slot with the same hash, or the next free one.
    next: u16,
}

/// Credits and debits by price.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Ledger {
    queues: [Queue; 2],
    slots: Box<[Slot]>,
    /// The first slot of each hash.
    heads: Box<[u16]>,
    free: u16,
    /// Slots and entries that were dropped because there was no room.
    dropped: u64,
}

const EMPTY: List = List { first: NONE, last: NONE };

impl Ledger {
    pub(super) fn new() -> Self {
        let slot = Slot { price: 0, lists: [EMPTY; 2], touched: 0, next: NONE };
        let mut new = Self {
            queues: [Queue::new(), Queue::new()],
            slots: vec![slot; SLOTS].into_boxed_slice(),
            heads: vec![NONE; SLOTS].into_boxed_slice(),
            free: NONE,
            dropped: 0,
        };
        new.clear();
        new
    }

    /// Forgets every entry.
    pub(super) fn clear(&mut self) {
        self.queues.iter_mut().for_each(Queue::clear);
        self.heads.fill(NONE);
        for (at, slot) in self.slots.iter_mut().enumerate() {
            slot.next = if at + 1 < SLOTS { narrow(at + 1) } else { NONE };
        }
        self.free = 0;
    }

    /// Slots and entries that were dropped because there was no room.
    pub(super) const fn dropped(&self) -> u64 {
        self.dropped
    }

    /// The oldest entry of a kind, consumed or not.
    #[inline]
    pub(super) fn oldest(&self, kind: Kind) -> Option<&Entry> {
        self.queues[kind as usize].front()
    }

    /// Takes out the oldest entry of a kind.
    pub(super) fn pop(&mut self, kind: Kind) -> Option<Entry> {
        let (entry, index) = self.queues[kind as usize].pop()?;
        if entry.lots > 0 {
            // It is the first one of its price: the others came later.
            let list = &mut self.slots[usize::from(entry.slot)].lists[kind as usize];
            debug_assert_eq!(usize::from(list.first), index, "lists are in the order of the ring");
            list.first = entry.next;
            self.free_if_empty(entry.slot);
        }
        Some(entry)
    }

    /// Adds lots above zero at a price. Sequences grow.
    pub(super) fn push(&mut self, kind: Kind, waiting: Waiting, sequence: u64) {
        if self.queues[kind as usize].is_full() {
            self.pop(kind);
            self.dropped += 1;
        }
        let Waiting { ts, price, lots, at_best } = waiting;
        let slot = self.find(price).unwrap_or_else(|| self.take_slot(price));
        let entry = Entry { ts, sequence, price, lots, at_best, slot, next: NONE };
        let index = self.queues[kind as usize].push(entry);
        let Slot { lists, touched, .. } = &mut self.slots[usize::from(slot)];
        let list = &mut lists[kind as usize];
        *touched = sequence;
        if list.first == NONE {
            list.first = index;
        } else {
            self.queues[kind as usize].entries[usize::from(list.last)].next = index;
        }
        list.last = index;
    }

    /// Consumes up to so many lots of a kind at a price, oldest first, and returns how many there were.
    /// Each part is reported with the time of its entry.
    pub(super) fn consume(
        &mut self,
        kind: Kind,
        price: i64,
        lots: i64,
        mut on_part: impl FnMut(i64, i64),
    ) -> i64 {
        let Some(slot) = self.find(price) else { return 0 };
        let mut left = lots;
        let list = &mut self.slots[usize::from(slot)].lists[kind as usize];
        while left > 0 && list.first != NONE {
            let entry = &mut self.queues[kind as usize].entries[usize::from(list.first)];
            let part = left.min(entry.lots);
            (entry.lots, left) = (entry.lots - part, left - part);
            on_part(entry.ts, part);
            if entry.lots == 0 {
                list.first = entry.next;
            }
        }
        self.free_if_empty(slot);
        lots - left
    }

    /// Drops every entry of a kind at a price.
    pub(super) fn drop_all(&mut self, kind: Kind, price: i64) {
        if let Some(slot) = self.find(price) {
            self.drop_list(kind, slot);
            self.free_if_empty(slot);
        }
    }

    fn drop_list(&mut self, kind: Kind, slot: u16) {
        let list = &mut self.slots[usize::from(slot)].lists[kind as usize];
        while list.first != NONE {
            let entry = &mut self.queues[kind as usize].entries[usize::from(list.first)];
            entry.lots = 0;
            list.first = entry.next;
        }
    }

    #[inline]
    fn find(&self, price: i64) -> Option<u16> {
        let mut slot = self.heads[hash(price)];
        while slot != NONE {
            let held = &self.slots[usize::from(slot)];
            if held.price == price {
                return Some(slot);
            }
            slot = held.next;
        }
        None
    }

    /// A slot for a price that has none.
    fn take_slot(&mut self, price: i64) -> u16 {
        if self.free == NONE {
            self.drop_stalest();
        }
        let slot = self.free;
        let head = &mut self.heads[hash(price)];
        let held = &mut self.slots[usize::from(slot)];
        self.free = held.next;
        *held = Slot { price, lists: [EMPTY; 2], touched: 0, next: *head };
        *head = slot;
        slot
    }

    /// Drops the slot whose last entry is oldest; all slots are taken.
    fn drop_stalest(&mut self) {
        let touched = |slot: &u16| self.slots[usize::from(*slot)].touched;
        let slot = (0..narrow(SLOTS)).min_by_key(touched).expect("there are slots");
        self.drop_list(Kind::Credit, slot);
        self.drop_list(Kind::Debit, slot);
        self.free_if_empty(slot);
        self.dropped += 1;
    }

    /// Gives back a slot without entries.
    fn free_if_empty(&mut self, slot: u16) {
        let Slot { price, lists, next, .. } = self.slots[usize::from(slot)];
        if lists.iter().any(|list| list.first != NONE) {
            return;
        }
        let head = &mut self.heads[hash(price)];
        if *head == slot {
            *head = next;
        } else {
            let mut before = *head;
            while self.slots[usize::from(before)].next != slot {
                before = self.slots[usize::from(before)].next;
            }
            self.slots[usize::from(before)].next = next;
        }
        self.slots[usize::from(slot)].next = self.free;
        self.free = slot;
    }
}

impl Queue {
    fn new() -> Self {
        let none =
            Entry { ts: 0, sequence: 0, price: 0, lots: 0, at_best: false, slot: NONE, next: NONE };
        Self { entries: vec![none; ENTRIES].into_boxed_slice(), oldest: 0, length: 0 }
    }

    const fn clear(&mut self) {
        (self.oldest, self.length) = (0, 0);
    }

    const fn is_full(&self) -> bool {
        self.length == ENTRIES
    }

    #[inline]
    fn front(&self) -> Option<&Entry> {
        (self.length > 0).then(|| &self.entries[self.oldest])
    }

    fn pop(&mut self) -> Option<(Entry, usize)> {
        let index = self.oldest;
        let entry = *self.front()?;
        self.oldest = (index + 1) % ENTRIES;
        self.length -= 1;
        Some((entry, index))
    }

    fn push(&mut self, entry: Entry) -> u16 {
        let index = (self.oldest + self.length) % ENTRIES;
        self.entries[index] = entry;
        self.length += 1;
        narrow(index)
    }
}

/// Neighbouring prices have different hashes.
fn hash(price: i64) -> usize {
    usize::try_from(price.rem_euclid(SLOTS as i64)).expect("a remainder is not negative")
}

fn narrow(index: usize) -> u16 {
    u16::try_from(index).expect("slots and entries are few")
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use proptest::prelude::*;

    use super::*;

    fn waiting(ts: i64, price: i64, lots: i64) -> Waiting {
        Waiting { ts, price, lots, at_best: false }
    }

    proptest! {
        /// Against one plain list of everything that waits.
        #[test]
        fn it_is_two_lists_per_price(
            steps in prop::collection::vec((0_u8..10, 0_i64..700, 1_i64..9), 1..400)
        ) {
            let mut ledger = Ledger::new();
            let mut model: [VecDeque<(i64, i64, i64)>; 2] = [VecDeque::new(), VecDeque::new()];
            for (ts, (step, price, lots)) in (0..).zip(steps) {
                // Few prices, some with the same hash.
                let price = price % 3 * 256 + price % 5;
                let kind = if step % 2 == 0 { Kind::Credit } else { Kind::Debit };
                let list = &mut model[kind as usize];
                match step / 2 {
                    0 | 1 => {
                        ledger.push(kind, waiting(ts, price, lots), ts.unsigned_abs());
                        list.push_back((ts, price, lots));
                    }
                    2 => {
                        let (mut parts, mut wanted, mut left) = (Vec::new(), Vec::new(), lots);
                        let found = ledger.consume(kind, price, lots, |ts, part| parts.push((ts, part)));
                        for entry in list.iter_mut().filter(|entry| entry.1 == price && entry.2 > 0) {
                            let part = left.min(entry.2);
                            (entry.2, left) = (entry.2 - part, left - part);
                            wanted.extend((part > 0).then_some((entry.0, part)));
                        }
                        prop_assert_eq!((parts, found), (wanted, lots - left));
                    }
                    3 => {
                        let popped = ledger.pop(kind).map(|entry| (entry.ts, entry.price, entry.lots));
                        prop_assert_eq!(popped, list.pop_front());
                    }
                    _ => {
                        ledger.drop_all(kind, price);
                        list.iter_mut().filter(|entry| entry.1 == price).for_each(|entry| entry.2 = 0);
                    }
                }
            }
            prop_assert_eq!(ledger.dropped(), 0);
        }
    }

    #[test]
    fn a_price_too_many_drops_the_stalest() {
        let mut ledger = Ledger::new();
        for (sequence, price) in (1..).zip(0..256) {
            ledger.push(Kind::Debit, waiting(0, price, 5), sequence);
        }
        ledger.push(Kind::Credit, waiting(1, 0, 5), 300);
        ledger.push(Kind::Credit, waiting(1, 1_000, 5), 301);
        assert_eq!(ledger.dropped(), 1);
        let mut left = |price| ledger.consume(Kind::Debit, price, 5, |_, _| ());
        assert_eq!([0, 1, 2].map(&mut left), [5, 0, 5]);
        assert_eq!(ledger.pop(Kind::Debit).map(|entry| entry.lots), Some(0));
    }

    #[test]
    fn an_entry_too_many_lets_the_oldest_die() {
        let mut ledger = Ledger::new();
        for sequence in 0..1_030 {
            ledger.push(Kind::Credit, waiting(0, 7, 1), sequence);
        }
        assert_eq!(ledger.dropped(), 6);
        assert_eq!(ledger.consume(Kind::Credit, 7, 5_000, |_, _| ()), 1_024);
        assert_eq!(ledger.oldest(Kind::Credit).map(|entry| entry.sequence), Some(6));
    }
}
