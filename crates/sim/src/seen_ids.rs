//! Which order identifiers were used, in bounded memory.
//!
//! An identifier is the key of idempotency, so it is remembered after its order ended. Identifiers
//! are handed out in order, so runs of neighbours cover a whole session in a few entries.

use fluxo_core::ClientOrderId;

/// Every identifier from `first` to `last`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    first: u64,
    last: u64,
}

/// The used identifiers, as runs in increasing order that neither overlap nor touch.
#[derive(Clone, Debug)]
pub(crate) struct SeenIds {
    runs: Vec<Run>,
    runs_max: usize,
}

impl SeenIds {
    pub(crate) fn new(runs_max: usize) -> Self {
        Self { runs: Vec::new(), runs_max }
    }

    /// Uses an identifier. `false` when it was used before.
    pub(crate) fn insert(&mut self, id: ClientOrderId) -> bool {
        let id = id.get();
        // The first run that ends at the identifier's lower neighbour or after it.
        let at = self.runs.partition_point(|run| run.last < id.saturating_sub(1));
        match self.runs.get(at).copied() {
            Some(run) if run.first <= id && id <= run.last => return false,
            Some(run) if run.last < id => self.extend_up(at, id),
            Some(run) if run.first - 1 == id => self.runs[at].first = id,
            _ => self.runs.insert(at, Run { first: id, last: id }),
        }
        self.limit();
        true
    }

    /// The run at `at` ends right before `id`; afterwards it may touch the next one.
    fn extend_up(&mut self, at: usize, id: u64) {
        self.runs[at].last = id;
        if let Some(next) = self.runs.get(at + 1).copied()
            && next.first - 1 <= id
        {
            self.runs[at].last = next.last;
            self.runs.remove(at + 1);
        }
    }

    fn limit(&mut self) {
        if self.runs.len() > self.runs_max {
            let lowest = self.runs.remove(0);
            self.runs[0].first = lowest.first;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn agrees_with_a_set_below_its_limit() {
        let (mut seen, mut set) = (SeenIds::new(64), BTreeSet::new());
        let mut state = 7_u64;
        for _ in 0..2_000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let id = [state >> 58, u64::MAX - (state >> 60), state >> 57][(state % 3) as usize];
            assert_eq!(seen.insert(ClientOrderId::new(id)), set.insert(id), "{id}");
            for pair in seen.runs.windows(2) {
                assert!(pair[0].last + 1 < pair[1].first, "{:?}", seen.runs);
            }
        }
    }

    #[test]
    fn identifiers_in_order_are_one_entry() {
        let mut seen = SeenIds::new(4);
        assert!((0..1_000).all(|id| seen.insert(ClientOrderId::new(id))));
        assert_eq!(seen.runs, [Run { first: 0, last: 999 }]);
    }

    #[test]
    fn at_the_limit_the_lowest_gap_counts_as_used() {
        let mut seen = SeenIds::new(2);
        for id in [10, 20, 30] {
            assert!(seen.insert(ClientOrderId::new(id)));
        }
        assert!(!seen.insert(ClientOrderId::new(15)));
        assert!(seen.insert(ClientOrderId::new(25)));
        assert!(!seen.insert(ClientOrderId::new(22)));
    }
}
