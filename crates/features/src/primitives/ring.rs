//! Exact sums over the last n slots of a numbered sequence, for several n at once.

use serde::{Deserialize, Serialize};

/// A ring of integer slots with one running total per window, for several quantities side by side: the
/// lanes. Sums are exact in 128 bits: no feed of 64-bit sizes can overflow them.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound = "[i128; LANES]: Serialize + serde::de::DeserializeOwned")]
pub(crate) struct Ring<const LANES: usize = 1> {
    /// The slots before the newest, around the place of the newest.
    slots: Box<[[i128; LANES]]>,
    /// The newest slot: what is added to it, and what every sum ends with, needs no look into the ring.
    newest: [i128; LANES],
    /// Where the place of the newest lies.
    cursor: usize,
    /// The number of the newest slot.
    head: i64,
    /// The newest slot that something was added to: once it has left, all are zero.
    touched: i64,
    windows: Box<[Window<LANES>]>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(bound = "[i128; LANES]: Serialize + serde::de::DeserializeOwned")]
struct Window<const LANES: usize> {
    /// How many slots it covers, the newest included.
    slots: usize,
    /// The sums of all of them but the newest, so that adding to the newest touches one number.
    settled: [i128; LANES],
}

impl<const LANES: usize> Ring<LANES> {
    /// Windows of that many slots each, at least one.
    pub(crate) fn new(windows: &[usize]) -> Self {
        let longest = windows.iter().copied().max().expect("a ring has a window");
        assert!(windows.iter().all(|slots| *slots > 0), "a window covers a slot");
        let window = |slots: &usize| Window { slots: *slots, settled: [0; LANES] };
        Self {
            slots: vec![[0; LANES]; longest].into_boxed_slice(),
            newest: [0; LANES],
            cursor: 0,
            head: i64::MIN,
            touched: i64::MIN,
            windows: windows.iter().map(window).collect(),
        }
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        self.slots.fill([0; LANES]);
        self.newest = [0; LANES];
        for window in &mut self.windows {
            window.settled = [0; LANES];
        }
        (self.head, self.touched) = (i64::MIN, i64::MIN);
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

    /// The slot after the newest one becomes the newest.
    pub(crate) fn step(&mut self) {
        self.head += 1;
        if self.is_blank() {
            return;
        }
        let (slots, cursor) = (&mut self.slots, self.cursor);
        let newest = core::mem::replace(&mut self.newest, [0; LANES]);
        slots[cursor] = newest;
        for window in &mut self.windows {
            // The slot that leaves when the head moves on: for a window of one it is the head.
            let leaving = slots[back(slots.len(), cursor, window.slots - 1)];
            for ((settled, newest), leaving) in window.settled.iter_mut().zip(newest).zip(leaving) {
                *settled += newest - leaving;
            }
        }
        self.cursor = if cursor + 1 == slots.len() { 0 } else { cursor + 1 };
    }

    /// Whether every slot before the newest is zero, and so was the one that gave way to it.
    fn is_blank(&self) -> bool {
        let age = self.head.saturating_sub(self.touched);
        usize::try_from(age).is_ok_and(|age| age > self.slots.len())
    }

    /// Adds to the newest slot of every lane.
    pub(crate) fn add_all(&mut self, values: &[i128; LANES]) {
        self.touched = self.head;
        for (held, value) in self.newest.iter_mut().zip(values) {
            *held += value;
        }
    }

    /// Adds to the newest slot of a lane.
    #[inline]
    pub(crate) fn add_to(&mut self, lane: usize, value: i128) {
        self.touched = self.head;
        self.newest[lane] += value;
    }

    /// Adds to an older slot; one behind the longest window is ignored.
    pub(crate) fn add_to_at(&mut self, lane: usize, slot: i64, value: i128) {
        let Ok(age) = usize::try_from(self.head.saturating_sub(slot)) else {
            panic!("slot {slot} lies ahead of the newest one");
        };
        if age >= self.slots.len() {
            return;
        }
        self.touched = self.touched.max(slot);
        if age == 0 {
            self.newest[lane] += value;
            return;
        }
        let at = back(self.slots.len(), self.cursor, age);
        self.slots[at][lane] += value;
        for window in self.windows.iter_mut().filter(|window| age < window.slots) {
            window.settled[lane] += value;
        }
    }

    /// The sum of a lane over the window at that place in the list given to [`Ring::new`].
    #[inline]
    pub(crate) fn total_of(&self, lane: usize, window: usize) -> i128 {
        self.windows[window].settled[lane] + self.newest[lane]
    }

    /// The oldest slot that is not ignored when something is added to it.
    pub(crate) fn oldest(&self) -> i64 {
        self.head.saturating_sub_unsigned(self.slots.len() as u64 - 1)
    }

    /// The number of the newest slot; before the first [`Ring::advance`] it lies before all others.
    pub(crate) fn head(&self) -> i64 {
        self.head
    }
}

impl Ring {
    /// Adds to the newest slot.
    #[inline]
    pub(crate) fn add(&mut self, value: i128) {
        self.add_to(0, value);
    }

    /// The sum of the window at that place in the list given to [`Ring::new`].
    #[inline]
    pub(crate) fn total(&self, window: usize) -> i128 {
        self.total_of(0, window)
    }
}

/// Where the slot `age` before the one at the cursor lies.
const fn back(slots: usize, cursor: usize, age: usize) -> usize {
    // One select, and no branch: ages come in no order. An age is below the number of slots.
    cursor.wrapping_add(if age <= cursor { 0 } else { slots }).wrapping_sub(age)
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
            let mut ring = Ring::<2>::new(&windows);
            let (mut head, mut added) = (1_000_i64, Vec::new());
            for (jump, age, value) in steps {
                head += jump;
                ring.advance(head);
                // Often nothing is added, so that everything leaves.
                if value > 0 {
                    ring.add_to(0, value);
                    ring.add_to_at(1, head - age, value);
                    added.extend([(0, head, value), (1, head - age, value)]);
                }
                for (at, slots) in windows.iter().enumerate() {
                    let from = head - i64::try_from(*slots).unwrap();
                    for lane in 0..2 {
                        let inside = added.iter().filter(|(of, slot, _)| *of == lane && *slot > from);
                        let sum = inside.map(|(_, _, value)| value).sum::<i128>();
                        prop_assert_eq!(ring.total_of(lane, at), sum);
                    }
                }
            }
        }
    }

    #[test]
    fn the_largest_sizes_do_not_overflow() {
        let mut ring = Ring::<1>::new(&[2]);
        ring.advance(1);
        for _ in 0..1_000 {
            ring.add(i128::from(i64::MAX));
        }
        ring.advance(2);
        assert_eq!(ring.total(0), i128::from(i64::MAX) * 1_000);
    }
}
