//! The float next to an exact sum.

/// The same as a cast, and several times as fast where the sum fits 64 bits, as nearly all do.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "what does not fit goes the other way")]
pub(crate) fn nearest(sum: i128) -> f64 {
    let narrow = sum as i64;
    if i128::from(narrow) == sum { narrow as f64 } else { wide(sum) }
}

/// Out of line: side by side the two casts would be compiled into the slow one alone.
#[cold]
#[inline(never)]
fn wide(sum: i128) -> f64 {
    sum as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_cast() {
        let edges = [0, 1, i128::from(i64::MAX) - 511, i128::from(i64::MAX) + 1, i128::MAX / 3];
        for sum in edges.into_iter().flat_map(|sum| [sum, -sum, sum + 1]) {
            assert_eq!(nearest(sum).to_bits(), (sum as f64).to_bits(), "{sum}");
        }
    }
}
