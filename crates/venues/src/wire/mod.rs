//! What Binance says, written from exact integers: the other direction of
//! [`Decoder`](fluxo_market_data::Decoder), for whoever plays the venue.
//!
//! A [`Wire`] knows one instrument and appends its messages to a text that the caller owns: the
//! streams ([`depth_update`](Wire::depth_update), [`trade`](Wire::trade),
//! [`agg_trade`](Wire::agg_trade), [`book_ticker`](Wire::book_ticker)), bare or inside
//! [`combined`], and the answers of REST ([`depth_snapshot`](Wire::depth_snapshot),
//! [`exchange_info`], [`server_time`]). What is written is what the decoder reads back, in the form
//! that the market has on the wire: keys, their order, digits. Once the text has grown, writing
//! allocates nothing. Nothing here opens a socket, reads a clock or checks what it is told.
//!
//! ```
//! # use fluxo_core::*;
//! # use fluxo_market_data::Level;
//! # use fluxo_venues::wire::{self, Channel, DepthIds, Times, Wire};
//! # fn say(spec: &InstrumentSpec) -> Result<(), wire::Error> {
//! let wire = Wire::new(spec)?;
//! let mut text = String::new();
//! let times = Times::at(UnixNanos::new(1_736_121_600_500_000_000));
//! let ids = DepthIds { first: 8, last: 9, previous: 7 };
//! let bid = Level { price: Price::from_ticks(20_000), lots: Lots::new(1_500) };
//! wire::combined(&mut text, &wire.stream(Channel::Depth { every_ms: Some(100) }), |text| {
//!     wire.depth_update(text, ids, times, [bid], []);
//! });
//! // {"stream":"synthusdt@depth@100ms","data":{"e":"depthUpdate","E":1736121600500,…
//! # Ok(()) }
//! ```

mod decimals;
mod error;
mod messages;
mod rest;
mod streams;

use fluxo_core::{Decimal, InstrumentSpec, Market};

pub use error::Error;
pub use messages::{AggregatedIds, BestPrices, Channel, DepthIds, Print, Times};
pub use rest::{exchange_info, refusal, server_time};
pub use streams::{combined, subscription_result};

use decimals::Scale;

/// Writes the messages of one instrument.
#[derive(Clone, Debug)]
pub struct Wire {
    form: Form,
    symbol: String,
    /// The symbol as the names of streams have it.
    stream_symbol: String,
    base: String,
    quote: String,
    settle: String,
    contract_size: Decimal,
    price: Scale,
    size: Scale,
}

/// Which of Binance's markets: their messages differ in keys and digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Spot,
    Usdm,
    Coinm,
}

/// Spot prints every number with so many digits after the point.
const SPOT_DIGITS: u8 = 8;

impl Wire {
    /// A writer for an instrument of Binance.
    ///
    /// # Errors
    /// [`Error::Market`] for another venue's instrument, [`Error::Name`] for a symbol or an asset
    /// that would need escapes or has no characters, [`Error::Grid`] for a tick or lot that is not
    /// above zero or has too many digits.
    pub fn new(spec: &InstrumentSpec) -> Result<Self, Error> {
        let form = match spec.market {
            Market::BinanceSpot => Form::Spot,
            Market::BinanceUsdm => Form::Usdm,
            Market::BinanceCoinm => Form::Coinm,
            Market::B3Futures | Market::Nasdaq | Market::CmeFutures => {
                return Err(Error::Market { market: spec.market });
            }
        };
        for name in [&spec.symbol, &spec.base, &spec.quote, &spec.settle] {
            if !is_plain(name) {
                return Err(Error::Name { name: name.clone() });
            }
        }
        let digits = if form == Form::Spot { SPOT_DIGITS } else { 0 };
        let scale = |unit: Decimal| Scale::new(unit, digits).ok_or(Error::Grid { unit });
        Ok(Self {
            form,
            stream_symbol: spec.symbol.to_lowercase(),
            symbol: spec.symbol.clone(),
            base: spec.base.clone(),
            quote: spec.quote.clone(),
            settle: spec.settle.clone(),
            contract_size: spec.multiplier,
            price: scale(spec.tick_size)?,
            size: scale(spec.lot_size)?,
        })
    }

    /// The venue's symbol, in capitals.
    #[must_use]
    pub fn symbol(&self) -> &str {
        &self.symbol
    }

    /// The name of a stream of this instrument: `btcusdt@depth@100ms`.
    #[must_use]
    pub fn stream(&self, channel: Channel) -> String {
        format!("{}@{channel}", self.stream_symbol)
    }

    /// The symbol without its expiry: `BTCUSD` of `BTCUSD_PERP`.
    fn pair(&self) -> &str {
        self.symbol.split_once('_').map_or(self.symbol.as_str(), |(pair, _)| pair)
    }
}

/// Whether a name goes between quotes as it is. Not all symbols are ASCII.
fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'))
}

#[cfg(test)]
mod tests;
