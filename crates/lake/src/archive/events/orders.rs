//! Messages of order-by-order feeds as rows: the levels that the feed shows, then the order.

use fluxo_core::{Phase, Side};
use fluxo_market_data::{OrderAction, OrderMessage, RawLevel};

use super::flag;

/// Actions by the kind of their row.
const ACTIONS: [(OrderAction, i32); 14] = [
    (OrderAction::Add, 9),
    (OrderAction::Cancel, 10),
    (OrderAction::Execute, 11),
    (OrderAction::ExecuteHidden, 12),
    (OrderAction::Cross, 13),
    (OrderAction::Modify, 14),
    (OrderAction::Clear, 15),
    (OrderAction::Print, 16),
    (OrderAction::Fill, 17),
    (OrderAction::Note, 18),
    (OrderAction::Phase(Phase::Continuous), 19),
    (OrderAction::Phase(Phase::Auction), 20),
    (OrderAction::Phase(Phase::Halt), 21),
    (OrderAction::Phase(Phase::Closed), 22),
];

pub(super) fn kind_of(action: OrderAction) -> i32 {
    let found = ACTIONS.iter().find(|(known, _)| *known == action);
    found.map(|(_, kind)| *kind).expect("every action has a kind")
}

pub(super) fn action_of(kind: i32) -> Option<OrderAction> {
    ACTIONS.iter().find(|(_, known)| *known == kind).map(|(action, _)| *action)
}

/// What is said of an order as bits.
pub(super) fn flags_of(order: &OrderMessage<'_>) -> i32 {
    let bit = |is: bool, bit: i32| if is { bit } else { 0 };
    bit(order.ends_event, flag::ENDS_EVENT)
        | bit(order.of_snapshot, flag::OF_SNAPSHOT)
        | bit(order.after_loss, flag::AFTER_LOSS)
        | bit(order.shown.is_none(), flag::NO_LEVEL)
}

/// The order of a row, with the levels of the rows before it.
pub(super) fn order_of<'a>(
    action: OrderAction,
    (flags, side): (i32, i32),
    cells: &'a [RawLevel],
) -> Option<OrderMessage<'a>> {
    let (order, levels) = cells.split_last()?;
    let shown = if flags & flag::NO_LEVEL == 0 { Some(levels) } else { None };
    Some(OrderMessage {
        action,
        id: 0,
        side: match side {
            1 => Some(Side::Bid),
            -1 => Some(Side::Ask),
            _ => None,
        },
        price: order.price,
        size: order.size,
        sequence: 0,
        ends_event: flags & flag::ENDS_EVENT != 0,
        of_snapshot: flags & flag::OF_SNAPSHOT != 0,
        after_loss: flags & flag::AFTER_LOSS != 0,
        ts_event: None,
        shown,
    })
}
