//! Do the prices of a row agree with each other, and with the features that are made of them?

use fluxo_features::catalogue::index;
use fluxo_features::slot_name;
use parquet::data_type::{DoubleType, FloatType};

use super::CheckError;
use super::damage::{Damages, Seen};
use super::read::Group;
use crate::AUX_COLUMNS;

/// Features that have a value exactly where the book has two sides.
pub(super) const OF_TOUCH: [usize; 5] = [
    index::SPREAD_ABS,
    index::SPREAD_BPS,
    index::MID_PRICE,
    index::IMBALANCE,
    index::WEIGHTED_MID_DEV,
];

/// Two of them, by their place.
const SPREAD_BPS: usize = 1;
const MID_PRICE: usize = 2;

/// Prices are doubles: what they differ by has lost digits, what they add up to has not.
const SUM_TOLERANCE: f64 = 1e-12;
/// Of a spread, in bps of the mid; a feature is a float.
const BPS_TOLERANCE: f64 = 1e-5;

/// Says of each row whether it has prices.
pub(super) fn look(
    group: &Group<'_>,
    first: u64,
    damages: &mut Damages,
) -> Result<Vec<bool>, CheckError> {
    let [bid, ask, mid, half_spread] = AUX_COLUMNS.map(|name| group.column::<DoubleType>(name));
    let (bid, ask, mid, half_spread) = (bid?, ask?, mid?, half_spread?);
    let mut features = Vec::with_capacity(OF_TOUCH.len());
    for slot in OF_TOUCH {
        features.push(group.column::<FloatType>(slot_name(slot))?);
    }
    let feature = |at: usize, row: usize| features[at][row].filter(|value| !value.is_nan());
    let mut undefined = [Seen::default(); OF_TOUCH.len()];
    let [mut partial, mut absent, mut crossed, mut off_mid, mut off_spread, mut off_feature] =
        [Seen::default(); 6];
    let mut given = Vec::with_capacity(group.rows);
    for (at, row) in (0..group.rows).zip(first..) {
        let parts = [bid[at], ask[at], mid[at], half_spread[at]];
        let [Some(bid), Some(ask), Some(mid), Some(half_spread)] = parts else {
            given.push(false);
            partial.unless(parts.iter().all(Option::is_none), row);
            // Prices below zero exist on some markets, and have no such columns.
            let is_above_zero = feature(MID_PRICE, at).is_some_and(|mid| mid > 0.0);
            absent.unless(!is_above_zero || parts.iter().any(Option::is_some), row);
            continue;
        };
        given.push(true);
        let spread_bps = 1e4 * (ask - bid) / (ask + bid);
        crossed.unless(bid < ask, row);
        off_mid.unless(is_near(mid, f64::midpoint(bid, ask), SUM_TOLERANCE), row);
        off_spread.unless(is_near(half_spread, spread_bps, BPS_TOLERANCE), row);
        for (of, undefined) in undefined.iter_mut().enumerate() {
            undefined.unless(feature(of, at).is_some(), row);
        }
        let of_feature = feature(SPREAD_BPS, at).map(f64::from);
        let agrees = |bps: f64| is_near(bps, 2.0 * spread_bps, BPS_TOLERANCE);
        off_feature.unless(of_feature.is_none_or(agrees), row);
    }
    damages.add(
        "bid",
        "some of bid, ask, mid and half_spread_bps have a value, and not all",
        partial,
    );
    damages.add("bid", "null, though features of the book have values", absent);
    damages.add("bid", "not below ask", crossed);
    damages.add("mid", "not halfway between bid and ask", off_mid);
    damages.add("half_spread_bps", "not half of what bid and ask are apart", off_spread);
    damages.add("spread_bps", "not what bid and ask are apart", off_feature);
    for (slot, undefined) in OF_TOUCH.into_iter().zip(undefined) {
        damages.add(slot_name(slot), "NaN, though bid and ask have values", undefined);
    }
    Ok(given)
}

/// NaN and infinities are no number's neighbours.
fn is_near(found: f64, wanted: f64, tolerance: f64) -> bool {
    (found - wanted).abs() <= tolerance * (wanted.abs() + tolerance)
}
