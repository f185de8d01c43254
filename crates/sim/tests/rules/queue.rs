//! The queue ahead of an order that rests.

use expect_test::expect;

use super::check;

#[test]
fn prints_eat_the_queue_ahead_and_then_fill_us() {
    check(
        "snap b99x5 a101x2 | #1 buy 3 limit 99 | sold 4 at 99 | sold 2 at 99 | sold 9 at 99",
        expect![[r#"
        #1 Accepted
        #1 QueueReached 1 at 99, 2 open
        #1 QueueReached 2 at 99, 0 open
    "#]],
    );
    check(
        "snap b99x5 a101x2 | #1 sell 3 limit 101 | bought 1 at 101 | bought 2 at 101",
        expect![[r#"
        #1 Accepted
        #1 QueueReached 1 at 101, 2 open
        #1 rests 2 at 101 behind 0
    "#]],
    );
}

#[test]
fn prints_on_the_other_side_or_behind_us_do_nothing() {
    check(
        "snap b99x5 b98x1 a101x2 | #1 buy 3 limit 98 | bought 9 at 98 | sold 9 at 99",
        expect![[r#"
        #1 Accepted
        #1 rests 3 at 98 behind 1
    "#]],
    );
}

#[test]
fn what_leaves_the_book_without_a_trade_was_behind_us() {
    check(
        "snap b99x5 a101x2 | #1 buy 3 limit 99 | book b99x9 | book b99x5 | book b99x4",
        expect![[r#"
        #1 Accepted
        #1 rests 3 at 99 behind 4
    "#]],
    );
}

#[test]
fn a_trade_is_counted_once_whether_the_book_or_the_print_comes_first() {
    check(
        "snap b99x9 a101x2 | #1 buy 3 limit 99 | book b99x5 | sold 4 at 99",
        expect![[r#"
        #1 Accepted
        #1 rests 3 at 99 behind 5
    "#]],
    );
    check(
        "snap b99x9 a101x2 | #1 buy 3 limit 99 | sold 4 at 99 | book b99x5",
        expect![[r#"
        #1 Accepted
        #1 rests 3 at 99 behind 5
    "#]],
    );
    check(
        "snap b99x9 a101x2 | #1 buy 3 limit 99 | book b99x5 | wait 260 | sold 4 at 99",
        expect![[r#"
        #1 Accepted
        #1 rests 3 at 99 behind 1
    "#]],
    );
}

#[test]
fn a_print_that_was_made_before_we_arrived_does_not_count() {
    check(
        "snap b99x5 a101x2 | #1 buy 3 limit 99 | late 1 sold 7 at 99",
        expect![[r#"
        #1 Accepted
        #1 rests 3 at 99 behind 5
    "#]],
    );
    check(
        "snap b99x5 a101x2 | #1 buy 3 limit 99 | wait 1 | late 1 sold 7 at 99",
        expect![[r#"
        #1 Accepted
        #1 QueueReached 2 at 99, 1 open
        #1 rests 1 at 99 behind 0
    "#]],
    );
    check(
        "snap b99x5 a101x2 | #1 buy 3 limit 99 | late 1 sold 7 at 98",
        expect![[r#"
        #1 Accepted
        #1 rests 3 at 99 behind 5
    "#]],
    );
}

#[test]
fn our_own_orders_at_one_price_are_served_in_order() {
    check(
        "snap b99x5 a101x2 | #1 buy 3 limit 99 | book b99x8 | #2 buy 3 limit 99 | sold 9 at 99",
        expect![[r#"
        #1 Accepted
        #2 Accepted
        #1 QueueReached 3 at 99, 0 open
        #2 rests 3 at 99 behind 2
    "#]],
    );
    check(
        "snap b99x5 a101x2 | #1 buy 3 limit 99 | #2 buy 3 limit 99 | sold 7 at 99 | sold 3 at 99",
        expect![[r#"
        #1 Accepted
        #2 Accepted
        #1 QueueReached 2 at 99, 1 open
        #1 QueueReached 1 at 99, 0 open
        #2 QueueReached 2 at 99, 1 open
        #2 rests 1 at 99 behind 0
    "#]],
    );
}

#[test]
fn others_that_our_first_order_displaced_still_wait_before_our_second() {
    // The print of 5 hits us instead of the 5 that the recording takes away.
    check(
        "snap b98x1 a101x2 | #1 buy 5 limit 99 | book b99x5 | #2 buy 5 limit 99 | sold 5 at 99 | \
         book b99x0 | sold 5 at 99 | sold 5 at 99",
        expect![[r#"
        #1 Accepted
        #2 Accepted
        #1 QueueReached 5 at 99, 0 open
        #2 QueueReached 5 at 99, 0 open
    "#]],
    );
}

#[test]
fn what_is_doubtful_for_our_first_order_is_doubtful_for_our_second() {
    // The book shows a trade of 4 before its print does. #2 comes in between, and the print must not
    // shorten its queue either.
    check(
        "snap b99x9 a101x2 | #1 buy 1 limit 99 | book b99x5 | #2 buy 1 limit 99 | sold 4 at 99",
        expect![[r#"
            #1 Accepted
            #2 Accepted
            #1 rests 1 at 99 behind 5
            #2 rests 1 at 99 behind 5
        "#]],
    );
    // #1 at 99 has others displaced before it by #3 at 100; #2 comes after them too.
    check(
        "snap b99x2 a105x2 | #1 buy 1 limit 99 | #3 buy 2 limit 100 | sold 2 at 99 | \
         #2 buy 1 limit 99 | book b99x0",
        expect![[r#"
            #1 Accepted
            #3 Accepted
            #3 TradeThrough 2 at 100, 0 open
            #2 Accepted
            #1 rests 1 at 99 behind 2
            #2 rests 1 at 99 behind 2
        "#]],
    );
}

#[test]
fn an_order_that_improves_the_book_is_first() {
    check(
        "snap b99x5 a103x2 | #1 buy 3 limit 100 | book b100x7 | sold 2 at 100",
        expect![[r#"
        #1 Accepted
        #1 QueueReached 2 at 100, 1 open
        #1 rests 1 at 100 behind 0
    "#]],
    );
}

#[test]
fn an_order_at_a_price_that_was_never_named_waits_behind_what_is_shown_first() {
    check(
        "snap b99x5 b95x1 a103x2 | #1 buy 3 limit 97 | book b99x6 | sold 9 at 97 | \
         book b97x4 | sold 5 at 97",
        expect![[r#"
        #1 Accepted
        #1 QueueReached 1 at 97, 2 open
        #1 rests 2 at 97 behind 0
    "#]],
    );
    check(
        "snap b99x5 b95x1 a103x2 | #1 buy 3 limit 97 | book b99x0 | sold 2 at 97",
        expect![[r#"
        #1 Accepted
        #1 QueueReached 2 at 97, 1 open
        #1 rests 1 at 97 behind 0
    "#]],
    );
}

#[test]
fn consumed_lots_are_not_ahead_of_us() {
    check(
        "snap b99x5 a101x5 | #1 sell 3 ioc 99 | #2 buy 1 limit 99",
        expect![[r#"
        #1 Accepted
        #1 Took 3 at 99, 0 open
        #2 Accepted
        #2 rests 1 at 99 behind 2
    "#]],
    );
}
