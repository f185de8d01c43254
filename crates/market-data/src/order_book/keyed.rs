//! Slots by key, in one array that never grows.
//!
//! Open addressing with linear probing over a table at most half full; a removal moves what follows
//! back, so that nothing ever has to be cleaned up. The hash is a fixed multiplication: the same keys
//! lie at the same places on every machine.

/// A slot that no entry has.
pub(super) const NO_SLOT: u32 = u32::MAX;

#[derive(Clone, Copy, Debug)]
struct Entry {
    key: u64,
    slot: u32,
}

const FREE: Entry = Entry { key: 0, slot: NO_SLOT };

#[derive(Clone, Debug)]
pub(super) struct Keyed {
    /// A power of two of them, at least twice as many as there may be keys.
    entries: Box<[Entry]>,
    /// What leaves of a product the bits of a place.
    shift: u32,
}

impl Keyed {
    /// Room for that many keys.
    pub(super) fn new(keys_max: usize) -> Self {
        let places = (keys_max * 2).next_power_of_two().max(2);
        Self { entries: vec![FREE; places].into_boxed_slice(), shift: 64 - places.ilog2() }
    }

    #[inline]
    pub(super) fn get(&self, key: u64) -> Option<u32> {
        let mut at = self.home(key);
        loop {
            let entry = self.entries[at];
            if entry.slot == NO_SLOT {
                return None;
            }
            if entry.key == key {
                return Some(entry.slot);
            }
            at = self.after(at);
        }
    }

    /// Enters a key that is not there. Whoever calls it has made sure that there is room.
    #[inline]
    pub(super) fn insert(&mut self, key: u64, slot: u32) {
        let mut at = self.home(key);
        while self.entries[at].slot != NO_SLOT {
            at = self.after(at);
        }
        self.entries[at] = Entry { key, slot };
    }

    /// Takes a key out, if it is there.
    #[inline]
    pub(super) fn remove(&mut self, key: u64) {
        let mut at = self.home(key);
        loop {
            let entry = self.entries[at];
            if entry.slot == NO_SLOT {
                return;
            }
            if entry.key == key {
                break;
            }
            at = self.after(at);
        }
        self.close(at);
    }

    pub(super) fn clear(&mut self) {
        self.entries.fill(FREE);
    }

    /// Frees a place, and moves entries back that would no longer be found behind it.
    #[inline]
    fn close(&mut self, mut hole: usize) {
        let mask = self.entries.len() - 1;
        let mut at = hole;
        loop {
            at = self.after(at);
            let entry = self.entries[at];
            if entry.slot == NO_SLOT {
                break;
            }
            let home = self.home(entry.key);
            // It may move when its home does not lie behind the hole.
            if (at.wrapping_sub(home) & mask) >= (at.wrapping_sub(hole) & mask) {
                self.entries[hole] = entry;
                hole = at;
            }
        }
        self.entries[hole] = FREE;
    }

    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "the shift leaves the bits of a place")]
    const fn home(&self, key: u64) -> usize {
        (key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> self.shift) as usize
    }

    #[inline]
    const fn after(&self, at: usize) -> usize {
        (at + 1) & (self.entries.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_a_map(steps in proptest::collection::vec((0_u64..48, any::<bool>()), 0..600)) {
            let (mut keyed, mut model) = (Keyed::new(48), BTreeMap::new());
            for (number, (key, enters)) in steps.into_iter().enumerate() {
                // Few homes, so that runs of entries form and are cut.
                let key = key.wrapping_mul(0x0100_0000_0000_0001);
                if enters && !model.contains_key(&key) {
                    let slot = u32::try_from(number).unwrap();
                    keyed.insert(key, slot);
                    model.insert(key, slot);
                } else {
                    keyed.remove(key);
                    model.remove(&key);
                }
                for key in (0_u64..48).map(|key| key.wrapping_mul(0x0100_0000_0000_0001)) {
                    prop_assert_eq!(keyed.get(key), model.get(&key).copied());
                }
            }
        }
    }
}
