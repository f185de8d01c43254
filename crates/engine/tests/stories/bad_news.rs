//! What the engine does when the market goes, money is lost, or somebody is wrong.

use fluxo_core::{Cash, Lots};

use crate::story::{ONE, ONLY, Story, told};

const QUOTED: &str = "place 1 bid 1@100, place 2 ask 1@101";
const WITHDRAWN: &str = "cancel 1 NoMarket, cancel 2 NoMarket";
const HALTED: &str = "cancel 1 Halted, cancel 2 Halted";

#[test]
fn quotes_leave_at_once_when_the_market_does() {
    assert_eq!(told("book 100 101 | row"), QUOTED);
    for news in ["gap", "boundary", "auction", "halt", "closed"] {
        assert_eq!(told(&format!("book 100 101 | row | {news}")), WITHDRAWN, "{news}");
        // Once, however often it is said.
        for next in [news, "row"] {
            assert_eq!(told(&format!("book 100 101 | row | {news} | {next}")), "", "{news} {next}");
        }
    }
    assert_eq!(told("book 100 101 | row | continuous"), "");
}

#[test]
fn a_row_from_before_the_gap_trades_no_more_after_it() {
    // No timer closed the grid times 1 000 and 1 100: the gap itself does.
    let gone = Story::of(1, "book 100 101 | later 150 | gap");
    assert_eq!((gone.last().as_str(), gone.engine.stats().rows), ("", 2));
}

#[test]
fn quotes_leave_when_the_book_grows_stale() {
    let fresh = "book 100 101 | row | later 4790 | row";
    assert_eq!(told(fresh), "");
    assert_eq!(told(&format!("{fresh} | row")), WITHDRAWN);
    // Also where no row says so.
    let mut story = Story::of(1, fresh);
    let rows = story.engine.stats().rows;
    assert_eq!(story.go_on("later 80 | timer").last(), WITHDRAWN);
    assert_eq!(story.engine.stats().rows, rows);
}

#[test]
fn quotes_come_back_with_the_market() {
    let back = "book 100 101 | row | gap | canceled 1 1 | canceled 2 1 | row | book 100 101 | row";
    assert_eq!(told(back), "place 3 bid 1@100, place 4 ask 1@101");
}

/// A bid of `lots` is filled by one lot at 51 more than it is worth; then a row.
fn a_lost_day(lots: i64) -> Story {
    let cash = -151 * ONE;
    Story::of(lots, &format!("book 100 101 | row | fill 1 bid 1 {} {cash} | row", lots - 1))
}

#[test]
fn a_lost_day_withdraws_and_leaves_the_way_out() {
    let mut story = a_lost_day(1);
    let refused = "refuse bid 1@100 Reducing, refuse ask 1@101 Reducing";
    assert_eq!(story.last(), format!("Reducing by DailyLoss, cancel 2 Halted, {refused}"));
    // Once the old ask is gone, a new one is no way through zero.
    let out = "refuse bid 1@100 Reducing, place 3 ask 1@101";
    assert_eq!(story.go_on("canceled 2 1 | row").last(), out);
}

#[test]
fn the_way_out_ends_at_zero() {
    let mut story = a_lost_day(3);
    let out = "refuse bid 3@100 Reducing, place 3 ask 1@101";
    assert_eq!(story.go_on("canceled 1 2 | canceled 2 3 | row").last(), out);
}

#[test]
fn an_operator_halts_and_resumes() {
    let mut story = Story::of(1, "book 100 101 | row | operator halt");
    assert_eq!(story.last(), format!("Halted by Operator, {HALTED}"));
    assert_eq!(story.go_on("canceled 1 1 | canceled 2 1 | row").last(), "");
    assert_eq!(story.go_on("operator resume").last(), "Active by Operator");
    assert_eq!(story.go_on("row").last(), "place 3 bid 1@100, place 4 ask 1@101");
}

#[test]
fn a_check_that_fails_halts() {
    // Profit that no longer fits its type once the position is added to it.
    let story = format!("book 100 101 | row | fill 1 bid 1 0 {} | row", i128::MAX);
    assert_eq!(told(&story), "Halted by CheckFailed, cancel 2 Halted");
    assert_eq!(told(&format!("{story} | canceled 2 1 | row")), "");
}

#[test]
fn an_answer_that_contradicts_halts() {
    let cash = -100 * ONE;
    for (answer, position) in [
        (format!("fill 9 bid 1 0 {cash}"), 1),
        (format!("fill 1 ask 1 0 {cash}"), -1),
        (format!("fill 1 bid 2 0 {cash}"), 2),
        (format!("fill 1 bid 0 1 {cash}"), 0),
        ("canceled 9 1".to_owned(), 0),
    ] {
        let mut story = Story::of(1, &format!("book 100 101 | row | {answer}"));
        assert_eq!(story.last(), format!("Halted by CheckFailed, {HALTED}"), "{answer}");
        // What the venue says has traded is in the books, and nothing more is sent.
        assert_eq!(story.engine.ledger(ONLY).position, Lots::new(position), "{answer}");
        let stats = story.engine.stats();
        assert_eq!((stats.contradictions, stats.fills), (1, u64::from(position != 0)), "{answer}");
        assert_eq!(story.go_on(&answer).last(), "");
        assert_eq!(story.go_on("row").last(), "");
    }
}

#[test]
fn a_position_without_a_price_has_no_value() {
    let nothing = Story::of(1, "row");
    assert_eq!(nothing.engine.equity(ONLY), Some(Cash::ZERO));
    let held = Story::of(1, "fill 9 bid 1 0 -100");
    assert_eq!(held.engine.equity(ONLY), None);
}

#[test]
fn the_same_events_make_the_same_chain() {
    let day = "book 100 101 | row | fill 1 bid 1 0 -100 | row | gap | book 99 101 | row";
    let chain = |story| Story::of(1, story).engine.chain().hex();
    assert_eq!(chain(day), chain(day));
    assert_ne!(chain(day), chain("book 100 101 | row"));
}
