//! Slots by key, in one array that never grows.
//!
//! Open addressing with linear probing over a table at most half full; a removal moves what follows
//! back, so that nothing ever has to be cleaned up. The hash is a fixed multiplication: the same keys
//! lie at the same places on every machine.

/// A slot that no entry has.
pub(super) const NO_SLOT: u32 = u32::MAX;

#[derive(Clone, Copy, Debug)]
struct Entry {
    /// The upper half of the hash: where the entry belongs, and nearly always which key it has.
    tag: u32,
    slot: u32,
}

const FREE: Entry = Entry { tag: 0, slot: NO_SLOT };

/// The keys themselves lie with their owner, who is asked when two may be the same: what has to be
/// touched for a key is eight bytes.
#[derive(Clone, Debug)]
pub(super) struct Keyed {
    /// A power of two of them, at least twice as many as there may be keys.
    entries: Box<[Entry]>,
    /// What leaves of a tag the bits of a place.
    shift: u32,
}

impl Keyed {
    /// Room for that many keys.
    ///
    /// # Panics
    /// When a tag could not name so many places.
    pub(super) fn new(keys_max: usize) -> Self {
        let places = (keys_max * 2).next_power_of_two().max(2);
        let shift = u32::BITS.checked_sub(places.ilog2()).expect("a book fits 32 bits");
        Self { entries: vec![FREE; places].into_boxed_slice(), shift }
    }

    /// The slot of a key; `is_its` says whether a slot has that very key.
    #[inline]
    pub(super) fn get(&self, key: u64, is_its: impl Fn(u32) -> bool) -> Option<u32> {
        let tag = tag(key);
        let mut at = self.home(tag);
        loop {
            let entry = self.entries[at];
            if entry.slot == NO_SLOT {
                return None;
            }
            if entry.tag == tag && is_its(entry.slot) {
                return Some(entry.slot);
            }
            at = self.after(at);
        }
    }

    /// Enters a key that is not there. Whoever calls it has made sure that there is room.
    #[inline]
    pub(super) fn insert(&mut self, key: u64, slot: u32) {
        let tag = tag(key);
        let mut at = self.home(tag);
        while self.entries[at].slot != NO_SLOT {
            at = self.after(at);
        }
        self.entries[at] = Entry { tag, slot };
    }

    /// Takes a key out that has that slot.
    #[inline]
    pub(super) fn remove(&mut self, key: u64, slot: u32) {
        let mut at = self.home(tag(key));
        loop {
            let held = self.entries[at].slot;
            if held == slot {
                break;
            }
            assert!(held != NO_SLOT, "a slot is taken out that was never entered");
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
            let home = self.home(entry.tag);
            // It may move when its home does not lie behind the hole.
            if (at.wrapping_sub(home) & mask) >= (at.wrapping_sub(hole) & mask) {
                self.entries[hole] = entry;
                hole = at;
            }
        }
        self.entries[hole] = FREE;
    }

    #[inline]
    const fn home(&self, tag: u32) -> usize {
        (tag >> self.shift) as usize
    }

    #[inline]
    const fn after(&self, at: usize) -> usize {
        (at + 1) & (self.entries.len() - 1)
    }
}

#[inline]
const fn tag(key: u64) -> u32 {
    (key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as u32
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_a_map(steps in proptest::collection::vec((0_u64..48, any::<bool>()), 0..600)) {
            // Few homes, so that runs of entries form and are cut; some keys share a tag.
            let spread = |key: u64| {
                let shared = u64::from(key.is_multiple_of(3));
                key.wrapping_mul(0x1000_0000_0000_0000 | shared)
            };
            let (mut keyed, mut model, mut keys) = (Keyed::new(48), BTreeMap::new(), Vec::new());
            for (key, enters) in steps {
                let key = spread(key) ^ (key << 3);
                let slot = u32::try_from(keys.len()).unwrap();
                keys.push(key);
                match model.get(&key) {
                    None if enters => {
                        keyed.insert(key, slot);
                        model.insert(key, slot);
                    }
                    Some(held) if !enters => {
                        keyed.remove(key, *held);
                        model.remove(&key);
                    }
                    _ => {}
                }
                for key in &keys {
                    let found = keyed.get(*key, |slot| keys[slot as usize] == *key);
                    prop_assert_eq!(found, model.get(key).copied());
                }
            }
        }
    }

    #[test]
    fn keys_of_one_tag_are_told_apart() {
        let keys = [1_u64, 2, 3].map(|key| key.wrapping_mul(0xf1de_83e1_9937_733d));
        // The factor undoes the one of the hash, so that all upper halves are zero.
        assert_eq!(keys.map(tag), [0; 3]);
        let mut keyed = Keyed::new(4);
        for (slot, key) in (0..).zip(keys) {
            keyed.insert(key, slot);
        }
        let get = |keyed: &Keyed, key| keyed.get(key, |slot| keys[slot as usize] == key);
        keyed.remove(keys[1], 1);
        assert_eq!(keys.map(|key| get(&keyed, key)), [Some(0), None, Some(2)]);
    }
}
