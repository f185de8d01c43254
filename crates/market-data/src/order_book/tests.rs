//! Queues, lots without a name, limits, and a list of orders as the model.

use std::collections::BTreeMap;

use fluxo_core::{Lots, Price, RestingOrder, Side, UnixNanos};
use proptest::prelude::*;

use super::*;

const SMALL: OrderBookConfig = OrderBookConfig { orders_max: 64, levels_max: 32 };

fn order(id: u64, side: Side, price: i64, lots: i64) -> RestingOrder {
    RestingOrder { id, side, price: Price::from_ticks(price), lots: Lots::new(lots) }
}

fn at(time: i64) -> UnixNanos {
    UnixNanos::new(time)
}

fn ids(book: &OrderBook, side: Side, price: i64) -> Vec<u64> {
    book.queue(side, Price::from_ticks(price)).map(|queued| queued.order.id).collect()
}

fn total(book: &OrderBook, side: Side, price: i64) -> i64 {
    book.level(side, Price::from_ticks(price)).map_or(0, |level| level.total().get())
}

#[test]
fn a_queue_is_first_come_first_served_and_smaller_orders_keep_their_place() {
    let mut book = OrderBook::new(SMALL);
    for (time, id) in [(10, 1), (20, 2), (30, 3)] {
        book.add(at(time), &order(id, Side::Bid, 100, 5));
    }
    let smaller = book.take(&order(1, Side::Bid, 100, 2));
    assert_eq!((smaller.level.before.get(), smaller.level.after.get()), (15, 13));
    assert!(!smaller.is_gone);
    assert_eq!(ids(&book, Side::Bid, 100), [1, 2, 3]);
    let gone = book.take(&order(2, Side::Bid, 100, 5));
    assert_eq!((gone.entered, gone.is_gone), (Some(at(20)), true));
    assert_eq!(ids(&book, Side::Bid, 100), [1, 3]);
    let level = book.level(Side::Bid, Price::from_ticks(100)).unwrap();
    assert_eq!((level.orders, level.lots.get(), level.squares), (2, 8, 9 + 25));
    assert_eq!(book.level(Side::Ask, Price::from_ticks(100)), None);
}

#[test]
fn unknown_orders_leave_from_the_lots_without_a_name() {
    let mut book = OrderBook::new(SMALL);
    book.set_level(Side::Ask, Price::from_ticks(101), Lots::new(500));
    book.add(at(1), &order(9, Side::Ask, 101, 30));
    let traded = book.take(&order(77, Side::Ask, 101, 200));
    assert_eq!((traded.level.before.get(), traded.level.after.get()), (530, 330));
    assert_eq!(traded.entered, None);
    // What is not there cannot leave.
    let more = book.take(&order(78, Side::Ask, 101, 400));
    assert_eq!(more.level.after.get(), 30);
    assert_eq!((book.counts().unknown_orders, book.counts().missing_lots), (2, 100));
    assert_eq!(ids(&book, Side::Ask, 101), [9]);
    assert_eq!(book.take(&order(5, Side::Bid, 1, 1)).level.after.get(), 0);
}

#[test]
fn of_two_that_cross_the_older_one_is_a_ghost() {
    let (bid, ask) = (Price::from_ticks(102), Price::from_ticks(101));
    let mut book = OrderBook::new(SMALL);
    book.add(at(1), &order(1, Side::Ask, 101, 3));
    book.add(at(5), &order(2, Side::Bid, 102, 4));
    book.add(at(6), &order(3, Side::Ask, 101, 2));
    let first = book.drop_older(bid, ask).unwrap();
    assert_eq!((first.level.side, first.level.after.get()), (Side::Ask, 2));
    let second = book.drop_older(bid, ask).unwrap();
    assert_eq!((second.level.side, second.entered), (Side::Bid, Some(at(5))));
    assert_eq!(book.drop_older(bid, ask), None);
    // Lots that nobody saw join are the oldest.
    book.set_level(Side::Ask, ask, Lots::new(9));
    book.add(at(0), &order(4, Side::Bid, 102, 1));
    let unseen = book.drop_older(bid, ask).unwrap();
    assert_eq!((unseen.level.before.get(), unseen.level.after.get()), (9, 2));
    assert_eq!((ids(&book, Side::Ask, 101), book.counts().healed_orders), (vec![3], 3));
}

#[test]
fn more_of_an_order_can_trade_than_it_displayed() {
    let mut book = OrderBook::new(SMALL);
    book.add(at(1), &order(1, Side::Bid, 100, 3));
    book.add(at(2), &order(2, Side::Bid, 100, 4));
    let traded = book.take(&order(1, Side::Bid, 100, 13));
    assert_eq!((traded.level.after.get(), traded.is_gone), (4, true));
    assert_eq!((book.counts().hidden_lots, book.counts().missing_lots), (10, 0));
}

#[test]
fn a_level_that_is_said_to_hold_less_than_its_orders_forgets_them() {
    let mut book = OrderBook::new(SMALL);
    book.add(at(1), &order(1, Side::Bid, 100, 5));
    book.add(at(2), &order(2, Side::Bid, 100, 7));
    book.set_level(Side::Bid, Price::from_ticks(100), Lots::new(20));
    let level = book.level(Side::Bid, Price::from_ticks(100)).unwrap();
    assert_eq!((level.orders_min(), level.unseen.get()), (3, 8));
    assert_eq!(level.squares_max(), 25 + 49 + 64);
    book.set_level(Side::Bid, Price::from_ticks(100), Lots::new(11));
    assert_eq!((total(&book, Side::Bid, 100), book.len()), (11, 0));
    assert_eq!(book.counts().contradicted_orders, 2);
    book.set_level(Side::Bid, Price::from_ticks(100), Lots::ZERO);
    assert_eq!(book.level(Side::Bid, Price::from_ticks(100)), None);
}

#[test]
fn a_snapshot_keeps_the_orders_that_fit_it() {
    let mut book = OrderBook::new(SMALL);
    book.add(at(1), &order(1, Side::Bid, 100, 5));
    book.add(at(1), &order(2, Side::Bid, 99, 5));
    let kept = (Side::Bid, Price::from_ticks(100), Lots::new(6));
    book.set_levels([kept].into_iter());
    assert_eq!((total(&book, Side::Bid, 100), total(&book, Side::Bid, 99)), (6, 0));
    assert_eq!(book.order(1).unwrap().order.lots.get(), 5);
    assert_eq!(book.order(2), None);
}

#[test]
fn an_identifier_that_comes_twice_replaces_its_order() {
    let mut book = OrderBook::new(SMALL);
    book.add(at(1), &order(1, Side::Bid, 100, 5));
    book.add(at(2), &order(1, Side::Ask, 103, 2));
    assert_eq!((total(&book, Side::Bid, 100), total(&book, Side::Ask, 103)), (0, 2));
    assert_eq!((book.counts().duplicate_adds, book.len()), (1, 1));
}

#[test]
fn at_its_limits_totals_stay_exact() {
    let mut book = OrderBook::new(OrderBookConfig { orders_max: 2, levels_max: 2 });
    for id in 1..=4 {
        book.add(at(1), &order(id, Side::Bid, 100, 5));
    }
    assert_eq!((total(&book, Side::Bid, 100), book.len()), (20, 2));
    assert_eq!(book.counts().unnamed_orders, 2);
    // The third and the fourth leave all the same.
    book.take(&order(4, Side::Bid, 100, 5));
    assert_eq!((total(&book, Side::Bid, 100), book.counts().missing_lots), (15, 0));
    book.add(at(1), &order(8, Side::Bid, 99, 1));
    book.add(at(1), &order(9, Side::Bid, 98, 1));
    assert_eq!((book.counts().lost_levels, total(&book, Side::Bid, 98)), (1, 0));
}

/// Saves a book and reads it back.
fn saved(book: &OrderBook) -> (OrderBook, Vec<u8>) {
    let bytes = postcard::to_stdvec(book).unwrap();
    (postcard::from_bytes(&bytes).unwrap(), bytes)
}

#[test]
fn a_saved_book_goes_on_as_if_nothing_had_been() {
    let mut book = OrderBook::new(SMALL);
    for id in 0..20 {
        let (side, price) = if id % 3 == 0 { (Side::Bid, 99) } else { (Side::Ask, 100) };
        book.add(at(id), &order(id.unsigned_abs(), side, price, 1 + id));
    }
    book.take(&order(7, Side::Ask, 100, 8));
    book.take(&order(50, Side::Ask, 100, 8));
    book.set_level(Side::Bid, Price::from_ticks(98), Lots::new(3));
    let (mut again, bytes) = saved(&book);
    assert_eq!(again.counts(), book.counts());
    for step in [order(8, Side::Ask, 100, 4), order(10, Side::Ask, 100, 11)] {
        assert_eq!(again.take(&step), book.take(&step));
    }
    assert_eq!(ids(&again, Side::Ask, 100), ids(&book, Side::Ask, 100));
    assert_eq!(saved(&again).1, saved(&book).1);
    assert_ne!(saved(&again).1, bytes);
}

proptest! {
    /// Against orders in a sorted list.
    #[test]
    fn it_holds_what_a_list_of_orders_holds(
        steps in proptest::collection::vec((0_u64..40, 0_i64..6, 1_i64..9, any::<bool>()), 0..400)
    ) {
        let mut book = OrderBook::new(SMALL);
        let mut model: BTreeMap<u64, (i64, RestingOrder)> = BTreeMap::new();
        for (time, (id, price, lots, bid)) in (0_i64..).zip(steps) {
            let side = if bid { Side::Bid } else { Side::Ask };
            if let Some((_, known)) = model.get_mut(&id) {
                let taken = RestingOrder { lots: Lots::new(lots).min(known.lots), ..*known };
                let change = book.take(&taken);
                known.lots -= taken.lots;
                prop_assert_eq!(change.is_gone, known.lots == Lots::ZERO);
                if change.is_gone {
                    model.remove(&id);
                }
            } else {
                let order = order(id, side, price, lots);
                book.add(at(time), &order);
                model.insert(id, (time, order));
            }
            prop_assert_eq!(book.len(), model.len());
        }
        for side in Side::BOTH {
            for price in 0..6 {
                let mut there: Vec<_> = model
                    .values()
                    .filter(|(_, o)| (o.side, o.price.ticks()) == (side, price))
                    .collect();
                there.sort_by_key(|(time, _)| *time);
                let wanted: Vec<u64> = there.iter().map(|(_, o)| o.id).collect();
                prop_assert_eq!(ids(&book, side, price), wanted);
                let lots: i64 = there.iter().map(|(_, o)| o.lots.get()).sum();
                prop_assert_eq!(total(&book, side, price), lots);
                let squares: i128 = there.iter().map(|(_, o)| square(o.lots.get())).sum();
                let level = book.level(side, Price::from_ticks(price));
                prop_assert_eq!(level.map_or(0, |level| level.squares), squares);
            }
        }
    }
}
