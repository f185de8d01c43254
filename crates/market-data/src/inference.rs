//! A specification worked out from the data alone, for an instrument that nobody configured.
//!
//! It promises a grid on which everything observed lies, and says that it is inferred. It does not
//! promise the venue's grid: what the data did not show can still make it finer.

use fluxo_core::{
    Calendar, Decimal, FeatureUnits, InstrumentSpec, Lots, Market, Nanos, SpecSource,
    TradeCondition, UnixNanos,
};

use crate::{Body, Digits, Message, OrderAction, OrderMessage};

/// Quote currencies by which Binance's symbols end; the longer ones first where one ends another.
const QUOTES: [&str; 45] = [
    "USDT", "FDUSD", "USDC", "TUSD", "BUSD", "USDP", "USDS", "BFUSD", "RLUSD", "XUSD", "USD1",
    "PAX", "BIDR", "BVND", "IDRT", "EURI", "AEUR", "DAI", "UST", "BTC", "ETH", "BNB", "TRX", "XRP",
    "DOGE", "DOT", "EUR", "GBP", "AUD", "JPY", "BRL", "TRY", "RUB", "UAH", "NGN", "ZAR", "MXN",
    "IDR", "COP", "ARS", "CZK", "PLN", "RON", "SOL", "USD",
];

/// Collects what a specification needs, message by message.
#[derive(Clone, Debug, Default)]
pub struct SpecInference {
    market: Option<Market>,
    symbol: Option<String>,
    tick_size: CommonUnit,
    lot_size: CommonUnit,
}

/// A greatest common divisor on the way: zero until something was seen.
#[derive(Clone, Copy, Debug)]
struct CommonUnit(Decimal);

impl Default for CommonUnit {
    fn default() -> Self {
        Self(Decimal::ZERO)
    }
}

impl CommonUnit {
    fn observe(&mut self, mantissa: i64, digits: u8) {
        // A value that fits no common unit of 64 bits says nothing about the instrument's unit.
        if let Some(divisor) = self.0.gcd(Decimal::new(mantissa, digits)) {
            self.0 = divisor;
        }
    }
}

/// The grid on which everything observed lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InferredGrid {
    /// What all prices are multiples of.
    pub tick_size: Decimal,
    /// What all sizes are multiples of.
    pub lot_size: Decimal,
}

impl SpecInference {
    /// An inference that has seen nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Looks at one message. The first symbol and the first market that are named by a message
    /// [of one instrument](Message::is_of_one_instrument) decide; all other messages are ignored.
    /// Prints off the market say nothing about the grid.
    ///
    /// Returns whether the message was of the instrument, as far as it says so.
    pub fn observe(&mut self, message: &Message<'_>) -> bool {
        let other_symbol = self.symbol().zip(message.symbol).is_some_and(|(a, b)| a != b);
        let other_market = self.market.zip(message.market).is_some_and(|(a, b)| a != b);
        if other_symbol || other_market || !message.is_of_one_instrument() {
            return false;
        }
        if self.symbol.is_none() {
            self.symbol = message.symbol.map(str::to_owned);
        }
        self.market = self.market.or(message.market);
        let digits = message.digits;
        match &message.body {
            Body::Depth(update) => self.observe_levels(digits, update.levels),
            Body::Snapshot(snapshot) => self.observe_levels(digits, snapshot.levels),
            Body::Trade(trade) if trade.condition == TradeCondition::Market => {
                self.observe_value(digits, trade.price, trade.size);
            }
            Body::AggTrade(aggregate) => {
                self.observe_value(digits, aggregate.trade.price, aggregate.trade.size);
            }
            Body::Ticker(ticker) => {
                self.observe_value(digits, ticker.bid, ticker.bid_size);
                self.observe_value(digits, ticker.ask, ticker.ask_size);
            }
            Body::Order(order) => self.observe_order(digits, order),
            Body::Trade(_) | Body::PartialDepth(_) | Body::MarkPrice(_) | Body::Other => {}
        }
        true
    }

    /// The market, once a message told it.
    #[must_use]
    pub const fn market(&self) -> Option<Market> {
        self.market
    }

    /// The symbol, once a message told it.
    #[must_use]
    pub fn symbol(&self) -> Option<&str> {
        self.symbol.as_deref()
    }

    /// The specification, valid from a moment on; `None` before market, symbol, a price and a size
    /// were seen.
    #[must_use]
    pub fn spec(&self, valid_from: UnixNanos) -> Option<InstrumentSpec> {
        let InferredGrid { tick_size, lot_size } = self.grid()?;
        inferred_spec(self.market?, self.symbol.as_deref()?, tick_size, lot_size, valid_from)
    }

    /// The grid alone, once a price and a size were seen: of every market, also where there is no
    /// [specification](Self::spec) because its other terms have no usual form.
    #[must_use]
    pub fn grid(&self) -> Option<InferredGrid> {
        let (tick_size, lot_size) = (self.tick_size.0, self.lot_size.0);
        let is_seen = tick_size.is_positive() && lot_size.is_positive();
        is_seen.then_some(InferredGrid { tick_size, lot_size })
    }

    fn observe_levels(&mut self, digits: Digits, levels: &[crate::RawLevel]) {
        for level in levels {
            self.observe_value(digits, level.price, level.size);
        }
    }

    /// What a hidden order or a cross traded at can lie between two ticks.
    fn observe_order(&mut self, digits: Digits, order: &OrderMessage<'_>) {
        if matches!(order.action, OrderAction::Add | OrderAction::Modify | OrderAction::Execute) {
            self.observe_value(digits, order.price, order.size);
        }
    }

    fn observe_value(&mut self, digits: Digits, price: i64, size: i64) {
        self.tick_size.observe(price, digits.price);
        self.lot_size.observe(size, digits.size);
    }
}

/// The venue's usual terms around an inferred grid; `None` for markets whose terms have no usual form.
fn inferred_spec(
    market: Market,
    symbol: &str,
    tick_size: Decimal,
    lot_size: Decimal,
    valid_from: UnixNanos,
) -> Option<InstrumentSpec> {
    let basis_points = |points| Decimal::new(points, 4);
    let (maker_fee, taker_fee) = match market {
        Market::BinanceSpot => (basis_points(10), basis_points(10)),
        Market::BinanceUsdm | Market::BinanceCoinm => (basis_points(2), basis_points(5)),
        Market::B3Futures | Market::Nasdaq | Market::CmeFutures => return None,
    };
    let inverse = market == Market::BinanceCoinm;
    // What the venue does where it lists nothing else.
    let funding = (market != Market::BinanceSpot).then_some(FUNDING_INTERVAL);
    let (base, quote) = split_symbol(symbol);
    Some(InstrumentSpec {
        market,
        symbol: symbol.to_owned(),
        kind: market.kind(),
        base: base.to_owned(),
        quote: quote.to_owned(),
        settle: if inverse { base } else { quote }.to_owned(),
        tick_size,
        lot_size,
        multiplier: match (inverse, base) {
            (false, _) => Decimal::ONE,
            (true, "BTC") => Decimal::new(100, 0),
            (true, _) => Decimal::new(10, 0),
        },
        maker_fee,
        taker_fee,
        size_unit_lots: Lots::new(if inverse { 1 } else { 100 }),
        units: FeatureUnits { funding_interval: funding, ..FeatureUnits::UNKNOWN },
        calendar: Calendar::AroundTheClock,
        valid_from,
        source: SpecSource::Inferred,
    })
}

/// How often perpetuals exchange funding where the venue lists nothing else.
const FUNDING_INTERVAL: Nanos = Nanos::from_millis(8 * 3_600_000);

/// `BTCUSD_PERP` is BTC in USD. A symbol that ends in no known currency is all base, and its quote
/// is empty: unknown.
fn split_symbol(symbol: &str) -> (&str, &str) {
    let pair = symbol.split('_').next().unwrap_or(symbol);
    QUOTES
        .iter()
        .filter_map(|quote| Some((pair.strip_suffix(quote)?, *quote)))
        .find(|(base, _)| !base.is_empty())
        .unwrap_or((pair, ""))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::{RawLevel, RawTicker};
    use fluxo_core::Side;

    /// A spot specification on the given grid.
    pub(crate) fn spec(tick: &str, lot: &str) -> InstrumentSpec {
        let (tick, lot) = (tick.parse().unwrap(), lot.parse().unwrap());
        let start = UnixNanos::new(0);
        inferred_spec(Market::BinanceSpot, "BTCUSDT", tick, lot, start).unwrap()
    }

    fn ticker(market: Market, symbol: &str, bid: i64, bid_size: i64) -> Message<'_> {
        let body = Body::Ticker(RawTicker {
            update_id: 1,
            bid,
            bid_size,
            ask: 0,
            ask_size: 0,
            ts_event: None,
            ts_sent: None,
        });
        let digits = Digits { price: 2, size: 3 };
        Message { market: Some(market), symbol: Some(symbol), digits, body }
    }

    #[test]
    fn the_grid_is_the_greatest_common_divisor() {
        let mut inference = SpecInference::new();
        assert_eq!(inference.spec(UnixNanos::new(0)), None);
        for (price, size) in [(6_180_020, 12), (6_180_030, 30), (0, 0)] {
            inference.observe(&ticker(Market::BinanceUsdm, "ETHUSDT", price, size));
        }
        inference.observe(&ticker(Market::BinanceUsdm, "BTCUSDT", 1, 1));
        inference.observe(&ticker(Market::BinanceSpot, "ETHUSDT", 1, 1));
        let spec = inference.spec(UnixNanos::new(5)).unwrap();
        assert_eq!(spec.tick_size.to_string(), "0.1");
        assert_eq!(spec.lot_size.to_string(), "0.006");
        assert_eq!((spec.symbol.as_str(), spec.base.as_str()), ("ETHUSDT", "ETH"));
        assert_eq!((spec.quote.as_str(), spec.settle.as_str()), ("USDT", "USDT"));
        assert_eq!((spec.source, spec.valid_from), (SpecSource::Inferred, UnixNanos::new(5)));
    }

    #[test]
    fn levels_count_and_a_bare_message_names_nobody() {
        let mut inference = SpecInference::new();
        let levels = [RawLevel { side: Side::Bid, price: 30, size: 2 }];
        let snapshot =
            crate::DepthSnapshot { last_id: 1, ts_event: None, ts_sent: None, levels: &levels };
        let (body, digits) = (Body::Snapshot(snapshot), Digits { price: 1, size: 0 });
        inference.observe(&Message { market: None, symbol: None, digits, body });
        assert_eq!((inference.market(), inference.symbol()), (None, None));
        inference.observe(&ticker(Market::BinanceCoinm, "BTCUSD_PERP", 0, 0));
        let spec = inference.spec(UnixNanos::new(0)).unwrap();
        assert_eq!(
            (spec.tick_size.to_string(), spec.lot_size.to_string()),
            ("3".into(), "2".into())
        );
        assert_eq!((spec.settle.as_str(), spec.multiplier.to_string()), ("BTC", "100".into()));
        assert_eq!(spec.size_unit_lots, Lots::new(1));
    }

    #[test]
    fn symbols_split_at_known_currencies() {
        assert_eq!(split_symbol("BTCUSDT"), ("BTC", "USDT"));
        assert_eq!(split_symbol("BTCUSDT_240927"), ("BTC", "USDT"));
        assert_eq!(split_symbol("LINKUSD_PERP"), ("LINK", "USD"));
        assert_eq!(split_symbol("BLZETH"), ("BLZ", "ETH"));
        assert_eq!(split_symbol("BTCBIDR"), ("BTC", "BIDR"));
        assert_eq!(split_symbol("BTCCOP"), ("BTC", "COP"));
        assert_eq!(split_symbol("BTCFDUSD"), ("BTC", "FDUSD"));
        assert_eq!(split_symbol("USDT"), ("USDT", ""));
        assert_eq!(split_symbol("ODD"), ("ODD", ""));
    }
}
