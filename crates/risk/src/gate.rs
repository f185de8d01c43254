//! The gate of one instrument.

use fluxo_core::{
    Cash, InstrumentId, InstrumentSpec, LimitUse, Lots, Nanos, OperatorCommand, Order, Price,
    Refusal, RiskState, Side, Ticks, UnixNanos, Valuation,
};

use crate::rate::OrderRate;
use crate::{Approved, Config, Error};

/// The best prices of a valid book, and when it last changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Touch {
    /// The best bid.
    pub bid: Price,
    /// The best ask.
    pub ask: Price,
    /// When the book was last confirmed by a depth message.
    pub updated: UnixNanos,
}

/// What the gate must know about the world to judge an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Situation {
    /// Now, on the receive clock.
    pub now: UnixNanos,
    /// The book; `None` when it is not valid.
    pub touch: Option<Touch>,
    /// Lots that we hold; long is positive.
    pub position: Lots,
    /// Lots of our orders that may still buy.
    pub working_bid: Lots,
    /// Lots of our orders that may still sell.
    pub working_ask: Lots,
}

/// The gate changed its state, and this is why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StateChange {
    /// The state from now on.
    pub state: RiskState,
    /// What changed it.
    pub cause: Refusal,
}

/// The limits of one instrument, and what was used of them.
#[derive(Debug)]
pub struct Gate {
    instrument: InstrumentId,
    config: Config,
    spec: InstrumentSpec,
    valuation: Valuation,
    state: RiskState,
    rate: OrderRate,
    day: Option<Day>,
}

/// A UTC day: the equity that its loss counts from, and the last one that was marked in it.
#[derive(Clone, Copy, Debug)]
struct Day {
    number: i64,
    start: Cash,
    last: Cash,
}

const DAY_NANOS: i64 = 86_400_000_000_000;
/// One in hundredths of a basis point.
const CENTI_BPS: i128 = 1_000_000;

impl Gate {
    /// An ACTIVE gate for the orders of one instrument.
    ///
    /// # Errors
    /// A limit of zero or less, or a specification without arithmetic.
    pub fn new(
        instrument: InstrumentId,
        config: Config,
        spec: InstrumentSpec,
    ) -> Result<Self, Error> {
        config.validate()?;
        let valuation = spec
            .valuation()
            .map_err(|source| Error::Specification { symbol: spec.symbol.clone(), source })?;
        let rate = OrderRate::new(config.orders_in_window_max, config.rate_window);
        let state = RiskState::Active;
        Ok(Self { instrument, config, spec, valuation, state, rate, day: None })
    }

    /// What the gate allows.
    #[must_use]
    pub const fn state(&self) -> RiskState {
        self.state
    }

    /// Judges an order. The approved order is the one to send, and may be smaller than the one that
    /// was asked for: while the gate is REDUCING, an order through zero is approved up to zero, less
    /// what already works on its side, because refused as a whole it would keep the position.
    ///
    /// The refusal [`Refusal::CheckFailed`] halts the gate: what cannot be computed cannot be
    /// approved.
    ///
    /// # Errors
    /// The first limit that the order would break.
    pub fn check(
        &mut self,
        order: Order,
        situation: &Situation,
    ) -> Result<Approved<Order>, Refusal> {
        let verdict = self.judge(order, situation);
        match verdict {
            Ok(_) => self.rate.record(situation.now),
            Err(Refusal::CheckFailed) => self.state = RiskState::Halted,
            Err(_) => {}
        }
        verdict
    }

    /// Something that the checks rest on turned out to be wrong: an answer of the venue contradicts
    /// what we know of our orders. Halts the gate; `None` when it is halted already.
    pub fn check_failed(&mut self) -> Option<StateChange> {
        (self.state != RiskState::Halted)
            .then(|| self.enter(RiskState::Halted, Refusal::CheckFailed))
    }

    /// Holds the day's loss against its limit. A UTC day begins with the last equity of the day
    /// before it, so that what happens between two marks is lost to neither. `equity` is cash plus
    /// the value of the position, in the settlement currency; `None` means that it could not be
    /// computed, which halts the gate. `mid` is a price to translate it to the quote currency.
    pub fn mark(
        &mut self,
        now: UnixNanos,
        equity: Option<Cash>,
        mid: Price,
    ) -> Option<StateChange> {
        if self.state == RiskState::Halted {
            return None;
        }
        match self.profit_of_the_day(now, equity, mid) {
            None => Some(self.enter(RiskState::Halted, Refusal::CheckFailed)),
            Some(profit)
                if self.state == RiskState::Active && -profit > self.config.daily_loss_max =>
            {
                let limit = self.config.daily_loss_max;
                Some(self.enter(RiskState::Reducing, Refusal::DailyLoss { profit, limit }))
            }
            Some(_) => None,
        }
    }

    /// A person changes the state. Resuming starts the day's loss anew, because a person looked at
    /// it; a gate that is ACTIVE has nothing to resume, and its day goes on.
    pub fn command(&mut self, command: OperatorCommand) -> Option<StateChange> {
        let state = match command {
            OperatorCommand::Resume => RiskState::Active,
            OperatorCommand::Reduce => RiskState::Reducing,
            OperatorCommand::Halt => RiskState::Halted,
            // Which models speak is not the gate's business.
            OperatorCommand::UseBundle(_) => return None,
        };
        if command == OperatorCommand::Resume && self.state != RiskState::Active {
            self.day = None;
        }
        (state != self.state).then(|| self.enter(state, Refusal::Operator))
    }

    /// The tick or the lot of the instrument became finer.
    ///
    /// # Errors
    /// When the new specification has no arithmetic; the gate is then halted.
    pub fn respecify(&mut self, spec: InstrumentSpec) -> Result<(), Error> {
        match spec.valuation() {
            Ok(valuation) => {
                (self.spec, self.valuation) = (spec, valuation);
                Ok(())
            }
            Err(source) => {
                self.state = RiskState::Halted;
                Err(Error::Specification { symbol: spec.symbol, source })
            }
        }
    }

    fn enter(&mut self, state: RiskState, cause: Refusal) -> StateChange {
        self.state = state;
        StateChange { state, cause }
    }

    fn profit_of_the_day(
        &mut self,
        now: UnixNanos,
        equity: Option<Cash>,
        mid: Price,
    ) -> Option<Cash> {
        let equity = equity?;
        let number = now.get().div_euclid(DAY_NANOS);
        let start = match self.day {
            Some(today) if today.number == number => today.start,
            Some(yesterday) => yesterday.last,
            None => equity,
        };
        self.day = Some(Day { number, start, last: equity });
        let profit = equity.units().checked_sub(start.units()).map(Cash::from_units)?;
        self.valuation.in_quote(profit, mid)
    }

    /// The checks, cheapest reason first. `?` on a computation that fails means [`Refusal::CheckFailed`].
    fn judge(&self, order: Order, situation: &Situation) -> Result<Approved<Order>, Refusal> {
        if order.instrument != self.instrument || order.lots <= Lots::ZERO {
            return Err(Refusal::Invalid);
        }
        let order = self.admit(order, situation)?;
        let exposure = Exposure::of(&order, situation)?;
        let touch = self.fresh(situation)?;
        self.check_spread(&touch)?;
        let position_max = self.check_position(&exposure, &touch)?;
        let notional = self.check_notional(&order, &touch)?;
        if !self.rate.allows(situation.now) {
            let orders = self.rate.with_one_more(situation.now);
            return Err(Refusal::OrderRate { orders, limit: self.config.orders_in_window_max });
        }
        let limits = LimitUse {
            state: self.state,
            position_worst: exposure.worst,
            position_max,
            notional,
            notional_max: self.config.order_notional_max,
            orders_in_window: self.rate.with_one_more(situation.now),
            orders_in_window_max: self.config.orders_in_window_max,
        };
        Ok(Approved::new(order, limits))
    }

    /// What the state lets through of an order.
    fn admit(&self, order: Order, situation: &Situation) -> Result<Order, Refusal> {
        match self.state {
            RiskState::Active => Ok(order),
            RiskState::Halted => Err(Refusal::Halted),
            RiskState::Reducing => match situation.room_to_zero(order.side)? {
                room if room > Lots::ZERO => Ok(Order { lots: order.lots.min(room), ..order }),
                _ => Err(Refusal::Reducing),
            },
        }
    }

    fn fresh(&self, situation: &Situation) -> Result<Touch, Refusal> {
        let limit = self.config.stale_book_after;
        let touch = situation.touch.ok_or(Refusal::StaleBook { age: None, limit })?;
        let age = situation.now.get().checked_sub(touch.updated.get());
        // A book from the future means that one of the two clocks lies.
        let age = age.filter(|age| *age >= 0).ok_or(Refusal::CheckFailed)?;
        if age > limit.get() {
            return Err(Refusal::StaleBook { age: Some(Nanos::new(age)), limit });
        }
        Ok(touch)
    }

    fn check_spread(&self, touch: &Touch) -> Result<(), Refusal> {
        let spread = touch.ask - touch.bid;
        let twice_mid = i128::from(touch.ask.ticks()) + i128::from(touch.bid.ticks());
        let limit = twice_mid * i128::from(self.config.spread_max_centi_bps) / (2 * CENTI_BPS);
        // A spread of one tick is as narrow as a market can be, however coarse the tick is.
        let limit = i64::try_from(limit).map_err(|_| Refusal::CheckFailed)?.max(1);
        // Crossed or locked prices are no market either, however near they are.
        if spread.get() <= 0 || spread.get() > limit {
            return Err(Refusal::Spread { spread, limit: Ticks::new(limit) });
        }
        Ok(())
    }

    fn check_position(&self, exposure: &Exposure, touch: &Touch) -> Result<Lots, Refusal> {
        let limit = self.config.position_max.limit_lots(&self.spec, touch.bid);
        let limit = limit.ok_or(Refusal::CheckFailed)?;
        if !exposure.reduces && exposure.worst.abs() > limit {
            return Err(Refusal::Position { worst: exposure.worst, limit });
        }
        Ok(limit)
    }

    /// The value at the worse of two prices: the order's own limit, and the touch it would meet
    /// first. A sell may trade far above its limit, and at negative prices a bid below it is worth
    /// more. A market order may trade anywhere; the touch is what is known.
    fn check_notional(&self, order: &Order, touch: &Touch) -> Result<Cash, Refusal> {
        let met = match order.side {
            Side::Bid => touch.ask,
            Side::Ask => touch.bid,
        };
        let value = match order.order_type.limit() {
            Some(limit) if order.side.crosses(limit, met) => {
                self.quote_value(limit, order.lots)?.max(self.quote_value(met, order.lots)?)
            }
            Some(limit) => self.quote_value(limit, order.lots)?,
            None => self.quote_value(met, order.lots)?,
        };
        let limit = self.config.order_notional_max;
        if value > limit { Err(Refusal::Notional { value, limit }) } else { Ok(value) }
    }

    fn quote_value(&self, price: Price, lots: Lots) -> Result<Cash, Refusal> {
        let value = self.valuation.notional(price, lots).ok_or(Refusal::CheckFailed)?;
        self.valuation.in_quote(value, price).ok_or(Refusal::CheckFailed)
    }
}

impl Situation {
    fn working(&self, side: Side) -> Lots {
        match side {
            Side::Bid => self.working_bid,
            Side::Ask => self.working_ask,
        }
    }

    /// The lots that `side` may still trade before the position reaches zero, if everything that
    /// works there is filled; none when it leads away from zero.
    fn room_to_zero(&self, side: Side) -> Result<Lots, Refusal> {
        let way = self.position.get().checked_mul(-side.sign());
        let room = way.and_then(|way| way.checked_sub(self.working(side).get()));
        room.map(Lots::new).ok_or(Refusal::CheckFailed)
    }
}

/// What an order could do to the position.
struct Exposure {
    /// The position if this order and all working orders of its side were filled.
    worst: Lots,
    /// Whether the position comes nearer to zero, and not through it, even then.
    reduces: bool,
}

impl Exposure {
    fn of(order: &Order, situation: &Situation) -> Result<Self, Refusal> {
        let working = situation.working(order.side);
        let same_side = working.checked_add(order.lots).ok_or(Refusal::CheckFailed)?;
        let worst = situation
            .position
            .checked_add(order.side.signed(same_side))
            .ok_or(Refusal::CheckFailed)?;
        if worst.get() == i64::MIN || situation.position.get() == i64::MIN {
            return Err(Refusal::CheckFailed);
        }
        let away = match order.side {
            Side::Bid => situation.position < Lots::ZERO,
            Side::Ask => situation.position > Lots::ZERO,
        };
        let through_zero = worst.get().signum() == -situation.position.get().signum();
        Ok(Self { worst, reduces: away && !through_zero })
    }
}

#[cfg(test)]
mod tests;
