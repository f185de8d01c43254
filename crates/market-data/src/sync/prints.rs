//! Every print once: plain trades win over aggregates of them, and nothing is counted twice.

use crate::{RawAggTrade, RawTrade};

/// What to do with a print.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is new; so many identifiers were jumped over.
    New { missing: u64 },
    /// It was seen before, alone or as part of an aggregate.
    Duplicate,
    /// It is an aggregate of prints that arrive one by one as well.
    Covered,
}

/// The prints seen so far, by their last identifiers: venues count them up.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Prints {
    /// The last plain trade, or the last one inside an aggregate.
    last_trade: Option<u64>,
    last_aggregate: Option<u64>,
    plain_seen: bool,
    /// A recording ended: what is missing before the next print, nobody tried to record.
    at_boundary: bool,
}

impl Prints {
    pub(super) fn recording_boundary(&mut self) {
        self.at_boundary = true;
    }

    pub(super) fn on_trade(&mut self, trade: &RawTrade) -> Verdict {
        self.plain_seen = true;
        self.advance(trade.id, trade.id)
    }

    /// Aggregates count only while no plain trade was seen.
    pub(super) fn on_aggregate(&mut self, aggregate: &RawAggTrade) -> Verdict {
        if self.plain_seen {
            return Verdict::Covered;
        }
        if self.last_aggregate.is_some_and(|last| aggregate.trade.id <= last) {
            return Verdict::Duplicate;
        }
        self.last_aggregate = Some(aggregate.trade.id);
        self.advance(aggregate.first_trade_id, aggregate.last_trade_id)
    }

    fn advance(&mut self, first: u64, last: u64) -> Verdict {
        let missing = match self.last_trade {
            Some(seen) if last <= seen => return Verdict::Duplicate,
            Some(_) if self.at_boundary => 0,
            Some(seen) => first.saturating_sub(seen).saturating_sub(1),
            None => 0,
        };
        (self.last_trade, self.at_boundary) = (Some(last), false);
        Verdict::New { missing }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fluxo_core::{Aggressor, TradeCondition};

    fn trade(id: u64) -> RawTrade {
        RawTrade {
            id,
            price: 1,
            size: 1,
            aggressor: Aggressor::Buyer,
            condition: TradeCondition::Market,
            ts_event: None,
            ts_sent: None,
        }
    }

    fn aggregate(id: u64, first_trade_id: u64, last_trade_id: u64) -> RawAggTrade {
        RawAggTrade { trade: trade(id), first_trade_id, last_trade_id }
    }

    #[test]
    fn a_trade_counts_once_and_jumps_are_noticed() {
        let mut prints = Prints::default();
        assert_eq!(prints.on_trade(&trade(10)), Verdict::New { missing: 0 });
        assert_eq!(prints.on_trade(&trade(10)), Verdict::Duplicate);
        assert_eq!(prints.on_trade(&trade(9)), Verdict::Duplicate);
        assert_eq!(prints.on_trade(&trade(13)), Verdict::New { missing: 2 });
    }

    #[test]
    fn what_lies_between_two_recordings_is_not_missing() {
        let mut prints = Prints::default();
        prints.on_trade(&trade(10));
        prints.recording_boundary();
        assert_eq!(prints.on_trade(&trade(10)), Verdict::Duplicate);
        assert_eq!(prints.on_trade(&trade(90)), Verdict::New { missing: 0 });
        assert_eq!(prints.on_trade(&trade(92)), Verdict::New { missing: 1 });
    }

    #[test]
    fn aggregates_count_until_plain_trades_come() {
        let mut prints = Prints::default();
        assert_eq!(prints.on_aggregate(&aggregate(5, 100, 103)), Verdict::New { missing: 0 });
        assert_eq!(prints.on_aggregate(&aggregate(5, 100, 103)), Verdict::Duplicate);
        assert_eq!(prints.on_aggregate(&aggregate(6, 104, 104)), Verdict::New { missing: 0 });
        // The same print again, now alone: it is inside an aggregate that was counted.
        assert_eq!(prints.on_trade(&trade(104)), Verdict::Duplicate);
        assert_eq!(prints.on_trade(&trade(105)), Verdict::New { missing: 0 });
        assert_eq!(prints.on_aggregate(&aggregate(8, 107, 109)), Verdict::Covered);
    }
}
