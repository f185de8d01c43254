//! A feed that shows its best levels behind every message (LOBSTER).
//!
//! Orders beyond the levels in view are never said, so a level that leaves the view is left out of
//! the book, and one that comes into view is taken from what is shown. All other levels are what the
//! messages make them; where what is shown says otherwise, that is counted, and what is shown holds.

use fluxo_core::{BatchKind, LevelUpdate, Lots, Phase, Side};

use super::{Converted, OrderFeed, Out};
use crate::sync::SyncState;
use crate::{Level, OrderAction, OrderMessage};

impl OrderFeed {
    /// Takes a message; returns how many levels changed.
    pub(super) fn on_shown(
        &mut self,
        message: &OrderMessage<'_>,
        converted: &Converted,
        out: &mut Out<'_>,
    ) -> u64 {
        if self.state != SyncState::Live {
            return self.begin(converted, out);
        }
        match (message.action, converted.order) {
            (OrderAction::Add, Some(order)) => self.add(order, out),
            (OrderAction::Cancel, Some(order)) => self.cancel(order, out),
            (OrderAction::Execute, Some(order)) => self.execute(order, out),
            _ => {}
        }
        if let Some(print) = converted.print {
            self.print(print, out);
        }
        self.compare_with_shown();
        let said = self.say_levels(BatchKind::Update, 0, out);
        self.counts.crossed += u64::from(self.levels.is_crossed());
        said
    }

    /// The first row is the snapshot, and its message is inside it: no order event says it again.
    fn begin(&mut self, converted: &Converted, out: &mut Out<'_>) -> u64 {
        if self.phase.is_none() {
            self.say_phase(Phase::Continuous, out);
        }
        if let Some(print) = converted.print {
            self.print(print, out);
        }
        self.touched.clear();
        self.touched.extend(self.shown.iter().filter(|level| level.lots > Lots::ZERO));
        let levels = self.touched.iter().map(|level| (level.side, level.price, level.lots));
        self.orders.set_levels(levels);
        self.state = SyncState::Live;
        self.say_levels(BatchKind::Snapshot, 0, out)
    }

    /// Makes the levels those that are shown, and counts what the message does not explain.
    fn compare_with_shown(&mut self) {
        for side in Side::BOTH {
            let shown = self.shown.iter().filter(|level| level.side == side).count();
            self.depth_shown = self.depth_shown.max(shown);
        }
        let mut at = 0;
        for side in Side::BOTH {
            let end = at + self.shown[at..].iter().take_while(|level| level.side == side).count();
            self.compare_side(side, at, end);
            at = end;
        }
    }

    fn compare_side(&mut self, side: Side, mut at: usize, end: usize) {
        let is_full = end - at == self.depth_shown;
        let changed = self.touched.len();
        let mut before = self.levels.levels(side);
        let mut next = before.next();
        loop {
            // What the message made of the level that was there.
            let held = next.map(|level| Level { lots: self.orders_at(side, level), ..level });
            let shown = self.shown[..end].get(at).copied();
            match (held, shown) {
                (None, None) => break,
                (Some(held), Some(shown)) if held.price == shown.price => {
                    if held.lots != shown.lots {
                        self.counts.contradicted_levels += 1;
                        self.touched.push(shown);
                    }
                    (next, at) = (before.next(), at + 1);
                }
                // Only the book has it: it went, or it left the view behind the last level.
                (Some(held), shown)
                    if shown.is_none_or(|s| side.is_better(held.price, s.price)) =>
                {
                    if held.lots > Lots::ZERO {
                        let in_view = shown.is_none() && is_full;
                        self.counts.levels_in_view += u64::from(in_view);
                        self.counts.contradicted_levels += u64::from(!in_view);
                        let (price, lots) = (held.price, Lots::ZERO);
                        self.touched.push(LevelUpdate { side, price, lots });
                    }
                    next = before.next();
                }
                // Only the feed shows it: an order opened it, or it came into view at the end.
                (held, Some(shown)) => {
                    let level = Level { price: shown.price, lots: shown.lots };
                    if self.orders_at(side, level) != shown.lots {
                        let in_view = held.is_none() && at + 1 == end;
                        self.counts.levels_in_view += u64::from(in_view);
                        self.counts.contradicted_levels += u64::from(!in_view);
                        self.touched.push(shown);
                    }
                    at += 1;
                }
                (Some(_), None) => unreachable!("a level without one that is shown went before"),
            }
        }
        for at in changed..self.touched.len() {
            let LevelUpdate { side, price, lots } = self.touched[at];
            self.orders.set_level(side, price, lots);
        }
        // A new level can lie behind the last one in view only where the view is not full.
        self.drop_out_of_view(side, end);
    }

    /// The order at hand may have opened a level that is not shown: it was out of view at once.
    fn drop_out_of_view(&mut self, side: Side, end: usize) {
        let shown = &self.shown[..end];
        let is_shown =
            |level: &LevelUpdate| shown.iter().any(|s| s.side == side && s.price == level.price);
        let out = |level: &&mut LevelUpdate| {
            level.side == side && level.lots > Lots::ZERO && !is_shown(level)
        };
        for level in self.touched.iter_mut().filter(out) {
            self.counts.contradicted_levels += 1;
            level.lots = Lots::ZERO;
            self.orders.set_level(level.side, level.price, Lots::ZERO);
        }
    }

    fn orders_at(&self, side: Side, level: Level) -> Lots {
        self.orders.level(side, level.price).map_or(Lots::ZERO, |level| level.total())
    }
}
