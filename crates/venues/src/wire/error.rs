//! Why an instrument cannot be spoken of on Binance's wire.

use fluxo_core::{Decimal, Market};

/// What is wrong with the instrument.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It trades elsewhere.
    #[error("{market} does not speak the protocol of Binance")]
    Market {
        /// Where it trades.
        market: Market,
    },
    /// A name that no JSON text holds without escapes.
    #[error("{name:?} is no symbol and no asset: letters, digits, - and _ are")]
    Name {
        /// The name.
        name: String,
    },
    /// A tick or lot that prices and sizes cannot be counted in.
    #[error("{unit} is no tick and no lot: it is not above zero, or has too many digits")]
    Grid {
        /// The tick or lot.
        unit: Decimal,
    },
}
