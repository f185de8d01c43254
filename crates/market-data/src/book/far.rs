//! The levels behind the window, in order of their keys, without a heap call per level.
//!
//! Sorted runs of a few dozen levels, and a sorted index of the runs. A level that comes or goes
//! moves its neighbours within one run; a full run is split in two, an empty one is kept for the
//! next split. A standard ordered map would allocate and free nodes as levels come and go, which a
//! warm engine must not; here memory grows only when there are more runs than ever before.

/// Levels of a run. Two cache lines of keys are searched faster than a tree is walked.
const RUN_LEVELS: usize = 64;
/// Runs that a side has room for from the start: at least 8,000 levels.
const RUNS_AT_START: usize = 256;

#[derive(Clone, Debug)]
pub(super) struct FarLevels {
    /// The smallest key of each run that is in use, and its place in `runs`; in order of keys.
    index: Vec<(i64, usize)>,
    runs: Vec<Run>,
    /// Runs that are not in use.
    free: Vec<usize>,
    levels: usize,
}

#[derive(Clone, Debug)]
struct Run {
    length: usize,
    keys: [i64; RUN_LEVELS],
    lots: [i64; RUN_LEVELS],
}

const EMPTY_RUN: Run = Run { length: 0, keys: [0; RUN_LEVELS], lots: [0; RUN_LEVELS] };

impl FarLevels {
    pub(super) fn new() -> Self {
        Self {
            index: Vec::with_capacity(RUNS_AT_START),
            runs: Vec::with_capacity(RUNS_AT_START),
            free: Vec::with_capacity(RUNS_AT_START),
            levels: 0,
        }
    }

    pub(super) const fn len(&self) -> usize {
        self.levels
    }

    /// The lots at a key; zero when there is no such level.
    pub(super) fn get(&self, key: i64) -> i64 {
        let Some(at) = self.index_of(key) else { return 0 };
        let run = &self.runs[self.index[at].1];
        run.find(key).map_or(0, |slot| run.lots[slot])
    }

    /// Puts lots above zero at a key, and returns what was there.
    pub(super) fn insert(&mut self, key: i64, lots: i64) -> i64 {
        // A key before every run belongs to the first one.
        let at = self.index_of(key).unwrap_or(0);
        if self.index.is_empty() {
            let place = self.take_run();
            self.index.push((key, place));
        }
        let run = &mut self.runs[self.index[at].1];
        match run.find(key) {
            Ok(slot) => std::mem::replace(&mut run.lots[slot], lots),
            Err(slot) if run.length < RUN_LEVELS => {
                run.insert(slot, key, lots);
                self.index[at].0 = run.keys[0];
                self.levels += 1;
                0
            }
            Err(_) => {
                self.split(at);
                self.insert(key, lots)
            }
        }
    }

    /// Takes out the level at a key, and returns what was there.
    pub(super) fn remove(&mut self, key: i64) -> i64 {
        let Some(at) = self.index_of(key) else { return 0 };
        let run = &mut self.runs[self.index[at].1];
        let Ok(slot) = run.find(key) else { return 0 };
        let lots = run.remove(slot);
        self.levels -= 1;
        if run.length == 0 {
            self.free.push(self.index.remove(at).1);
        } else {
            self.index[at].0 = run.keys[0];
        }
        lots
    }

    /// The level with the smallest key.
    pub(super) fn first(&self) -> Option<(i64, i64)> {
        let (key, place) = *self.index.first()?;
        Some((key, self.runs[place].lots[0]))
    }

    /// The levels, in order of keys.
    pub(super) const fn iter(&self) -> FarIter<'_> {
        FarIter { far: self, at: 0, slot: 0 }
    }

    /// The levels at or after a key, in order of keys.
    pub(super) fn iter_from(&self, key: i64) -> FarIter<'_> {
        let Some(at) = self.index_of(key) else { return self.iter() };
        let run = &self.runs[self.index[at].1];
        let slot = run.keys[..run.length].partition_point(|held| *held < key);
        let (at, slot) = if slot == run.length { (at + 1, 0) } else { (at, slot) };
        FarIter { far: self, at, slot }
    }

    pub(super) fn clear(&mut self) {
        self.free.extend(self.index.drain(..).map(|(_, place)| place));
        self.levels = 0;
    }

    /// The place in the index of the run that a key lies in or behind the start of.
    fn index_of(&self, key: i64) -> Option<usize> {
        self.index.partition_point(|(first, _)| *first <= key).checked_sub(1)
    }

    /// An empty run.
    fn take_run(&mut self) -> usize {
        if let Some(place) = self.free.pop() {
            self.runs[place].length = 0;
            return place;
        }
        self.runs.push(EMPTY_RUN);
        self.runs.len() - 1
    }

    /// Moves the upper half of a full run to one of its own.
    fn split(&mut self, at: usize) {
        let upper = self.take_run();
        let place = self.index[at].1;
        let [lower, upper_run] =
            self.runs.get_disjoint_mut([place, upper]).expect("a fresh run is another run");
        let half = lower.length / 2;
        upper_run.length = lower.length - half;
        upper_run.keys[..upper_run.length].copy_from_slice(&lower.keys[half..lower.length]);
        upper_run.lots[..upper_run.length].copy_from_slice(&lower.lots[half..lower.length]);
        lower.length = half;
        let first = upper_run.keys[0];
        self.index.insert(at + 1, (first, upper));
    }
}

/// Walks the levels in order of keys.
#[derive(Clone, Debug)]
pub(super) struct FarIter<'a> {
    far: &'a FarLevels,
    /// The run at hand, by its place in the index.
    at: usize,
    slot: usize,
}

impl Iterator for FarIter<'_> {
    type Item = (i64, i64);

    fn next(&mut self) -> Option<(i64, i64)> {
        let run = &self.far.runs[self.far.index.get(self.at)?.1];
        let level = (run.keys[self.slot], run.lots[self.slot]);
        self.slot += 1;
        if self.slot == run.length {
            (self.at, self.slot) = (self.at + 1, 0);
        }
        Some(level)
    }
}

impl Run {
    fn find(&self, key: i64) -> Result<usize, usize> {
        self.keys[..self.length].binary_search(&key)
    }

    fn insert(&mut self, slot: usize, key: i64, lots: i64) {
        self.keys.copy_within(slot..self.length, slot + 1);
        self.lots.copy_within(slot..self.length, slot + 1);
        (self.keys[slot], self.lots[slot]) = (key, lots);
        self.length += 1;
    }

    fn remove(&mut self, slot: usize) -> i64 {
        let lots = self.lots[slot];
        self.keys.copy_within(slot + 1..self.length, slot);
        self.lots.copy_within(slot + 1..self.length, slot);
        self.length -= 1;
        lots
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_an_ordered_map(steps in proptest::collection::vec((0_i64..600, 0_i64..5), 0..3_000)) {
            let (mut far, mut model) = (FarLevels::new(), BTreeMap::new());
            for (number, (key, lots)) in steps.into_iter().enumerate() {
                // Sorted bursts fill and split runs, scattered keys empty them.
                let key = if number % 3 == 0 { key } else { i64::try_from(number * 7 % 600).unwrap() };
                let expected = if lots == 0 { model.remove(&key) } else { model.insert(key, lots) };
                let before = if lots == 0 { far.remove(key) } else { far.insert(key, lots) };
                prop_assert_eq!(before, expected.unwrap_or(0));
                prop_assert_eq!(far.first(), model.first_key_value().map(|(k, l)| (*k, *l)));
                prop_assert_eq!(far.get(key), lots);
                prop_assert_eq!(far.len(), model.len());
            }
            prop_assert!(far.iter().eq(model.iter().map(|(k, l)| (*k, *l))));
            for key in [-1, 0, 200, 599, 600] {
                prop_assert!(far.iter_from(key).eq(model.range(key..).map(|(k, l)| (*k, *l))));
            }
            far.clear();
            prop_assert_eq!((far.len(), far.first(), far.get(3)), (0, None, 0));
        }
    }
}
