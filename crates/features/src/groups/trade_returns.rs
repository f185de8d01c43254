//! 0-6: returns of the trade price.

use crate::catalogue::index;
use crate::primitives::return_bps;
use crate::trade_price::TradePrice;

use super::Slots;

const RETURNS: [(usize, usize); 6] = [
    (index::TRET_1S, 1),
    (index::TRET_5S, 5),
    (index::TRET_10S, 10),
    (index::TRET_30S, 30),
    (index::TRET_60S, 60),
    (index::TRET_300S, 300),
];

pub(crate) fn write_trade_returns(price: &TradePrice, slots: &mut Slots<'_>) {
    let over =
        |from: Option<i64>, to: Option<i64>| from.zip(to).map(|(from, to)| return_bps(from, to));
    let now = price.now();
    for (slot, seconds) in RETURNS {
        slots.put(slot, over(price.before(seconds), now));
    }
    let [before_20s, before_10s] = [20, 10].map(|seconds| price.before(seconds));
    let (late, early) = (over(before_10s, now), over(before_20s, before_10s));
    slots.put(index::MOMENTUM_ACCEL, late.zip(early).map(|(late, early)| late - early));
}
