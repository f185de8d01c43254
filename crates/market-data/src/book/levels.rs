//! Walks the levels of one side, best first.

use super::{Level, far::FarIter, ladder::Ladder};

/// The levels of one side, best first.
#[derive(Clone, Debug)]
pub struct Levels<'a> {
    ladder: &'a Ladder,
    /// Where the search in the window goes on.
    from: i64,
    /// The levels behind the window: all worse than any inside it.
    far: FarIter<'a>,
}

impl<'a> Levels<'a> {
    /// From a key on that is not before the window, and the far levels from there on.
    pub(super) const fn new(ladder: &'a Ladder, from: i64, far: FarIter<'a>) -> Self {
        Self { ladder, from, far }
    }
}

impl Iterator for Levels<'_> {
    type Item = Level;

    fn next(&mut self) -> Option<Level> {
        if let Some((key, lots)) = self.ladder.near_from(self.from) {
            self.from = key + 1;
            return Some(self.ladder.level(key, lots));
        }
        self.far.next().map(|(key, lots)| self.ladder.level(key, lots))
    }
}
