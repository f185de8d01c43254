//! The book is two ordered maps.

use std::collections::BTreeMap;

use fluxo_core::{BatchKind, BookBatch, LevelUpdate, Lots, Price, Side};
use fluxo_market_data::{Book, BookConfig};
use proptest::prelude::*;

use crate::model::{Model, assert_same};
use crate::side;

/// Prices that wander: most near a centre that moves, some far away.
fn batches() -> impl Strategy<Value = Vec<BookBatch>> {
    let level = (side(), prop_oneof![6 => -300..300_i64, 1 => -5_000..5_000_i64], 0..4_i64);
    let batch = (
        prop_oneof![9 => Just(BatchKind::Update), 1 => Just(BatchKind::Snapshot)],
        -200..200_i64,
        prop::collection::vec(level, 0..20),
    );
    prop::collection::vec(batch, 1..40).prop_map(|batches| {
        let mut centre = 0;
        let mut update_id = 0;
        let make = |(kind, step, levels): (BatchKind, i64, Vec<(Side, i64, i64)>)| {
            centre += step;
            update_id += 1;
            let level = |(side, offset, lots)| LevelUpdate {
                side,
                price: Price::from_ticks(centre + offset),
                lots: Lots::new(lots),
            };
            BookBatch { kind, update_id, levels: levels.into_iter().map(level).collect() }
        };
        batches.into_iter().map(make).collect()
    })
}

proptest! {
    #[test]
    fn the_book_is_two_ordered_maps(batches in batches()) {
        let mut book = Book::new(BookConfig { window_ticks: BookConfig::WINDOW_TICKS_MIN });
        let mut model = Model::default();
        for batch in &batches {
            let mut changes = Vec::new();
            book.apply(batch, |change| changes.push(change));
            if batch.kind == BatchKind::Snapshot {
                model = Model::default();
            }
            prop_assert_eq!(changes.len(), batch.levels.len());
            for (level, change) in batch.levels.iter().zip(changes) {
                prop_assert_eq!((change.side, change.price), (level.side, level.price));
                prop_assert_eq!(change.before.get(), model.set(level));
                prop_assert_eq!(change.after, level.lots);
            }
            assert_same(&book, &model);
            prop_assert_eq!(book.update_id(), Some(batch.update_id));
        }
    }

    #[test]
    fn a_rescaled_book_has_the_same_levels_on_a_finer_grid(
        batches in batches(),
        price_factor in 1..2_000_i64,
        lots_factor in 1..2_000_i64,
    ) {
        let mut book = Book::new(BookConfig { window_ticks: BookConfig::WINDOW_TICKS_MIN });
        let mut model = Model::default();
        for batch in &batches {
            book.apply(batch, |_| ());
            if batch.kind == BatchKind::Snapshot {
                model = Model::default();
            }
            for level in &batch.levels {
                model.set(level);
            }
        }
        book.rescale(price_factor, lots_factor).unwrap();
        let finer = |levels: BTreeMap<i64, i64>| {
            let level = |(price, lots)| (price * price_factor, lots * lots_factor);
            levels.into_iter().map(level).collect()
        };
        assert_same(&book, &Model(model.0.map(finer)));
    }
}
