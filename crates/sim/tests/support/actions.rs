//! Actions as an engine would send them, without its reasons.

use fluxo_core::{
    Action, CancelReason, Cash, ClientOrderId, InstrumentId, LimitUse, Lots, Opinions, Order,
    RiskState, StrategyKind, UnixNanos, Why,
};

pub(crate) fn place(order: Order) -> Action {
    let (row, opinions) = (UnixNanos::new(0), Opinions::default());
    let why = Why {
        row,
        strategy: StrategyKind::Maker,
        signal: 0.0,
        threshold: 0.0,
        opinions,
        forecast: None,
    };
    let limits = LimitUse {
        state: RiskState::Active,
        position_worst: Lots::ZERO,
        position_max: Lots::ZERO,
        notional: Cash::ZERO,
        notional_max: Cash::ZERO,
        orders_in_window: 0,
        orders_in_window_max: 0,
    };
    Action::Place { order, why, limits }
}

pub(crate) const fn cancel(instrument: InstrumentId, id: ClientOrderId) -> Action {
    Action::Cancel { instrument, id, reason: CancelReason::Replaced }
}
