//! The simplest book there is, to compare ours with.

use std::collections::BTreeMap;

use fluxo_core::{LevelUpdate, Price, Side};
use fluxo_market_data::Book;

/// Prices to lots, per side.
#[derive(Default)]
pub(crate) struct Model(pub(crate) [BTreeMap<i64, i64>; 2]);

impl Model {
    pub(crate) fn set(&mut self, level: &LevelUpdate) -> i64 {
        let levels = &mut self.0[level.side.index()];
        match level.lots.get() {
            0 => levels.remove(&level.price.ticks()).unwrap_or(0),
            lots => levels.insert(level.price.ticks(), lots).unwrap_or(0),
        }
    }

    fn best_first(&self, side: Side) -> Vec<(i64, i64)> {
        let levels = self.0[side.index()].iter().map(|(price, lots)| (*price, *lots));
        match side {
            Side::Bid => levels.rev().collect(),
            Side::Ask => levels.collect(),
        }
    }
}

/// Compares everything that can be asked of a book.
pub(crate) fn assert_same(book: &Book, model: &Model) {
    for side in Side::BOTH {
        let expected = model.best_first(side);
        let levels: Vec<(i64, i64)> =
            book.levels(side).map(|level| (level.price.ticks(), level.lots.get())).collect();
        assert_eq!(levels, expected);
        let best = book.best(side).map(|level| (level.price.ticks(), level.lots.get()));
        assert_eq!(best, expected.first().copied());
        assert_eq!(book.level_count(side), expected.len());
        for (price, lots) in expected {
            assert_eq!(book.lots_at(side, Price::from_ticks(price)).get(), lots);
        }
    }
}
