//! WSUM: exact sums over the last W seconds, kept in buckets of time.

use serde::{Deserialize, Serialize};

use crate::grid::{FINE_NS, SECOND_NS, bucket};

use super::Ring;

/// Sums over several windows of streams of integers, the lanes. A window of W seconds has buckets of 100 ms
/// up to 30 s, of 1 s up to 300 s, of W/60 above; its value at T covers the buckets with an index in
/// `(j(T) - W/b, j(T)]`, the last one partial, without any correction (FEATURES 17.4).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound = "[i128; LANES]: Serialize + serde::de::DeserializeOwned")]
pub(crate) struct WindowSums<const LANES: usize = 1> {
    rings: Box<[Timed<LANES>]>,
    /// For each window in the order it was asked for: its ring, and its place there.
    places: Box<[Place]>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound = "[i128; LANES]: Serialize + serde::de::DeserializeOwned")]
struct Timed<const LANES: usize> {
    width: i64,
    /// The last moment of the newest bucket.
    end: i64,
    ring: Ring<LANES>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Place {
    ring: usize,
    window: usize,
}

impl<const LANES: usize> Timed<LANES> {
    fn advance(&mut self, ts: i64) {
        // Most often it is the very next bucket: that needs no division.
        let next = self.end.saturating_add(self.width);
        if ts <= next && self.end != i64::MIN {
            self.ring.step();
            self.end = next;
        } else {
            let to = bucket(ts, self.width);
            self.ring.advance(to);
            self.end = to * self.width;
        }
    }
}

impl<const LANES: usize> WindowSums<LANES> {
    /// Windows of that many whole seconds each.
    pub(crate) fn new(windows_s: &[i64]) -> Self {
        let mut widths: Vec<(i64, Vec<usize>)> = Vec::new();
        let mut places = Vec::new();
        for window_s in windows_s {
            let width = bucket_width(*window_s);
            let slots =
                usize::try_from(window_s * SECOND_NS / width).expect("a window is positive");
            let ring = widths.iter().position(|(w, _)| *w == width).unwrap_or_else(|| {
                widths.push((width, Vec::new()));
                widths.len() - 1
            });
            places.push(Place { ring, window: widths[ring].1.len() });
            widths[ring].1.push(slots);
        }
        let rings = widths.iter().map(|(width, slots)| Timed {
            width: *width,
            end: i64::MIN,
            ring: Ring::new(slots),
        });
        Self { rings: rings.collect(), places: places.into_boxed_slice() }
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        for timed in &mut self.rings {
            timed.ring.clear();
            timed.end = i64::MIN;
        }
    }

    /// Rolls to the buckets of `ts`: what is added next happened then.
    pub(crate) fn advance(&mut self, ts: i64) {
        for timed in &mut self.rings {
            if ts > timed.end {
                timed.advance(ts);
            }
        }
    }

    /// Adds to every lane at the moment of the last [`WindowSums::advance`].
    pub(crate) fn add_all(&mut self, values: &[i128; LANES]) {
        for timed in &mut self.rings {
            timed.ring.add_all(values);
        }
    }

    /// Adds to a lane at the moment of the last [`WindowSums::advance`].
    #[inline]
    pub(crate) fn add_to(&mut self, lane: usize, value: i128) {
        for timed in &mut self.rings {
            timed.ring.add_to(lane, value);
        }
    }

    /// Adds to a lane at an earlier moment: to the buckets that it lies in, where a window still covers
    /// them.
    pub(crate) fn add_to_at(&mut self, lane: usize, ts: i64, value: i128) {
        for timed in &mut self.rings {
            if ts > timed.end - timed.width {
                timed.ring.add_to(lane, value);
            } else {
                timed.ring.add_to_at(lane, bucket(ts, timed.width), value);
            }
        }
    }

    /// The sum of a lane over the window at that place in the list given to [`WindowSums::new`].
    #[inline]
    pub(crate) fn total_of(&self, lane: usize, window: usize) -> i128 {
        let place = self.places[window];
        self.rings[place.ring].ring.total_of(lane, place.window)
    }
}

impl WindowSums {
    /// Adds at the moment of the last [`WindowSums::advance`].
    #[inline]
    pub(crate) fn add(&mut self, value: i128) {
        self.add_to(0, value);
    }

    /// Adds each nanosecond of `(from, to]` to its own bucket; `to` is not later than the last
    /// [`WindowSums::advance`].
    pub(crate) fn add_span(&mut self, from: i64, to: i64) {
        for timed in &mut self.rings {
            let (width, ring) = (timed.width, &mut timed.ring);
            // A span that began before the ring did is cut, so the loop is as short as the ring.
            let first = bucket(from.saturating_add(1), width).max(ring.oldest());
            for index in first..=bucket(to, width).min(ring.head()) {
                let overlap = to.min(index * width) - from.max((index - 1) * width);
                ring.add_to_at(0, index, i128::from(overlap));
            }
        }
    }

    /// The sum of the window at that place in the list given to [`WindowSums::new`].
    #[inline]
    pub(crate) fn total(&self, window: usize) -> i128 {
        self.total_of(0, window)
    }
}

fn bucket_width(window_s: i64) -> i64 {
    match window_s {
        ..=30 => FINE_NS,
        31..=300 => SECOND_NS,
        _ => window_s * SECOND_NS / 60,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_covers_whole_buckets_and_the_open_one() {
        let mut sums = WindowSums::new(&[1, 60]);
        for tenth in 1..=20 {
            sums.advance(tenth * FINE_NS);
            sums.add(1);
        }
        assert_eq!((sums.total(0), sums.total(1)), (10, 20));
        // In the middle of a bucket the oldest one has left already.
        sums.advance(20 * FINE_NS + 1);
        assert_eq!((sums.total(0), sums.total(1)), (9, 20));
        sums.clear();
        assert_eq!((sums.total(0), sums.total(1)), (0, 0));
    }

    #[test]
    fn what_is_booked_late_leaves_with_its_own_bucket() {
        let mut sums = WindowSums::new(&[1, 60]);
        sums.advance(SECOND_NS);
        sums.add_to_at(0, FINE_NS / 2, 7);
        sums.add_to_at(0, SECOND_NS, 2);
        assert_eq!((sums.total(0), sums.total(1)), (9, 9));
        sums.advance(SECOND_NS + 1);
        assert_eq!((sums.total(0), sums.total(1)), (2, 9));
        sums.add_to_at(0, FINE_NS, 5);
        assert_eq!((sums.total(0), sums.total(1)), (2, 14));
    }

    #[test]
    fn a_span_is_spread_over_its_buckets() {
        let mut sums = WindowSums::new(&[1, 900]);
        sums.advance(2 * SECOND_NS);
        sums.add_span(SECOND_NS / 2, 2 * SECOND_NS);
        assert_eq!(sums.total(0), i128::from(SECOND_NS));
        assert_eq!(sums.total(1), i128::from(SECOND_NS * 3 / 2));
        sums.advance(2 * SECOND_NS + FINE_NS);
        assert_eq!(sums.total(0), i128::from(SECOND_NS - FINE_NS));
    }
}
