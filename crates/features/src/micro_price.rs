//! Fits the table of the micro-price to the sessions before the first row (FEATURES 7.4).

use fluxo_core::{BatchKind, Decimal, InstrumentSpec, MarketData, MarketEvent, UnixNanos};

use crate::book_state::{BookState, Top};
use crate::calibration::{IMBALANCE_BUCKETS, MicroPriceTable, imbalance_bucket};
use crate::{Error, FeatureConfig};

/// Spreads of one and of two ticks, and all wider ones.
const SPREAD_CLASSES: usize = 3;
const STATES: usize = SPREAD_CLASSES * IMBALANCE_BUCKETS;
/// Moves of the mid in half-ticks; larger ones count as the largest.
const MOVES: [i64; 4] = [-2, -1, 1, 2];
/// A state that was seen less often takes the row of the nearest spread class that was seen enough.
const SEEN_MIN: u64 = 100;
/// The sum of the series ends where no term is larger, in ticks.
const TERM_MIN: f64 = 1e-10;
/// A series that has not ended by then does not converge.
const TERMS_MAX: usize = 1_000_000;
/// A pivot below is a state that the mid never leaves.
const PIVOT_MIN: f64 = 1e-12;

/// How the best levels follow each other: from each state of imbalance and spread, to which the next
/// batch leads, and whether the mid moves. Everything is counted twice, once in the mirror, which makes
/// the table antisymmetric. Feed it the events of one instrument in order; it allocates nothing.
#[derive(Clone, Debug)]
pub struct MicroPriceCounts {
    market: BookState,
    tick: Decimal,
    lot: Decimal,
    now: i64,
    /// Batches that left the mid, by the state before and after.
    stays: Box<[[u64; STATES]]>,
    /// Batches that moved the mid, by the state before and the move.
    moves: Box<[[u64; MOVES.len()]]>,
    /// The same by the state before and after.
    moved_to: Box<[[u64; STATES]]>,
}

impl MicroPriceCounts {
    /// Nothing is counted yet. The specification says what ticks mean until an event says otherwise.
    ///
    /// # Errors
    /// When the configuration or the grid of the specification is out of range.
    pub fn new(config: &FeatureConfig, spec: &InstrumentSpec) -> Result<Self, Error> {
        config.check()?;
        let (tick, lot) = (spec.tick_size, spec.lot_size);
        if !tick.is_positive() || !lot.is_positive() {
            return Err(Error::SpecGrid { tick, lot });
        }
        Ok(Self {
            market: BookState::new(config.book, config.stale_book_after.get()),
            tick,
            lot,
            now: i64::MIN,
            stays: vec![[0; STATES]; STATES].into_boxed_slice(),
            moves: vec![[0; MOVES.len()]; STATES].into_boxed_slice(),
            moved_to: vec![[0; STATES]; STATES].into_boxed_slice(),
        })
    }

    /// Takes the next event: each update that leads from one valid book to another counts.
    pub fn apply(&mut self, ts_recv: UnixNanos, event: &MarketEvent) {
        self.now = self.now.max(ts_recv.get());
        match &event.data {
            MarketData::Book(batch) => {
                let before = self.market.top_at(self.now);
                let applied = self.market.apply(self.now, batch, |_| ());
                let after = self.market.top_at(self.now);
                if let (true, BatchKind::Update, Some(before), Some(after)) =
                    (applied, batch.kind, before, after)
                {
                    self.count(&before, &after);
                }
            }
            MarketData::Status(phase) => self.market.set_phase(*phase),
            MarketData::Gap(_) => self.market.lose(),
            MarketData::Spec(spec) => self.respecify(spec),
            _ => {}
        }
    }

    /// How many updates were counted.
    #[must_use]
    pub fn updates(&self) -> u64 {
        (0..STATES).map(|state| self.seen(state)).sum::<u64>() / 2
    }

    /// The expected move of the mid in each state; `None` while some imbalance was seen too rarely at
    /// every spread, or the mid was never seen to move.
    #[must_use]
    pub fn table(&self) -> Option<MicroPriceTable> {
        let sources: Vec<usize> =
            (0..STATES).map(|state| self.source(state)).collect::<Option<_>>()?;
        let rows: Vec<Row> = sources.iter().map(|state| self.row(*state)).collect();
        let expected = expected_moves(&rows)?;
        let entry = |class: usize, bucket: usize| {
            let of = |bucket| expected[sources[class * IMBALANCE_BUCKETS + bucket]];
            // What rounding left of symmetry is put right.
            (of(bucket) - of(IMBALANCE_BUCKETS - 1 - bucket)) / 2.0
        };
        let rows =
            (0..SPREAD_CLASSES).map(|class| core::array::from_fn(|bucket| entry(class, bucket)));
        Some(MicroPriceTable { rows: rows.collect() })
    }

    /// On another grid the spreads are other ones: what was counted says nothing of them.
    fn respecify(&mut self, spec: &InstrumentSpec) {
        let factors =
            self.tick.multiple_of(spec.tick_size).zip(self.lot.multiple_of(spec.lot_size));
        (self.tick, self.lot) = (spec.tick_size, spec.lot_size);
        if factors == Some((1, 1)) {
            return;
        }
        if !factors.is_some_and(|(price, lots)| self.market.rescale(price, lots)) {
            self.market.lose();
        }
        self.stays.fill([0; STATES]);
        self.moves.fill([0; MOVES.len()]);
        self.moved_to.fill([0; STATES]);
    }

    fn count(&mut self, before: &Top, after: &Top) {
        let moved = after.mid_half_ticks() - before.mid_half_ticks();
        let (from, to) = (state(before), state(after));
        for (from, to, moved) in [(from, to, moved), (mirrored(from), mirrored(to), -moved)] {
            match MOVES.iter().position(|size| *size == moved.clamp(MOVES[0], MOVES[3])) {
                None => self.stays[from][to] += 1,
                Some(size) => {
                    self.moves[from][size] += 1;
                    self.moved_to[from][to] += 1;
                }
            }
        }
    }

    fn seen(&self, state: usize) -> u64 {
        self.stays[state].iter().sum::<u64>() + self.moves[state].iter().sum::<u64>()
    }

    /// The state whose counts stand for this one: of the nearest spread class that was seen enough, the
    /// tighter one of two.
    fn source(&self, state: usize) -> Option<usize> {
        let (class, bucket) = (state / IMBALANCE_BUCKETS, state % IMBALANCE_BUCKETS);
        let others = (0..SPREAD_CLASSES).map(|other| (other, other * IMBALANCE_BUCKETS + bucket));
        let seen = others.filter(|(_, state)| self.seen(*state) >= SEEN_MIN);
        seen.min_by_key(|(other, _)| other.abs_diff(class)).map(|(_, state)| state)
    }

    fn row(&self, state: usize) -> Row {
        let all = self.seen(state) as f64;
        let moves = &self.moves[state];
        let moved = moves.iter().sum::<u64>() as f64;
        let half_ticks = MOVES.iter().zip(moves).map(|(size, count)| *size as f64 * *count as f64);
        Row {
            stays: self.stays[state].iter().map(|count| *count as f64 / all).collect(),
            // Each move leads somewhere: both are counted together, and their masses are equal.
            moved_to: self.moved_to[state].iter().map(|count| *count as f64 / all).collect(),
            moved_ticks: if moved > 0.0 { half_ticks.sum::<f64>() / 2.0 / all } else { 0.0 },
        }
    }
}

/// What the next batch does in one state.
#[derive(Clone, Debug)]
struct Row {
    /// Q: the probability that the mid stays, by the next state.
    stays: Vec<f64>,
    /// R2: the probability that it moves, by the next state.
    moved_to: Vec<f64>,
    /// R1 K: the expected move, in ticks.
    moved_ticks: f64,
}

/// `G* = sum_j B^j G1` with `G1 = (I-Q)^-1 R1 K` and `B = (I-Q)^-1 R2`, one entry per state.
fn expected_moves(rows: &[Row]) -> Option<Vec<f64>> {
    // Columns of the right side: R1 K first, then R2.
    let right = |row: &Row| [&[row.moved_ticks], row.moved_to.as_slice()].concat();
    let mut solved: Vec<Vec<f64>> = rows.iter().map(right).collect();
    let left = |(at, row): (usize, &Row)| -> Vec<f64> {
        let unit = |next: usize| if next == at { 1.0 } else { 0.0 };
        row.stays.iter().enumerate().map(|(next, stays)| unit(next) - stays).collect()
    };
    solve(rows.iter().enumerate().map(left).collect(), &mut solved)?;
    let mut term: Vec<f64> = solved.iter().map(|row| row[0]).collect();
    let mut sum = term.clone();
    for _ in 0..TERMS_MAX {
        if term.iter().all(|term| term.abs() < TERM_MIN) {
            return Some(sum);
        }
        let next = |row: &Vec<f64>| row[1..].iter().zip(&term).map(|(b, term)| b * term).sum();
        term = solved.iter().map(next).collect();
        sum.iter_mut().zip(&term).for_each(|(sum, term)| *sum += term);
    }
    None
}

/// Gauss with partial pivoting: replaces `right` by `left^-1 right`; `None` when `left` has no inverse.
fn solve(mut left: Vec<Vec<f64>>, right: &mut [Vec<f64>]) -> Option<()> {
    let size = left.len();
    for at in 0..size {
        let pivot = (at..size).max_by(|a, b| left[*a][at].abs().total_cmp(&left[*b][at].abs()))?;
        left.swap(at, pivot);
        right.swap(at, pivot);
        if left[at][at].abs() < PIVOT_MIN {
            return None;
        }
        for other in (0..size).filter(|other| *other != at) {
            let factor = left[other][at] / left[at][at];
            subtract(&mut left, other, at, factor);
            subtract(right, other, at, factor);
        }
    }
    for (at, row) in right.iter_mut().enumerate() {
        row.iter_mut().for_each(|value| *value /= left[at][at]);
    }
    Some(())
}

fn subtract(rows: &mut [Vec<f64>], from: usize, row: usize, factor: f64) {
    for column in 0..rows[row].len() {
        rows[from][column] -= factor * rows[row][column];
    }
}

fn state(top: &Top) -> usize {
    let spread = usize::try_from(top.ask - top.bid).unwrap_or(SPREAD_CLASSES);
    let class = spread.clamp(1, SPREAD_CLASSES) - 1;
    class * IMBALANCE_BUCKETS + imbalance_bucket(top)
}

/// The state after bids and asks changed places.
fn mirrored(state: usize) -> usize {
    let bucket = state % IMBALANCE_BUCKETS;
    state - bucket + IMBALANCE_BUCKETS - 1 - bucket
}

#[cfg(test)]
pub(crate) mod tests {
    use fluxo_core::{BookBatch, InstrumentId, LevelUpdate, Lots, Price, Side};

    use super::*;
    use crate::oracles::Given;

    pub(crate) fn expected_move(given: &Given) -> f64 {
        let matrix = |name| given.get::<Vec<Vec<f64>>>(name);
        let ticks: Vec<f64> = given.get("moves_ticks");
        let mean = |moves: &Vec<f64>| moves.iter().zip(&ticks).map(|(p, ticks)| p * ticks).sum();
        let rows: Vec<Row> = matrix("stays")
            .into_iter()
            .zip(matrix("moved_to"))
            .zip(&matrix("moves"))
            .map(|((stays, moved_to), moves)| Row { stays, moved_to, moved_ticks: mean(moves) })
            .collect();
        expected_moves(&rows).unwrap()[given.get::<usize>("state")]
    }

    #[test]
    fn a_mid_that_never_moves_has_no_expected_move() {
        let row = || Row { stays: vec![1.0], moved_to: vec![0.0], moved_ticks: 0.0 };
        assert!(expected_moves(&[row()]).is_none());
    }

    fn event(kind: BatchKind, levels: &[(Side, i64, i64)]) -> MarketEvent {
        let level = |(side, price, lots): &(Side, i64, i64)| LevelUpdate {
            side: *side,
            price: Price::from_ticks(*price),
            lots: Lots::new(*lots),
        };
        let batch = BookBatch { kind, update_id: 0, levels: levels.iter().map(level).collect() };
        let data = MarketData::Book(batch);
        MarketEvent { instrument: InstrumentId::new(0), ts_event: None, data }
    }

    fn spec() -> InstrumentSpec {
        InstrumentSpec {
            market: fluxo_core::Market::BinanceUsdm,
            symbol: "TESTUSDT".into(),
            kind: fluxo_core::Market::BinanceUsdm.kind(),
            base: "TEST".into(),
            quote: "USDT".into(),
            settle: "USDT".into(),
            tick_size: Decimal::new(1, 1),
            lot_size: Decimal::new(1, 3),
            multiplier: Decimal::ONE,
            maker_fee: Decimal::ZERO,
            taker_fee: Decimal::ZERO,
            size_unit_lots: Lots::new(1),
            units: fluxo_core::FeatureUnits::UNKNOWN,
            calendar: fluxo_core::Calendar::AroundTheClock,
            valid_from: UnixNanos::new(0),
            source: fluxo_core::SpecSource::Configured,
        }
    }

    #[test]
    fn a_market_that_follows_its_queues_has_a_table_that_says_so() {
        let mut counts = MicroPriceCounts::new(&FeatureConfig::default(), &spec()).unwrap();
        let mut now = 0;
        let mut feed = |event: &MarketEvent| {
            now += 1_000_000;
            counts.apply(UnixNanos::new(now), event);
        };
        let mut bid = 1_000_000;
        feed(&event(BatchKind::Snapshot, &[(Side::Bid, bid, 50), (Side::Ask, bid + 1, 50)]));
        let mut state = 7_u64;
        for _ in 0..20_000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            // The bids hold a share of the lots, and the price rises as often as the share says.
            let share = i64::try_from((state >> 33) % 10).unwrap() * 10 + 5;
            let queues = [(Side::Bid, bid, share), (Side::Ask, bid + 1, 100 - share)];
            feed(&event(BatchKind::Update, &queues));
            let rises = i64::try_from((state >> 40) % 100).unwrap() < share;
            let to = bid + if rises { 1 } else { -1 };
            let levels = [
                (Side::Bid, bid, 0),
                (Side::Ask, bid + 1, 0),
                (Side::Bid, to, 50),
                (Side::Ask, to + 1, 49),
            ];
            feed(&event(BatchKind::Update, &levels));
            bid = to;
        }
        assert_eq!(counts.updates(), 40_000);
        let table = counts.table().unwrap();
        assert_eq!(table.rows.len(), SPREAD_CLASSES);
        for row in &table.rows {
            assert_eq!(
                row.map(f64::to_bits),
                table.rows[0].map(f64::to_bits),
                "one spread was seen"
            );
            assert!(row.windows(2).all(|pair| pair[0] < pair[1]), "{row:?}");
            assert!((0..10).all(|at| row[at].to_bits() == (-row[9 - at]).to_bits()), "{row:?}");
        }
        // At 95 % the next tick is an upward one nine times in ten more, and what follows is balanced.
        assert!((table.rows[0][9] - 0.9).abs() < 0.1, "{:?}", table.rows[0]);
    }

    #[test]
    fn too_few_counts_make_no_table() {
        let mut counts = MicroPriceCounts::new(&FeatureConfig::default(), &spec()).unwrap();
        let levels = [(Side::Bid, 100, 5), (Side::Ask, 101, 7)];
        counts.apply(UnixNanos::new(1), &event(BatchKind::Snapshot, &levels));
        for _ in 0..1_000 {
            counts.apply(UnixNanos::new(2), &event(BatchKind::Update, &levels));
        }
        assert_eq!(counts.updates(), 1_000);
        assert!(counts.table().is_none());
    }
}
