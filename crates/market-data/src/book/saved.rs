//! A book as it is saved: its levels, without the places where they are kept.
//!
//! A restored book says the same of every price; only its window may lie elsewhere.

use fluxo_core::{Lots, Price, Side};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Book, BookConfig};

/// The levels of both sides in ticks and lots, best first.
#[derive(Serialize, Deserialize)]
struct Saved {
    window_ticks: usize,
    update_id: Option<u64>,
    sides: [Vec<(i64, i64)>; 2],
}

impl Serialize for Book {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let levels =
            |side| self.levels(side).map(|level| (level.price.ticks(), level.lots.get())).collect();
        let saved = Saved {
            window_ticks: self.sides[0].window_ticks(),
            update_id: self.update_id,
            sides: Side::BOTH.map(levels),
        };
        saved.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Book {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Saved { window_ticks, update_id, sides } = Saved::deserialize(deserializer)?;
        // A power of two from the smallest window to a gigabyte.
        let fits = (BookConfig::WINDOW_TICKS_MIN..=1 << 27).contains(&window_ticks);
        if !fits || !window_ticks.is_power_of_two() {
            return Err(D::Error::custom("the window of a saved book has no possible size"));
        }
        let mut book = Self::new(BookConfig { window_ticks });
        for ((side, ladder), levels) in Side::BOTH.into_iter().zip(&mut book.sides).zip(sides) {
            for (ticks, lots) in levels {
                if lots < 1 {
                    return Err(D::Error::custom("a level of a saved book holds no lots"));
                }
                ladder.set(side.price_key(Price::from_ticks(ticks)), Lots::new(lots));
            }
        }
        book.update_id = update_id;
        Ok(book)
    }
}

#[cfg(test)]
mod tests {
    use fluxo_core::{BatchKind, BookBatch, LevelUpdate};

    use super::*;

    #[test]
    fn a_restored_book_has_the_same_levels() {
        let level = |side, ticks: i64, lots| LevelUpdate {
            side,
            price: Price::from_ticks(ticks),
            lots: Lots::new(lots),
        };
        let near = (1..30)
            .flat_map(|d| [level(Side::Bid, 1_000 - d, d), level(Side::Ask, 1_000 + d, 2 * d)]);
        // Far behind a window of 256 ticks.
        let far = (1..200).map(|d| level(Side::Bid, -7 * d, d));
        let levels = near.chain(far).collect();
        let mut book = Book::new(BookConfig { window_ticks: 256 });
        book.apply(&BookBatch { kind: BatchKind::Snapshot, update_id: 9, levels }, |_| ());
        let text = serde_json::to_string(&book).unwrap();
        let restored: Book = serde_json::from_str(&text).unwrap();
        for side in Side::BOTH {
            assert!(restored.levels(side).eq(book.levels(side)));
            assert_eq!(restored.level_count(side), book.level_count(side));
        }
        assert_eq!(
            (restored.update_id(), restored.best(Side::Bid)),
            (Some(9), book.best(Side::Bid))
        );
        for bad in [text.replace("256", "255"), text.replace("[1001,2]", "[1001,0]")] {
            assert_ne!(bad, text);
            assert!(serde_json::from_str::<Book>(&bad).is_err());
        }
    }
}
