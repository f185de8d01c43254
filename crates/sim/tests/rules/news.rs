//! Gaps, phases, new units; money.

use expect_test::expect;
use fluxo_core::Lots;

use super::{Stage, check, support};

#[test]
fn after_a_gap_we_are_at_the_back_of_the_queue() {
    check(
        "snap b99x5 a101x2 | #1 buy 3 limit 99 | sold 4 at 99 | gap | sold 9 at 99 | sold 9 at 98 | \
         snap b99x8 a101x2 | sold 7 at 99",
        expect![[r#"
        #1 Accepted
        #1 rests 3 at 99 behind 1
    "#]],
    );
}

#[test]
fn a_market_that_moved_through_us_in_a_gap_fills_us() {
    check(
        "snap b99x5 a101x2 | #1 buy 3 limit 99 | gap | snap b95x5 a97x9",
        expect![[r#"
        #1 Accepted
        #1 Crossed 3 at 99, 0 open
    "#]],
    );
}

#[test]
fn a_cancel_works_while_the_book_is_lost() {
    check(
        "snap b99x5 a101x2 | #1 buy 3 limit 99 | gap | cancel #1",
        expect![[r#"
        #1 Accepted
        #1 Canceled 3
    "#]],
    );
}

#[test]
fn an_auction_fills_nothing_and_sends_us_to_the_back() {
    check(
        "snap b99x5 a101x2 | #1 buy 3 limit 99 | sold 4 at 99 | auction | book b99x9 a98x4 | \
         sold 9 at 98 | book a98x0 | open | sold 8 at 99",
        expect![[r#"
        #1 Accepted
        #1 rests 3 at 99 behind 1
    "#]],
    );
}

#[test]
fn a_finer_grid_restates_orders_queues_and_what_we_took() {
    check(
        "snap b99x5 a101x2 a102x1 | #1 buy 3 limit 99 | #2 buy 1 ioc 101 | sold 1 at 99 | \
         finer 10 100 | #3 buy 200 ioc 1010 | sold 500 at 990",
        expect![[r#"
        #1 Accepted
        #2 Accepted
        #2 Took 1 at 101, 0 open
        #3 Accepted
        #3 Took 100 at 1010, 100 open
        #3 Expired 100
        #1 QueueReached 100 at 990, 200 open
        #1 rests 200 at 990 behind 0
    "#]],
    );
}

#[test]
fn our_orders_keep_their_order_at_the_back_of_the_queue() {
    check(
        "snap b99x5 a101x2 | #1 buy 1 limit 99 | #2 buy 1 limit 99 | gap | snap b99x2 a101x2 | \
         sold 4 at 99",
        expect![[r#"
        #1 Accepted
        #2 Accepted
        #1 QueueReached 1 at 99, 0 open
        #2 QueueReached 1 at 99, 0 open
    "#]],
    );
}

#[test]
fn money_is_exact_and_against_us() {
    let mut stage = Stage::new(support::config().venue);
    stage.play("snap b618000x5 a618002x5 | #1 buy 3 market");
    stage.play("#2 sell 3 limit 618002 | bought 9 at 618002");
    let ledger = stage.venue.ledger();
    assert_eq!((ledger.position, ledger.fills), (Lots::ZERO, 2));
    assert_eq!(ledger.cash.to_string(), "0.00000000");
    // 5 bps and 2 bps of 185.4006: 0.0927003 and 0.03708012.
    assert_eq!(ledger.fees.to_string(), "0.12978042");
}
