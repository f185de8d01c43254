//! What changes the numbers of a row.

use fluxo_core::{Lots, Nanos};
use fluxo_market_data::BookConfig;

use crate::nsmi::InputSet;
use crate::{Error, SamplingClock};

/// The configuration of one [`FeatureEngine`](crate::FeatureEngine). Everything here is part of the
/// feature schema, except what is said to change no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeatureConfig {
    /// Which moments have a row.
    pub clock: SamplingClock,
    /// Prints that lie no further apart than this belong to one parent trade, where the feed names
    /// no match.
    pub parent_gap: Nanos,
    /// A parent trade is over when this much time has passed since its last print.
    pub parent_close: Nanos,
    /// A book without a depth message for longer than this is not valid.
    pub stale_book_after: Nanos,
    /// What the regime vector is made of: without a book it has its own inputs.
    pub regime_inputs: InputSet,
    /// A row is warm so long after its segment began: models are trained on warm rows and asked for
    /// warm rows. It changes no number.
    pub warm_after: Nanos,
    /// The sizes of the book.
    pub book: BookConfig,
}

impl Default for FeatureConfig {
    /// The values of FEATURES 14, which move no money.
    fn default() -> Self {
        Self {
            clock: SamplingClock::Time { step: Nanos::from_millis(100) },
            regime_inputs: InputSet::Book,
            warm_after: Nanos::from_millis(300_000),
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
        match self.clock {
            SamplingClock::Time { step } if step < Self::STEP_MIN => {
                return Err(Error::Step { step, min: Self::STEP_MIN });
            }
            SamplingClock::Volume { lots } if lots < Lots::new(1) => {
                return Err(Error::VolumeBucket { lots });
            }
            _ => {}
        }
        for (name, span) in [
            ("parent_gap", self.parent_gap),
            ("parent_close", self.parent_close),
            ("stale_book_after", self.stale_book_after),
            ("warm_after", self.warm_after),
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
