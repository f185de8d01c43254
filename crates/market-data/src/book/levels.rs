//! Walks the levels of one side, best first.

use super::{Level, far::FarIter, ladder::Ladder, window::Occupied};

/// The levels of one side, best first.
#[derive(Clone, Debug)]
pub struct Levels<'a> {
    ladder: &'a Ladder,
    /// The key that it began at.
    from: i64,
    /// The levels of the window that lie together and are left.
    near: Occupied,
    /// The levels behind the window, all worse than any inside it, once the window is at its end.
    far: Option<FarIter<'a>>,
}

impl<'a> Levels<'a> {
    /// From a key on that is not before the window.
    pub(super) fn new(ladder: &'a Ladder, from: i64) -> Self {
        Self { ladder, from, near: ladder.near_from(from), far: None }
    }

    #[cold]
    fn next_far(&mut self) -> Option<Level> {
        let (ladder, from) = (self.ladder, self.from);
        let (key, lots) = self.far.get_or_insert_with(|| ladder.far_from(from)).next()?;
        Some(ladder.level(key, lots))
    }
}

impl Iterator for Levels<'_> {
    type Item = Level;

    #[inline]
    fn next(&mut self) -> Option<Level> {
        match self.ladder.next_near(&mut self.near) {
            Some((key, lots)) => Some(self.ladder.level(key, lots)),
            None => self.next_far(),
        }
    }
}
