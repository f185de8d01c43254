//! Which lots were printed at a price and not yet seen to leave it, and the other way round: the table
//! of FEATURES 7.5, for one side of the book.

use core::cmp::Ordering;

use serde::{Deserialize, Serialize};

/// Prices that are followed at once, one per value of a byte. When all are taken, the one whose last entry is oldest is dropped.
const SLOTS: usize = 256;
/// Credits and debits that are kept at once: twice as many as the liveliest quarter of a second of our
/// captures needs. When there are more, the oldest one dies early.
const ENTRIES: [usize; 2] = [1 << 11, 1 << 10];
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
    /// Whether the price is the best one of its side; when it stops being so, what waits there is
    /// dropped.
    pub(super) at_best: bool,
}

/// Lots that wait, as they are kept: there are many of them.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Entry {
    ts: i64,
    /// What is left; zero when it was consumed or dropped.
    lots: i64,
    sequence: Sequence,
    /// The next entry of its price.
    next: u16,
    /// Where its price is followed.
    slot: u8,
    at_best: bool,
}

/// Tells entries of the same time apart, on both sides. The numbers wrap; those of entries that are
/// kept together lie close to each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sequence(u32);

impl Sequence {
    pub(super) const fn next(self) -> Self {
        Self(self.0.wrapping_add(1))
    }

    pub(super) fn order(self, other: Self) -> Ordering {
        self.0.wrapping_sub(other.0).cast_signed().cmp(&0)
    }

    /// How many numbers lie between an earlier one and this one.
    const fn since(self, earlier: Self) -> u32 {
        self.0.wrapping_sub(earlier.0)
    }
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
    /// The next slot with the same hash, or the next free one.
    next: u16,
}

/// Credits and debits by price.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Ledger {
    queues: [Queue; 2],
    slots: Box<[Slot]>,
    /// The number of the last entry that waits in each slot that is taken.
    lasts: Box<[Sequence]>,
    /// The first slot of each hash.
    heads: Box<[u16]>,
    free: u16,
    /// Slots and entries that were dropped because there was no room.
    dropped: u64,
}

const EMPTY: List = List { first: NONE, last: NONE };

impl Ledger {
    pub(super) fn new() -> Self {
        let slot = Slot { price: 0, lists: [EMPTY; 2], next: NONE };
        let mut new = Self {
            queues: ENTRIES.map(Queue::new),
            slots: vec![slot; SLOTS].into_boxed_slice(),
            lasts: vec![Sequence::default(); SLOTS].into_boxed_slice(),
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

    /// The time and number of the oldest entry of a kind, consumed or not.
    #[inline]
    pub(super) fn oldest(&self, kind: Kind) -> Option<(i64, Sequence)> {
        self.queues[kind as usize].front().map(|entry| (entry.ts, entry.sequence))
    }

    /// Takes out the oldest entry of a kind, and returns it unless it was consumed.
    pub(super) fn pop(&mut self, kind: Kind) -> Option<Waiting> {
        let Entry { ts, lots, next, slot, at_best, .. } = self.queues[kind as usize].pop()?;
        if lots == 0 {
            return None;
        }
        // It is the first one of its price: the others came later.
        let Slot { price, lists, .. } = &mut self.slots[usize::from(slot)];
        let price = *price;
        lists[kind as usize].first = next;
        if next == NONE {
            self.settle(u16::from(slot));
        }
        Some(Waiting { ts, price, lots, at_best })
    }

    /// Adds lots above zero at a price. Sequences grow.
    pub(super) fn push(&mut self, kind: Kind, waiting: Waiting, sequence: Sequence) {
        if self.queues[kind as usize].is_full() {
            self.pop(kind);
            self.dropped += 1;
        }
        let Waiting { ts, price, lots, at_best } = waiting;
        let slot = self.find(price).unwrap_or_else(|| self.take_slot(price, sequence));
        self.lasts[usize::from(slot)] = sequence;
        let place = u8::try_from(slot).expect("slots are few");
        let entry = Entry { ts, lots, sequence, next: NONE, slot: place, at_best };
        let index = self.queues[kind as usize].push(entry);
        let list = &mut self.slots[usize::from(slot)].lists[kind as usize];
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
        if list.first == NONE {
            return 0;
        }
        while left > 0 && list.first != NONE {
            let entry = &mut self.queues[kind as usize].entries[usize::from(list.first)];
            let part = left.min(entry.lots);
            (entry.lots, left) = (entry.lots - part, left - part);
            on_part(entry.ts, part);
            if entry.lots == 0 {
                list.first = entry.next;
            }
        }
        if list.first == NONE {
            self.settle(slot);
        }
        lots - left
    }

    /// Drops every entry of a kind at a price.
    pub(super) fn drop_all(&mut self, kind: Kind, price: i64) {
        if let Some(slot) = self.find(price) {
            self.drop_list(kind, slot);
            self.settle(slot);
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
    fn take_slot(&mut self, price: i64, now: Sequence) -> u16 {
        if self.free == NONE {
            self.drop_stalest(now);
        }
        let slot = self.free;
        let head = &mut self.heads[hash(price)];
        let held = &mut self.slots[usize::from(slot)];
        self.free = held.next;
        *held = Slot { price, lists: [EMPTY; 2], next: *head };
        *head = slot;
        slot
    }

    /// Drops the slot whose last entry is oldest; all slots are taken.
    fn drop_stalest(&mut self, now: Sequence) {
        let age = |last: &Sequence| now.since(*last);
        let oldest = self.lasts.iter().map(age).max().expect("there are slots");
        let is_it = |last: &Sequence| age(last) == oldest;
        let slot = narrow(self.lasts.iter().position(is_it).expect("it is the age of a slot"));
        self.drop_list(Kind::Credit, slot);
        self.drop_list(Kind::Debit, slot);
        self.settle(slot);
        self.dropped += 1;
    }

    /// After the last entry of a kind left a slot: gives it back when nothing waits there any more.
    fn settle(&mut self, slot: u16) {
        let Slot { price, lists, next, .. } = self.slots[usize::from(slot)];
        let kept = match lists.map(|list| list.first != NONE) {
            [true, true] => return,
            [true, false] => Some(Kind::Credit),
            [false, true] => Some(Kind::Debit),
            [false, false] => None,
        };
        if let Some(kind) = kept {
            let last = usize::from(lists[kind as usize].last);
            self.lasts[usize::from(slot)] = self.queues[kind as usize].entries[last].sequence;
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
    /// Its length is a power of two.
    fn new(length: usize) -> Self {
        let sequence = Sequence::default();
        let none = Entry { ts: 0, lots: 0, sequence, next: NONE, slot: 0, at_best: false };
        Self { entries: vec![none; length].into_boxed_slice(), oldest: 0, length: 0 }
    }

    const fn clear(&mut self) {
        (self.oldest, self.length) = (0, 0);
    }

    fn is_full(&self) -> bool {
        self.length == self.entries.len()
    }

    #[inline]
    fn front(&self) -> Option<&Entry> {
        (self.length > 0).then(|| &self.entries[self.oldest])
    }

    fn pop(&mut self) -> Option<Entry> {
        let entry = *self.front()?;
        self.oldest = (self.oldest + 1) & (self.entries.len() - 1);
        self.length -= 1;
        Some(entry)
    }

    fn push(&mut self, entry: Entry) -> u16 {
        let index = (self.oldest + self.length) & (self.entries.len() - 1);
        self.entries[index] = entry;
        self.length += 1;
        narrow(index)
    }
}

/// The lowest byte: neighbouring prices have different ones.
fn hash(price: i64) -> usize {
    usize::from(price.to_le_bytes()[0])
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
            // Numbers wrap on the way.
            let (mut ledger, mut sequence) = (Ledger::new(), Sequence(u32::MAX - 50));
            let mut model: [VecDeque<(i64, i64, i64)>; 2] = [VecDeque::new(), VecDeque::new()];
            for (ts, (step, price, lots)) in (0..).zip(steps) {
                // Few prices, some with the same hash.
                let price = price % 3 * 256 + price % 5;
                let kind = if step % 2 == 0 { Kind::Credit } else { Kind::Debit };
                let list = &mut model[kind as usize];
                match step / 2 {
                    0 | 1 => {
                        ledger.push(kind, waiting(ts, price, lots), sequence);
                        sequence = sequence.next();
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
                        let popped = ledger.pop(kind).map(|left| (left.ts, left.price, left.lots));
                        prop_assert_eq!(popped, list.pop_front().filter(|entry| entry.2 > 0));
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
        let (mut ledger, mut sequence) = (Ledger::new(), Sequence(u32::MAX - 100));
        let mut push = |ledger: &mut Ledger, kind, price| {
            ledger.push(kind, waiting(0, price, 5), sequence);
            sequence = sequence.next();
        };
        (0..256).for_each(|price| push(&mut ledger, Kind::Debit, price));
        push(&mut ledger, Kind::Credit, 0);
        push(&mut ledger, Kind::Credit, 1);
        // What was consumed is no entry: price 1 waits since the beginning.
        ledger.consume(Kind::Credit, 1, 5, |_, _| ());
        push(&mut ledger, Kind::Credit, 1_000);
        assert_eq!(ledger.dropped(), 1);
        let left = [0, 1, 2].map(|price| ledger.consume(Kind::Debit, price, 5, |_, _| ()));
        assert_eq!(left, [5, 0, 5]);
        assert!(ledger.pop(Kind::Debit).is_none(), "it was consumed");
    }

    #[test]
    fn an_entry_too_many_lets_the_oldest_die() {
        let (mut ledger, room) = (Ledger::new(), i64::try_from(ENTRIES[0]).unwrap());
        for ts in 0..room + 6 {
            ledger.push(Kind::Credit, waiting(ts, 7, 1), Sequence::default());
        }
        assert_eq!(ledger.dropped(), 6);
        assert_eq!(ledger.oldest(Kind::Credit).map(|(ts, _)| ts), Some(6));
        assert_eq!(ledger.consume(Kind::Credit, 7, 2 * room, |_, _| ()), room);
    }
}
