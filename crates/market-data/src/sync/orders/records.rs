//! A feed that states every order (market by order).
//!
//! A print and its fills are said before what they do to the book: lots that leave an order right
//! behind a fill of it were executed, all others were cancelled. Such feeds say no phase. Until the
//! first print nothing tells that trading is continuous, and a book that is crossed where an event
//! ends is one of an auction; both are called an auction here.

use fluxo_core::{BatchKind, Lots, MarketData, OrderId, Phase, RestingOrder};

use super::{Converted, FILLS_MAX, OrderFeed, Out};
use crate::sync::SyncState;
use crate::{OrderAction, OrderMessage};

impl OrderFeed {
    /// Takes a record; returns how many levels changed.
    pub(super) fn on_record(
        &mut self,
        message: &OrderMessage<'_>,
        converted: &Converted,
        out: &mut Out<'_>,
    ) -> u64 {
        if message.action == OrderAction::Clear
            || (message.of_snapshot && self.state != SyncState::Buffering)
        {
            self.begin_anew(out);
        }
        if self.state == SyncState::Unsynced {
            return 0;
        }
        match (message.action, converted.order) {
            (OrderAction::Add, Some(order)) => self.add(order, out),
            (OrderAction::Cancel, Some(order)) => self.leave(order, out),
            (OrderAction::Modify, Some(order)) => self.modify(order, out),
            _ => {}
        }
        if message.action == OrderAction::Fill {
            self.note_fill(message, converted);
        }
        if let Some(print) = converted.print {
            self.print(print, out);
        }
        if message.ends_event { self.end_event(message.sequence, out) } else { 0 }
    }

    fn begin_anew(&mut self, out: &mut Out<'_>) {
        self.forget();
        self.say_phase(Phase::Auction, out);
        self.traded = false;
        out.say_batch(BatchKind::Snapshot, 0, &[]);
        self.state = SyncState::Buffering;
    }

    fn note_fill(&mut self, message: &OrderMessage<'_>, converted: &Converted) {
        let Some(lots) = converted.filled else { return };
        match self.fills.iter().position(|(id, _)| *id == message.id) {
            Some(at) => self.fills[at].1 += lots,
            None if self.fills.len() < FILLS_MAX => self.fills.push((message.id, lots)),
            None => self.counts.unexplained_fills += 1,
        }
    }

    /// Lots of an order leave: those that were filled as a trade. More can trade than it displayed.
    fn leave(&mut self, order: RestingOrder, out: &mut Out<'_>) {
        let filled = self.take_fill(order.id);
        if filled > Lots::ZERO {
            self.execute(RestingOrder { lots: filled, ..order }, out);
        }
        if order.lots > filled {
            self.cancel(RestingOrder { lots: order.lots - filled, ..order }, out);
        }
    }

    /// An order has another price or size from now on. It keeps its place only when it became smaller.
    fn modify(&mut self, order: RestingOrder, out: &mut Out<'_>) {
        let Some(known) = self.orders.order(order.id) else {
            self.counts.unknown_changes += 1;
            return self.add(order, out);
        };
        let mut rests = known.order;
        let filled = self.take_fill(order.id);
        if filled > Lots::ZERO {
            self.execute(RestingOrder { lots: filled, ..rests }, out);
            rests.lots = (rests.lots - filled).max(Lots::ZERO);
        }
        let stays = (rests.side, rests.price) == (order.side, order.price);
        if stays && order.lots <= rests.lots {
            if order.lots < rests.lots {
                self.cancel(RestingOrder { lots: rests.lots - order.lots, ..rests }, out);
            }
            return;
        }
        if rests.lots > Lots::ZERO {
            self.cancel(rests, out);
        }
        self.add(order, out);
    }

    /// How much of an order was filled before it changed; it is not waited for any more.
    fn take_fill(&mut self, id: OrderId) -> Lots {
        let at = self.fills.iter().position(|(filled, _)| *filled == id);
        at.map_or(Lots::ZERO, |at| self.fills.swap_remove(at).1)
    }

    fn end_event(&mut self, update_id: u64, out: &mut Out<'_>) -> u64 {
        self.counts.unexplained_fills += self.fills.len() as u64;
        self.fills.clear();
        let kind = match self.state {
            SyncState::Buffering => BatchKind::Snapshot,
            _ => BatchKind::Update,
        };
        // The phase is said before the levels that it explains.
        let status_at = out.events.len();
        let said = self.say_levels(kind, update_id, out);
        self.state = SyncState::Live;
        if self.levels.is_crossed() {
            self.counts.crossed += 1;
            if self.phase != Some(Phase::Auction) {
                (self.phase, self.traded) = (Some(Phase::Auction), false);
                let status = out.event(MarketData::Status(Phase::Auction));
                out.events.insert(status_at, status);
            }
        } else if self.phase == Some(Phase::Auction) && self.traded {
            self.say_phase(Phase::Continuous, out);
        }
        said
    }
}
