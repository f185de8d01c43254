//! Labels of rows, and the rows that wait for them.

use std::collections::VecDeque;

use fluxo_core::UnixNanos;

use super::{TARGET_COUNT, target_revision};

/// What came after a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Label {
    /// The value in the unit of the target; a class is -1, 0 or 1.
    pub value: f64,
    /// When it was known: always after the row.
    pub t1: UnixNanos,
}

/// Why a row has no label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unlabelled {
    /// The target is not built yet.
    NotBuilt,
    /// There was no book yet, or no mid price above zero.
    NoMid,
    /// Data was lost, or a recording ended, between the row and the label's end.
    Gap,
    /// Trading was not continuous all the way.
    Halt,
    /// The book was crossed or locked on the way.
    Crossed,
    /// The meaning of ticks changed on the way.
    Respecified,
    /// Too few returns to know how far the price usually moves.
    Cold,
    /// No depth message came for so long that nobody knows whether the book was whole.
    Silent,
    /// The recording ended first.
    Unfinished,
}

impl Unlabelled {
    /// Every reason.
    pub const ALL: [Self; 9] = [
        Self::NotBuilt,
        Self::NoMid,
        Self::Gap,
        Self::Halt,
        Self::Crossed,
        Self::Respecified,
        Self::Cold,
        Self::Silent,
        Self::Unfinished,
    ];

    /// Its name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotBuilt => "not_built",
            Self::NoMid => "no_mid",
            Self::Gap => "gap",
            Self::Halt => "halt",
            Self::Crossed => "crossed",
            Self::Respecified => "respecified",
            Self::Cold => "cold",
            Self::Silent => "silent",
            Self::Unfinished => "unfinished",
        }
    }
}

/// The labels of one row, by target.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RowLabels {
    /// The time of the row.
    pub at: UnixNanos,
    /// What each target says.
    pub labels: [Result<Label, Unlabelled>; TARGET_COUNT],
}

#[derive(Clone, Copy, Debug)]
struct OpenRow {
    row: RowLabels,
    /// How many labels are not decided yet.
    open: usize,
}

/// Rows in their order, some of whose labels are not decided yet.
#[derive(Clone, Debug, Default)]
pub(super) struct OpenRows {
    rows: VecDeque<OpenRow>,
    /// The number of the first of them.
    first: u64,
}

impl OpenRows {
    /// A row of which nothing is decided. Returns its number.
    pub(super) fn open(&mut self, at: i64) -> u64 {
        // What is built stands here until it is decided.
        let row =
            RowLabels { at: UnixNanos::new(at), labels: [Err(Unlabelled::NotBuilt); TARGET_COUNT] };
        let open = (0..TARGET_COUNT).filter(|target| target_revision(*target) > 0).count();
        self.rows.push_back(OpenRow { row, open });
        self.first + self.rows.len() as u64 - 1
    }

    /// Decides a label of a row, once.
    ///
    /// # Panics
    /// When there is no such row, or all its labels were decided before.
    pub(super) fn decide(&mut self, row: u64, target: usize, label: Result<Label, Unlabelled>) {
        let at = row.checked_sub(self.first).and_then(|at| usize::try_from(at).ok());
        let row = at.and_then(|at| self.rows.get_mut(at)).expect("the row waits for its labels");
        row.open = row.open.checked_sub(1).expect("a label is decided once");
        row.row.labels[target] = label;
    }

    /// The next row, when all its labels are decided.
    pub(super) fn take(&mut self) -> Option<RowLabels> {
        let next = self.rows.pop_front_if(|row| row.open == 0)?;
        self.first += 1;
        Some(next.row)
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }
}
