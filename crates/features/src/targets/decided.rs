//! Labels that are decided, and labels that only wait for the proof that the book was whole.

use std::collections::VecDeque;

use fluxo_core::UnixNanos;

use super::{Label, Matured, Unlabelled};

/// Which row a label belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct RowKey {
    /// How many rows there were before it.
    pub(super) number: u64,
    /// Its time.
    pub(super) at: i64,
}

impl RowKey {
    /// What a target says of it: `label` at `t1`, or nothing.
    pub(super) fn matured(self, target: usize, label: Result<(f64, i64), Unlabelled>) -> Matured {
        let label = label.map(|(value, t1)| Label { value, t1: UnixNanos::new(t1) });
        Matured { row: self.number, row_ts: UnixNanos::new(self.at), target, label }
    }
}

/// What was decided and not taken yet, in the order of the decisions.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub(super) struct Decided {
    queue: VecDeque<Matured>,
}

impl Decided {
    pub(super) fn with_capacity(labels: usize) -> Self {
        Self { queue: VecDeque::with_capacity(labels) }
    }

    pub(super) fn push(&mut self, matured: Matured) {
        self.queue.push_back(matured);
    }

    pub(super) fn take(&mut self) -> Option<Matured> {
        self.queue.pop_front()
    }
}

/// Labels that have reached their ends, in the order of these. They stand as soon as a depth message
/// of an unbroken chain comes after their end.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub(super) struct Ended {
    queue: VecDeque<(RowKey, f64, i64)>,
    target: usize,
}

impl Ended {
    pub(super) fn new(target: usize, capacity: usize) -> Self {
        Self { queue: VecDeque::with_capacity(capacity), target }
    }

    /// A label whose end no other's of the queue lies behind.
    pub(super) fn push(&mut self, row: RowKey, value: f64, t1: i64) {
        debug_assert!(self.queue.back().is_none_or(|(_, _, last)| *last <= t1), "in order of ends");
        self.queue.push_back((row, value, t1));
    }

    /// The book was whole up to `moment`: labels that ended by then stand.
    pub(super) fn confirm(&mut self, moment: i64, decided: &mut Decided) {
        while let Some((row, value, t1)) = self.queue.pop_front_if(|(_, _, t1)| *t1 <= moment) {
            decided.push(row.matured(self.target, Ok((value, t1))));
        }
    }

    /// Nobody will know whether the book was whole up to `moment`.
    pub(super) fn give_up(&mut self, moment: i64, why: Unlabelled, decided: &mut Decided) {
        while let Some((row, ..)) = self.queue.pop_front_if(|(_, _, t1)| *t1 <= moment) {
            decided.push(row.matured(self.target, Err(why)));
        }
    }
}
