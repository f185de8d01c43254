//! The promises of the vocabulary, everywhere: no silent overflow, no float past the door.

use std::panic::catch_unwind;

use fluxo_core::{
    Cash, Decimal, Lots, Nanos, PRICE_TICKS_MAX, Price, Side, Ticks, UnixNanos, passive_price,
};
use proptest::prelude::*;

/// An operator either agrees with arithmetic that cannot overflow, or panics.
fn agrees_or_panics(result: std::thread::Result<i128>, truth: Option<i128>) {
    match (result, truth) {
        (Ok(value), Some(truth)) => assert_eq!(value, truth),
        (Err(_), None) => {}
        (Ok(value), None) => panic!("silent overflow: {value}"),
        (Err(_), Some(truth)) => panic!("panicked although {truth} fits"),
    }
}

fn fits_i64(value: i128) -> Option<i128> {
    i64::try_from(value).ok().map(i128::from)
}

fn fits_price(value: i128) -> Option<i128> {
    (value.abs() <= i128::from(PRICE_TICKS_MAX)).then_some(value)
}

/// Mostly values near the edges, where overflow lives.
fn edgy() -> impl Strategy<Value = i64> {
    prop_oneof![
        any::<i64>(),
        -100_i64..100,
        (0_i64..100).prop_map(|x| i64::MAX - x),
        (0_i64..100).prop_map(|x| i64::MIN + x),
        (-100_i64..100).prop_map(|x| PRICE_TICKS_MAX + x),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_overflow_passes_silently(a in edgy(), b in edgy()) {
        std::panic::set_hook(Box::new(|_| {}));
        let (wa, wb) = (i128::from(a), i128::from(b));
        agrees_or_panics(catch_unwind(|| i128::from((Lots::new(a) + Lots::new(b)).get())), fits_i64(wa + wb));
        agrees_or_panics(catch_unwind(|| i128::from((Lots::new(a) - Lots::new(b)).get())), fits_i64(wa - wb));
        agrees_or_panics(catch_unwind(|| i128::from((-Lots::new(a)).get())), fits_i64(-wa));
        agrees_or_panics(catch_unwind(|| i128::from((Lots::new(a) * b).get())), fits_i64(wa * wb));
        agrees_or_panics(catch_unwind(|| i128::from((Ticks::new(a) * b).get())), fits_i64(wa * wb));
        agrees_or_panics(catch_unwind(|| i128::from((Ticks::new(a) - Ticks::new(b)).get())), fits_i64(wa - wb));
        agrees_or_panics(catch_unwind(|| i128::from((Nanos::new(a) + Nanos::new(b)).get())), fits_i64(wa + wb));
        agrees_or_panics(catch_unwind(|| i128::from((UnixNanos::new(a) + Nanos::new(b)).get())), fits_i64(wa + wb));
        agrees_or_panics(catch_unwind(|| i128::from((UnixNanos::new(a) - UnixNanos::new(b)).get())), fits_i64(wa - wb));
        if let (Some(price), Some(other)) = (Price::new(a), Price::new(b)) {
            prop_assert_eq!(i128::from((price - other).get()), wa - wb);
        }
        if let Some(price) = Price::new(a) {
            agrees_or_panics(catch_unwind(|| i128::from((price + Ticks::new(b)).ticks())), fits_price(wa + wb));
        }
        drop(std::panic::take_hook());
    }

    #[test]
    fn cash_is_checked_at_128_bits(a in any::<i128>(), b in any::<i128>()) {
        std::panic::set_hook(Box::new(|_| {}));
        agrees_or_panics(catch_unwind(|| (Cash::from_units(a) + Cash::from_units(b)).units()), a.checked_add(b));
        agrees_or_panics(catch_unwind(|| (Cash::from_units(a) - Cash::from_units(b)).units()), a.checked_sub(b));
        drop(std::panic::take_hook());
    }

    #[test]
    fn a_float_enters_in_its_direction_or_not_at_all(wanted in any::<f64>()) {
        for side in Side::BOTH {
            let Some(price) = passive_price(side, wanted) else {
                // Only what is no price is refused.
                prop_assert!(!wanted.is_finite() || wanted.abs() > PRICE_TICKS_MAX as f64 - 1.0);
                continue;
            };
            let ticks = price.ticks() as f64;
            // Never more than one tick away; a wish of 5e-324 is one whole tick from its ask.
            prop_assert!((ticks - wanted).abs() <= 1.0);
            match side {
                Side::Bid => prop_assert!(ticks <= wanted),
                Side::Ask => prop_assert!(ticks >= wanted),
            }
        }
    }

    #[test]
    fn decimals_survive_text(mantissa in any::<i64>(), exponent in 0_u8..19) {
        prop_assume!(mantissa != i64::MIN);
        let value = Decimal::new(mantissa, exponent);
        prop_assert_eq!(value.to_string().parse::<Decimal>(), Ok(value));
    }
}

#[test]
fn what_is_no_number_is_no_price() {
    for side in Side::BOTH {
        for wanted in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300] {
            assert_eq!(passive_price(side, wanted), None);
        }
    }
}
