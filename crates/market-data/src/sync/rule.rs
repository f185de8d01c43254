//! How the depth stream of each market hangs together (PROTOCOLS 1 and 2).

use fluxo_core::Market;

use crate::{DepthUpdate, Error};

/// The venue's rules for joining a snapshot and increments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// Every update goes on where the one before it ended.
    Spot,
    /// Every update names the one before it; identifiers jump.
    Futures,
}

impl Rule {
    pub(super) const fn of(market: Market) -> Result<Self, Error> {
        match market {
            // Order-by-order markets have no depth stream, so nobody asks for its rule.
            Market::BinanceSpot | Market::Nasdaq | Market::CmeFutures => Ok(Self::Spot),
            Market::BinanceUsdm | Market::BinanceCoinm => Ok(Self::Futures),
            Market::B3Futures => Err(Error::UnsupportedMarket { market }),
        }
    }

    /// The identifier that must come after the state `last_id`.
    pub(super) const fn expected(self, last_id: u64) -> u64 {
        match self {
            Self::Spot => last_id.saturating_add(1),
            Self::Futures => last_id,
        }
    }

    /// The identifier by which an update says where it goes on.
    pub(super) fn got(self, update: &DepthUpdate<'_>) -> u64 {
        match self {
            Self::Spot => update.first_id,
            Self::Futures => update.previous_id.unwrap_or(update.first_id),
        }
    }

    /// Whether nothing is missing between the state `last_id` and an update that ends after it.
    pub(super) fn follows(self, last_id: u64, update: &DepthUpdate<'_>) -> bool {
        match self {
            // Sizes are absolute, so an update that also covers older changes loses nothing.
            Self::Spot => update.first_id <= self.expected(last_id),
            Self::Futures => update.previous_id == Some(last_id),
        }
    }

    /// Whether a snapshot holds all of an update that ends at `last_id`. On futures the update that
    /// ends exactly at the snapshot is still applied: it bridges (data trap 3).
    pub(super) const fn is_covered(self, snapshot_id: u64, last_id: u64) -> bool {
        match self {
            Self::Spot => last_id <= snapshot_id,
            Self::Futures => last_id < snapshot_id,
        }
    }

    /// The state that an update goes on from, as far as it says so.
    pub(super) fn goes_on_from(self, update: &DepthUpdate<'_>) -> u64 {
        match self {
            Self::Spot => update.first_id.saturating_sub(1),
            // The venue's own rule asks for U <= lastUpdateId. An update that names its predecessor
            // joins any snapshot that is not older than that: identifiers between the two belong to
            // other symbols, and a snapshot may carry one of them.
            Self::Futures => update.previous_id.unwrap_or(update.first_id),
        }
    }
}

/// Whether an update that a snapshot does not cover goes on where the snapshot ends, or before. On
/// spot it may begin right behind it (data trap 2).
pub(super) const fn bridges(snapshot_id: u64, goes_on_from: u64) -> bool {
    goes_on_from <= snapshot_id
}

#[cfg(test)]
mod tests {
    use super::*;

    fn update(first_id: u64, last_id: u64, previous_id: Option<u64>) -> DepthUpdate<'static> {
        DepthUpdate { first_id, last_id, previous_id, ts_event: None, ts_sent: None, levels: &[] }
    }

    #[test]
    fn spot_counts_on() {
        assert!(Rule::Spot.follows(10, &update(11, 13, None)));
        assert!(Rule::Spot.follows(10, &update(9, 13, None)));
        assert!(!Rule::Spot.follows(10, &update(12, 13, None)));
        assert!(Rule::Spot.is_covered(10, 10) && !Rule::Spot.is_covered(10, 11));
        assert!(bridges(10, Rule::Spot.goes_on_from(&update(11, 13, None))));
        assert!(!bridges(10, Rule::Spot.goes_on_from(&update(12, 13, None))));
    }

    #[test]
    fn futures_name_what_came_before() {
        assert!(Rule::Futures.follows(10, &update(15, 18, Some(10))));
        assert!(!Rule::Futures.follows(10, &update(11, 18, Some(11))));
        assert!(!Rule::Futures.follows(10, &update(11, 18, None)));
        assert!(Rule::Futures.is_covered(10, 9) && !Rule::Futures.is_covered(10, 10));
        assert!(bridges(10, Rule::Futures.goes_on_from(&update(10, 18, Some(4)))));
        assert!(bridges(10, Rule::Futures.goes_on_from(&update(15, 18, Some(10)))));
        assert!(!bridges(10, Rule::Futures.goes_on_from(&update(15, 18, Some(11)))));
        assert!(!bridges(10, Rule::Futures.goes_on_from(&update(11, 18, None))));
    }
}
