//! What a triple barrier is measured with, from what is known at the row: the cost of a round trip and
//! how far the price usually moves.

use fluxo_core::Nanos;

use super::{TargetConfig, Unlabelled};
use crate::book_state::Top;
use crate::grid::SECOND_NS;
use crate::primitives::return_bps;

/// The shortest and the longest time that a barrier stands, in seconds.
const SPAN_S: (f64, f64) = (60.0, 900.0);
/// The same longest time in nanoseconds: no label looks further ahead.
pub(super) const SPAN_MAX_NS: i64 = 900 * SECOND_NS;
/// Prices further away than this are never reached; floats count them one by one up to here.
const PRICE_MAX: f64 = (1_u64 << 53) as f64;

/// Why a barrier stands for another time than the one in which a usual move covers the cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Clamp {
    /// That time would be shorter than a minute.
    Shortest,
    /// That time would be longer than a quarter of an hour: neutral labels become usual.
    Longest,
}

/// The barriers of a row.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Barrier {
    /// How far both barriers are from the mid of the row, in bps.
    pub width_bps: f64,
    /// How long they stand.
    pub span: Nanos,
    /// Their distance in usual moves over that time: 1 unless the span was cut at its longest.
    pub k: f64,
    /// Whether the span was cut.
    pub clamp: Option<Clamp>,
}

/// What is known at a row of the bets on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct RowTerms {
    /// What a round trip costs, in bps: the spread, and twice the fee and the slippage. `None` when
    /// the book is not valid at the row.
    pub cost_bps: Option<f64>,
    /// The barriers, where the row has some.
    pub barrier: Option<Barrier>,
}

/// RT of FEATURES 11.
pub(super) fn round_trip_bps(top: &Top, fee_bps: f64, config: &TargetConfig) -> f64 {
    // The mid is half of the sum.
    let spread_bps = 1e4 * 2.0 * (top.ask - top.bid) as f64 / top.mid_half_ticks() as f64;
    spread_bps + 2.0 * fee_bps + 2.0 * config.slip_bps
}

impl Barrier {
    /// The time in which one usual move covers `c_cost` round trips, within its limits, and the
    /// distance of both at least. `sigma_bps` is per square root of a second.
    pub(super) fn new(cost_bps: f64, sigma_bps: f64, c_cost: f64) -> Result<Self, Unlabelled> {
        if sigma_bps <= 0.0 {
            return Err(Unlabelled::Still);
        }
        // A rebate may pay for the whole trip.
        let covered = f64::max(c_cost * cost_bps, 0.0);
        let wanted = (covered / sigma_bps) * (covered / sigma_bps);
        let clamp = match wanted {
            _ if wanted < SPAN_S.0 => Some(Clamp::Shortest),
            _ if wanted > SPAN_S.1 => Some(Clamp::Longest),
            _ => None,
        };
        let span_s = wanted.clamp(SPAN_S.0, SPAN_S.1);
        let usual = sigma_bps * libm::sqrt(span_s);
        let width_bps = f64::max(covered, usual);
        Ok(Self { width_bps, span: span_of(span_s), k: width_bps / usual, clamp })
    }

    /// The lowest mid at or above the upper barrier and the highest at or below the lower one, in
    /// half-ticks like the mid of the row; `None` for one that no price reaches.
    pub(super) fn prices(&self, mid: i64) -> [Option<i64>; 2] {
        let reach = self.width_bps;
        let upper = whole(libm::ceil(mid as f64 * libm::exp(reach / 1e4))).map(|guess| {
            // The guess may be off by the last digit; whether a price is beyond is said by returns.
            let mut price = guess.max(mid + 1);
            while price - 1 > mid && return_bps(mid, price - 1) >= reach {
                price -= 1;
            }
            while return_bps(mid, price) < reach {
                price += 1;
            }
            price
        });
        let lower = whole(libm::floor(mid as f64 * libm::exp(-reach / 1e4))).and_then(|guess| {
            let mut price = guess.min(mid - 1);
            while price + 1 < mid && return_bps(mid, price + 1) <= -reach {
                price += 1;
            }
            while price > 0 && return_bps(mid, price) > -reach {
                price -= 1;
            }
            (price > 0).then_some(price)
        });
        [upper, lower]
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a few hundred seconds, cut to nanoseconds")]
fn span_of(seconds: f64) -> Nanos {
    Nanos::new((seconds * SECOND_NS as f64) as i64)
}

#[expect(clippy::cast_possible_truncation, reason = "a whole number below 2^53")]
fn whole(price: f64) -> Option<i64> {
    (price < PRICE_MAX).then_some(price as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_specification_hold() {
        let wide = Barrier::new(10.0, 0.9, 1.5).unwrap();
        assert!((wide.width_bps - 15.0).abs() < 1e-12 && wide.clamp.is_none(), "{wide:?}");
        assert_eq!(wide.span, Nanos::new(277_777_777_777));
        assert!((wide.k - 1.0).abs() < 1e-12);
        let narrow = Barrier::new(1.4, 0.42, 1.5).unwrap();
        assert_eq!(
            (narrow.span, narrow.clamp),
            (Nanos::from_millis(60_000), Some(Clamp::Shortest))
        );
        assert!((narrow.width_bps - 3.253).abs() < 1e-3);
        let long = Barrier::new(20.0, 0.5, 1.5).unwrap();
        assert_eq!((long.span, long.clamp), (Nanos::from_millis(900_000), Some(Clamp::Longest)));
        assert!((long.k - 2.0).abs() < 1e-12 && (long.width_bps - 30.0).abs() < 1e-12);
        assert_eq!(Barrier::new(20.0, 0.0, 1.5), Err(Unlabelled::Still));
    }

    #[test]
    fn prices_are_the_first_beyond_the_barrier() {
        for (mid, width_bps) in [(20_001, 15.0), (199_999, 0.3), (3, 9_000.0), (1 << 41, 123.456)] {
            let barrier = Barrier { width_bps, span: Nanos::ZERO, k: 1.0, clamp: None };
            let [upper, lower] = barrier.prices(mid);
            let upper = upper.unwrap();
            assert!(return_bps(mid, upper) >= width_bps && upper > mid);
            assert!(upper - 1 == mid || return_bps(mid, upper - 1) < width_bps);
            let Some(lower) = lower else { continue };
            assert!(return_bps(mid, lower) <= -width_bps && lower < mid);
            assert!(lower + 1 == mid || return_bps(mid, lower + 1) > -width_bps);
        }
        let far = Barrier { width_bps: 1e6, span: Nanos::ZERO, k: 1.0, clamp: None };
        assert_eq!(far.prices(1_000), [None, None]);
    }
}
