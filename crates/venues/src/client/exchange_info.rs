//! What a venue itself says of an instrument: its `exchangeInfo`, as far as we use it.

use fluxo_core::Decimal;
use serde::Deserialize;

/// Why an `exchangeInfo` cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeInfoError {
    /// It is not what it should be.
    #[error("the venue's exchangeInfo cannot be read")]
    Unreadable(#[from] serde_json::Error),
    /// The venue does not list the symbol.
    #[error("the venue does not list {symbol}")]
    NotListed {
        /// The symbol.
        symbol: String,
    },
    /// A filter that every instrument has is missing, or disabled.
    #[error("the venue states no {filter} for {symbol}")]
    NoFilter {
        /// The symbol.
        symbol: String,
        /// The filter.
        filter: &'static str,
    },
}

/// What the venue says of an instrument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedFilters {
    /// The asset that is bought.
    pub base: String,
    /// The currency that prices are in.
    pub quote: String,
    /// The currency of profits, where the venue says it (futures).
    pub margin: Option<String>,
    /// What one contract stands for, where there are contracts (COIN-M).
    pub contract_size: Option<Decimal>,
    /// `TRADING`, if it trades.
    pub status: Option<String>,
    /// The distance between neighbouring prices.
    pub tick_size: Decimal,
    /// The distance between neighbouring sizes.
    pub lot_size: Decimal,
}

#[derive(Deserialize)]
struct Info {
    symbols: Vec<Symbol>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Symbol {
    symbol: String,
    base_asset: String,
    quote_asset: String,
    margin_asset: Option<String>,
    contract_size: Option<i64>,
    status: Option<String>,
    contract_status: Option<String>,
    filters: Vec<Filter>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Filter {
    filter_type: String,
    tick_size: Option<Decimal>,
    step_size: Option<Decimal>,
}

/// Finds a symbol in an `exchangeInfo`.
///
/// # Errors
/// An answer that is none, a symbol that is not listed, or one without a tick or a lot.
pub fn filters_of(body: &[u8], symbol: &str) -> Result<ListedFilters, ExchangeInfoError> {
    let info: Info = serde_json::from_slice(body)?;
    let named = |one: &Symbol| one.symbol == symbol;
    let listed = info
        .symbols
        .into_iter()
        .find(named)
        .ok_or_else(|| ExchangeInfoError::NotListed { symbol: symbol.to_owned() })?;
    // A size of zero means that the filter is disabled.
    let size = |filter: &'static str, of: fn(&Filter) -> Option<Decimal>| {
        listed
            .filters
            .iter()
            .filter(|one| one.filter_type == filter)
            .find_map(of)
            .filter(|size| size.is_positive())
            .ok_or_else(|| ExchangeInfoError::NoFilter { symbol: symbol.to_owned(), filter })
    };
    Ok(ListedFilters {
        tick_size: size("PRICE_FILTER", |filter| filter.tick_size)?,
        lot_size: size("LOT_SIZE", |filter| filter.step_size)?,
        contract_size: listed.contract_size.map(|size| Decimal::new(size, 0)),
        base: listed.base_asset,
        quote: listed.quote_asset,
        margin: listed.margin_asset,
        status: listed.status.or(listed.contract_status),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const COINM: &str = r#"{"timezone":"UTC","rateLimits":[],"symbols":[
        {"symbol":"ETHUSD_PERP","baseAsset":"ETH","quoteAsset":"USD","filters":[]},
        {"symbol":"BTCUSD_PERP","pair":"BTCUSD","contractStatus":"TRADING","contractSize":100,
         "marginAsset":"BTC","baseAsset":"BTC","quoteAsset":"USD","filters":[
         {"filterType":"PRICE_FILTER","minPrice":"1000","maxPrice":"4520958","tickSize":"0.10"},
         {"stepSize":"1","filterType":"LOT_SIZE","maxQty":"60000","minQty":"1"},
         {"stepSize":"5","filterType":"MARKET_LOT_SIZE"},
         {"filterType":"MAX_NUM_ORDERS","limit":200}]}]}"#;

    #[test]
    fn tick_and_lot_come_from_their_own_filters() {
        let listed = filters_of(COINM.as_bytes(), "BTCUSD_PERP").unwrap();
        assert_eq!((listed.tick_size, listed.lot_size), (Decimal::new(1, 1), Decimal::ONE));
        assert_eq!(listed.contract_size, Some(Decimal::new(100, 0)));
        assert_eq!(
            (listed.margin.as_deref(), listed.status.as_deref()),
            (Some("BTC"), Some("TRADING"))
        );
    }

    #[test]
    fn what_is_missing_is_named() {
        let error =
            |text: &str, symbol| filters_of(text.as_bytes(), symbol).unwrap_err().to_string();
        assert_eq!(error(COINM, "NOPE"), "the venue does not list NOPE");
        assert_eq!(error(COINM, "ETHUSD_PERP"), "the venue states no PRICE_FILTER for ETHUSD_PERP");
        let disabled = COINM.replace("0.10", "0.00");
        assert_eq!(
            error(&disabled, "BTCUSD_PERP"),
            "the venue states no PRICE_FILTER for BTCUSD_PERP"
        );
        assert!(matches!(filters_of(b"<html>", "X"), Err(ExchangeInfoError::Unreadable(_))));
    }
}
