//! How long a message of the market takes to whoever records it.

use fluxo_core::Nanos;

use super::SyntheticConfig;
use super::process::Purpose;
use super::random::Random;

/// The shortest way.
const NANOS_MIN: u64 = 1_000_000;
/// The longest way takes less than this much more.
const NANOS_SPREAD: u64 = 2_000_000;

/// Draws latencies between one and three milliseconds, without an end.
#[derive(Clone, Debug)]
pub struct Latencies(Random);

impl Latencies {
    /// Those of a market: they have a stream of random numbers of their own.
    #[must_use]
    pub fn new(config: &SyntheticConfig) -> Self {
        Self(config.random(Purpose::Latency))
    }

    /// The next one.
    pub fn draw(&mut self) -> Nanos {
        Nanos::new((NANOS_MIN + self.0.below(NANOS_SPREAD)).cast_signed())
    }
}
