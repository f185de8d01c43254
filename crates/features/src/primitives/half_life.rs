//! What decay leaves of a weight.

use core::f64::consts::LN_2;

/// Up to so many half-lives the series is as exact as the library's power, and several times as fast:
/// the first term that is left out is below `2^-54`.
const SERIES_MAX: f64 = 1.0 / 64.0 / LN_2;

/// `2^-(span/half_life)`: the share of a weight that is left after a span, both in nanoseconds.
#[inline]
pub(crate) fn kept_after(span: i64, half_life: f64) -> f64 {
    let half_lives = span as f64 / half_life;
    if half_lives > SERIES_MAX {
        return libm::exp2(-half_lives);
    }
    let x = LN_2 * half_lives;
    let square = x * x;
    let tail = 1.0 / 24.0 - x * (1.0 / 120.0) + square * (1.0 / 720.0);
    1.0 - x + square * (0.5 - x * (1.0 / 6.0) + square * tail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_power_on_both_sides_of_the_longest_series() {
        for half_life in [5e9, 60e9, 300e9] {
            for span in (0..200).map(|step| step * 50_000_000).chain([1, 999, i64::MAX]) {
                let (got, exact) =
                    (kept_after(span, half_life), libm::exp2(-(span as f64 / half_life)));
                assert!(
                    (got - exact).abs() <= 2.3e-16 * exact,
                    "{span} {half_life}: {got} {exact}"
                );
            }
        }
    }
}
