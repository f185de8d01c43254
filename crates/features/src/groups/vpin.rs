//! 36: how one-sided trading is, counted in buckets of volume (FEATURES 7.6).

use fluxo_core::Trade;
use serde::{Deserialize, Serialize};

use crate::catalogue::index;
use crate::grid::MINUTE_NS;
use crate::primitives::{Recent, nearest};

use super::Slots;

const BUCKETS: u8 = 50;
const FIRST_HOUR_NS: i64 = 60 * MINUTE_NS;

/// Buckets of equal volume, and how far buyers and sellers lay apart in each.
///
/// Its windows are of volume, not of time: a closed phase or the hole between two recordings adds none,
/// so it ends none. A bucket is a fiftieth of an average day: forgotten at every close, fifty would
/// never be full.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Vpin {
    /// The size of a bucket in lots: what was fitted on earlier sessions, or what the first hour gave.
    bucket_lots: Option<i128>,
    /// When the first hour began, and what it traded.
    hour_began: Option<i64>,
    hour_lots: i128,
    /// What hit the bids and the asks in the open bucket.
    open: [i128; 2],
    /// `|VB - VS|` of the last buckets that are full, and its sum.
    imbalances: Recent<i128>,
    total: i128,
}

impl Vpin {
    pub(crate) fn new(fitted_lots: Option<i64>) -> Self {
        Self {
            bucket_lots: fitted_lots.map(i128::from),
            hour_began: None,
            hour_lots: 0,
            open: [0; 2],
            imbalances: Recent::new(BUCKETS.into()),
            total: 0,
        }
    }

    /// A lot became so many smaller ones. Where nobody knows how many, or where that is beyond 64 bits,
    /// everything is forgotten, what was fitted too.
    pub(crate) fn rescale(&mut self, factor: Option<i64>) {
        let restated = factor.and_then(|factor| self.in_lots_of(factor.into()));
        *self = restated.unwrap_or_else(|| Self::new(None));
    }

    /// The same in smaller lots. No bucket holds more than its size, so that alone can be too large.
    fn in_lots_of(&self, factor: i128) -> Option<Self> {
        let lots = |lots: i128| lots.checked_mul(factor);
        let bucket_lots = match self.bucket_lots {
            Some(bucket) => Some(lots(bucket).filter(|lots| i64::try_from(*lots).is_ok())?),
            None => None,
        };
        let mut imbalances = Recent::new(BUCKETS.into());
        for imbalance in self.imbalances.iter() {
            imbalances.push(imbalance * factor);
        }
        Some(Self {
            bucket_lots,
            hour_began: self.hour_began,
            hour_lots: lots(self.hour_lots)?,
            open: self.open.map(|side| side * factor),
            imbalances,
            total: self.total * factor,
        })
    }

    /// A print without a known side fills no bucket, but the first hour counts its volume
    /// (FEATURES 17.16).
    pub(crate) fn on_print(&mut self, ts: i64, trade: &Trade) {
        let lots = i128::from(trade.lots.get());
        let Some(bucket) = self.bucket_at(ts, lots) else { return };
        if let Some(hit) = trade.aggressor.hit_side() {
            self.fill(hit.index(), lots, bucket);
        }
    }

    /// The size of a bucket; in the first hour there is none, and the print counts towards it
    /// (FEATURES 17.25).
    fn bucket_at(&mut self, ts: i64, lots: i128) -> Option<i128> {
        if self.bucket_lots.is_none() {
            let began = *self.hour_began.get_or_insert(ts);
            if ts - began <= FIRST_HOUR_NS {
                self.hour_lots += lots;
            } else {
                let (half, buckets) = (i128::from(BUCKETS) / 2, i128::from(BUCKETS));
                self.bucket_lots = Some(((self.hour_lots + half) / buckets).max(1));
            }
        }
        self.bucket_lots
    }

    fn fill(&mut self, side: usize, lots: i128, bucket: i128) {
        let room = bucket - self.open[0] - self.open[1];
        if lots < room {
            self.open[side] += lots;
            return;
        }
        self.open[side] += room;
        self.close((self.open[0] - self.open[1]).abs());
        let (rest, mut whole) = ((lots - room) % bucket, (lots - room) / bucket);
        // However large the print, what the last buckets hold is all that it leaves.
        whole = whole.min(BUCKETS.into());
        for _ in 0..whole {
            self.close(bucket);
        }
        self.open = [0; 2];
        self.open[side] = rest;
    }

    fn close(&mut self, imbalance: i128) {
        let leaving = self.imbalances.push(imbalance).unwrap_or(0);
        self.total += imbalance - leaving;
    }

    pub(crate) fn write(&self, slots: &mut Slots<'_>) {
        let bucket = self.bucket_lots.filter(|_| self.imbalances.is_full());
        let value = bucket.map(|lots| nearest(self.total) / (f64::from(BUCKETS) * lots as f64));
        slots.put(index::VPIN, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_print_is_split_over_as_many_buckets_as_it_fills() {
        let mut vpin = Vpin::new(Some(10));
        let full = |vpin: &Vpin| vpin.imbalances.iter().count();
        vpin.fill(1, 6, 10);
        vpin.fill(0, 8, 10);
        vpin.fill(1, 6, 10);
        assert_eq!((full(&vpin), vpin.total, vpin.open), (2, 4, [0, 0]));
        vpin.fill(0, 37, 10);
        assert_eq!((full(&vpin), vpin.total, vpin.open), (5, 34, [7, 0]));
        vpin.fill(1, i128::from(i64::MAX), 10);
        assert_eq!((full(&vpin), vpin.total), (50, 500));
        assert_eq!(vpin.open, [0, (i128::from(i64::MAX) - 3) % 10]);
    }

    #[test]
    fn the_first_hour_sizes_the_buckets_once() {
        let mut vpin = Vpin::new(None);
        assert_eq!(vpin.bucket_at(MINUTE_NS, 100), None);
        assert_eq!(vpin.bucket_at(MINUTE_NS + FIRST_HOUR_NS, 124), None);
        assert_eq!(vpin.bucket_at(MINUTE_NS + FIRST_HOUR_NS + 1, 7), Some(4));
        assert_eq!(vpin.bucket_at(i64::MAX, 7), Some(4));
    }

    #[test]
    fn finer_lots_restate_what_was_counted() {
        let mut vpin = Vpin::new(Some(3));
        vpin.fill(1, 7, 3);
        vpin.rescale(Some(7));
        assert_eq!((vpin.bucket_at(5, 1), vpin.open, vpin.total), (Some(21), [0, 7], 42));
        vpin.fill(0, 14, 21);
        assert_eq!((vpin.open, vpin.total), ([0, 0], 49));
        let mut hour = Vpin::new(None);
        assert_eq!(hour.bucket_at(0, 100), None);
        hour.rescale(Some(10));
        assert_eq!(hour.bucket_at(FIRST_HOUR_NS + 1, 1), Some(20));
    }

    #[test]
    fn lots_that_nobody_can_restate_forget_everything() {
        for factor in [None, Some(i64::MAX)] {
            let mut vpin = Vpin::new(Some(3));
            vpin.fill(1, 200, 3);
            vpin.rescale(factor);
            assert_eq!((vpin.bucket_lots, vpin.open, vpin.total), (None, [0, 0], 0));
            assert_eq!(vpin.imbalances.iter().count(), 0);
        }
    }
}
