//! The limits, as plain numbers. There is no default for anything that moves money.

use fluxo_core::{Cash, Nanos, Size};

use crate::Error;

/// The limits of one instrument's gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// The largest position on either side, working orders included.
    pub position_max: Size,
    /// The largest value of one order, in the quote currency.
    pub order_notional_max: Cash,
    /// The most orders in one `rate_window`; the ring that counts them has this size.
    pub orders_in_window_max: u32,
    /// The window of the order rate.
    pub rate_window: Nanos,
    /// The largest loss since the UTC day began, in the quote currency, positive. Beyond it the
    /// gate lets only reducing orders pass, until an operator resumes.
    pub daily_loss_max: Cash,
    /// A book without a change for longer than this is no basis for an order.
    pub stale_book_after: Nanos,
    /// The widest spread to trade in, in hundredths of a basis point of the mid price, so that it
    /// stays an integer: 10 000 is one per cent.
    pub spread_max_centi_bps: i64,
}

impl Config {
    pub(crate) fn validate(&self) -> Result<(), Error> {
        let (Size::Quantity(position) | Size::Notional(position)) = self.position_max;
        let limits = [
            ("position_max", position.is_positive()),
            ("order_notional_max", self.order_notional_max > Cash::ZERO),
            ("orders_in_window_max", self.orders_in_window_max > 0),
            ("rate_window", self.rate_window > Nanos::ZERO),
            ("daily_loss_max", self.daily_loss_max > Cash::ZERO),
            ("stale_book_after", self.stale_book_after > Nanos::ZERO),
            ("spread_max", self.spread_max_centi_bps > 0),
        ];
        match limits.into_iter().find(|(_, holds)| !holds) {
            Some((name, _)) => Err(Error::NotPositive { name }),
            None => Ok(()),
        }
    }
}
