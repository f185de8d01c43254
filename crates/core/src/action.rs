//! What the engine does: the only thing that leaves it.

use serde::{Deserialize, Serialize};

use crate::{Cash, ClientOrderId, Forecast, InstrumentId, Lots, Nanos, Order, Ticks, Why};

/// One thing that the engine decided, in the order it decided it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Action {
    /// Send this order.
    Place {
        /// The order.
        order: Order,
        /// Why it was wanted.
        why: Why,
        /// How much of the limits it uses.
        limits: LimitUse,
    },
    /// Cancel this order.
    Cancel {
        /// The instrument of the order.
        instrument: InstrumentId,
        /// The order.
        id: ClientOrderId,
        /// Why.
        reason: CancelReason,
    },
    /// An order was wanted and the gate refused it: nothing is sent, and the refusal is recorded.
    Refuse {
        /// The order that was wanted.
        order: Order,
        /// Why it was wanted.
        why: Why,
        /// Why it is not sent.
        refusal: Refusal,
    },
    /// The gate changed its state.
    RiskState {
        /// The state from now on.
        state: RiskState,
        /// What changed it.
        cause: Refusal,
    },
}

/// Why an order of ours is canceled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CancelReason {
    /// The decision no longer wants it, or wants it elsewhere.
    Replaced,
    /// The data is stale, the book is not valid, or trading is not continuous.
    NoMarket,
    /// The gate closed: halted, or reducing only.
    Halted,
}

/// What the gate allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RiskState {
    /// Orders within the limits.
    Active,
    /// Only orders that bring a position nearer to zero.
    Reducing,
    /// No order at all.
    Halted,
}

/// What an approved order uses of its limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitUse {
    /// The state of the gate.
    pub state: RiskState,
    /// The position if this and all working orders of its side were filled.
    pub position_worst: Lots,
    /// The most lots on either side.
    pub position_max: Lots,
    /// The value of the order, in the quote currency.
    pub notional: Cash,
    /// The most value of one order, in the quote currency.
    pub notional_max: Cash,
    /// Orders in the current rate window, this one included.
    pub orders_in_window: u32,
    /// The most orders in a window.
    pub orders_in_window_max: u32,
}

/// A "no" of the gate, with the numbers that it rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// The position could exceed its limit.
    Position {
        /// The position if this and all working orders of its side were filled.
        worst: Lots,
        /// The limit on either side.
        limit: Lots,
    },
    /// The order is worth too much.
    Notional {
        /// Its value, in the quote currency.
        value: Cash,
        /// The limit.
        limit: Cash,
    },
    /// Too many orders in the window.
    OrderRate {
        /// Orders in the window, this one included.
        orders: u32,
        /// The limit.
        limit: u32,
    },
    /// The day lost too much.
    DailyLoss {
        /// Profit since the day began, in the quote currency; negative is a loss.
        profit: Cash,
        /// The limit, positive.
        limit: Cash,
    },
    /// The book is too old, or there is none.
    StaleBook {
        /// Its age; `None` when there is no valid book.
        age: Option<Nanos>,
        /// The limit.
        limit: Nanos,
    },
    /// The spread is too wide to be a market, or none: the prices are crossed or locked.
    Spread {
        /// The spread; zero or less when the prices are crossed or locked.
        spread: Ticks,
        /// The limit.
        limit: Ticks,
    },
    /// The gate lets only reducing orders pass.
    Reducing,
    /// The gate lets nothing pass.
    Halted,
    /// An operator asked for it.
    Operator,
    /// A check itself failed (an overflow, a missing value), or what it rests on is wrong (the venue
    /// contradicts what we know of our orders): the gate halts.
    CheckFailed,
    /// The order is not well formed: no lots, or an instrument that is not the gate's.
    Invalid,
}

/// The buffer that an event fills: owned by the caller, reused, never grown by a warm engine. Beside
/// the actions it holds what the models said at the event, which the actions may rest on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Actions {
    items: Vec<Action>,
    forecasts: Vec<Forecast>,
}

/// Rows that one event completes, as a rule: a timer closes each grid time.
const FORECASTS_AT_ONCE: usize = 16;

impl Actions {
    /// An empty buffer with room for `capacity` actions.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        let forecasts = Vec::with_capacity(FORECASTS_AT_ONCE);
        Self { items: Vec::with_capacity(capacity), forecasts }
    }

    /// Adds an action at the end.
    pub fn push(&mut self, action: Action) {
        self.items.push(action);
    }

    /// Adds what the models said of a row.
    pub fn push_forecast(&mut self, forecast: Forecast) {
        self.forecasts.push(forecast);
    }

    /// Forgets everything and keeps the room.
    pub fn clear(&mut self) {
        self.items.clear();
        self.forecasts.clear();
    }

    /// The actions, in the order they were decided.
    #[must_use]
    pub fn as_slice(&self) -> &[Action] {
        &self.items
    }

    /// What the models said of the rows that the event completed, in the order of time.
    #[must_use]
    pub fn forecasts(&self) -> &[Forecast] {
        &self.forecasts
    }

    /// Whether nothing was decided.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
}
