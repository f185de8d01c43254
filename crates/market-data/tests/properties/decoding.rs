//! Decoded values are the printed decimals, and a grid takes them exactly or not at all.

use fluxo_core::{Decimal, Market, PRICE_TICKS_MAX, Side};
use fluxo_market_data::{Body, Decoder, Digits, Error, Grid};
use proptest::prelude::*;

use crate::spec;

/// A decimal as venues print it: some digits, some of them zeros at the end.
fn printed() -> impl Strategy<Value = String> {
    ("[0-9]{1,7}", "[0-9]{0,8}0{0,4}").prop_map(|(whole, fraction)| {
        if fraction.is_empty() { whole } else { format!("{whole}.{fraction}") }
    })
}

/// What a text says; zeros at its end would be too many digits for some texts.
pub(crate) fn decimal(text: &str) -> Decimal {
    let text =
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text };
    text.parse().unwrap()
}

fn depth_frame(bids: &[(String, String)], asks: &[(String, String)], space: &str) -> String {
    let side = |levels: &[(String, String)]| {
        let levels: Vec<String> = levels
            .iter()
            .map(|(price, size)| format!("[{space}\"{price}\"{space},\"{size}\"{space}]"))
            .collect();
        levels.join(&format!(",{space}"))
    };
    format!(
        "{{{space}\"e\":\"depthUpdate\",\"U\":{space}1,\"u\":2,\"b\":[{}],{space}\"a\":[{}]{space}}}",
        side(bids),
        side(asks)
    )
}

proptest! {
    #[test]
    fn mantissas_are_the_printed_decimals(
        frames in prop::collection::vec(
            (
                prop::collection::vec((printed(), printed()), 0..5),
                prop::collection::vec((printed(), printed()), 0..5),
            ),
            1..6,
        ),
        space in prop_oneof![3 => Just(""), 1 => Just(" \t\r\n")],
    ) {
        let mut decoder = Decoder::new();
        let mut digits = Digits::default();
        for (bids, asks) in &frames {
            let frame = depth_frame(bids, asks, space);
            let texts: Vec<(Side, &(String, String))> = bids
                .iter()
                .map(|level| (Side::Bid, level))
                .chain(asks.iter().map(|level| (Side::Ask, level)))
                .collect();
            let has_zero_price = texts.iter().any(|(_, (price, _))| decimal(price) == Decimal::ZERO);
            let result = decoder.decode(frame.as_bytes());
            if has_zero_price {
                let is_bad = matches!(result, Err(Error::BadField { field: "b" | "a", .. }));
                prop_assert!(is_bad, "{:?}", result);
                continue;
            }
            let message = result.unwrap();
            let Body::Depth(update) = message.body else { panic!("{message:?}") };
            prop_assert!(message.digits.price >= digits.price && message.digits.size >= digits.size);
            digits = message.digits;
            prop_assert_eq!(update.levels.len(), texts.len());
            for (level, (side, (price, size))) in update.levels.iter().zip(texts) {
                prop_assert_eq!(level.side, side);
                prop_assert_eq!(Decimal::new(level.price, digits.price), decimal(price));
                prop_assert_eq!(Decimal::new(level.size, digits.size), decimal(size));
            }
        }
    }

    #[test]
    fn a_grid_is_exact_or_says_no(
        mantissa in 0..1_000_000_000_i64,
        digits in 0..9_u8,
        unit in 1..5_000_i64,
        exponent in 0..9_u8,
    ) {
        let tick = Decimal::new(unit, exponent);
        let grid = Grid::new(&spec(Market::BinanceSpot, tick, Decimal::ONE)).unwrap();
        let at = grid.at(Digits { price: digits, size: 0 }).unwrap();
        let value = Decimal::new(mantissa, digits);
        match (at.price(mantissa), value.multiple_of(tick)) {
            (Ok(price), Some(multiple)) => prop_assert_eq!(price.ticks(), multiple),
            (Err(Error::OutOfRange { .. }), Some(multiple)) => {
                prop_assert!(multiple > PRICE_TICKS_MAX);
            }
            (Err(Error::OffGrid { .. }), None) => {
                let below = i128::from(at.price_below(mantissa).unwrap().ticks());
                let tick = i128::from(unit) * 10_i128.pow(digits.into());
                let value = i128::from(mantissa) * 10_i128.pow(exponent.into());
                prop_assert!(below * tick <= value && value < (below + 1) * tick);
            }
            (ours, theirs) => prop_assert!(false, "{:?} {:?}", ours, theirs),
        }
    }
}
