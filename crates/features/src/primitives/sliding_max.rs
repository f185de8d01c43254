//! MDEQ: the largest of the last n values.

use serde::{Deserialize, Serialize};

/// A monotonic queue in a fixed ring: of the last values only those are kept that no later one
/// reaches. The smallest value is the negative of the largest negative one.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct SlidingMax {
    entries: Box<[Entry]>,
    /// Where the largest value lies; the next ones follow it, each smaller than the one before.
    first: usize,
    count: usize,
    /// How many values came before the next one.
    pushed: u64,
}

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Entry {
    /// Its place among all values.
    number: u64,
    value: i64,
}

impl SlidingMax {
    /// Looks at that many values, at least one.
    pub(crate) fn new(values: usize) -> Self {
        assert!(values > 0, "a window covers a value");
        let entries = vec![Entry::default(); values].into_boxed_slice();
        Self { entries, first: 0, count: 0, pushed: 0 }
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        (self.first, self.count, self.pushed) = (0, 0, 0);
    }

    pub(crate) fn push(&mut self, value: i64) {
        if self.count > 0
            && self.entries[self.first].number + self.entries.len() as u64 <= self.pushed
        {
            self.first = self.at(1);
            self.count -= 1;
        }
        while self.count > 0 && self.entries[self.at(self.count - 1)].value <= value {
            self.count -= 1;
        }
        self.entries[self.at(self.count)] = Entry { number: self.pushed, value };
        self.count += 1;
        self.pushed += 1;
    }

    /// The largest value; `None` before the first one.
    pub(crate) fn max(&self) -> Option<i64> {
        (self.count > 0).then(|| self.entries[self.first].value)
    }

    /// How many values were pushed since the start or the last [`SlidingMax::clear`].
    pub(crate) const fn pushed(&self) -> u64 {
        self.pushed
    }

    /// Where the entry `offset` after the first one lies.
    fn at(&self, offset: usize) -> usize {
        let at = self.first + offset;
        if at < self.entries.len() { at } else { at - self.entries.len() }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_the_largest_of_the_last_values(
            window in 1_usize..9,
            values in prop::collection::vec(-20_i64..20, 1..80),
            cut in 0_usize..80,
        ) {
            let mut sliding = SlidingMax::new(window);
            prop_assert_eq!(sliding.max(), None);
            let mut known = Vec::new();
            for (at, value) in values.into_iter().enumerate() {
                if at == cut {
                    sliding.clear();
                    known.clear();
                }
                sliding.push(value);
                known.push(value);
                let last = &known[known.len().saturating_sub(window)..];
                prop_assert_eq!(sliding.max(), last.iter().copied().max());
                prop_assert_eq!(sliding.pushed(), known.len() as u64);
            }
        }
    }
}
