//! Which of Binance's markets a payload came from.

use fluxo_core::Market;

use super::field::Field;
use super::fields::Fields;
use crate::Body;

/// What a frame calls its instrument.
pub(super) struct Named<'a> {
    pub(super) symbol: Option<&'a str>,
    /// Without the expiry: `BTCUSD`.
    pub(super) pair: Option<&'a str>,
}

/// The market of a frame; `None` where its fields look the same on several.
pub(super) fn market(fields: &Fields<'_>, body: &Body<'_>, named: &Named<'_>) -> Option<Market> {
    let futures = || futures_market(fields, named);
    match body {
        Body::Depth(update) if update.previous_id.is_none() => Some(Market::BinanceSpot),
        Body::Ticker(_) if fields.kind.is_absent() => Some(Market::BinanceSpot),
        Body::Trade(_) | Body::AggTrade(_) if fields.has_spot_flag => Some(Market::BinanceSpot),
        // Only futures have these, or have them in this form.
        Body::Depth(_) | Body::Ticker(_) | Body::AggTrade(_) | Body::MarkPrice(_) => {
            Some(futures().unwrap_or(Market::BinanceUsdm))
        }
        Body::Trade(_) if !fields.condition.is_absent() => {
            Some(futures().unwrap_or(Market::BinanceUsdm))
        }
        // A print without either mark, and whole books: only what they name can tell.
        Body::Trade(_) | Body::Snapshot(_) | Body::PartialDepth(_) => fields
            .market_type_known()
            .or_else(|| named.is_inverse().then_some(Market::BinanceCoinm)),
        Body::Order(_) | Body::Other => None,
    }
}

/// The futures market that a frame names: by number, else by its contract. `None` when it names
/// neither.
fn futures_market(fields: &Fields<'_>, named: &Named<'_>) -> Option<Market> {
    fields.market_type_known().or_else(|| {
        let names_a_contract = named.symbol.is_some() || named.pair.is_some();
        names_a_contract
            .then(|| if named.is_inverse() { Market::BinanceCoinm } else { Market::BinanceUsdm })
    })
}

impl Fields<'_> {
    /// The futures market by its number.
    const fn market_type_known(&self) -> Option<Market> {
        match self.market_type {
            Field::Is(1) => Some(Market::BinanceUsdm),
            Field::Is(2) => Some(Market::BinanceCoinm),
            _ => None,
        }
    }
}

impl Named<'_> {
    /// Whether it is a contract of COIN-M: those are quoted in dollars and say when they expire,
    /// `BTCUSD_PERP`; those of USD-M are quoted in a stablecoin, `BTCUSDT_240927`.
    fn is_inverse(&self) -> bool {
        let pair = match self.symbol {
            Some(symbol) => symbol.split_once('_').map(|(pair, _)| pair),
            None => self.pair,
        };
        pair.is_some_and(|pair| pair.ends_with("USD"))
    }
}
