//! Returns of prices and of ratios of integers.

/// The logarithmic return in bps; `log1p` of the exact rise keeps the digits of small moves. Both
/// prices are above zero, and the way back is the exact negative.
pub(crate) fn return_bps(from: i64, to: i64) -> f64 {
    let rise = |low: i64, high: i64| 1e4 * libm::log1p((high - low) as f64 / low as f64);
    if to >= from { rise(from, to) } else { -rise(to, from) }
}

/// The same of sums: exact products of prices and lots, above zero.
pub(crate) fn ratio_bps(from: i128, to: i128) -> f64 {
    let rise = |low: i128, high: i128| 1e4 * libm::log1p((high - low) as f64 / low as f64);
    if to >= from { rise(from, to) } else { -rise(to, from) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_is_the_exact_negative() {
        for (from, to) in [(1, 1 << 53), (600_000, 600_001), (7, 7), (10_000, 10_010)] {
            let there = return_bps(from, to);
            let sums = ratio_bps(i128::from(from), i128::from(to));
            assert_eq!((there, there), (-return_bps(to, from), sums));
        }
        assert!((return_bps(10_000, 10_010) - 1e4 * libm::log(1.001)).abs() < 1e-9);
    }
}
