//! 85 and 86: the depth within a few bps of the mid (FEATURES 17.19).

use fluxo_core::{BookBatch, Price, Side};
use fluxo_market_data::Book;
use serde::{Deserialize, Serialize};

use crate::book_state::Top;
use crate::catalogue::index;
use crate::primitives::nearest;

use super::{Slots, imbalance};

const BPS_NARROW: i64 = 10_000;
const BPS: i128 = BPS_NARROW as i128;

/// The lots of both sides up to an edge, kept current by every change of the book. The edges follow the
/// mid when a row asks, so that a level is crossed once per row and not once per batch.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Band {
    /// Half the width, in bps of the mid.
    bps: i64,
    sides: [BandSide; 2],
    /// The lowest bid and the highest ask of the last snapshot: what lies outside is incomplete.
    known: Option<[i64; 2]>,
    /// A feed of orders states all that it shows behind every message: as far as its book reaches
    /// nothing is missing, and beyond that nothing is known.
    has_orders: bool,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct BandSide {
    /// The worst price inside; `None` until the sum is made of the whole book.
    edge: Option<i64>,
    lots: i128,
}

impl Band {
    pub(crate) const fn new(bps: i64, has_orders: bool) -> Self {
        Self { bps, sides: [BandSide { edge: None, lots: 0 }; 2], known: None, has_orders }
    }

    /// The book was replaced or lost: the sums have to be made anew.
    pub(crate) const fn forget_sums(&mut self) {
        self.sides = [BandSide { edge: None, lots: 0 }; 2];
    }

    /// How wide it is from now on.
    pub(crate) const fn set_bps(&mut self, bps: i64) {
        self.bps = bps;
        self.forget_sums();
    }

    /// The book was restated on a finer grid of prices.
    pub(crate) fn rescale(&mut self, price_factor: i64) {
        let rescaled = |price: i64| price.checked_mul(price_factor);
        self.known = self.known.and_then(|[bid, ask]| Some([rescaled(bid)?, rescaled(ask)?]));
        self.forget_sums();
    }

    /// A snapshot replaced the book. Its own levels come first, best first; the increments that were
    /// buffered behind it break that order, and know nothing of the levels that they do not name.
    pub(crate) fn on_snapshot(&mut self, batch: &BookBatch) {
        self.forget_sums();
        let mut last: [Option<Price>; 2] = [None; 2];
        for level in &batch.levels {
            let worst = &mut last[level.side.index()];
            let is_worse = worst.is_none_or(|worst| level.side.is_better(worst, level.price));
            if level.lots.get() == 0 || !is_worse {
                break;
            }
            *worst = Some(level.price);
        }
        let [bid, ask] = last.map(|price| price.map(Price::ticks));
        self.known = bid.zip(ask).map(|(bid, ask)| [bid, ask]);
    }

    /// The keys of either side that a level must not lie behind to be inside.
    pub(crate) fn reaches(&self) -> [i64; 2] {
        Side::BOTH.map(|side| {
            self.sides[side.index()]
                .edge
                .map_or(i64::MIN, |edge| side.price_key(Price::from_ticks(edge)))
        })
    }

    /// An update changed the lots inside by so much.
    pub(crate) fn on_update(&mut self, more: [i128; 2]) {
        for (side, more) in self.sides.iter_mut().zip(more) {
            side.lots += more;
        }
    }

    pub(crate) fn write(&mut self, top: Option<Top>, book: &Book, slots: &mut Slots<'_>) {
        let lots = top.and_then(|top| self.lots(top.mid_half_ticks(), book));
        let all = lots.map(|[bids, asks]| libm::log1p(nearest(bids + asks)));
        slots.put(index::DEPTH_BPS_LOG, all);
        slots.put(index::DEPTH_BPS_IMB, lots.map(|[bids, asks]| imbalance(bids, asks)));
    }

    /// The lots of both sides in the band, when the feed covers it.
    fn lots(&mut self, mid_half_ticks: i64, book: &Book) -> Option<[i128; 2]> {
        let mid = i128::from(mid_half_ticks);
        let width = i128::from(self.bps) * mid;
        if mid <= 0 || !self.is_covered(mid, width, book) {
            return None;
        }
        // Prices inside are those with |2p - mid| <= width/BPS, all in half-ticks.
        // By a constant, a division of 64 bits is none.
        let reach = i64::try_from(width)
            .map_or_else(|_| width / BPS, |width| i128::from(width / BPS_NARROW));
        let edges = [-(reach - mid).div_euclid(2), (mid + reach).div_euclid(2)];
        for side in Side::BOTH {
            // It lies between the known prices, or next to them.
            let edge = i64::try_from(edges[side.index()]).expect("a price between two others");
            self.sides[side.index()].move_to(edge, side, book);
        }
        Some(self.sides.map(|side| side.lots))
    }

    /// Whether the band lies within what the feed shows; `width` is its half, in half-ticks and
    /// ten-thousandths.
    fn is_covered(&self, mid: i128, width: i128, book: &Book) -> bool {
        if self.has_orders {
            // Some level of each side lies at the edge or beyond it.
            let reach = width.div_euclid(BPS) + i128::from(width.rem_euclid(BPS) > 0);
            let edges = [(mid - reach).div_euclid(2), -(-(mid + reach)).div_euclid(2)];
            return Side::BOTH.into_iter().all(|side| {
                let edge = i64::try_from(edges[side.index()]).ok().map(Price::from_ticks);
                edge.is_some_and(|edge| book.levels_from(side, edge).next().is_some())
            });
        }
        self.known.is_some_and(|[lowest, highest]| {
            let [below, above] = [mid - 2 * i128::from(lowest), 2 * i128::from(highest) - mid];
            width <= BPS * below.min(above)
        })
    }
}

impl BandSide {
    fn move_to(&mut self, edge: i64, side: Side, book: &Book) {
        if self.edge == Some(edge) {
            return;
        }
        let to = Price::from_ticks(edge);
        let behind = |price: Price| Price::from_ticks(price.ticks() - side.sign());
        match self.edge.map(Price::from_ticks) {
            None => self.lots = lots_up_to(book.levels(side), to, side),
            Some(from) if side.is_better(from, to) => {
                self.lots += lots_up_to(book.levels_from(side, behind(from)), to, side);
            }
            Some(from) => {
                self.lots -= lots_up_to(book.levels_from(side, behind(to)), from, side);
            }
        }
        self.edge = Some(edge);
    }
}

fn lots_up_to(levels: fluxo_market_data::Levels<'_>, last: Price, side: Side) -> i128 {
    let inside = levels.take_while(|level| !side.is_better(last, level.price));
    inside.map(|level| i128::from(level.lots.get())).sum()
}

#[cfg(test)]
mod tests {
    use fluxo_core::{BatchKind, LevelUpdate, Lots};
    use fluxo_market_data::BookConfig;
    use proptest::prelude::*;

    use super::*;
    use crate::batch_changes::{BatchLog, Limits};

    fn batch(kind: BatchKind, levels: &[(Side, i64, i64)]) -> BookBatch {
        let level = |(side, price, lots): &(Side, i64, i64)| LevelUpdate {
            side: *side,
            price: Price::from_ticks(*price),
            lots: Lots::new(*lots),
        };
        BookBatch { kind, update_id: 0, levels: levels.iter().map(level).collect() }
    }

    fn book() -> Book {
        Book::new(BookConfig { window_ticks: 256 })
    }

    fn apply(band: &mut Band, book: &mut Book, update: &BookBatch) {
        let mut log = BatchLog::default();
        let limits = Limits { near: [i64::MIN; 2], band: band.reaches() };
        let mut notes = log.begin(update, limits);
        book.apply(update, |change| notes.take(&change));
        let noted = notes.end();
        band.on_update(log.of(update, noted).in_band());
    }

    const SNAPSHOT: [(Side, i64, i64); 7] = [
        (Side::Bid, 9_999, 3),
        (Side::Bid, 9_995, 9),
        (Side::Bid, 9_994, 50),
        (Side::Ask, 10_001, 1),
        (Side::Ask, 10_005, 7),
        (Side::Ask, 10_006, 50),
        // An increment.
        (Side::Bid, 9_000, 4),
    ];

    #[test]
    fn both_edges_are_inside() {
        let (mut band, mut book) = (Band::new(5, false), book());
        let snapshot = batch(BatchKind::Snapshot, &SNAPSHOT);
        book.apply(&snapshot, |_| ());
        band.on_snapshot(&snapshot);
        assert_eq!(band.lots(20_000, &book), Some([12, 8]));
        // A mid of half a tick more leaves the lower edge outside.
        assert_eq!(band.lots(20_001, &book), Some([3, 8]));
        assert_eq!(band.known, Some([9_000, 10_006]));
    }

    #[test]
    fn what_the_snapshot_did_not_show_is_not_covered() {
        let (mut band, mut book) = (Band::new(5, false), book());
        let mut levels = SNAPSHOT.to_vec();
        // An increment near the touch comes before the one far away.
        levels.insert(6, (Side::Bid, 9_998, 1));
        let snapshot = batch(BatchKind::Snapshot, &levels);
        book.apply(&snapshot, |_| ());
        band.on_snapshot(&snapshot);
        assert_eq!(band.known, Some([9_994, 10_006]));
        assert_eq!(band.lots(20_000, &book), Some([13, 8]));
        assert_eq!(band.lots(20_004, &book), None, "up to 10,007.001");
        assert_eq!(band.lots(19_996, &book), None);
    }

    #[test]
    fn a_feed_of_orders_covers_what_it_shows() {
        let (mut band, mut book) = (Band::new(5, true), book());
        // Its levels come in the order of their prices.
        let levels = [
            (Side::Bid, 9_995, 9),
            (Side::Bid, 9_999, 3),
            (Side::Ask, 10_001, 1),
            (Side::Ask, 10_005, 7),
        ];
        let snapshot = batch(BatchKind::Snapshot, &levels);
        book.apply(&snapshot, |_| ());
        band.on_snapshot(&snapshot);
        assert_eq!(band.lots(20_000, &book), Some([12, 8]));
        assert_eq!(band.lots(20_001, &book), None, "up to 10,005.5003");
        assert_eq!(band.lots(19_999, &book), None, "down to 9,994.50");
        // A level leaves the view, and another one comes into it.
        let moved = batch(BatchKind::Update, &[(Side::Ask, 10_005, 0), (Side::Ask, 10_004, 2)]);
        apply(&mut band, &mut book, &moved);
        assert_eq!(band.lots(20_000, &book), None);
        let back = batch(BatchKind::Update, &[(Side::Ask, 10_006, 4)]);
        apply(&mut band, &mut book, &back);
        assert_eq!(band.lots(20_000, &book), Some([12, 3]));
    }

    proptest! {
        /// Against a plain sum over the whole book.
        #[test]
        fn running_sums_are_the_sums_of_the_book(
            updates in prop::collection::vec((any::<bool>(), 0_i64..400, 0_i64..9, 0_i64..9), 1..200)
        ) {
            let (mut band, mut book) = (Band::new(50, false), book());
            let edges = [(Side::Bid, 9_000, 1), (Side::Ask, 11_000, 1)];
            let snapshot = batch(BatchKind::Snapshot, &edges);
            book.apply(&snapshot, |_| ());
            band.on_snapshot(&snapshot);
            let mut mid = 20_000;
            for (is_bid, distance, lots, shift) in updates {
                let side = if is_bid { Side::Bid } else { Side::Ask };
                let update = batch(BatchKind::Update, &[(side, 10_000 - side.sign() * distance, lots)]);
                apply(&mut band, &mut book, &update);
                mid += 7 * (shift - 4);
                let inside = |level: &fluxo_market_data::Level| {
                    10_000 * (2 * level.price.ticks() - mid).abs() <= 50 * mid
                };
                // Rows come less often than batches.
                let Some(sums) = (lots % 3 == 0).then(|| band.lots(mid, &book)).flatten() else {
                    continue;
                };
                for (side, sum) in Side::BOTH.into_iter().zip(sums) {
                    let better = |level: &fluxo_market_data::Level| {
                        side.sign() * (2 * level.price.ticks() - mid) > 0
                    };
                    let levels = book.levels(side).filter(|level| inside(level) || better(level));
                    let plain: i128 = levels.map(|level| i128::from(level.lots.get())).sum();
                    prop_assert_eq!(sum, plain);
                }
            }
        }
    }
}
