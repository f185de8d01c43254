//! Compares the book with what the venue itself says are the best prices.
//!
//! It is fed with the events of one instrument, builds its own book from them and only counts: a
//! crossed book or an unequal quote is evidence about the feed or about us, for a person to read.

use std::collections::VecDeque;

use fluxo_core::{
    BestQuote, BookBatch, Decimal, InstrumentSpec, Lots, MarketData, MarketEvent, Price, Side,
};

use crate::{Book, BookConfig};

/// The sizes of an audit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditConfig {
    /// The audit's book.
    pub book: BookConfig,
    /// The most quotes that wait for the book to reach their state. At the limit the oldest is
    /// dropped and never compared.
    pub pending_quotes_max: usize,
}

impl AuditConfig {
    /// Room for the quotes of several seconds.
    pub const DEFAULT: Self = Self { book: BookConfig::DEFAULT, pending_quotes_max: 8_192 };
}

/// What an audit has seen. The counts only grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AuditCounts {
    /// Batches applied.
    pub batches: u64,
    /// Batches after which the book was crossed.
    pub crossed: u64,
    /// Quotes that describe a state which the book was in.
    pub compared: u64,
    /// The compared quotes whose prices and sizes are those of the book.
    pub equal: u64,
}

/// Keeps a book and counts what does not fit.
#[derive(Clone, Debug)]
pub struct BookAudit {
    book: Book,
    tick_size: Decimal,
    lot_size: Decimal,
    live: bool,
    /// Quotes of states that the book has not reached, oldest first.
    pending: VecDeque<BestQuote>,
    pending_max: usize,
    counts: AuditCounts,
}

impl BookAudit {
    /// An audit of an instrument whose events begin in the units of `spec`.
    #[must_use]
    pub fn new(spec: &InstrumentSpec, config: AuditConfig) -> Self {
        Self {
            book: Book::new(config.book),
            tick_size: spec.tick_size,
            lot_size: spec.lot_size,
            live: false,
            pending: VecDeque::with_capacity(config.pending_quotes_max),
            pending_max: config.pending_quotes_max,
            counts: AuditCounts::default(),
        }
    }

    /// Takes the next event of the instrument.
    pub fn on_event(&mut self, event: &MarketEvent) {
        match &event.data {
            MarketData::Book(batch) => self.on_batch(batch),
            MarketData::Quote(quote) => self.on_quote(*quote),
            MarketData::Gap(_) => self.lose_book(),
            MarketData::Spec(spec) => self.on_spec(spec),
            _ => {}
        }
    }

    /// What was counted so far.
    #[must_use]
    pub const fn counts(&self) -> &AuditCounts {
        &self.counts
    }

    /// The book as the events describe it; empty while it is not valid.
    #[must_use]
    pub const fn book(&self) -> &Book {
        &self.book
    }

    fn on_batch(&mut self, batch: &BookBatch) {
        self.book.apply(batch, |_| ());
        self.live = true;
        self.counts.batches += 1;
        self.counts.crossed += u64::from(self.book.is_crossed());
        // Quotes overtake the depth stream: on spot and COIN-M always.
        while let Some(quote) = self.pending.front().copied()
            && quote.update_id <= batch.update_id
        {
            self.pending.pop_front();
            if quote.update_id == batch.update_id {
                self.compare(&quote);
            }
        }
    }

    fn on_quote(&mut self, quote: BestQuote) {
        match self.book.update_id().filter(|_| self.live) {
            Some(state) if state == quote.update_id => self.compare(&quote),
            Some(state) if state > quote.update_id => {}
            _ => self.wait(quote),
        }
    }

    fn wait(&mut self, quote: BestQuote) {
        if self.pending.len() == self.pending_max {
            self.pending.pop_front();
        }
        if self.pending_max > 0 {
            self.pending.push_back(quote);
        }
    }

    fn compare(&mut self, quote: &BestQuote) {
        let bid = self.is_best(Side::Bid, quote.bid, quote.bid_lots);
        let ask = self.is_best(Side::Ask, quote.ask, quote.ask_lots);
        self.counts.compared += 1;
        self.counts.equal += u64::from(bid && ask);
    }

    /// A side of a quote without lots says that the side is empty.
    fn is_best(&self, side: Side, price: Price, lots: Lots) -> bool {
        match self.book.best(side) {
            Some(level) => level.price == price && level.lots == lots,
            None => lots == Lots::ZERO,
        }
    }

    fn lose_book(&mut self) {
        self.book.clear();
        self.live = false;
    }

    /// Restates the book and the waiting quotes; where that is impossible, the next snapshot has to
    /// begin anew.
    fn on_spec(&mut self, spec: &InstrumentSpec) {
        let price_factor = self.tick_size.multiple_of(spec.tick_size);
        let lots_factor = self.lot_size.multiple_of(spec.lot_size);
        (self.tick_size, self.lot_size) = (spec.tick_size, spec.lot_size);
        let rescaled = price_factor.zip(lots_factor).and_then(|(price_factor, lots_factor)| {
            self.book.rescale(price_factor, lots_factor).ok()?;
            self.pending.iter_mut().try_for_each(|quote| {
                quote.bid = quote.bid.rescaled(price_factor)?;
                quote.ask = quote.ask.rescaled(price_factor)?;
                quote.bid_lots = quote.bid_lots.rescaled(lots_factor)?;
                quote.ask_lots = quote.ask_lots.rescaled(lots_factor)?;
                Some(())
            })
        });
        if rescaled.is_none() {
            self.lose_book();
            self.pending.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inference::tests::spec;
    use fluxo_core::{BatchKind, Gap, GapReason, InstrumentId, LevelUpdate, UnixNanos};

    fn event(data: MarketData) -> MarketEvent {
        MarketEvent { instrument: InstrumentId::new(0), ts_event: None, data }
    }

    fn batch(kind: BatchKind, update_id: u64, levels: &[(Side, i64, i64)]) -> MarketEvent {
        let levels = levels
            .iter()
            .map(|(side, price, lots)| LevelUpdate {
                side: *side,
                price: Price::from_ticks(*price),
                lots: Lots::new(*lots),
            })
            .collect();
        event(MarketData::Book(BookBatch { kind, update_id, levels }))
    }

    fn quote(update_id: u64, bid: i64, bid_lots: i64, ask: i64, ask_lots: i64) -> MarketEvent {
        event(MarketData::Quote(BestQuote {
            update_id,
            bid: Price::from_ticks(bid),
            bid_lots: Lots::new(bid_lots),
            ask: Price::from_ticks(ask),
            ask_lots: Lots::new(ask_lots),
        }))
    }

    fn audit(events: &[MarketEvent]) -> AuditCounts {
        let config = AuditConfig { pending_quotes_max: 2, ..AuditConfig::DEFAULT };
        let mut audit = BookAudit::new(&spec("0.1", "1"), config);
        for event in events {
            audit.on_event(event);
        }
        *audit.counts()
    }

    fn whole(update_id: u64) -> MarketEvent {
        batch(BatchKind::Snapshot, update_id, &[(Side::Bid, 10, 1), (Side::Ask, 11, 2)])
    }

    #[test]
    fn quotes_are_compared_before_and_after_the_book_gets_there() {
        let counts = audit(&[quote(5, 10, 1, 11, 2), whole(5), quote(5, 10, 1, 11, 2)]);
        assert_eq!((counts.compared, counts.equal, counts.crossed), (2, 2, 0));
        let other = audit(&[quote(4, 10, 1, 11, 2), whole(5), quote(6, 10, 1, 11, 2)]);
        assert_eq!(other.compared, 0);
    }

    #[test]
    fn a_difference_in_price_or_size_shows() {
        for wrong in [quote(5, 9, 1, 11, 2), quote(5, 10, 2, 11, 2), quote(5, 10, 1, 12, 2)] {
            let counts = audit(&[whole(5), wrong]);
            assert_eq!((counts.compared, counts.equal), (1, 0));
        }
        let bids = [(Side::Bid, 10, 1)];
        let counts = audit(&[batch(BatchKind::Snapshot, 5, &bids), quote(5, 10, 1, 0, 0)]);
        assert_eq!((counts.compared, counts.equal), (1, 1));
    }

    #[test]
    fn the_oldest_waiting_quote_goes_at_the_limit() {
        let waiting = [5, 6, 7].map(|id| quote(id, 10, 1, 11, 2));
        let events = [&waiting[..], &[whole(5)], &[batch(BatchKind::Update, 7, &[])]].concat();
        assert_eq!(audit(&events).compared, 1);
    }

    #[test]
    fn crossed_states_are_counted_and_a_gap_ends_the_book() {
        let crossing = batch(BatchKind::Update, 6, &[(Side::Bid, 12, 1)]);
        assert_eq!(audit(&[whole(5), crossing]).crossed, 1);
        let (from, to) = (UnixNanos::new(0), UnixNanos::new(1));
        let gap = Gap { from, to, reason: GapReason::RecordingBoundary };
        let counts = audit(&[whole(5), event(MarketData::Gap(gap)), quote(5, 10, 1, 11, 2)]);
        assert_eq!(counts.compared, 0);
    }

    #[test]
    fn a_finer_grid_restates_the_book_and_the_waiting_quotes() {
        let finer = event(MarketData::Spec(Box::new(spec("0.01", "0.1"))));
        let counts = audit(&[
            whole(5),
            quote(6, 10, 1, 11, 2),
            finer,
            quote(5, 100, 10, 110, 20),
            batch(BatchKind::Update, 6, &[]),
        ]);
        assert_eq!((counts.compared, counts.equal), (2, 2));
    }
}
