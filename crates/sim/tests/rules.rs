//! Every rule of the simulated venue, one small market each.
//!
//! A market is a line of steps, 1 ms apart, separated by `|`:
//! `snap b100x5 a102x3` and `book b100x4` are batches; `sold 3 at 100`, `bought`, `crossed` (nobody
//! knows who took) and `off` are prints, `late 5 sold 3 at 100` is one that was made 5 ms earlier;
//! `#1 buy 2 limit 100` is an order of ours (`post`, `ioc`, `market`), `cancel #1` its end; `gap`,
//! `halt`, `auction` and `open` are news; `finer 10 100` refines tick and lot; `wait 300` passes ms.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/script.rs"]
mod script;
mod support;

use std::fmt::Write as _;

use expect_test::{Expect, expect};
use fluxo_core::{InstrumentSpec, Lots, MarketEvent, Nanos, OrderEvent, UnixNanos};
use fluxo_sim::{SimVenue, VenueConfig, VenueTime};
use script::{INSTRUMENT, describe, id, market_data, number, order};

const STEP: Nanos = Nanos::from_millis(1);

struct Stage {
    venue: SimVenue,
    spec: InstrumentSpec,
    now: UnixNanos,
    answers: Vec<OrderEvent>,
}

impl Stage {
    fn new(config: VenueConfig) -> Self {
        let spec = support::spec();
        let venue = SimVenue::new(INSTRUMENT, &spec, config).unwrap();
        Self { venue, spec, now: UnixNanos::new(0), answers: Vec::new() }
    }

    fn play(&mut self, steps: &str) {
        for step in steps.split('|') {
            self.step(step);
        }
    }

    fn step(&mut self, text: &str) {
        self.now = self.now + STEP;
        let words: Vec<&str> = text.split_whitespace().collect();
        match words.as_slice() {
            ["wait", millis] => self.now = self.now + Nanos::from_millis(number(millis)),
            ["cancel", number] => self.venue.on_cancel(self.now, id(number), &mut self.answers),
            ["late", millis, rest @ ..] => {
                let stated = self.now - Nanos::from_millis(number(millis));
                self.market(VenueTime { now: self.now, stated }, rest);
            }
            [first, ..] if first.starts_with('#') => {
                self.venue.on_place(self.now, &order(&words), &mut self.answers);
            }
            words => self.market(VenueTime::prompt(self.now), words),
        }
    }

    fn market(&mut self, at: VenueTime, words: &[&str]) {
        let data = market_data(words, at.now, &mut self.spec);
        let event = MarketEvent { instrument: INSTRUMENT, ts_event: Some(at.stated), data };
        self.venue.on_market(at, &event, &mut self.answers);
    }

    /// The answers, then what still rests.
    fn show(&self) -> String {
        let mut text = String::new();
        for event in &self.answers {
            writeln!(text, "#{} {}", event.id, describe(&event.update)).unwrap();
        }
        for order in self.venue.open_orders() {
            let ahead = order.ahead.map_or("?".to_owned(), |ahead| ahead.get().to_string());
            let (remaining, price) = (order.remaining.get(), order.price.ticks());
            writeln!(text, "#{} rests {remaining} at {price} behind {ahead}", order.id).unwrap();
        }
        text
    }
}

fn check_with(config: VenueConfig, steps: &str, expected: &Expect) {
    let mut stage = Stage::new(config);
    stage.play(steps);
    expected.assert_eq(&stage.show());
}

#[expect(clippy::needless_pass_by_value, reason = "reads better at forty call sites")]
fn check(steps: &str, expected: Expect) {
    check_with(support::config().venue, steps, &expected);
}

// --- Takers ------------------------------------------------------------------------------------

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

// --- Arrivals that are refused -----------------------------------------------------------------

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

// --- The queue ---------------------------------------------------------------------------------

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

// --- Beyond our price --------------------------------------------------------------------------

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

// --- Gaps, phases, new units -------------------------------------------------------------------

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
