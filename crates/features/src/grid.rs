//! The grids of time: buckets are left-open and right-closed, points hold what came up to them.

/// The finest grid: 100 ms. Every other bucket is a whole number of these.
pub(crate) const FINE_NS: i64 = 100_000_000;
/// One second.
pub(crate) const SECOND_NS: i64 = 1_000_000_000;
/// One minute.
pub(crate) const MINUTE_NS: i64 = 60 * SECOND_NS;
/// One day.
pub(crate) const DAY_NS: i64 = 1_440 * MINUTE_NS;
/// Points of the finest grid in a second.
pub(crate) const FINE_PER_SECOND: usize = 10;

/// The bucket of a moment: bucket j of width b holds `(j-1)*b < ts <= j*b`.
#[inline]
pub(crate) const fn bucket(ts: i64, width: i64) -> i64 {
    point(ts, width) + (ts.rem_euclid(width) != 0) as i64
}

/// The last grid point up to a moment: point k lies at `k*width`.
#[inline]
pub(crate) const fn point(ts: i64, width: i64) -> i64 {
    ts.div_euclid(width)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_boundary_belongs_to_the_bucket_that_ends_there() {
        assert_eq!([1, 99, 100, 101, 200].map(|ts| bucket(ts, 100)), [1, 1, 1, 2, 2]);
        assert_eq!([-100, -99, -1, 0].map(|ts| bucket(ts, 100)), [-1, 0, 0, 0]);
        assert_eq!([-1, 0, 99, 100].map(|ts| point(ts, 100)), [-1, 0, 0, 1]);
    }
}
