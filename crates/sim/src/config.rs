//! Every latency and every limit of the simulation, by name.

use fluxo_core::Nanos;
use fluxo_market_data::BookConfig;

use crate::Error;

/// How the simulation behaves. There is no default for latencies: they decide what a strategy earns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SimConfig {
    /// From our sending of an order or a cancel to its arrival at the venue.
    pub order_latency: Nanos,
    /// From the venue's answer to our learning of it.
    pub response_latency: Nanos,
    /// The period of the feature rows: a timer fires 1 ns after every multiple of it.
    pub row_clock: Nanos,
    /// The most recorded events that the venue is ahead of us. At the limit the venue's knowledge
    /// waits until we have been shown the oldest of them, so our orders meet an older market than
    /// the stated times ask for, and still none that is older than what we were shown.
    pub look_ahead_max: usize,
    /// The most messages on their way to the venue. At the limit a new order never leaves: the
    /// answer that it is rejected starts its way back at once. A cancel always leaves, because an
    /// order whose end cannot be asked for is worse than a long queue.
    pub messages_in_flight_max: usize,
    /// The rules and limits of the matching.
    pub venue: VenueConfig,
}

/// The rules and limits of one simulated venue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VenueConfig {
    /// For how long a queue that shrank in the book expects the print that explains it. A longer
    /// time costs fills, a shorter one counts traded volume twice where prints come late.
    pub match_ttl: Nanos,
    /// The most resting orders. At the limit an order that may rest is rejected.
    pub open_orders_max: usize,
    /// The most levels of which we hold a part as consumed. At the limit nothing trades against a
    /// further level: an order that takes expires, and one that rests waits.
    pub consumed_levels_max: usize,
    /// The most runs of neighbouring order identifiers that are remembered. At the limit the two
    /// lowest runs become one, so identifiers between them count as used.
    pub id_ranges_max: usize,
    /// The sizes of the venue's book.
    pub book: BookConfig,
}

impl VenueConfig {
    /// The rules of a careful simulation. Only the matching: latencies are the caller's to state.
    pub const CAREFUL: Self = Self {
        match_ttl: Nanos::from_millis(250),
        open_orders_max: 1_024,
        consumed_levels_max: 4_096,
        id_ranges_max: 1_024,
        book: BookConfig::DEFAULT,
    };

    pub(crate) fn check(&self) -> Result<(), Error> {
        not_negative("match_ttl", self.match_ttl)?;
        positive("open_orders_max", self.open_orders_max)?;
        positive("consumed_levels_max", self.consumed_levels_max)?;
        positive("id_ranges_max", self.id_ranges_max)?;
        let (got, min) = (self.book.window_ticks, BookConfig::WINDOW_TICKS_MIN);
        let fits = got.is_power_of_two() && got >= min;
        if fits { Ok(()) } else { Err(Error::BookWindow { got, min }) }
    }
}

impl SimConfig {
    /// Room for the events of a whole second of the busiest captures.
    pub const LOOK_AHEAD_MAX: usize = 1 << 14;
    /// More messages than any sane order rate and latency put on the way.
    pub const MESSAGES_IN_FLIGHT_MAX: usize = 1 << 12;

    pub(crate) fn check(&self) -> Result<(), Error> {
        not_negative("order_latency", self.order_latency)?;
        not_negative("response_latency", self.response_latency)?;
        if self.row_clock <= Nanos::ZERO {
            return Err(Error::NotPositive { name: "row_clock" });
        }
        positive("look_ahead_max", self.look_ahead_max)?;
        positive("messages_in_flight_max", self.messages_in_flight_max)?;
        self.venue.check()
    }
}

fn not_negative(name: &'static str, got: Nanos) -> Result<(), Error> {
    if got < Nanos::ZERO { Err(Error::Negative { name, got }) } else { Ok(()) }
}

fn positive(name: &'static str, got: usize) -> Result<(), Error> {
    if got == 0 { Err(Error::NotPositive { name }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> SimConfig {
        SimConfig {
            order_latency: Nanos::ZERO,
            response_latency: Nanos::ZERO,
            row_clock: Nanos::SECOND,
            look_ahead_max: 1,
            messages_in_flight_max: 1,
            venue: VenueConfig::CAREFUL,
        }
    }

    #[test]
    fn what_cannot_work_is_named() {
        assert_eq!(config().check(), Ok(()));
        let got = Nanos::new(-1);
        let wrong = SimConfig { response_latency: got, ..config() };
        assert_eq!(wrong.check(), Err(Error::Negative { name: "response_latency", got }));
        let wrong = SimConfig { row_clock: Nanos::ZERO, ..config() };
        assert_eq!(wrong.check(), Err(Error::NotPositive { name: "row_clock" }));
        let venue = VenueConfig { id_ranges_max: 0, ..VenueConfig::CAREFUL };
        let wrong = SimConfig { venue, ..config() };
        assert_eq!(wrong.check(), Err(Error::NotPositive { name: "id_ranges_max" }));
        let book = BookConfig { window_ticks: 1_000 };
        let wrong = SimConfig { venue: VenueConfig { book, ..VenueConfig::CAREFUL }, ..config() };
        assert_eq!(wrong.check(), Err(Error::BookWindow { got: 1_000, min: 256 }));
    }
}
