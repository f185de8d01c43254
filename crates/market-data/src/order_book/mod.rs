//! The order-by-order book of one instrument: who rests where, and in which order.
//!
//! It promises the exact total of every level that its events and batches named, the queue of the
//! orders that it knows, and constant time for every event. Orders that it never saw join are lots
//! without a name, the [`LevelOrders::unseen`] of their level: a recording can begin with a book of
//! levels, and a feed can show only some of them. It knows no best price: the [`Book`](crate::Book)
//! that its changes feed does.

mod facts;
mod keyed;
mod levels;
mod saved;

use fluxo_core::{Lots, OrderId, Price, RestingOrder, Side, UnixNanos};
use serde::{Deserialize, Serialize};

use crate::{Error, LevelChange};
pub use facts::{LevelOrders, OrderBookConfig, OrderBookCounts, OrderChange, QueuedOrder};
use keyed::{Keyed, NO_SLOT};
use levels::{LevelStore, of_key};
use saved::SavedOrderBook;

/// Lots without a name that one level can hold; where orders join beyond it, it stays.
const UNSEEN_LOTS_MAX: i64 = 1 << 61;

#[derive(Clone, Copy, Debug)]
struct Node {
    id: OrderId,
    lots: i64,
    entered: i64,
    level: u32,
    ahead: u32,
    behind: u32,
}

/// The orders of one instrument, by identifier and by queue.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "SavedOrderBook", into = "SavedOrderBook")]
pub struct OrderBook {
    by_id: Keyed,
    nodes: Vec<Node>,
    free: Vec<u32>,
    levels: LevelStore,
    orders_max: usize,
    round: u32,
    counts: OrderBookCounts,
}

impl OrderBook {
    /// An empty book.
    #[must_use]
    pub fn new(config: OrderBookConfig) -> Self {
        Self {
            by_id: Keyed::new(config.orders_max),
            nodes: Vec::with_capacity(config.orders_max),
            free: Vec::with_capacity(config.orders_max),
            levels: LevelStore::new(config.levels_max),
            orders_max: config.orders_max,
            round: 0,
            counts: OrderBookCounts::default(),
        }
    }

    /// An order joins the end of its queue. An identifier that rests already is dropped first, and
    /// [`Self::order`] tells before.
    ///
    /// # Panics
    /// When the order has no lots: whoever made the event has checked that.
    #[inline]
    pub fn add(&mut self, entered: UnixNanos, order: &RestingOrder) -> OrderChange {
        assert!(order.lots > Lots::ZERO, "an order joins without lots");
        if let Some(older) = self.find(order.id) {
            self.counts.duplicate_adds += 1;
            self.drop_order(older);
        }
        self.counts.adds += 1;
        let lots = order.lots.get();
        let Some(level) = self.levels.find_or_open(order.side, order.price) else {
            self.counts.lost_levels += 1;
            return unchanged(order);
        };
        let before = self.levels.at(level).total();
        match self.take_node() {
            Some(slot) => {
                let (id, entered) = (order.id, entered.get());
                let ahead = self.levels.at(level).tail;
                self.nodes[slot as usize] =
                    Node { id, lots, entered, level, ahead, behind: NO_SLOT };
                self.by_id.insert(id, slot);
                match ahead {
                    NO_SLOT => self.levels.at_mut(level).head = slot,
                    last => self.nodes[last as usize].behind = slot,
                }
                let state = self.levels.at_mut(level);
                state.tail = slot;
                state.orders += 1;
                state.lots += lots;
                state.squares += square(lots);
            }
            None => {
                self.counts.unnamed_orders += 1;
                let state = self.levels.at_mut(level);
                state.unseen = (state.unseen + lots).min(UNSEEN_LOTS_MAX);
            }
        }
        OrderChange {
            level: change(order.side, order.price, before, before + lots),
            entered: Some(entered),
            is_gone: false,
        }
    }

    /// Lots of an order leave: it became smaller, was cancelled or traded. An order that was never
    /// seen to join leaves from the lots without a name at the price that the event gives.
    #[inline]
    pub fn take(&mut self, order: &RestingOrder) -> OrderChange {
        match self.find(order.id) {
            Some(slot) => self.take_known(slot, order),
            None => self.take_unseen(order),
        }
    }

    /// A level holds that many lots in all, whoever they belong to. Where its orders hold more, they
    /// are forgotten: nobody said which of them left.
    pub fn set_level(&mut self, side: Side, price: Price, lots: Lots) -> LevelChange {
        let wanted = lots.get();
        let found = match wanted {
            0 => self.levels.find(side, price),
            _ => self.levels.find_or_open(side, price),
        };
        let Some(level) = found else {
            self.counts.lost_levels += u64::from(wanted != 0);
            return change(side, price, 0, 0);
        };
        let before = self.levels.at(level).total();
        self.levels.at_mut(level).round = self.round;
        if before != wanted {
            if self.levels.at(level).lots > wanted {
                self.counts.contradicted_orders += u64::from(self.levels.at(level).orders);
                self.forget_queue(level);
            }
            let state = self.levels.at_mut(level);
            state.unseen = wanted - state.lots;
            self.levels.close_if_empty(level);
        }
        change(side, price, before, wanted)
    }

    /// The book holds these levels and no others. Orders that fit stay known.
    pub fn set_levels(&mut self, levels: impl Iterator<Item = (Side, Price, Lots)>) {
        self.round = self.round.wrapping_add(1);
        for (side, price, lots) in levels {
            self.set_level(side, price, lots);
        }
        for slot in self.levels.slots() {
            let state = self.levels.at(slot);
            if !state.is_empty() && state.round != self.round {
                self.forget_queue(slot);
                self.levels.at_mut(slot).unseen = 0;
                self.levels.close_if_empty(slot);
            }
        }
    }

    /// Drops the older one of what is first at two prices that cross: on a feed that forgets to say
    /// that orders left, the older one is the ghost. Lots without a name are older than any order.
    /// Whoever keeps the levels asks again until the best two no longer cross. `None` when nothing
    /// rests at one of the prices.
    pub fn drop_older(&mut self, bid: Price, ask: Price) -> Option<OrderChange> {
        let [bid, ask] = [self.levels.find(Side::Bid, bid)?, self.levels.find(Side::Ask, ask)?];
        let level = if self.first_since(bid) <= self.first_since(ask) { bid } else { ask };
        self.counts.healed_orders += 1;
        let state = *self.levels.at(level);
        let ((side, price), before) = (of_key(state.key), state.total());
        if state.unseen > 0 {
            self.levels.at_mut(level).unseen = 0;
            self.levels.close_if_empty(level);
            let level = change(side, price, before, state.lots);
            return Some(OrderChange { level, entered: None, is_gone: true });
        }
        let ghost = self.nodes[state.head as usize];
        self.drop_order(state.head);
        Some(OrderChange {
            level: change(side, price, before, before - ghost.lots),
            entered: Some(UnixNanos::new(ghost.entered)),
            is_gone: true,
        })
    }

    /// What rests at a price; `None` when nothing does.
    #[must_use]
    #[inline]
    pub fn level(&self, side: Side, price: Price) -> Option<LevelOrders> {
        let state = self.levels.at(self.levels.find(side, price)?);
        Some(LevelOrders {
            orders: state.orders,
            lots: Lots::new(state.lots),
            squares: state.squares,
            unseen: Lots::new(state.unseen),
        })
    }

    /// An order, if it is known.
    #[must_use]
    pub fn order(&self, id: OrderId) -> Option<QueuedOrder> {
        Some(self.queued(self.find(id)?))
    }

    /// The known orders at a price, the one that trades next first.
    pub fn queue(&self, side: Side, price: Price) -> impl Iterator<Item = QueuedOrder> {
        let level = self.levels.find(side, price);
        let mut next = level.map_or(NO_SLOT, |level| self.levels.at(level).head);
        std::iter::from_fn(move || {
            let slot = next;
            if slot == NO_SLOT {
                return None;
            }
            next = self.nodes[slot as usize].behind;
            Some(self.queued(slot))
        })
    }

    /// How many orders are known one by one.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.nodes.len() - self.free.len()
    }

    /// Whether no order is known.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What it had to cope with.
    #[must_use]
    pub const fn counts(&self) -> &OrderBookCounts {
        &self.counts
    }

    /// Restates the book after the tick became `price_factor` and the lot `lots_factor` times finer.
    /// It allocates: a new specification is rare.
    ///
    /// # Errors
    /// [`Error::Rescale`] when a number no longer fits, or a factor is not positive; the book is then
    /// empty.
    pub fn rescale(&mut self, price_factor: i64, lots_factor: i64) -> Result<(), Error> {
        let saved = SavedOrderBook::from(self.clone());
        self.clear();
        let positive = price_factor > 0 && lots_factor > 0;
        let rescaled = positive.then(|| saved.rescaled(price_factor, lots_factor)).flatten();
        *self = rescaled.ok_or(Error::Rescale { price_factor, lots_factor })?.try_into()?;
        Ok(())
    }

    /// Forgets every order and level, and no count.
    pub fn clear(&mut self) {
        self.by_id.clear();
        self.nodes.clear();
        self.free.clear();
        self.levels.clear();
    }

    #[inline]
    fn find(&self, id: OrderId) -> Option<u32> {
        self.by_id.get(id, |slot| self.nodes[slot as usize].id == id)
    }

    #[inline]
    fn take_known(&mut self, slot: u32, order: &RestingOrder) -> OrderChange {
        let node = self.nodes[slot as usize];
        let taken = order.lots.get().min(node.lots);
        self.counts.hidden_lots += (order.lots.get() - taken).unsigned_abs();
        let state = self.levels.at_mut(node.level);
        let (before, (side, price)) = (state.total(), of_key(state.key));
        state.lots -= taken;
        state.squares += square(node.lots - taken) - square(node.lots);
        let is_gone = taken == node.lots;
        if is_gone {
            self.unlink(slot);
            self.levels.close_if_empty(node.level);
        } else {
            self.nodes[slot as usize].lots -= taken;
        }
        OrderChange {
            level: change(side, price, before, before - taken),
            entered: Some(UnixNanos::new(node.entered)),
            is_gone,
        }
    }

    fn take_unseen(&mut self, order: &RestingOrder) -> OrderChange {
        self.counts.unknown_orders += 1;
        let lots = order.lots.get();
        let Some(level) = self.levels.find(order.side, order.price) else {
            self.count_missing(lots);
            return unchanged(order);
        };
        let state = self.levels.at_mut(level);
        let before = state.total();
        let taken = lots.min(state.unseen);
        state.unseen -= taken;
        self.levels.close_if_empty(level);
        self.count_missing(lots - taken);
        OrderChange {
            level: change(order.side, order.price, before, before - taken),
            entered: None,
            is_gone: false,
        }
    }

    /// When what is first at a level joined, and its identifier: identifiers are handed out in order.
    fn first_since(&self, level: u32) -> (i64, OrderId) {
        let state = self.levels.at(level);
        match state.head {
            _ if state.unseen > 0 => (i64::MIN, 0),
            head => (self.nodes[head as usize].entered, self.nodes[head as usize].id),
        }
    }

    fn count_missing(&mut self, lots: i64) {
        self.counts.missing_lots += lots.unsigned_abs();
    }

    fn drop_order(&mut self, slot: u32) {
        let Node { lots, level, .. } = self.nodes[slot as usize];
        let state = self.levels.at_mut(level);
        state.lots -= lots;
        state.squares -= square(lots);
        self.unlink(slot);
        self.levels.close_if_empty(level);
    }

    /// Takes an order out of its queue and out of the map.
    #[inline]
    fn unlink(&mut self, slot: u32) {
        let Node { id, level, ahead, behind, .. } = self.nodes[slot as usize];
        match ahead {
            NO_SLOT => self.levels.at_mut(level).head = behind,
            other => self.nodes[other as usize].behind = behind,
        }
        match behind {
            NO_SLOT => self.levels.at_mut(level).tail = ahead,
            other => self.nodes[other as usize].ahead = ahead,
        }
        self.levels.at_mut(level).orders -= 1;
        self.by_id.remove(id, slot);
        self.free.push(slot);
    }

    /// Forgets the orders of a level; it may be left empty.
    fn forget_queue(&mut self, level: u32) {
        let mut slot = self.levels.at(level).head;
        while slot != NO_SLOT {
            let node = self.nodes[slot as usize];
            self.by_id.remove(node.id, slot);
            self.free.push(slot);
            slot = node.behind;
        }
        let state = self.levels.at_mut(level);
        (state.head, state.tail) = (NO_SLOT, NO_SLOT);
        (state.orders, state.lots, state.squares) = (0, 0, 0);
    }

    #[inline]
    fn take_node(&mut self) -> Option<u32> {
        if let Some(slot) = self.free.pop() {
            return Some(slot);
        }
        if self.nodes.len() == self.orders_max {
            return None;
        }
        let slot = u32::try_from(self.nodes.len()).ok()?;
        self.nodes.push(Node {
            id: 0,
            lots: 0,
            entered: 0,
            level: 0,
            ahead: NO_SLOT,
            behind: NO_SLOT,
        });
        Some(slot)
    }

    fn queued(&self, slot: u32) -> QueuedOrder {
        let node = &self.nodes[slot as usize];
        let (side, price) = of_key(self.levels.at(node.level).key);
        QueuedOrder {
            order: RestingOrder { id: node.id, side, price, lots: Lots::new(node.lots) },
            entered: UnixNanos::new(node.entered),
        }
    }
}

impl LevelOrders {
    /// Everything that rests there.
    #[must_use]
    pub fn total(&self) -> Lots {
        self.lots + self.unseen
    }

    /// How many orders there are at least: the lots without a name are one, because nobody said how
    /// many they are.
    #[must_use]
    pub fn orders_min(&self) -> i64 {
        i64::from(self.orders) + i64::from(self.unseen > Lots::ZERO)
    }

    /// The sum of the squares of what the orders hold, the lots without a name counted as one order.
    #[must_use]
    pub fn squares_max(&self) -> i128 {
        self.squares + square(self.unseen.get())
    }
}

fn square(lots: i64) -> i128 {
    i128::from(lots) * i128::from(lots)
}

const fn change(side: Side, price: Price, before: i64, after: i64) -> LevelChange {
    LevelChange { side, price, before: Lots::new(before), after: Lots::new(after) }
}

/// An event that found nothing to change.
const fn unchanged(order: &RestingOrder) -> OrderChange {
    OrderChange { level: change(order.side, order.price, 0, 0), entered: None, is_gone: false }
}

#[cfg(test)]
mod tests;
