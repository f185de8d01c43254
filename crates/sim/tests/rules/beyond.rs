//! Prints and books beyond our price.

use expect_test::expect;

use super::check;

#[test]
fn a_print_beyond_our_price_fills_us_at_our_price() {
    check(
        "snap b99x5 a101x2 | #1 buy 3 limit 99 | sold 2 at 98 | sold 2 at 97",
        expect![[r#"
        #1 Accepted
        #1 TradeThrough 2 at 99, 1 open
        #1 TradeThrough 1 at 99, 0 open
    "#]],
    );
}

#[test]
fn a_print_is_shared_by_price_and_time() {
    check(
        "snap b95x5 a101x2 | #1 buy 2 limit 98 | #2 buy 2 limit 99 | #3 buy 2 limit 98 | \
         sold 5 at 97",
        expect![[r#"
        #1 Accepted
        #2 Accepted
        #3 Accepted
        #2 TradeThrough 2 at 99, 0 open
        #1 TradeThrough 2 at 98, 0 open
        #3 TradeThrough 1 at 98, 1 open
        #3 rests 1 at 98 behind 0
    "#]],
    );
    check(
        "snap b97x5 a101x2 | #1 buy 4 limit 99 | #2 buy 4 limit 97 | sold 12 at 97",
        expect![[r#"
        #1 Accepted
        #2 Accepted
        #1 TradeThrough 4 at 99, 0 open
        #2 QueueReached 3 at 97, 1 open
        #2 rests 1 at 97 behind 0
    "#]],
    );
}

#[test]
fn off_market_prints_and_prints_of_nobody_fill_nothing() {
    check(
        "snap b99x5 a101x2 | #1 buy 3 limit 99 | off 50 at 90 | crossed 50 at 99 | crossed 50 at 90",
        expect![[r#"
        #1 Accepted
        #1 rests 3 at 99 behind 5
    "#]],
    );
}

#[test]
fn the_other_side_at_our_price_fills_us_with_what_is_shown() {
    check(
        "snap b99x5 a101x2 | #1 buy 3 limit 100 | book a100x2",
        expect![[r#"
        #1 Accepted
        #1 Crossed 2 at 100, 1 open
        #1 rests 1 at 100 behind 0
    "#]],
    );
    check(
        "snap b99x5 a101x2 | #1 buy 3 limit 100 | book a98x9",
        expect![[r#"
        #1 Accepted
        #1 Crossed 3 at 100, 0 open
    "#]],
    );
    check(
        "snap b99x5 a101x2 | #1 buy 3 limit 100 | #2 buy 3 limit 99 | book a98x2 a99x2 a100x9",
        expect![[r#"
        #1 Accepted
        #2 Accepted
        #1 Crossed 2 at 100, 1 open
        #1 Crossed 1 at 100, 0 open
        #2 Crossed 1 at 99, 2 open
        #2 rests 2 at 99 behind 5
    "#]],
    );
}

#[test]
fn what_crossed_us_crosses_again_only_when_it_is_named_again() {
    check(
        "snap b99x5 a101x2 | #1 buy 9 limit 100 | book a100x2 | book b99x6 | book a100x3",
        expect![[r#"
        #1 Accepted
        #1 Crossed 2 at 100, 7 open
        #1 Crossed 3 at 100, 4 open
        #1 rests 4 at 100 behind 0
    "#]],
    );
}
