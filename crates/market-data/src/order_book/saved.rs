//! An order book as plain data: every queue in its order, and nothing of how it lies in memory.

use fluxo_core::{Lots, OrderId, Price, RestingOrder, Side, UnixNanos};
use serde::{Deserialize, Serialize};

use super::levels::of_key;
use super::{OrderBook, OrderBookConfig, OrderBookCounts};
use crate::Error;

/// What a snapshot keeps of an order book.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct SavedOrderBook {
    config: OrderBookConfig,
    levels: Vec<SavedLevel>,
    counts: OrderBookCounts,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct SavedLevel {
    side: Side,
    price: Price,
    unseen: Lots,
    queue: Vec<SavedOrder>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct SavedOrder {
    id: OrderId,
    lots: Lots,
    entered: UnixNanos,
}

impl From<OrderBook> for SavedOrderBook {
    fn from(book: OrderBook) -> Self {
        let states = book.levels.slots().map(|slot| book.levels.at(slot));
        let mut levels: Vec<SavedLevel> = states
            .filter(|state| !state.is_empty())
            .map(|state| {
                let (side, price) = of_key(state.key);
                let saved = |queued: super::QueuedOrder| SavedOrder {
                    id: queued.order.id,
                    lots: queued.order.lots,
                    entered: queued.entered,
                };
                let queue = book.queue(side, price).map(saved).collect();
                SavedLevel { side, price, unseen: Lots::new(state.unseen), queue }
            })
            .collect();
        // The same book gives the same bytes, however it came about.
        levels.sort_unstable_by_key(|level| (level.side, level.price));
        let config =
            OrderBookConfig { orders_max: book.orders_max, levels_max: book.levels.levels_max() };
        Self { config, levels, counts: book.counts }
    }
}

impl SavedOrderBook {
    /// The same on a finer grid; `None` when a number does not fit.
    pub(super) fn rescaled(mut self, price_factor: i64, lots_factor: i64) -> Option<Self> {
        for level in &mut self.levels {
            level.price = level.price.rescaled(price_factor)?;
            level.unseen = level.unseen.rescaled(lots_factor)?;
            for order in &mut level.queue {
                order.lots = order.lots.rescaled(lots_factor)?;
            }
        }
        Some(self)
    }
}

impl TryFrom<SavedOrderBook> for OrderBook {
    type Error = Error;

    fn try_from(saved: SavedOrderBook) -> Result<Self, Error> {
        let orders: usize = saved.levels.iter().map(|level| level.queue.len()).sum();
        let config = saved.config;
        if orders > config.orders_max || saved.levels.len() > config.levels_max {
            return Err(Error::BadOrderBook);
        }
        let mut book = Self::new(config);
        for level in saved.levels {
            let SavedLevel { side, price, unseen, queue } = level;
            for SavedOrder { id, lots, entered } in queue {
                if lots <= Lots::ZERO || book.find(id).is_some() {
                    return Err(Error::BadOrderBook);
                }
                book.add(entered, &RestingOrder { id, side, price, lots });
            }
            if unseen < Lots::ZERO {
                return Err(Error::BadOrderBook);
            }
            if unseen > Lots::ZERO {
                let total = book.level(side, price).map_or(Lots::ZERO, |level| level.lots) + unseen;
                book.set_level(side, price, total);
            }
        }
        book.counts = saved.counts;
        Ok(book)
    }
}
