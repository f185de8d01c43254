//! Which stretch of unbroken data a row belongs to, which session, and whether it is warm.

use fluxo_core::{Decimal, InstrumentSpec, MarketData, MarketEvent, Nanos, Phase, UnixNanos};
use jiff::Timestamp;
use jiff::tz::Offset;

/// A row is warm when its segment began at least this long before it.
pub const WARM_AFTER: Nanos = Nanos::from_millis(300_000);

/// Follows the events of one instrument.
///
/// A segment ends at every gap, where one recording ends and another begins, where trading stops, and
/// where the meaning of ticks or lots changes, because the features start anew there. The roll of the
/// UTC day of a market that never closes is no break (FEATURES 2), so it begins no segment.
#[derive(Debug)]
pub(crate) struct Segments {
    id: i32,
    /// When the segment at hand began; `None` before the first event.
    began: Option<i64>,
    /// Whether the segment at hand has a row.
    has_rows: bool,
    phase: Phase,
    tick: Decimal,
    lot: Decimal,
    watermark: i64,
}

/// Where a row belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The UTC day as yyyymmdd.
    pub(crate) session: i32,
    pub(crate) segment: i32,
    pub(crate) is_warm: bool,
}

impl Segments {
    pub(crate) fn new(spec: &InstrumentSpec) -> Self {
        Self {
            id: 0,
            began: None,
            has_rows: false,
            phase: Phase::Continuous,
            tick: spec.tick_size,
            lot: spec.lot_size,
            watermark: i64::MIN,
        }
    }

    /// The next event; rows that it closes come before it.
    pub(crate) fn on_event(&mut self, ts_recv: UnixNanos, event: &MarketEvent) {
        self.watermark = self.watermark.max(ts_recv.get());
        let breaks = match &event.data {
            MarketData::Heartbeat => return,
            MarketData::Gap(_) => true,
            MarketData::Status(phase) => {
                let before = core::mem::replace(&mut self.phase, *phase);
                before != *phase
            }
            MarketData::Spec(spec) => {
                let before = (self.tick, self.lot);
                (self.tick, self.lot) = (spec.tick_size, spec.lot_size);
                before != (self.tick, self.lot)
            }
            _ => false,
        };
        if breaks {
            self.id += i32::from(self.has_rows);
            (self.began, self.has_rows) = (None, false);
        }
        self.began.get_or_insert(self.watermark);
    }

    pub(crate) fn on_row(&mut self, at: UnixNanos) -> Place {
        self.has_rows = true;
        let began = self.began.unwrap_or(at.get());
        Place {
            session: session_of(at),
            segment: self.id,
            is_warm: at.get() - began >= WARM_AFTER.get(),
        }
    }

    /// The distance of prices as the last event left it.
    pub(crate) const fn tick(&self) -> Decimal {
        self.tick
    }
}

/// The UTC day as yyyymmdd. Midnight belongs to the day that ends there (FEATURES 17.24).
#[must_use]
pub fn session_of(at: UnixNanos) -> i32 {
    let timestamp = Timestamp::from_nanosecond(i128::from(at.get()) - 1);
    let timestamp = timestamp.expect("64 bits of nanoseconds are years 1677 to 2262");
    let date = Offset::UTC.to_datetime(timestamp).date();
    i32::from(date.year()) * 10_000 + i32::from(date.month()) * 100 + i32::from(date.day())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn midnight_belongs_to_the_day_that_ends() {
        let midnight = 1_723_161_600_000_000_000;
        assert_eq!(session_of(UnixNanos::new(midnight)), 20_240_808);
        assert_eq!(session_of(UnixNanos::new(midnight + 1)), 20_240_809);
    }
}
