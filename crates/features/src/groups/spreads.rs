//! 97 and 98: what takers pay against the mid, at once and after five seconds (FEATURES 7.10, 17.11).

use serde::{Deserialize, Serialize};

use crate::catalogue::index;
use crate::grid::{FINE_NS, SECOND_NS};
use crate::parents::Print;
use crate::primitives::kept_after;

use super::Slots;

const HALF_LIFE_NS: i64 = 60 * SECOND_NS;
const PARENTS_MIN: u64 = 20;
/// A bucket of 100 ms is mature when so many grid points have passed since its end: five seconds.
const MATURE_AFTER: i64 = 50;
const BUCKETS: i64 = MATURE_AFTER + 1;
/// Twice the distance to the mid, in bps: the cost of a round trip.
const ROUND_TRIP_BPS: f64 = 2e4;

/// Spreads weighted by lots, and the prints that still wait for the mid of five seconds later.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Spreads {
    /// The last valid mid in half-ticks, above zero.
    mid: Option<i64>,
    effective: WeightedMean,
    realized: WeightedMean,
    /// Prints by the grid point that ends their bucket, modulo the length.
    waiting: Box<[Bucket]>,
    /// The last grid point that was sampled.
    point: i64,
    /// Whether the open parent has a print with a known mid.
    parent_counts: bool,
}

/// What the prints of one bucket sum to: `sum(s v (p-o)/m)`, `sum(s v/m)`, `sum(v)`, and the parents
/// that first count here. Prices are measured from the mid `o` of the first print, in half-ticks, which
/// keeps the digits of their small distances.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Bucket {
    origin: i64,
    signed: f64,
    per_price: f64,
    lots: f64,
    parents: u64,
}

/// A mean whose weights lose half of themselves in every half-life. Numerator and denominator decay
/// alike, so reading needs no time.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct WeightedMean {
    sum: f64,
    weight: f64,
    at: i64,
    parents: u64,
}

impl WeightedMean {
    fn add(&mut self, ts: i64, sum: f64, weight: f64) {
        if ts > self.at && self.weight > 0.0 {
            let decay = kept_after(ts - self.at, HALF_LIFE_NS as f64);
            (self.sum, self.weight) = (self.sum * decay, self.weight * decay);
        }
        (self.sum, self.weight, self.at) = (self.sum + sum, self.weight + weight, ts);
    }

    fn value(&self) -> Option<f64> {
        // After hours without a print nothing of the weight is left.
        let is_warm = self.parents >= PARENTS_MIN && self.weight > 0.0;
        is_warm.then(|| self.sum / self.weight)
    }
}

impl Spreads {
    pub(crate) fn new() -> Self {
        Self {
            mid: None,
            effective: WeightedMean::default(),
            realized: WeightedMean::default(),
            waiting: (0..BUCKETS).map(|_| Bucket::default()).collect(),
            point: i64::MIN,
            parent_counts: false,
        }
    }

    /// Forgets everything: a break.
    pub(crate) fn clear(&mut self) {
        (self.mid, self.parent_counts) = (None, false);
        (self.effective, self.realized) = (WeightedMean::default(), WeightedMean::default());
        self.waiting.fill(Bucket::default());
    }

    /// A valid book shows this mid. One that is not above zero is no measure.
    pub(crate) fn observe(&mut self, mid_half_ticks: i64) {
        self.mid = Some(mid_half_ticks).filter(|mid| *mid > 0);
    }

    /// Samples every grid point up to `point`: the prints of five seconds before meet the mid.
    pub(crate) fn sample_through(&mut self, point: i64) {
        if self.point > i64::MIN {
            // Beyond that nothing waits any more.
            let last = point.min(self.point + MATURE_AFTER + 1);
            for now in self.point + 1..=last {
                self.mature(now);
            }
        }
        self.point = self.point.max(point);
    }

    fn mature(&mut self, point: i64) {
        let bucket = core::mem::take(&mut self.waiting[place(point - MATURE_AFTER)]);
        if let Some(mid) = self.mid.filter(|_| bucket.lots > 0.0) {
            let distance = (mid - bucket.origin) as f64;
            let sum = ROUND_TRIP_BPS * (bucket.signed - distance * bucket.per_price);
            self.realized.add(point * FINE_NS, sum, bucket.lots);
            self.realized.parents += bucket.parents;
        }
    }

    /// A print; whether it starts a parent. Without a valid book before it there is no mid to compare
    /// it with.
    pub(crate) fn on_print(&mut self, print: &Print, starts: bool) {
        self.parent_counts &= !starts;
        let Some(mid) = self.mid else { return };
        let parents = u64::from(!self.parent_counts);
        self.parent_counts = true;
        let signed_lots = -print.hit.sign() as f64 * print.lots as f64;
        let lots = print.lots as f64;
        let paid = (2 * print.price - mid) as f64 / mid as f64;
        self.effective.add(print.ts, ROUND_TRIP_BPS * signed_lots * paid, lots);
        self.effective.parents += parents;
        let bucket = &mut self.waiting[place(self.point + 1)];
        if bucket.lots == 0.0 {
            bucket.origin = mid;
        }
        bucket.signed += signed_lots * (2 * print.price - bucket.origin) as f64 / mid as f64;
        bucket.per_price += signed_lots / mid as f64;
        bucket.lots += lots;
        bucket.parents += parents;
    }

    pub(crate) fn write(&self, slots: &mut Slots<'_>) {
        slots.put(index::EFFECTIVE_SPREAD, self.effective.value());
        slots.put(index::REALIZED_SPREAD, self.realized.value());
    }
}

fn place(point: i64) -> usize {
    usize::try_from(point.rem_euclid(BUCKETS)).expect("a remainder is not negative")
}
