//! The sampling clock: which moments have a row.

use core::fmt;
use core::str::FromStr;

use fluxo_core::{Lots, Nanos};

/// When a row is made (FEATURES 2). As text: `time:100` (milliseconds), `book-change`, `volume:5000`
/// (lots).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SamplingClock {
    /// At each multiple of the step on the receive clock, with every event up to it.
    Time {
        /// The distance of two rows.
        step: Nanos,
    },
    /// After each book batch that changed any of the best ten levels of a side.
    BookChange,
    /// After the print that completes a bucket; the print is not split, and the next bucket is empty.
    Volume {
        /// How much has to trade.
        lots: Lots,
    },
}

impl SamplingClock {
    /// The distance of two rows, where the clock is that of time.
    #[must_use]
    pub const fn step(self) -> Option<Nanos> {
        match self {
            Self::Time { step } => Some(step),
            Self::BookChange | Self::Volume { .. } => None,
        }
    }

    /// What it is called in the metadata of a dataset (TRAINING 1.3).
    #[must_use]
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Time { .. } => "time",
            Self::BookChange => "book_update",
            Self::Volume { .. } => "volume",
        }
    }
}

impl fmt::Display for SamplingClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Time { step } => write!(f, "time:{}", step.get() / 1_000_000),
            Self::BookChange => f.write_str("book-change"),
            Self::Volume { lots } => write!(f, "volume:{}", lots.get()),
        }
    }
}

/// A text that is no clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a clock is time:MS (1 to 1000000000 milliseconds), book-change or volume:LOTS (1 or more)"
)]
pub struct UnknownClock;

impl FromStr for SamplingClock {
    type Err = UnknownClock;

    fn from_str(text: &str) -> Result<Self, UnknownClock> {
        if text == "book-change" {
            return Ok(Self::BookChange);
        }
        let (kind, number) = text.split_once(':').ok_or(UnknownClock)?;
        let number = number.parse().ok().filter(|number| *number > 0).ok_or(UnknownClock)?;
        match kind {
            // Later than any session ends.
            "time" if number <= 1_000_000_000 => {
                Ok(Self::Time { step: Nanos::from_millis(number) })
            }
            "volume" => Ok(Self::Volume { lots: Lots::new(number) }),
            _ => Err(UnknownClock),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_what_it_says() {
        for text in ["time:100", "book-change", "volume:5000"] {
            assert_eq!(text.parse::<SamplingClock>().unwrap().to_string(), text);
        }
        for text in ["", "time", "time:0", "time:-5", "volume:x", "tick:3", "time:99999999999"] {
            assert_eq!(text.parse::<SamplingClock>(), Err(UnknownClock), "{text}");
        }
    }
}
