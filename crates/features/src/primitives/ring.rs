//! Exact sums over the last n slots of a numbered sequence, for several n at once.

use serde::{Deserialize, Serialize};

/// A ring of integer slots with one running total per window. Sums are exact in 128 bits: no feed
/// of 64-bit sizes can overflow them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Ring {
    slots: Box<[i128]>,
    /// Where the slot of `head` lies.
    cursor: usize,
    /// The number of the newest slot.
    head: i64,
    windows: Box<[Window]>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Window {
    /// How many slots it covers, the newest included.
    slots: usize,
    /// The sum of all of them but the newest, so that adding to the newest touches one number.
    settled: i128,
}

impl Ring {
    /// Windows of that many slots each, at least one.
    pub(crate) fn new(windows: &[usize]) -> Self {
        let longest = windows.iter().copied().max().expect("a ring has a window");
        assert!(windows.iter().all(|slots| *slots > 0), "a window covers a slot");
        Self {
            slots: vec![0; longest].into_boxed_slice(),
            cursor: 0,
            head: i64::MIN,
            windows: windows.iter().map(|slots| Window { slots: *slots, settled: 0 }).collect(),
        }
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        self.slots.fill(0);
        for window in &mut self.windows {
            window.settled = 0;
        }
        self.head = i64::MIN;
    }

    /// Makes `to` the newest slot; what lies behind the longest window is forgotten.
    pub(crate) fn advance(&mut self, to: i64) {
        let steps = to.saturating_sub(self.head);
        if usize::try_from(steps).is_ok_and(|steps| steps >= self.slots.len()) {
            self.clear();
            self.head = to;
        }
        while self.head < to {
            self.step();
        }
    }

    /// Adds to the newest slot.
    #[inline]
    pub(crate) fn add(&mut self, value: i128) {
        self.slots[self.cursor] += value;
    }

    /// Adds to an older slot; one behind the longest window is ignored.
    pub(crate) fn add_at(&mut self, slot: i64, value: i128) {
        let Ok(age) = usize::try_from(self.head.saturating_sub(slot)) else {
            panic!("slot {slot} lies ahead of the newest one");
        };
        if age >= self.slots.len() {
            return;
        }
        let at = self.back(age);
        self.slots[at] += value;
        for window in self.windows.iter_mut().filter(|window| (1..window.slots).contains(&age)) {
            window.settled += value;
        }
    }

    /// The sum of the window at that place in the list given to [`Ring::new`].
    #[inline]
    pub(crate) fn total(&self, window: usize) -> i128 {
        self.windows[window].settled + self.slots[self.cursor]
    }

    /// The oldest slot that [`Ring::add_at`] does not ignore.
    pub(crate) fn oldest(&self) -> i64 {
        self.head.saturating_sub_unsigned(self.slots.len() as u64 - 1)
    }

    /// The number of the newest slot; before the first [`Ring::advance`] it lies before all others.
    pub(crate) fn head(&self) -> i64 {
        self.head
    }

    fn step(&mut self) {
        let newest = self.slots[self.cursor];
        for at in 0..self.windows.len() {
            // The slot that leaves when the head moves on: for a window of one it is the head.
            let leaving = self.slots[self.back(self.windows[at].slots - 1)];
            self.windows[at].settled += newest - leaving;
        }
        self.cursor = if self.cursor + 1 == self.slots.len() { 0 } else { self.cursor + 1 };
        self.slots[self.cursor] = 0;
        self.head += 1;
    }

    /// Where the slot `age` before the newest lies.
    fn back(&self, age: usize) -> usize {
        if age <= self.cursor { self.cursor - age } else { self.cursor + self.slots.len() - age }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Against plain addition over everything that was ever added.
        #[test]
        fn totals_are_the_sums_of_the_last_slots(
            steps in prop::collection::vec((0_i64..12, 0_i64..9, -50_i128..50), 1..80)
        ) {
            let windows = [1_usize, 3, 7];
            let mut ring = Ring::new(&windows);
            let (mut head, mut added) = (1_000_i64, Vec::new());
            for (jump, age, value) in steps {
                head += jump;
                ring.advance(head);
                ring.add(value);
                ring.add_at(head - age, value);
                added.extend([(head, value), (head - age, value)]);
                for (at, slots) in windows.iter().enumerate() {
                    let from = head - i64::try_from(*slots).unwrap();
                    let sum = added.iter().filter(|(slot, _)| *slot > from).map(|(_, v)| v).sum::<i128>();
                    prop_assert_eq!(ring.total(at), sum);
                }
            }
        }
    }

    #[test]
    fn the_largest_sizes_do_not_overflow() {
        let mut ring = Ring::new(&[2]);
        ring.advance(1);
        for _ in 0..1_000 {
            ring.add(i128::from(i64::MAX));
        }
        ring.advance(2);
        assert_eq!(ring.total(0), i128::from(i64::MAX) * 1_000);
    }
}
