//! Returns of a price on the half-tick grid.

/// The logarithmic return in bps; `log1p` of the exact rise keeps the digits of small moves. Both
/// prices are above zero, and the way back is the exact negative.
pub(crate) fn return_bps(from: i64, to: i64) -> f64 {
    let rise = |low: i64, high: i64| 1e4 * libm::log1p((high - low) as f64 / low as f64);
    if to >= from { rise(from, to) } else { -rise(to, from) }
}
