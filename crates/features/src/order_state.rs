//! The book of orders, as the features see it, and what each order event exactly was.

use fluxo_core::{BatchKind, BookBatch, Lots, MarketData, Price, RestingOrder, Side, UnixNanos};
use fluxo_market_data::{LevelOrders, OrderBook, OrderBookConfig, QueuedOrder};
use serde::{Deserialize, Serialize};

use crate::out_of_view::{OutOfView, Parted};

/// What happened to an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum OrderDeed {
    /// It joined the book.
    Add,
    /// It left, or a part of it, without a trade.
    Cancel,
    /// It traded, or a part of it.
    Execute,
}

/// An order event: where adds, cancels and executions are said, nothing has to be inferred from levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OrderFact {
    pub(crate) deed: OrderDeed,
    pub(crate) side: Side,
    pub(crate) price: Price,
    /// How many lots the event says.
    pub(crate) lots: i64,
    /// Lots that traded beyond what the order displayed: a hidden reserve.
    pub(crate) excess: i64,
    /// When the order joined its queue; `None` for one that was never seen to.
    pub(crate) entered: Option<i64>,
    /// Whether nothing of the order is left.
    pub(crate) is_gone: bool,
}

/// The orders of one instrument. A feed without orders leaves it empty and never valid.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct OrderBookState {
    book: OrderBook,
    out_of_view: OutOfView,
    /// Whether a whole book came, and no gap since.
    live: bool,
    /// Whether an order was said since then.
    has_orders: bool,
}

impl OrderBookState {
    pub(crate) fn new(config: OrderBookConfig) -> Self {
        let (book, out_of_view) = (OrderBook::new(config), OutOfView::new());
        Self { book, out_of_view, live: false, has_orders: false }
    }

    /// Takes an order event, and says what it was. Order events come before the batch of the levels that
    /// they changed, so that at an order event the levels are still those before its message.
    pub(crate) fn apply(&mut self, ts: i64, data: &MarketData) -> Option<OrderFact> {
        match data {
            MarketData::OrderAdd(order) => {
                self.has_orders = true;
                let entered = self.book.add(UnixNanos::new(ts), order).entered;
                let entered = entered.map(UnixNanos::get);
                Some(fact(OrderDeed::Add, order, OrderFact { entered, ..EMPTY }))
            }
            MarketData::OrderReduce(order) | MarketData::OrderCancel(order) => {
                Some(self.take(OrderDeed::Cancel, order))
            }
            MarketData::OrderExecute(order) => Some(self.take(OrderDeed::Execute, order)),
            _ => None,
        }
    }

    /// Whether every order since a whole book was said.
    pub(crate) const fn is_valid(&self) -> bool {
        self.live && self.has_orders
    }

    /// What rests at a price.
    pub(crate) fn level(&self, side: Side, price: i64) -> Option<LevelOrders> {
        self.book.level(side, Price::from_ticks(price))
    }

    /// The orders cannot be trusted until the next whole book.
    pub(crate) fn lose(&mut self) {
        self.book.clear();
        self.out_of_view.clear();
        (self.live, self.has_orders) = (false, false);
    }

    /// Restates the orders on a finer grid; where they do not fit it, they are lost.
    pub(crate) fn rescale(&mut self, price_factor: i64, lots_factor: i64) {
        // Their lots are those of the coarser grid.
        self.out_of_view.clear();
        if self.book.rescale(price_factor, lots_factor).is_err() {
            self.lose();
        }
    }

    fn take(&mut self, deed: OrderDeed, order: &RestingOrder) -> OrderFact {
        self.has_orders = true;
        let shown = self.book.order(order.id).map(|known| known.order.lots);
        let change = self.book.take(order);
        let excess = shown.map_or(0, |shown| (order.lots.get() - shown.get()).max(0));
        let (entered, is_gone) = match change.entered {
            Some(entered) => (Some(entered.get()), change.is_gone),
            None => self
                .out_of_view
                .take(order)
                .map_or((None, change.is_gone), |(entered, gone)| (Some(entered), gone)),
        };
        fact(deed, order, OrderFact { excess, entered, is_gone, ..EMPTY })
    }

    /// What a batch says of levels holds, whoever their lots belong to. A feed without orders costs
    /// nothing.
    pub(crate) fn set_levels(&mut self, batch: &BookBatch) {
        let levels = batch.levels.iter().map(|level| (level.side, level.price, level.lots));
        if batch.kind == BatchKind::Snapshot {
            self.book.set_levels(levels);
            self.live = true;
        } else if self.has_orders {
            for (side, price, lots) in levels {
                if lots == Lots::ZERO {
                    // Orders that left the book were said to: these left the view with their level.
                    for QueuedOrder { order, entered } in self.book.queue(side, price) {
                        let (id, lots, entered) = (order.id, order.lots.get(), entered.get());
                        self.out_of_view.insert(Parted { id, lots, entered });
                    }
                }
                self.book.set_level(side, price, lots);
            }
        }
    }
}

const EMPTY: OrderFact = OrderFact {
    deed: OrderDeed::Add,
    side: Side::Bid,
    price: Price::from_ticks(0),
    lots: 0,
    excess: 0,
    entered: None,
    is_gone: false,
};

fn fact(deed: OrderDeed, order: &RestingOrder, rest: OrderFact) -> OrderFact {
    OrderFact { deed, side: order.side, price: order.price, lots: order.lots.get(), ..rest }
}

#[cfg(test)]
mod tests {
    use fluxo_core::LevelUpdate;

    use super::*;

    const CONFIG: OrderBookConfig = OrderBookConfig { orders_max: 64, levels_max: 64 };

    pub(super) fn order(id: u64, side: Side, price: i64, lots: i64) -> RestingOrder {
        RestingOrder { id, side, price: Price::from_ticks(price), lots: Lots::new(lots) }
    }

    fn batch(kind: BatchKind, levels: &[(Side, i64, i64)]) -> BookBatch {
        let level = |&(side, price, lots): &(Side, i64, i64)| LevelUpdate {
            side,
            price: Price::from_ticks(price),
            lots: Lots::new(lots),
        };
        let levels = levels.iter().map(level).collect();
        BookBatch { kind, update_id: 0, levels }
    }

    #[test]
    fn every_event_is_an_exact_fact() {
        let mut state = OrderBookState::new(CONFIG);
        state.set_levels(&batch(BatchKind::Snapshot, &[(Side::Bid, 100, 5)]));
        assert!(!state.is_valid());
        let add = state.apply(3, &MarketData::OrderAdd(order(1, Side::Bid, 100, 4))).unwrap();
        assert_eq!((add.deed, add.lots, add.entered), (OrderDeed::Add, 4, Some(3)));
        assert!(state.is_valid());
        let part = MarketData::OrderReduce(order(1, Side::Bid, 100, 1));
        let part = state.apply(4, &part).unwrap();
        assert_eq!((part.deed, part.lots, part.is_gone), (OrderDeed::Cancel, 1, false));
        // Three are displayed and seven trade: four were hidden.
        let trade = MarketData::OrderExecute(order(1, Side::Bid, 100, 7));
        let trade = state.apply(5, &trade).unwrap();
        assert_eq!((trade.excess, trade.is_gone, trade.entered), (4, true, Some(3)));
        let unknown = MarketData::OrderCancel(order(9, Side::Bid, 100, 2));
        let unknown = state.apply(6, &unknown).unwrap();
        assert_eq!((unknown.entered, unknown.excess), (None, 0));
        assert_eq!(state.level(Side::Bid, 100).unwrap().total().get(), 3);
    }

    #[test]
    fn an_order_that_was_out_of_view_keeps_its_age() {
        let mut state = OrderBookState::new(CONFIG);
        state.set_levels(&batch(BatchKind::Snapshot, &[]));
        state.apply(3, &MarketData::OrderAdd(order(1, Side::Bid, 100, 4)));
        state.set_levels(&batch(BatchKind::Update, &[(Side::Bid, 100, 4)]));
        state.set_levels(&batch(BatchKind::Update, &[(Side::Bid, 100, 0)]));
        assert!(state.level(Side::Bid, 100).is_none());
        state.set_levels(&batch(BatchKind::Update, &[(Side::Bid, 100, 6)]));
        // Nobody said whose lots they are.
        assert_eq!(state.level(Side::Bid, 100).unwrap().orders, 0);
        let cancel = MarketData::OrderCancel(order(1, Side::Bid, 100, 4));
        let fact = state.apply(9, &cancel).unwrap();
        assert_eq!((fact.entered, fact.is_gone), (Some(3), true));
        assert_eq!(state.level(Side::Bid, 100).unwrap().total().get(), 2);
    }

    #[test]
    fn a_gap_loses_the_orders() {
        let mut state = OrderBookState::new(CONFIG);
        state.set_levels(&batch(BatchKind::Snapshot, &[]));
        state.apply(1, &MarketData::OrderAdd(order(1, Side::Ask, 101, 4)));
        state.lose();
        assert!(!state.is_valid() && state.level(Side::Ask, 101).is_none());
        // Levels without orders make no valid book of orders.
        state.set_levels(&batch(BatchKind::Snapshot, &[(Side::Ask, 101, 4)]));
        state.set_levels(&batch(BatchKind::Update, &[(Side::Ask, 101, 5)]));
        assert!(!state.is_valid());
    }

    #[test]
    fn it_is_restored_as_it_was() {
        let mut state = OrderBookState::new(CONFIG);
        state.set_levels(&batch(BatchKind::Snapshot, &[(Side::Bid, 99, 2)]));
        state.apply(1, &MarketData::OrderAdd(order(1, Side::Ask, 101, 4)));
        let bytes = postcard::to_stdvec(&state).unwrap();
        let again: OrderBookState = postcard::from_bytes(&bytes).unwrap();
        assert!(again.is_valid());
        assert_eq!(again.level(Side::Ask, 101), state.level(Side::Ask, 101));
        assert_eq!(postcard::to_stdvec(&again).unwrap(), bytes);
    }
}
