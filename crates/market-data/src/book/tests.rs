//! The book in a short language: `side price x lots`.

use fluxo_core::{BatchKind, BookBatch, LevelUpdate, Lots, Price, Side};

use super::*;

/// Reads `bid 100x5 | ask 102x0`, in order.
fn batch(kind: BatchKind, text: &str) -> BookBatch {
    let level = |part: &str| {
        let (side, rest) = part.trim().split_once(' ').unwrap();
        let (price, lots) = rest.split_once('x').unwrap();
        LevelUpdate {
            side: if side == "bid" { Side::Bid } else { Side::Ask },
            price: Price::from_ticks(price.parse().unwrap()),
            lots: Lots::new(lots.parse().unwrap()),
        }
    };
    BookBatch { kind, update_id: 7, levels: text.split('|').map(level).collect() }
}

/// `bid 100x5 99x2 | ask 102x1`, best first.
fn show(book: &Book) -> String {
    let side = |side, name: &str| {
        book.levels(side).fold(name.to_owned(), |text, level| {
            format!("{text} {}x{}", level.price.ticks(), level.lots.get())
        })
    };
    format!("{} | {}", side(Side::Bid, "bid"), side(Side::Ask, "ask"))
}

fn small() -> Book {
    Book::new(BookConfig { window_ticks: BookConfig::WINDOW_TICKS_MIN })
}

fn check(updates: &str, expected: &str) -> Book {
    let mut book = small();
    book.apply(&batch(BatchKind::Update, updates), |_| ());
    assert_eq!(show(&book), expected);
    for side in Side::BOTH {
        assert_eq!(book.best(side), book.levels(side).next());
        assert_eq!(book.level_count(side), book.levels(side).count());
    }
    book
}

#[test]
fn sizes_are_absolute_and_zero_removes() {
    check("bid 100x5 | bid 100x3 | ask 102x1 | bid 99x2", "bid 100x3 99x2 | ask 102x1");
    check("bid 100x5 | bid 99x2 | bid 100x0", "bid 99x2 | ask");
    check("ask 100x5 | ask 100x0", "bid | ask");
    check("ask 100x0", "bid | ask");
}

#[test]
fn levels_far_from_the_touch_are_kept() {
    let far = "bid 1000000x1 | bid 5x2 | bid 999999x3 | ask 1000001x1 | ask 9000000x4";
    check(far, "bid 1000000x1 999999x3 5x2 | ask 1000001x1 9000000x4");
    check("bid 1000000x1 | bid 5x2 | bid 5x0 | bid 4x1 | bid 4x9", "bid 1000000x1 4x9 | ask");
}

#[test]
fn the_window_follows_the_best_price_both_ways() {
    // Away from the market, over the far levels, and back.
    let away = "ask 10x1 | ask 5000x2 | ask 5300x3 | ask 10x0 | ask 5000x0";
    check(away, "bid | ask 5300x3");
    check("ask 5300x3 | ask 10x1 | ask 5299x2", "bid | ask 10x1 5299x2 5300x3");
    check("bid 10x1 | bid 5300x3 | bid 300x4", "bid 5300x3 300x4 10x1 | ask");
}

#[test]
fn a_change_reports_what_was_there() {
    let mut book = small();
    let mut changes = Vec::new();
    book.apply(&batch(BatchKind::Update, "bid 10x1 | bid 10x4 | bid 10x4 | bid 9x0"), |change| {
        changes.push((change.price.ticks(), change.before.get(), change.after.get()));
    });
    assert_eq!(changes, [(10, 0, 1), (10, 1, 4), (10, 4, 4), (9, 0, 0)]);
    assert_eq!(book.update_id(), Some(7));
}

#[test]
fn a_snapshot_replaces_everything() {
    let mut book = check("bid 100x5 | bid 1x1 | ask 102x1", "bid 100x5 1x1 | ask 102x1");
    book.apply(&batch(BatchKind::Snapshot, "bid 9000x1 | bid 8990x2 | bid 8990x3"), |_| ());
    assert_eq!(show(&book), "bid 9000x1 8990x3 | ask");
    book.clear();
    assert_eq!((show(&book).as_str(), book.update_id()), ("bid | ask", None));
}

#[test]
fn a_crossed_book_is_reported_and_left() {
    assert!(!check("bid 100x5 | ask 101x1", "bid 100x5 | ask 101x1").is_crossed());
    assert!(check("bid 101x5 | ask 101x1", "bid 101x5 | ask 101x1").is_crossed());
    assert!(!check("bid 101x5", "bid 101x5 | ask").is_crossed());
}

#[test]
fn a_finer_grid_restates_every_level() {
    let mut book = check("bid 100x5 | bid 1x1 | ask 102x1", "bid 100x5 1x1 | ask 102x1");
    book.rescale(10, 100).unwrap();
    assert_eq!(show(&book), "bid 1000x500 10x100 | ask 1020x100");
    assert_eq!(book.update_id(), Some(7));
    let failed = Error::Rescale { price_factor: i64::MAX, lots_factor: 1 };
    assert_eq!(book.rescale(i64::MAX, 1), Err(failed));
    assert_eq!(show(&book), "bid | ask");
}

#[test]
#[should_panic(expected = "negative lots")]
fn negative_lots_are_a_bug() {
    small().apply(&batch(BatchKind::Update, "bid 1x-1"), |_| ());
}
