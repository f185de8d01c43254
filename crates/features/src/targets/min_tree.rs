//! The smallest of a fixed number of keys that come and go.

/// No key: behind all others.
const NONE: i64 = i64::MAX;

/// A tournament: each node has the smaller key of its two children, the slots are the leaves. A change
/// costs the height of the tree, and the smallest key is known at once.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
#[serde(from = "Slots", into = "Slots")]
pub(super) struct MinTree {
    /// The root is at 1, the children of `n` at `2n` and `2n + 1`; 0 is not used.
    nodes: Box<[i64]>,
}

/// What has to be saved of a tree.
#[derive(serde::Serialize, serde::Deserialize)]
struct Slots(Vec<Option<i64>>);

impl MinTree {
    /// A power of two of slots, all of them empty.
    pub(super) fn new(slots: usize) -> Self {
        assert!(slots.is_power_of_two(), "a tree of {slots} slots would be lopsided");
        Self { nodes: vec![NONE; 2 * slots].into_boxed_slice() }
    }

    /// Puts a key into a slot, or nothing.
    pub(super) fn set(&mut self, slot: usize, key: Option<i64>) {
        let mut at = self.nodes.len() / 2 + slot;
        self.nodes[at] = key.unwrap_or(NONE);
        while at > 1 {
            at /= 2;
            let smaller = self.nodes[2 * at].min(self.nodes[2 * at + 1]);
            if self.nodes[at] == smaller {
                break;
            }
            self.nodes[at] = smaller;
        }
    }

    /// The first slot with the smallest key, when that is at most `limit`.
    pub(super) fn slot_up_to(&self, limit: i64) -> Option<usize> {
        let key = self.nodes[1];
        if key > limit || key == NONE {
            return None;
        }
        let (mut at, leaves) = (1, self.nodes.len() / 2);
        while at < leaves {
            at = 2 * at + usize::from(self.nodes[2 * at] != key);
        }
        Some(at - leaves)
    }

    /// The key in a slot.
    pub(super) fn key(&self, slot: usize) -> Option<i64> {
        Some(self.nodes[self.nodes.len() / 2 + slot]).filter(|key| *key != NONE)
    }
}

impl From<MinTree> for Slots {
    fn from(tree: MinTree) -> Self {
        Self((0..tree.nodes.len() / 2).map(|slot| tree.key(slot)).collect())
    }
}

impl From<Slots> for MinTree {
    fn from(Slots(keys): Slots) -> Self {
        let mut tree = Self::new(keys.len().next_power_of_two());
        for (slot, key) in keys.into_iter().enumerate() {
            if key.is_some() {
                tree.set(slot, key);
            }
        }
        tree
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_knows_the_smallest_of_what_is_there(
            changes in prop::collection::vec((0_usize..16, prop::option::of(-5_i64..5)), 1..200)
        ) {
            let (mut tree, mut plain) = (MinTree::new(16), [None; 16]);
            for (slot, key) in changes {
                tree.set(slot, key);
                plain[slot] = key;
                let smallest = plain.iter().flatten().min().copied();
                let first = plain.iter().position(|key| key.is_some() && *key == smallest);
                prop_assert_eq!(tree.slot_up_to(4), first);
                prop_assert_eq!(first.and_then(|first| tree.key(first)), smallest);
                prop_assert_eq!(tree.slot_up_to(-6), None);
                let saved = MinTree::from(Slots::from(tree.clone()));
                prop_assert_eq!(saved.nodes, tree.nodes.clone());
            }
        }
    }
}
