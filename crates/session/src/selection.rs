//! Which instrument of a lake is meant.

use fluxo_core::Market;

/// What was said about the instrument; nothing is needed where a lake holds only one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// The market.
    pub market: Option<Market>,
    /// The venue's symbol.
    pub symbol: Option<String>,
}

/// The market of that name, for command lines: what is wrong with another name is said in words.
///
/// # Errors
/// A name that no market has.
pub fn market_named(name: &str) -> Result<Market, String> {
    Market::from_name(name).ok_or_else(|| {
        let (last, others) = Market::ALL.split_last().expect("there are markets");
        let others: Vec<&str> = others.iter().map(|market| market.name()).collect();
        format!("there are {} and {last}", others.join(", "))
    })
}

impl Selection {
    /// Whether an instrument is what was meant.
    #[must_use]
    pub fn matches(&self, market: Market, symbol: &str) -> bool {
        self.market.is_none_or(|wanted| wanted == market)
            && self.symbol.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(symbol))
    }
}
