//! From a row and what is thought of it to actions: coordinator, desk, gate, in this order.

use fluxo_coordinator::{Coordinator, Said, View};
use fluxo_core::{
    Action, Actions, CancelReason, Cash, ClientOrderId, InstrumentId, InstrumentSpec, Intent,
    OperatorCommand, Order, OrderEvent, Refusal, RiskState, Side, UnixNanos,
};
use fluxo_execution::{Desk, Ledger};
use fluxo_features::FeatureRow;
use fluxo_risk::{Gate, Situation, StateChange};

use crate::market_watch::Touch;
use crate::{Config, Error};

/// Everything that a decision may look at.
pub(crate) struct Moment<'a> {
    pub(crate) now: UnixNanos,
    pub(crate) row: &'a FeatureRow,
    pub(crate) said: Said<'a>,
    /// The best prices; `None` when they cannot be believed.
    pub(crate) touch: Option<Touch>,
    /// Profit since the start; `None` when it cannot be computed.
    pub(crate) equity: Option<Cash>,
}

#[derive(Debug)]
pub(crate) struct Decider {
    instrument: InstrumentId,
    coordinator: Coordinator,
    gate: Gate,
    desk: Desk,
    /// Identifiers are unique within a run: the instrument stands in their upper bits.
    last_order: u64,
}

/// How many orders an instrument can number.
const ORDER_NUMBER_BITS: u32 = 48;

impl Decider {
    pub(crate) fn new(
        id: InstrumentId,
        spec: &InstrumentSpec,
        config: &Config,
    ) -> Result<Self, Error> {
        Ok(Self {
            instrument: id,
            coordinator: Coordinator::new(id, spec.clone(), config.coordinator)?,
            gate: Gate::new(id, config.risk, spec.clone())?,
            desk: Desk::new(id, config.execution),
            last_order: (id.index() as u64) << ORDER_NUMBER_BITS,
        })
    }

    pub(crate) const fn ledger(&self) -> &Ledger {
        self.desk.ledger()
    }

    /// Decides on a row, and says whether there was an intent.
    pub(crate) fn decide(&mut self, moment: &Moment<'_>, actions: &mut Actions) -> bool {
        self.coordinator.hear(moment.row.ts, moment.said.forecast);
        let Some(touch) = moment.touch else {
            self.withdraw_from_market(actions);
            return false;
        };
        if let Some(change) = self.gate.mark(moment.now, moment.equity, touch.bid) {
            self.change_state(change, actions);
        }
        if self.gate.state() == RiskState::Halted {
            self.withdraw(CancelReason::Halted, actions);
            return false;
        }
        let view = View { bid: touch.bid, ask: touch.ask, position: self.desk.ledger().position };
        let Some(intent) = self.coordinator.decide(moment.row, moment.said, &view) else {
            return false;
        };
        self.pursue(&intent, moment.now, &touch, actions);
        true
    }

    /// There is no market that can be believed: quotes on a book that nobody can see are a gift.
    pub(crate) fn withdraw_from_market(&mut self, actions: &mut Actions) {
        self.withdraw(CancelReason::NoMarket, actions);
    }

    /// Follows an answer of the venue. One that contradicts what we know halts.
    pub(crate) fn on_order(
        &mut self,
        event: &OrderEvent,
        actions: &mut Actions,
    ) -> Result<(), fluxo_execution::Error> {
        let verdict = self.desk.on_order_event(event);
        if verdict.is_err()
            && let Some(change) = self.gate.check_failed()
        {
            self.change_state(change, actions);
        }
        verdict
    }

    pub(crate) fn on_operator(&mut self, command: OperatorCommand, actions: &mut Actions) {
        if let Some(change) = self.gate.command(command) {
            self.change_state(change, actions);
        }
    }

    pub(crate) fn respecify(&mut self, spec: &InstrumentSpec, price_factor: i64, lots_factor: i64) {
        self.coordinator.respecify(spec.clone(), lots_factor);
        self.gate.respecify(spec.clone()).expect("a refined specification has arithmetic");
        self.desk.rescale(price_factor, lots_factor);
    }

    fn pursue(&mut self, intent: &Intent, now: UnixNanos, touch: &Touch, actions: &mut Actions) {
        let prices = fluxo_execution::Touch { bid: touch.bid, ask: touch.ask };
        self.desk.plan(&intent.target, prices);
        self.send_cancels(actions);
        for at in 0..self.desk.planned().orders.len() {
            let order = self.desk.planned().orders[at];
            self.propose(order, intent, now, touch, actions);
        }
    }

    fn propose(
        &mut self,
        order: Order,
        intent: &Intent,
        now: UnixNanos,
        touch: &Touch,
        actions: &mut Actions,
    ) {
        let touch = fluxo_risk::Touch { bid: touch.bid, ask: touch.ask, updated: touch.updated };
        let situation = Situation {
            now,
            touch: Some(touch),
            position: self.desk.ledger().position,
            working_bid: self.desk.working(Side::Bid),
            working_ask: self.desk.working(Side::Ask),
        };
        match self.gate.check(order, &situation) {
            Ok(approved) => {
                self.last_order += 1;
                let id = ClientOrderId::new(self.last_order);
                let (order, limits) = self.desk.submit(approved, id);
                actions.push(Action::Place { order, why: intent.why, limits });
            }
            Err(refusal) => {
                actions.push(Action::Refuse { order, why: intent.why, refusal });
                if refusal == Refusal::CheckFailed {
                    let change = StateChange { state: RiskState::Halted, cause: refusal };
                    self.change_state(change, actions);
                }
            }
        }
    }

    /// Whatever the gate forbids from now on was allowed before: nothing of it may stay.
    fn change_state(&mut self, change: StateChange, actions: &mut Actions) {
        actions.push(Action::RiskState { state: change.state, cause: change.cause });
        if change.state != RiskState::Active {
            self.withdraw(CancelReason::Halted, actions);
        }
    }

    fn withdraw(&mut self, reason: CancelReason, actions: &mut Actions) {
        self.desk.plan_withdrawal(reason);
        self.send_cancels(actions);
    }

    fn send_cancels(&mut self, actions: &mut Actions) {
        for at in 0..self.desk.planned().cancels.len() {
            let (id, reason) = self.desk.planned().cancels[at];
            self.desk.cancel(id);
            actions.push(Action::Cancel { instrument: self.instrument, id, reason });
        }
    }
}
