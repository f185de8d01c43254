//! The vocabulary of fluxo: units, instruments, events, orders and actions.
//!
//! Every other crate speaks these types. They promise that a unit cannot be confused with another
//! one (`Price + Price` does not compile), that no overflow passes silently, and that a float
//! becomes a price only through [`passive_price`], which states its direction. This crate reads no
//! clock, no file and no configuration.

mod action;
mod decimal;
mod error;
mod event;
mod forecast;
mod instrument;
mod intent;
mod market;
mod opinion;
mod order;
mod regime;
mod rounding;
mod side;
mod size;
mod spec;
mod time;
mod units;
mod valuation;

pub use action::{Action, Actions, CancelReason, LimitUse, Refusal, RiskState};
pub use decimal::Decimal;
pub use error::Error;
pub use event::{Event, OperatorCommand, Stamped, TimerId};
pub use forecast::{BundleId, CLASSES, Forecast, MODELS_MAX, ModelAnswer, ModelForecast};
pub use instrument::{InstrumentId, InstrumentKind, Market, Venue};
pub use intent::{Intent, Quote, StrategyKind, Target, Why};
pub use market::{
    Aggressor, Bar, BatchKind, BestQuote, BookBatch, Gap, GapReason, LevelUpdate, MarkPrice,
    MarketData, MarketEvent, OrderId, Phase, RestingOrder, Trade, TradeCondition,
};
pub use opinion::{
    AGENTS_MAX, AgentKind, Direction, EVIDENCE_MAX, Evidence, Measurement, Opinion, Opinions,
};
pub use order::{
    ClientOrderId, Fill, FillReason, Liquidity, Order, OrderEvent, OrderType, OrderUpdate,
    RejectReason,
};
pub use regime::RegimeClass;
pub use rounding::passive_price;
pub use side::Side;
pub use size::Size;
pub use spec::{Calendar, FeatureUnits, InstrumentSpec, SizeClasses, SpecSource};
pub use time::{Nanos, UnixNanos};
pub use units::{CASH_SCALE_DIGITS, Cash, Lots, PRICE_TICKS_MAX, Price, Ticks};
pub use valuation::Valuation;
