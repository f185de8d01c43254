//! Whether there is a market to trade on, right now.

use fluxo_core::{BatchKind, MarketData, Nanos, Phase, Price, Side, UnixNanos};
use fluxo_market_data::Book;

/// The best prices of a book that can be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Touch {
    pub(crate) bid: Price,
    pub(crate) ask: Price,
    /// When a depth message last confirmed the book.
    pub(crate) updated: UnixNanos,
}

/// Follows what makes a book believable: a snapshot and no gap since, the continuous phase, a recent
/// depth message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MarketWatch {
    live: bool,
    phase: Phase,
    updated: UnixNanos,
    stale_after: Nanos,
    /// The last believable best prices, to value a position when there are none.
    last: Option<(Price, Price)>,
}

impl MarketWatch {
    pub(crate) const fn new(stale_after: Nanos) -> Self {
        Self {
            live: false,
            phase: Phase::Continuous,
            updated: UnixNanos::new(0),
            stale_after,
            last: None,
        }
    }

    /// Follows an event; `book` is the book after it.
    pub(crate) fn observe(&mut self, now: UnixNanos, data: &MarketData, book: &Book) {
        match data {
            MarketData::Book(batch) => {
                self.live |= batch.kind == BatchKind::Snapshot;
                self.updated = now;
                if let (true, Some(prices)) = (self.live, best_prices(book)) {
                    self.last = Some(prices);
                }
            }
            MarketData::Gap(_) => self.live = false,
            MarketData::Status(phase) => self.phase = *phase,
            _ => {}
        }
    }

    /// The best prices, when they can be believed at `now`.
    pub(crate) fn touch(&self, now: UnixNanos, book: &Book) -> Option<Touch> {
        let believable =
            self.live && self.phase == Phase::Continuous && now - self.updated <= self.stale_after;
        let (bid, ask) = best_prices(book).filter(|_| believable)?;
        Some(Touch { bid, ask, updated: self.updated })
    }

    /// The last best prices that could be believed.
    pub(crate) const fn last(&self) -> Option<(Price, Price)> {
        self.last
    }

    pub(crate) fn rescale(&mut self, price_factor: i64) {
        self.last = self.last.and_then(|(bid, ask)| {
            Some((bid.rescaled(price_factor)?, ask.rescaled(price_factor)?))
        });
    }
}

/// Both best prices of a book that is not crossed.
fn best_prices(book: &Book) -> Option<(Price, Price)> {
    let (bid, ask) = (book.best(Side::Bid)?.price, book.best(Side::Ask)?.price);
    (bid < ask).then_some((bid, ask))
}
