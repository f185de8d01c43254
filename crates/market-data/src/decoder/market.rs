//! Which of Binance's markets a payload came from.

use fluxo_core::Market;

use super::field::Field;
use super::fields::Fields;
use crate::Body;

/// The market of a frame; `None` where its fields look the same on several.
pub(super) fn market(fields: &Fields<'_>, body: &Body<'_>) -> Option<Market> {
    let is_spot = match body {
        Body::Depth(update) => update.previous_id.is_none(),
        Body::Ticker(_) => fields.kind.is_absent(),
        Body::Trade(_) => fields.has_spot_flag || fields.condition.is_absent(),
        Body::AggTrade(_) => fields.has_spot_flag,
        Body::Snapshot(_) | Body::PartialDepth(_) | Body::MarkPrice(_) | Body::Other => false,
    };
    if is_spot {
        return Some(Market::BinanceSpot);
    }
    let futures = futures_market(fields);
    match body {
        // Here COIN-M has always had its pair.
        Body::Depth(_) | Body::Ticker(_) => Some(futures.unwrap_or(Market::BinanceUsdm)),
        Body::Other => None,
        _ => futures,
    }
}

/// The futures market that the fields name: by number, or by a field that only COIN-M had before
/// there were numbers.
const fn futures_market(fields: &Fields<'_>) -> Option<Market> {
    match fields.market_type {
        Field::Is(1) => Some(Market::BinanceUsdm),
        Field::Is(2) => Some(Market::BinanceCoinm),
        _ if fields.has_pair => Some(Market::BinanceCoinm),
        _ => None,
    }
}
