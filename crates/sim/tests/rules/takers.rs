//! Orders that take.

use expect_test::expect;
use fluxo_sim::VenueConfig;

use super::{check, check_with, support};

#[test]
fn a_taker_walks_the_book_level_by_level() {
    check(
        "snap b99x9 a101x2 a102x3 a103x9 | #1 buy 7 market",
        expect![[r#"
        #1 Accepted
        #1 Took 2 at 101, 5 open
        #1 Took 3 at 102, 2 open
        #1 Took 2 at 103, 0 open
    "#]],
    );
}

#[test]
fn an_ioc_stops_at_its_limit_and_the_rest_expires() {
    check(
        "snap b99x9 a101x2 a102x3 | #1 buy 7 ioc 101 | #2 sell 20 ioc 99",
        expect![[r#"
        #1 Accepted
        #1 Took 2 at 101, 5 open
        #1 Expired 5
        #2 Accepted
        #2 Took 9 at 99, 11 open
        #2 Expired 11
    "#]],
    );
}

#[test]
fn a_marketable_limit_order_takes_and_rests() {
    check(
        "snap b99x9 a101x2 a102x3 | #1 buy 7 limit 101",
        expect![[r#"
        #1 Accepted
        #1 Took 2 at 101, 5 open
        #1 rests 5 at 101 behind 0
    "#]],
    );
}

#[test]
fn a_market_order_takes_what_there_is() {
    check(
        "snap b99x4 | #1 sell 7 market | #2 buy 1 market",
        expect![[r#"
        #1 Accepted
        #1 Took 4 at 99, 3 open
        #1 Expired 3
        #2 Accepted
        #2 Expired 1
    "#]],
    );
}

#[test]
fn what_we_took_stays_taken_until_its_level_is_named() {
    check(
        "snap a101x5 a102x5 | #1 buy 4 ioc 101 | book a102x6 | #2 buy 4 ioc 101",
        expect![[r#"
        #1 Accepted
        #1 Took 4 at 101, 0 open
        #2 Accepted
        #2 Took 1 at 101, 3 open
        #2 Expired 3
    "#]],
    );
    check(
        "snap a101x5 a102x5 | #1 buy 4 ioc 101 | book a101x5 | #2 buy 4 ioc 101",
        expect![[r#"
        #1 Accepted
        #1 Took 4 at 101, 0 open
        #2 Accepted
        #2 Took 4 at 101, 0 open
    "#]],
    );
    check(
        "snap a101x5 a102x5 | #1 buy 5 ioc 101 | #2 buy 4 market",
        expect![[r#"
        #1 Accepted
        #1 Took 5 at 101, 0 open
        #2 Accepted
        #2 Took 4 at 102, 0 open
    "#]],
    );
}

#[test]
fn at_the_limit_of_consumed_levels_a_taker_expires() {
    let config = VenueConfig { consumed_levels_max: 2, ..support::config().venue };
    let steps = "snap a101x1 a102x1 a103x1 | #1 buy 3 limit 110 | #2 buy 1 market | book a101x1 | \
        #3 buy 1 market";
    check_with(
        config,
        steps,
        &expect![[r#"
        #1 Accepted
        #1 Took 1 at 101, 2 open
        #1 Took 1 at 102, 1 open
        #1 Expired 1
        #2 Accepted
        #2 Expired 1
        #3 Accepted
        #3 Took 1 at 101, 0 open
    "#]],
    );
}

#[test]
fn we_never_trade_with_ourselves() {
    check(
        "snap b99x9 a101x2 a105x9 | #1 sell 3 limit 103 | #2 buy 5 market",
        expect![[r#"
        #1 Accepted
        #2 Accepted
        #2 Took 2 at 101, 3 open
        #2 Expired 3
        #1 rests 3 at 103 behind ?
    "#]],
    );
    check(
        "snap b99x9 a105x9 | #1 sell 3 limit 103 | #2 buy 5 limit 104",
        expect![[r#"
        #1 Accepted
        #2 Accepted
        #2 Expired 5
        #1 rests 3 at 103 behind 0
    "#]],
    );
    check(
        "snap b99x9 a105x9 | #1 sell 3 limit 103 | #2 buy 5 post 103",
        expect![[r#"
        #1 Accepted
        #2 WouldCross
        #1 rests 3 at 103 behind 0
    "#]],
    );
    check(
        "snap b99x9 a103x4 | #1 sell 3 post 103 | #2 buy 5 ioc 103",
        expect![[r#"
        #1 Accepted
        #2 Accepted
        #2 Expired 5
        #1 rests 3 at 103 behind 4
    "#]],
    );
}
