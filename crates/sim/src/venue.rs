//! The simulated venue of one instrument: the recorded market with our orders inside it.
//!
//! It promises that fills never flatter: whatever the recording leaves open is decided against us,
//! and `docs/SIMULATION.md` lists every such decision. It does not know when we learn of anything:
//! latency is the timeline's.

mod market;
mod orders;

use fluxo_core::{
    InstrumentId, InstrumentSpec, MarketData, MarketEvent, OrderEvent, Phase, Price, Side,
};
use fluxo_market_data::Book;

use crate::account::Account;
use crate::consumption::Consumption;
use crate::resting::RestingOrders;
use crate::seen_ids::SeenIds;
use crate::{Error, OpenOrder, Refinement, VenueConfig, VenueLedger, VenueTime};

/// Matches our orders inside the recorded market of one instrument.
#[derive(Clone, Debug)]
pub struct SimVenue {
    config: VenueConfig,
    account: Account,
    book: Book,
    /// Whether the book is whole: a snapshot came, and nothing was lost since.
    synchronised: bool,
    phase: Phase,
    resting: RestingOrders,
    consumed: Consumption,
    seen: SeenIds,
}

impl SimVenue {
    /// A venue that has seen nothing, in continuous trading.
    ///
    /// # Errors
    /// A specification without a value, or a limit of zero.
    pub fn new(
        instrument: InstrumentId,
        spec: &InstrumentSpec,
        config: VenueConfig,
    ) -> Result<Self, Error> {
        config.check()?;
        Ok(Self {
            config,
            account: Account::new(instrument, spec)?,
            book: Book::new(config.book),
            synchronised: false,
            phase: Phase::Continuous,
            resting: RestingOrders::with_capacity(config.open_orders_max),
            consumed: Consumption::new(config.consumed_levels_max),
            seen: SeenIds::new(config.id_ranges_max),
        })
    }

    /// The market moved. Answers about our orders are added to `out`.
    ///
    /// # Panics
    /// When the event is another instrument's, or a new specification does not refine the old one.
    #[inline]
    pub fn on_market(&mut self, at: VenueTime, event: &MarketEvent, out: &mut Vec<OrderEvent>) {
        assert!(event.instrument == self.account.instrument(), "an event of another instrument");
        match &event.data {
            MarketData::Book(batch) => self.on_batch(at.now, batch, out),
            MarketData::Trade(trade) => self.on_print(at, trade, out),
            MarketData::Gap(_) => self.lose_the_book(),
            MarketData::Status(phase) => self.on_phase(*phase),
            MarketData::Spec(spec) => {
                self.refine(spec);
            }
            // Best quotes repeat what the batches say; the rest tells nothing about a level-2 queue.
            MarketData::Quote(_)
            | MarketData::OrderAdd(_)
            | MarketData::OrderReduce(_)
            | MarketData::OrderCancel(_)
            | MarketData::OrderExecute(_)
            | MarketData::Bar(_)
            | MarketData::Mark(_)
            | MarketData::Heartbeat => {}
        }
    }

    /// Restates everything in the units of a new specification, and says how they changed.
    ///
    /// # Panics
    /// When the new grid does not refine the old one, or an order of ours no longer fits its integer.
    pub fn refine(&mut self, spec: &InstrumentSpec) -> Refinement {
        let refinement = self.account.refine(spec);
        let Refinement { price_factor, lots_factor } = refinement;
        if self.book.rescale(price_factor, lots_factor).is_err() {
            // A level that has no number any more: the book is not whole.
            self.lose_the_book();
        }
        self.resting.refine(refinement);
        self.consumed.refine(refinement);
        refinement
    }

    /// Whether orders can trade: the book is whole and trading is continuous.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.synchronised && self.phase == Phase::Continuous
    }

    /// The book as recorded, without our orders and with what we took.
    #[must_use]
    pub const fn book(&self) -> &Book {
        &self.book
    }

    /// What our fills add up to.
    #[must_use]
    pub const fn ledger(&self) -> &VenueLedger {
        self.account.ledger()
    }

    /// Our resting orders: bids before asks, and within a side in the order in which they trade.
    pub fn open_orders(&self) -> impl Iterator<Item = OpenOrder> {
        self.resting.iter()
    }
}

/// Whether a price is better than everything that the book shows on its side: then nobody waits there.
fn improves(book: &Book, side: Side, price: Price) -> bool {
    book.best(side).is_none_or(|best| side.is_better(price, best.price))
}
