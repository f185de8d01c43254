//! What a group of book features can see of the book at one moment, besides its own state.

use crate::book_means::BookMeansAt;
use crate::book_state::Top;
use crate::coverage::Coverage;
use crate::near_book::Depth;

/// The book at a row or at a point of a grid.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BookView<'a> {
    pub(crate) at: i64,
    /// The best levels, where the book is valid.
    pub(crate) top: Option<Top>,
    /// The ten best levels, valid or not.
    pub(crate) depth: &'a Depth,
    /// What the book usually is, once enough of it was seen.
    pub(crate) means: Option<BookMeansAt>,
    pub(crate) coverage: &'a Coverage,
}

impl<'a> BookView<'a> {
    /// The ten best levels, where the book is valid.
    pub(crate) fn valid_depth(&self) -> Option<&'a Depth> {
        self.top.map(|_| self.depth)
    }

    /// Whether the book and the trades have both been observed for a window.
    pub(crate) fn covers_both(&self, window_s: i64) -> bool {
        self.coverage.of_book(self.at, window_s) && self.coverage.of_trades(self.at, window_s)
    }
}
