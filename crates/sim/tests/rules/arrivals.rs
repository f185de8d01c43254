//! Arrivals that are refused.

use expect_test::expect;
use fluxo_sim::VenueConfig;

use super::{check, check_with, support};

#[test]
fn a_post_only_order_never_takes() {
    check(
        "snap b99x9 a101x2 | #1 buy 1 post 101 | #2 buy 1 post 100 | #3 sell 1 post 99",
        expect![[r#"
        #1 WouldCross
        #2 Accepted
        #3 WouldCross
        #2 rests 1 at 100 behind 0
    "#]],
    );
}

#[test]
fn a_level_that_we_emptied_still_refuses_a_post_only_order() {
    check(
        "snap b99x9 a101x2 a103x1 | #1 buy 2 ioc 101 | #2 buy 1 post 101",
        expect![[r#"
        #1 Accepted
        #1 Took 2 at 101, 0 open
        #2 WouldCross
    "#]],
    );
}

#[test]
fn malformed_and_repeated_orders_are_refused() {
    check(
        "snap b99x9 a101x2 | #1 buy 0 limit 99 | #2 buy -1 market | #1 buy 1 limit 99",
        expect![[r#"
        #1 Invalid
        #2 Invalid
        #1 DuplicateId
    "#]],
    );
    check(
        "snap b99x9 a101x2 | #1 buy 1 limit 99 | #1 buy 1 limit 98 | cancel #1 | #1 buy 1 limit 99",
        expect![[r#"
        #1 Accepted
        #1 DuplicateId
        #1 Canceled 1
        #1 DuplicateId
    "#]],
    );
    check(
        "snap b99x9 a101x2 | #1 buy 9223372036854775807 limit 9007199254740992",
        expect![[r#"
        #1 Invalid
    "#]],
    );
}

#[test]
fn a_cancel_of_nothing_is_refused() {
    check(
        "snap b99x9 a101x2 | cancel #1 | #1 buy 1 limit 99 | cancel #1 | cancel #1",
        expect![[r#"
        #1 CancelRejected
        #1 Accepted
        #1 Canceled 1
        #1 CancelRejected
    "#]],
    );
}

#[test]
fn at_the_limit_of_open_orders_only_takers_pass() {
    let config = VenueConfig { open_orders_max: 1, ..support::config().venue };
    let steps = "snap b99x9 a101x2 | #1 buy 1 limit 98 | #2 buy 1 limit 98 | #3 buy 1 ioc 101 | cancel #1 | \
        #4 buy 1 post 98";
    check_with(
        config,
        steps,
        &expect![[r#"
        #1 Accepted
        #2 MarketUnavailable
        #3 Accepted
        #3 Took 1 at 101, 0 open
        #1 Canceled 1
        #4 Accepted
        #4 rests 1 at 98 behind ?
    "#]],
    );
}

#[test]
fn without_a_whole_book_nothing_is_accepted() {
    check(
        "#1 buy 1 limit 99 | book b99x9 a101x2 | #2 buy 1 market | snap b99x9 | #3 buy 1 limit 99",
        expect![[r#"
        #1 MarketUnavailable
        #2 MarketUnavailable
        #3 Accepted
        #3 rests 1 at 99 behind 9
    "#]],
    );
    check(
        "snap b99x9 a101x2 | gap | #1 buy 1 limit 99 | book b99x9 | #2 buy 1 limit 99",
        expect![[r#"
        #1 MarketUnavailable
        #2 MarketUnavailable
    "#]],
    );
    check(
        "snap b99x9 a101x2 | halt | #1 buy 1 limit 99 | open | #2 buy 1 limit 99",
        expect![[r#"
        #1 MarketUnavailable
        #2 Accepted
        #2 rests 1 at 99 behind 9
    "#]],
    );
}
