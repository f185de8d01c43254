//! What the venue says of an instrument, and what the list says: the venue wins where it is its word.

use fluxo_core::{Decimal, InstrumentSpec, Lots, Market};
use fluxo_venues::client::ListedFilters;

use crate::Instruments;

/// The instrument of a session, and what a person should know about it. The venue decides on tick,
/// lot and contract; fees and size units are ours to say. `None` when neither describes it.
pub(crate) fn listing(
    instruments: &Instruments,
    (market, symbol): (Market, &str),
    venue: &ListedFilters,
) -> Option<(InstrumentSpec, Vec<String>)> {
    let mut warnings = Vec::new();
    if let Some(status) = venue.status.as_deref().filter(|status| *status != "TRADING") {
        warnings.push(format!("the venue says that {symbol} is {status}"));
    }
    let Some(listed) = instruments.get(market, symbol) else {
        let listed = instruments.unlisted(market, symbol, venue)?;
        warnings.push(format!(
            "{symbol} on {market} is not listed: its grid is the venue's, its fees are those of the market; list it in instruments.toml"
        ));
        return Some((listed, warnings));
    };
    let mut spec = listed.clone();
    let mut put = |what, ours: &mut Decimal, theirs: Decimal| {
        if *ours != theirs {
            warnings.push(format!("the venue says {what} {theirs} for {symbol}, instruments.toml says {ours}: the venue's is used"));
            *ours = theirs;
        }
    };
    let tick_before = spec.tick_size;
    put("tick", &mut spec.tick_size, venue.tick_size);
    let lot_before = spec.lot_size;
    put("lot", &mut spec.lot_size, venue.lot_size);
    if let Some(size) = venue.contract_size {
        put("contract size", &mut spec.multiplier, size);
    }
    spec.size_unit_lots = Lots::new(in_units(spec.size_unit_lots.get(), lot_before, spec.lot_size));
    let rows = |ticks| in_units(ticks, tick_before, spec.tick_size);
    spec.units.profile_row_ticks = rows(spec.units.profile_row_ticks);
    spec.units.footprint_row_ticks = rows(spec.units.footprint_row_ticks);
    Some((spec, warnings))
}

/// As many units of another size, and at least one.
fn in_units(count: i64, before: Decimal, after: Decimal) -> i64 {
    let size = before.mantissa().checked_mul(count);
    let size = size.map(|mantissa| Decimal::new(mantissa, before.exponent()));
    size.and_then(|size| size.multiple_of(after)).unwrap_or(1).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn venue(tick: &str, lot: &str) -> ListedFilters {
        ListedFilters {
            base: "BTC".into(),
            quote: "USDT".into(),
            margin: Some("USDT".into()),
            contract_size: None,
            status: Some("TRADING".into()),
            tick_size: tick.parse().unwrap(),
            lot_size: lot.parse().unwrap(),
        }
    }

    fn of(symbol: &str, venue: &ListedFilters) -> (InstrumentSpec, Vec<String>) {
        let instruments = Instruments::load(None).unwrap();
        listing(&instruments, (Market::BinanceUsdm, symbol), venue).unwrap()
    }

    #[test]
    fn where_both_agree_nothing_is_said() {
        let (listed, warnings) = of("BTCUSDT", &venue("0.10", "0.001"));
        assert_eq!(warnings, Vec::<String>::new());
        assert_eq!(listed.size_unit_lots, Lots::new(100));
    }

    #[test]
    fn the_venue_decides_on_the_grid_and_a_unit_keeps_its_size() {
        let (listed, warnings) = of("BTCUSDT", &venue("0.01", "0.0001"));
        assert_eq!(warnings.len(), 2, "{warnings:?}");
        assert_eq!(listed.tick_size, Decimal::new(1, 2));
        assert_eq!(listed.size_unit_lots, Lots::new(1_000));
        assert!(listed.taker_fee.is_positive(), "fees stay ours");
    }

    #[test]
    fn an_instrument_that_only_the_venue_lists_has_the_fees_of_its_market() {
        let venue = ListedFilters { status: Some("SETTLING".into()), ..venue("0.5", "1") };
        let (listed, warnings) = of("NEWUSDT", &venue);
        assert_eq!(warnings.len(), 2, "{warnings:?}");
        assert_eq!((listed.taker_fee, listed.settle.as_str()), (Decimal::new(5, 4), "USDT"));
    }
}
