//! What our fills cost, and what they add up to.

use fluxo_core::{
    Cash, ClientOrderId, Fill, FillReason, InstrumentId, InstrumentSpec, Liquidity, Lots,
    OrderEvent, OrderUpdate, Price, Side, UnixNanos, Valuation,
};

use crate::{Error, Refinement};

/// The venue's own books on us: what the engine's must agree with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VenueLedger {
    /// Lots that we bought less lots that we sold.
    pub position: Lots,
    /// Everything that fills moved, before fees, in the settlement currency.
    pub cash: Cash,
    /// Fees that we paid; a rebate is negative.
    pub fees: Cash,
    /// Number of fills.
    pub fills: u64,
}

/// The money of one execution, rounded against us.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Charge {
    cash: Cash,
    fee: Cash,
}

/// One execution of an order of ours.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Execution {
    pub(crate) id: ClientOrderId,
    pub(crate) side: Side,
    pub(crate) price: Price,
    pub(crate) lots: Lots,
    pub(crate) reason: FillReason,
    /// What stays open afterwards.
    pub(crate) remaining: Lots,
}

/// The contract of the instrument, and our ledger in it.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    instrument: InstrumentId,
    spec: InstrumentSpec,
    valuation: Valuation,
    /// Whether every order of ordinary size and price has a value: spares orders the arithmetic.
    ordinary_has_value: bool,
    ledger: VenueLedger,
}

/// The most lots of an order that nobody would wonder about.
const ORDINARY_LOTS: Lots = Lots::new(1 << 36);
/// The highest such price.
const ORDINARY_PRICE: Price = Price::from_ticks(1 << 36);

impl Account {
    pub(crate) fn new(instrument: InstrumentId, spec: &InstrumentSpec) -> Result<Self, Error> {
        let valuation = spec.valuation().map_err(|source| Error::Spec { instrument, source })?;
        let mut account = Self {
            instrument,
            spec: spec.clone(),
            valuation,
            ordinary_has_value: false,
            ledger: VenueLedger::default(),
        };
        account.ordinary_has_value = account.has_value(Side::Bid, ORDINARY_PRICE, ORDINARY_LOTS);
        Ok(account)
    }

    pub(crate) const fn instrument(&self) -> InstrumentId {
        self.instrument
    }

    pub(crate) const fn ledger(&self) -> &VenueLedger {
        &self.ledger
    }

    /// What an execution would move; `None` when it overflows or the price is none.
    pub(crate) fn charge(
        &self,
        side: Side,
        price: Price,
        lots: Lots,
        liquidity: Liquidity,
    ) -> Option<Charge> {
        let rate = match liquidity {
            Liquidity::Maker => self.spec.maker_fee,
            Liquidity::Taker => self.spec.taker_fee,
        };
        let cash = self.valuation.cash_flow(side, price, lots)?;
        Some(Charge { cash, fee: self.valuation.fee(price, lots, rate)? })
    }

    /// Whether an order that rests at this price can be paid for.
    pub(crate) fn has_value(&self, side: Side, price: Price, lots: Lots) -> bool {
        // A value overflows upwards only, and above zero every contract has one.
        let ordinary = lots <= ORDINARY_LOTS
            && price <= ORDINARY_PRICE
            && price > Price::from_ticks(0)
            && self.ordinary_has_value;
        ordinary || self.charge(side, price, lots, Liquidity::Maker).is_some()
    }

    /// Books an execution against a resting order of ours and reports it.
    pub(crate) fn make(
        &mut self,
        now: UnixNanos,
        execution: &Execution,
        out: &mut Vec<OrderEvent>,
    ) {
        let Execution { side, price, lots, .. } = *execution;
        let charge = self
            .charge(side, price, lots, Liquidity::Maker)
            .expect("an order was priced when it was accepted");
        self.book(now, execution, Liquidity::Maker, charge, out);
    }

    /// Books an execution of an order of ours against the recorded book and reports it.
    pub(crate) fn take(
        &mut self,
        now: UnixNanos,
        execution: &Execution,
        charge: Charge,
        out: &mut Vec<OrderEvent>,
    ) {
        self.book(now, execution, Liquidity::Taker, charge, out);
    }

    /// An answer about one of our orders.
    pub(crate) const fn event(
        &self,
        now: UnixNanos,
        id: ClientOrderId,
        update: OrderUpdate,
    ) -> OrderEvent {
        OrderEvent { instrument: self.instrument, id, ts_event: now, update }
    }

    /// Restates the account in the units of a new specification.
    ///
    /// # Panics
    /// When the new grid is not a refinement of the old one, or has no value: whoever makes
    /// specification events promises both.
    pub(crate) fn refine(&mut self, spec: &InstrumentSpec) -> Refinement {
        let refinement =
            Refinement::between(&self.spec, spec).expect("a new specification refines the old one");
        self.valuation = spec.valuation().expect("a specification has a value");
        self.spec.clone_from(spec);
        self.ordinary_has_value = false;
        self.ordinary_has_value = self.has_value(Side::Bid, ORDINARY_PRICE, ORDINARY_LOTS);
        self.ledger.position = refinement.lots(self.ledger.position);
        refinement
    }

    fn book(
        &mut self,
        now: UnixNanos,
        execution: &Execution,
        liquidity: Liquidity,
        charge: Charge,
        out: &mut Vec<OrderEvent>,
    ) {
        let Execution { id, side, price, lots, reason, remaining } = *execution;
        assert!(lots > Lots::ZERO && remaining >= Lots::ZERO, "an execution of {lots:?} lots");
        let Charge { cash, fee } = charge;
        self.ledger.position += side.signed(lots);
        self.ledger.cash += cash;
        self.ledger.fees += fee;
        self.ledger.fills += 1;
        let fill = Fill { side, price, lots, liquidity, cash, fee, reason, remaining };
        out.push(self.event(now, id, OrderUpdate::Filled(fill)));
    }
}
