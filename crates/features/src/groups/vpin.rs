//! 36: how one-sided trading is, counted in buckets of volume (FEATURES 7.6).

use fluxo_core::Trade;
use serde::{Deserialize, Serialize};

use crate::catalogue::index;
use crate::grid::MINUTE_NS;
use crate::primitives::{Ring, nearest};

use super::Slots;

const BUCKETS: u8 = 50;
const FIRST_HOUR_NS: i64 = 60 * MINUTE_NS;

/// Buckets of equal volume, and how far buyers and sellers lay apart in each.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Vpin {
    /// The size of a bucket in lots as fitted on earlier sessions.
    fitted_lots: Option<i64>,
    /// The size in force: without a fitted one it is known after the first hour.
    bucket_lots: Option<i128>,
    /// When the first hour began, and what it traded.
    hour_began: Option<i64>,
    hour_lots: i128,
    /// What hit the bids and the asks in the open bucket.
    open: [i128; 2],
    /// Buckets that are full, and `|VB - VS|` of the last of them.
    full: i64,
    imbalances: Ring,
}

impl Vpin {
    pub(crate) fn new(fitted_lots: Option<i64>) -> Self {
        Self {
            fitted_lots,
            bucket_lots: fitted_lots.map(i128::from),
            hour_began: None,
            hour_lots: 0,
            open: [0; 2],
            full: 0,
            imbalances: Ring::new(&[BUCKETS.into()]),
        }
    }

    /// Forgets everything but what was fitted: a break.
    pub(crate) fn clear(&mut self) {
        self.bucket_lots = self.fitted_lots.map(i128::from);
        (self.hour_began, self.hour_lots) = (None, 0);
        (self.open, self.full) = ([0; 2], 0);
        self.imbalances.clear();
    }

    /// A lot became so many smaller ones. Where nobody knows how many, nothing is fitted any more.
    /// [`Vpin::clear`] what was counted in the old ones.
    pub(crate) fn rescale(&mut self, factor: Option<i64>) {
        let lots = self.fitted_lots.zip(factor);
        self.fitted_lots = lots.and_then(|(lots, factor)| lots.checked_mul(factor));
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
        self.full += 1;
        self.imbalances.advance(self.full);
        self.imbalances.add(imbalance);
    }

    pub(crate) fn write(&self, slots: &mut Slots<'_>) {
        let bucket = self.bucket_lots.filter(|_| self.full >= i64::from(BUCKETS));
        let value = bucket
            .map(|lots| nearest(self.imbalances.total(0)) / (f64::from(BUCKETS) * lots as f64));
        slots.put(index::VPIN, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_print_is_split_over_as_many_buckets_as_it_fills() {
        let mut vpin = Vpin::new(Some(10));
        vpin.fill(1, 6, 10);
        vpin.fill(0, 8, 10);
        vpin.fill(1, 6, 10);
        assert_eq!((vpin.full, vpin.imbalances.total(0), vpin.open), (2, 4, [0, 0]));
        vpin.fill(0, 37, 10);
        assert_eq!((vpin.full, vpin.imbalances.total(0), vpin.open), (5, 34, [7, 0]));
        vpin.fill(1, i128::from(i64::MAX), 10);
        assert_eq!(vpin.imbalances.total(0), 500);
        assert_eq!(vpin.open, [0, (i128::from(i64::MAX) - 3) % 10]);
    }

    #[test]
    fn the_first_hour_sizes_the_buckets() {
        let mut vpin = Vpin::new(None);
        assert_eq!(vpin.bucket_at(MINUTE_NS, 100), None);
        assert_eq!(vpin.bucket_at(MINUTE_NS + FIRST_HOUR_NS, 124), None);
        assert_eq!(vpin.bucket_at(MINUTE_NS + FIRST_HOUR_NS + 1, 7), Some(4));
        vpin.clear();
        assert_eq!(vpin.bucket_at(i64::MAX, 7), None);
        let mut vpin = Vpin::new(Some(3));
        vpin.rescale(Some(7));
        vpin.clear();
        assert_eq!(vpin.bucket_at(5, 1), Some(21));
        vpin.rescale(None);
        vpin.clear();
        assert_eq!(vpin.bucket_at(5, 1), None);
    }
}
