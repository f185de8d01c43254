//! What changes the numbers of a row.

use fluxo_core::Nanos;
use fluxo_market_data::BookConfig;

use crate::Error;

/// The configuration of one [`FeatureEngine`](crate::FeatureEngine). Everything here is part of the
/// feature schema, except the size of the book's window, which changes no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeatureConfig {
    /// The distance of two rows: a row is stamped with each multiple of it on the receive clock.
    pub step: Nanos,
    /// Prints that lie no further apart than this belong to one parent trade, where the feed names
    /// no match.
    pub parent_gap: Nanos,
    /// A parent trade is over when this much time has passed since its last print.
    pub parent_close: Nanos,
    /// A book without a depth message for longer than this is not valid.
    pub stale_book_after: Nanos,
    /// The sizes of the book.
    pub book: BookConfig,
}

impl Default for FeatureConfig {
    /// The values of FEATURES 14, which move no money.
    fn default() -> Self {
        Self {
            step: Nanos::from_millis(100),
            parent_gap: Nanos::from_millis(1),
            parent_close: Nanos::from_millis(10),
            stale_book_after: Nanos::from_millis(10_000),
            book: BookConfig::DEFAULT,
        }
    }
}

impl FeatureConfig {
    /// Rows closer than this cannot be told apart by a venue that stamps milliseconds.
    pub const STEP_MIN: Nanos = Nanos::from_millis(1);

    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.step < Self::STEP_MIN {
            return Err(Error::Step { step: self.step, min: Self::STEP_MIN });
        }
        for (name, span) in [
            ("parent_gap", self.parent_gap),
            ("parent_close", self.parent_close),
            ("stale_book_after", self.stale_book_after),
        ] {
            if span < Nanos::ZERO {
                return Err(Error::NegativeSpan { name, span });
            }
        }
        let (ticks, min) = (self.book.window_ticks, BookConfig::WINDOW_TICKS_MIN);
        if !ticks.is_power_of_two() || ticks < min {
            return Err(Error::BookWindow { ticks, min });
        }
        Ok(())
    }
}
