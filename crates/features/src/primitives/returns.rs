//! Returns of prices and of ratios of integers.

use super::nearest;

/// Steeper rises than `(1 + s)/(1 - s)` are left to the library.
const STEEPEST: f64 = 1.0 / 64.0;

/// The logarithmic return in bps. Both prices are above zero, and the way back is the exact negative.
pub(crate) fn return_bps(from: i64, to: i64) -> f64 {
    rise_bps([from as f64, to as f64], (to - from) as f64)
}

/// The same of sums: exact products of prices and lots, above zero.
///
/// `ln(high/low) = 2 atanh(s)` with `s = (high - low)/(high + low)` keeps the digits of small
/// moves; up to some per cent its series is as exact as a logarithm, and several times as fast.
pub(crate) fn ratio_bps(from: i128, to: i128) -> f64 {
    rise_bps([nearest(from), nearest(to)], nearest(to - from))
}

/// From two numbers and their difference.
#[inline]
fn rise_bps([from, to]: [f64; 2], rise: f64) -> f64 {
    let s = rise / (to + from);
    if s.abs() > STEEPEST {
        return 1e4 * libm::log1p(rise.abs() / from.min(to)).copysign(rise);
    }
    let square = s * s;
    // The term that is left out is below s * 2^-72 / 13.
    let tail = 1.0 / 9.0 + square * (1.0 / 11.0);
    let tail = 1.0 / 5.0 + square * (1.0 / 7.0 + square * tail);
    2e4 * (s + s * square * (1.0 / 3.0 + square * tail))
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

    #[test]
    fn it_is_the_logarithm_on_both_sides_of_the_steepest_series() {
        for by in (0..60_000).step_by(7) {
            let exact = 1e4 * libm::log1p(f64::from(by) / 1e6);
            let got = return_bps(1_000_000, 1_000_000 + i64::from(by));
            assert!((got - exact).abs() <= 1e-15 * exact, "{by}: {got} {exact}");
        }
    }
}
