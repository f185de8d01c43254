//! The depth updates that wait for a snapshot: one unbroken run, bounded.

use fluxo_core::UnixNanos;

use crate::{DepthUpdate, Digits, RawLevel};

/// A depth update that waits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    /// The state that it goes on from.
    pub(super) goes_on_from: u64,
    pub(super) last_id: u64,
    pub(super) digits: Digits,
    pub(super) ts_event: Option<UnixNanos>,
    /// Where its levels begin and end in the common store.
    start: usize,
    end: usize,
}

/// Updates that follow each other without a gap, oldest first.
#[derive(Clone, Debug)]
pub(super) struct Backlog {
    held: Vec<Held>,
    levels: Vec<RawLevel>,
    messages_max: usize,
    levels_max: usize,
}

impl Backlog {
    pub(super) fn new(messages_max: usize, levels_max: usize) -> Self {
        Self { held: Vec::new(), levels: Vec::new(), messages_max, levels_max }
    }

    /// Adds an update behind the others. At a limit the older half goes, and the number of updates
    /// that went is returned: a snapshot that would need them is older than any we can expect.
    pub(super) fn push(
        &mut self,
        update: &DepthUpdate<'_>,
        goes_on_from: u64,
        digits: Digits,
    ) -> usize {
        let mut dropped = 0;
        while !self.held.is_empty() && !self.has_room(update.levels.len()) {
            dropped += self.drop_older_half();
        }
        let start = self.levels.len();
        self.levels.extend_from_slice(update.levels);
        self.held.push(Held {
            goes_on_from,
            last_id: update.last_id,
            digits,
            ts_event: update.ts_event,
            start,
            end: self.levels.len(),
        });
        dropped
    }

    pub(super) fn clear(&mut self) {
        self.held.clear();
        self.levels.clear();
    }

    pub(super) fn updates(&self) -> &[Held] {
        &self.held
    }

    pub(super) fn levels(&self, held: &Held) -> &[RawLevel] {
        &self.levels[held.start..held.end]
    }

    fn has_room(&self, levels: usize) -> bool {
        self.held.len() < self.messages_max && self.levels.len() + levels <= self.levels_max
    }

    fn drop_older_half(&mut self) -> usize {
        let count = self.held.len().div_ceil(2);
        let levels = self.held[count - 1].end;
        self.held.drain(..count);
        self.levels.drain(..levels);
        for held in &mut self.held {
            held.start -= levels;
            held.end -= levels;
        }
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fluxo_core::Side;

    fn push(backlog: &mut Backlog, id: u64, levels: usize) -> usize {
        let price = i64::try_from(id).unwrap();
        let levels = vec![RawLevel { side: Side::Bid, price, size: 1 }; levels];
        let update = DepthUpdate {
            first_id: id,
            last_id: id,
            previous_id: None,
            ts_event: None,
            ts_sent: None,
            levels: &levels,
        };
        backlog.push(&update, id - 1, Digits::default())
    }

    fn ids(backlog: &Backlog) -> Vec<(u64, usize)> {
        for held in backlog.updates() {
            let price = i64::try_from(held.last_id).unwrap();
            assert!(backlog.levels(held).iter().all(|level| level.price == price));
        }
        backlog.updates().iter().map(|held| (held.last_id, backlog.levels(held).len())).collect()
    }

    #[test]
    fn at_the_limit_of_messages_the_older_half_goes() {
        let mut backlog = Backlog::new(4, 100);
        let dropped: Vec<usize> = (1..=5).map(|id| push(&mut backlog, id, 2)).collect();
        assert_eq!(dropped, [0, 0, 0, 0, 2]);
        assert_eq!(ids(&backlog), [(3, 2), (4, 2), (5, 2)]);
    }

    #[test]
    fn at_the_limit_of_levels_as_many_halves_go_as_it_takes() {
        let mut backlog = Backlog::new(100, 10);
        for id in 1..=4 {
            push(&mut backlog, id, 2);
        }
        assert_eq!(push(&mut backlog, 5, 9), 4);
        assert_eq!(ids(&backlog), [(5, 9)]);
        // One update that is larger than the limit is still kept: it is the newest.
        assert_eq!(push(&mut backlog, 6, 11), 1);
        assert_eq!(ids(&backlog), [(6, 11)]);
    }
}
