//! 105-107: who rests in the queues, and how long orders rest before they are cancelled.

use fluxo_core::Side;
use serde::{Deserialize, Serialize};

use crate::catalogue::index;
use crate::near_book::{Depth, SideDepth};
use crate::order_state::{OrderBookState, OrderDeed, OrderFact};

use super::{Slots, imbalance};

/// How many levels of a side are looked at.
const LEVELS: usize = 5;
/// After so many cancels one weighs half.
const HALF_LIFE_CANCELS: f64 = 200.0;
const CANCELS_MIN: u64 = 50;
/// A shorter life counts as this long.
const AGE_NS_MIN: i64 = 1_000_000;

/// The ages of cancelled orders.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Orders {
    decay: f64,
    /// Decayed sums of the logarithms of the ages in seconds, and of their weights.
    ages: f64,
    weight: f64,
    cancels: u64,
}

impl Orders {
    pub(crate) fn new() -> Self {
        Self { decay: libm::exp2(-1.0 / HALF_LIFE_CANCELS), ages: 0.0, weight: 0.0, cancels: 0 }
    }

    /// Forgets everything: a break.
    pub(crate) fn clear(&mut self) {
        *self = Self::new();
    }

    /// An order event at `ts`; `depth` is the book before its message. Orders count that left as a
    /// whole and were seen to join: a smaller order still rests.
    pub(crate) fn on_order(&mut self, ts: i64, fact: &OrderFact, depth: &Depth) {
        if fact.deed != OrderDeed::Cancel || !fact.is_gone {
            return;
        }
        let Some(entered) = fact.entered else { return };
        let prices = prices(&depth[fact.side.index()]);
        if !prices.contains(&fact.price.ticks()) {
            return;
        }
        let age = ts.saturating_sub(entered).max(AGE_NS_MIN);
        self.ages = self.ages * self.decay + libm::log(age as f64 / 1e9);
        self.weight = self.weight * self.decay + 1.0;
        self.cancels += 1;
    }

    /// What a feed without orders has of them.
    pub(crate) fn write_none(slots: &mut Slots<'_>) {
        for slot in [index::L3_ORDER_COUNT_IMB, index::L3_QUEUE_HHI, index::L3_CANCEL_AGE] {
            slots.put(slot, None);
        }
    }

    /// `depth` is that of a valid book, or `None`.
    pub(crate) fn write(
        &self,
        orders: &OrderBookState,
        depth: Option<&Depth>,
        slots: &mut Slots<'_>,
    ) {
        let depth = depth.filter(|_| orders.is_valid());
        slots.put(index::L3_ORDER_COUNT_IMB, depth.map(|depth| count_imbalance(orders, depth)));
        slots.put(index::L3_QUEUE_HHI, depth.and_then(|depth| concentration(orders, depth)));
        let is_warm = self.cancels >= CANCELS_MIN;
        slots.put(index::L3_CANCEL_AGE, is_warm.then(|| libm::exp(self.ages / self.weight)));
    }
}

fn prices(depth: &SideDepth) -> &[i64] {
    &depth.prices[..depth.count.min(LEVELS)]
}

/// `(Nb - Na) / (Nb + Na)`; lots without a name count as one order of their level.
fn count_imbalance(orders: &OrderBookState, depth: &Depth) -> f64 {
    let [bids, asks] = Side::BOTH.map(|side| {
        let levels = prices(&depth[side.index()]).iter();
        let count = |price: &i64| orders.level(side, *price).map_or(0, |level| level.orders_min());
        levels.map(count).sum::<i64>()
    });
    imbalance(i128::from(bids), i128::from(asks))
}

/// How much of the best queues is in few hands: 1 where one order is all of it.
fn concentration(orders: &OrderBookState, depth: &Depth) -> Option<f64> {
    let [bid, ask] = Side::BOTH.map(|side| {
        let level = orders.level(side, *prices(&depth[side.index()]).first()?)?;
        let total = level.total().get() as f64;
        (total > 0.0).then(|| level.squares_max() as f64 / (total * total))
    });
    Some((bid? + ask?) / 2.0)
}

#[cfg(test)]
mod tests {
    use fluxo_core::{BatchKind, BookBatch, Lots, MarketData, Price, RestingOrder, UnixNanos};
    use fluxo_market_data::OrderBookConfig;

    use super::*;
    use crate::FeatureRow;
    use crate::near_book::DEPTH_LEVELS;
    use crate::row::Exact;

    /// A book of orders, and the levels of it; prices count away from the touch.
    fn book(bids: &[(i64, i64)], asks: &[(i64, i64)]) -> (OrderBookState, Depth) {
        let mut state = OrderBookState::new(OrderBookConfig { orders_max: 256, levels_max: 64 });
        let empty = BookBatch { kind: BatchKind::Snapshot, ..BookBatch::default() };
        state.set_levels(&empty);
        let mut depth =
            [SideDepth { prices: [0; DEPTH_LEVELS], lots: [0; DEPTH_LEVELS], count: 0, total: 0 };
                2];
        let mut id = 0;
        for (side, first, orders) in [(Side::Bid, 100, bids), (Side::Ask, 101, asks)] {
            for (away, lots) in orders {
                id += 1;
                let price = first - side.sign() * away;
                let order = RestingOrder {
                    id,
                    side,
                    price: Price::from_ticks(price),
                    lots: Lots::new(*lots),
                };
                state.apply(0, &MarketData::OrderAdd(order));
                let levels = &mut depth[side.index()];
                let at = (0..levels.count).find(|at| levels.prices[*at] == price);
                let at = at.unwrap_or(levels.count);
                levels.count = levels.count.max(at + 1);
                levels.prices[at] = price;
                levels.lots[at] += lots;
            }
        }
        (state, depth)
    }

    fn row(orders: &Orders, state: &OrderBookState, depth: Option<&Depth>) -> [Option<f64>; 3] {
        let mut row = FeatureRow::undefined(UnixNanos::new(0), UnixNanos::new(0));
        let mut defects = 0;
        let mut exact = Exact::UNDEFINED;
        orders.write(state, depth, &mut Slots { exact: &mut exact, defects: &mut defects });
        assert_eq!((defects, row.set_features(&exact)), (0, 0));
        [index::L3_ORDER_COUNT_IMB, index::L3_QUEUE_HHI, index::L3_CANCEL_AGE]
            .map(|slot| row.value(slot).map(f64::from))
    }

    #[test]
    fn orders_behind_the_fifth_level_do_not_count() {
        let bids: Vec<_> = (0..6).map(|order| (order % 5, 3)).collect();
        let mut asks: Vec<_> = (0..10).map(|order| (order % 5, 9)).collect();
        asks.extend([(5, 1), (6, 1)]);
        let (state, depth) = book(&bids, &asks);
        let [count, _, age] = row(&Orders::new(), &state, Some(&depth));
        assert_eq!((count, age), (Some(-0.25), None));
        let (state, depth) = book(&asks[..10], &bids);
        assert_eq!(row(&Orders::new(), &state, Some(&depth))[0], Some(0.25));
        assert_eq!(row(&Orders::new(), &state, None)[0], None);
    }

    #[test]
    fn only_the_best_queues_are_concentrated() {
        let (state, depth) = book(&[(0, 7), (1, 90)], &[(0, 10), (2, 1), (2, 1)]);
        assert_eq!(row(&Orders::new(), &state, Some(&depth))[1], Some(1.0));
    }

    #[test]
    fn the_age_of_cancelled_orders_is_a_decayed_geometric_mean() {
        let (state, depth) = book(&[(0, 5), (6, 5)], &[(0, 10)]);
        let mut orders = Orders::new();
        let cancel = OrderFact {
            deed: OrderDeed::Cancel,
            side: Side::Bid,
            price: Price::from_ticks(100),
            lots: 5,
            excess: 0,
            entered: Some(0),
            is_gone: true,
        };
        let second = 1_000_000_000;
        // None of these is a cancelled order near the touch.
        let beyond = [(0, 100), (1, 99), (2, 98), (3, 97), (4, 96)].map(|(away, _)| (away, 1));
        let (_, deep) = book(&beyond, &[(0, 1)]);
        for other in [
            OrderFact { deed: OrderDeed::Execute, ..cancel },
            OrderFact { is_gone: false, ..cancel },
            OrderFact { entered: None, ..cancel },
            OrderFact { price: Price::from_ticks(94), ..cancel },
        ] {
            orders.on_order(second, &other, &deep);
        }
        // Ages below a millisecond count as one.
        for step in 0..49 {
            let age = if step % 2 == 0 { 4 * second } else { 10 };
            orders.on_order(age, &cancel, &depth);
        }
        assert_eq!(row(&orders, &state, Some(&depth))[2], None);
        orders.on_order(4 * second, &cancel, &depth);
        let weight = |step: i32| libm::exp2(f64::from(step - 49) / 200.0);
        let age = |step: i32| if step % 2 == 0 || step == 49 { 4.0_f64 } else { 0.001 };
        let (sum, total) = (0..50).fold((0.0, 0.0), |(sum, total), step| {
            (sum + weight(step) * libm::log(age(step)), total + weight(step))
        });
        let [_, _, value] = row(&orders, &state, Some(&depth));
        assert!((value.unwrap() - libm::exp(sum / total)).abs() < 1e-6);
        orders.clear();
        assert_eq!(row(&orders, &state, Some(&depth))[2], None);
    }
}
