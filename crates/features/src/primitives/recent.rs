//! The last n values of a quantity, for what is recomputed from all of them.

use serde::{Deserialize, Serialize};

/// A ring of fixed size; values leave in the order in which they came.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Recent<T> {
    values: Box<[T]>,
    /// Where the next value goes.
    cursor: usize,
    count: usize,
}

impl<T: Copy + Default> Recent<T> {
    /// Keeps that many values, at least one.
    pub(crate) fn new(values: usize) -> Self {
        assert!(values > 0, "a ring keeps a value");
        Self { values: vec![T::default(); values].into_boxed_slice(), cursor: 0, count: 0 }
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        (self.cursor, self.count) = (0, 0);
    }

    /// The newest value comes; the one that leaves for it is returned.
    pub(crate) fn push(&mut self, value: T) -> Option<T> {
        let leaving = self.is_full().then(|| self.values[self.cursor]);
        self.values[self.cursor] = value;
        self.cursor = if self.cursor + 1 == self.values.len() { 0 } else { self.cursor + 1 };
        self.count = (self.count + 1).min(self.values.len());
        leaving
    }

    pub(crate) fn is_full(&self) -> bool {
        self.count == self.values.len()
    }

    /// The values, the oldest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = T> {
        let oldest = if self.is_full() { self.cursor } else { 0 };
        let (late, early) = self.values[..self.count].split_at(oldest);
        early.iter().chain(late).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_value_leaves_first() {
        let mut recent = Recent::new(3);
        assert_eq!([1, 2, 3].map(|value| recent.push(value)), [None; 3]);
        assert!(recent.is_full());
        assert_eq!([4, 5].map(|value| recent.push(value)), [Some(1), Some(2)]);
        assert_eq!(recent.iter().collect::<Vec<_>>(), [3, 4, 5]);
        recent.clear();
        assert_eq!((recent.push(9), recent.is_full()), (None, false));
        assert_eq!(recent.iter().collect::<Vec<_>>(), [9]);
    }
}
