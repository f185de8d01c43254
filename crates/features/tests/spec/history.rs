//! The whole history of a stream in plain vectors, cut where returns may not pass: what the slow
//! reference computes from.

use std::collections::BTreeMap;

use fluxo_core::{BatchKind, GapReason, MarketData, Phase, Side, TradeCondition, UnixNanos};
use fluxo_features::FeatureConfig;

use crate::events::Received;

/// The book after an event, and what decides whether it is valid.
#[derive(Clone, Debug)]
pub(crate) struct State {
    pub(crate) ts: i64,
    /// Its place among all events.
    pub(crate) seq: usize,
    pub(crate) live: bool,
    pub(crate) continuous: bool,
    pub(crate) updated_at: i64,
    /// Price and lots, best first; at most ten.
    pub(crate) bids: Vec<(i64, i64)>,
    pub(crate) asks: Vec<(i64, i64)>,
    /// Lots of bids and asks within 5 bps of the mid, where a snapshot covered them.
    pub(crate) band: Option<[i128; 2]>,
}

pub(crate) struct Print {
    pub(crate) ts: i64,
    pub(crate) seq: usize,
    pub(crate) ts_event: Option<i64>,
    pub(crate) sign: i64,
    pub(crate) price: i64,
    pub(crate) lots: i64,
    pub(crate) match_id: Option<u64>,
}

/// A gap: from when the book was lost, when that was noticed, and when it was back.
pub(crate) struct Loss {
    pub(crate) from: i64,
    pub(crate) noticed: i64,
    pub(crate) to: Option<i64>,
}

/// A batch that was applied.
pub(crate) struct Batch {
    pub(crate) ts: i64,
    pub(crate) seq: usize,
    pub(crate) is_snapshot: bool,
    /// Whether it led from a valid book to a valid book.
    pub(crate) counts: bool,
    pub(crate) before: State,
    pub(crate) after: State,
    /// Side, price, and lots in the full book before and after, of the levels that it named.
    pub(crate) changes: BTreeMap<(usize, i64), (i64, i64)>,
}

/// What happened since the last break.
#[derive(Default)]
pub(crate) struct Era {
    pub(crate) states: Vec<State>,
    pub(crate) prints: Vec<Print>,
    /// Time and e of each batch that led from a valid book to a valid book.
    pub(crate) flow: Vec<(i64, i128)>,
    pub(crate) batches: Vec<Batch>,
    pub(crate) gaps: Vec<Loss>,
    pub(crate) first_batch: Option<i64>,
    /// The first event that is no heartbeat; what makes a break is the first one after it.
    pub(crate) first_event: Option<i64>,
}

impl State {
    pub(crate) fn fresh_until(&self, config: &FeatureConfig) -> i64 {
        self.updated_at + config.stale_book_after.get()
    }

    pub(crate) fn is_valid(&self, at: i64, config: &FeatureConfig) -> bool {
        self.live
            && self.continuous
            && at <= self.fresh_until(config)
            && matches!((self.bids.first(), self.asks.first()), (Some(b), Some(a)) if b.0 < a.0)
    }

    pub(crate) fn mid(&self) -> i64 {
        self.bids[0].0 + self.asks[0].0
    }
}

/// e of FEATURES 7.1, as a sum over both sides.
fn flow_of(before: &State, after: &State) -> i128 {
    let ((b0, qb0), (a0, qa0)) = (before.bids[0], before.asks[0]);
    let ((b1, qb1), (a1, qa1)) = (after.bids[0], after.asks[0]);
    let mut e = 0_i128;
    if b1 >= b0 {
        e += i128::from(qb1);
    }
    if b1 <= b0 {
        e -= i128::from(qb0);
    }
    if a1 <= a0 {
        e -= i128::from(qa1);
    }
    if a1 >= a0 {
        e += i128::from(qa0);
    }
    e
}

/// How far the snapshot's own levels reach: they come first, and each side goes from better to worse.
fn covered_by(batch: &fluxo_core::BookBatch) -> Option<(i64, i64)> {
    let (mut lowest_bid, mut highest_ask) = (None, None);
    for level in &batch.levels {
        let price = level.price.ticks();
        let goes_on = match level.side {
            Side::Bid => lowest_bid.is_none_or(|lowest| price < lowest),
            Side::Ask => highest_ask.is_none_or(|highest| price > highest),
        };
        if !goes_on || level.lots.get() == 0 {
            break;
        }
        match level.side {
            Side::Bid => lowest_bid = Some(price),
            Side::Ask => highest_ask = Some(price),
        }
    }
    lowest_bid.zip(highest_ask)
}

/// Reads events in order into eras.
pub(crate) struct Reader {
    config: FeatureConfig,
    pub(crate) eras: Vec<(i64, Era)>,
    now: i64,
    /// How many events were read.
    seq: usize,
    /// The lowest bid and the highest ask of the last snapshot.
    covered: Option<(i64, i64)>,
    /// The lots in the band after the last batch.
    band: Option<[i128; 2]>,
    live: bool,
    phase: Phase,
    updated_at: i64,
    book: [BTreeMap<i64, i64>; 2],
    /// When something came that is no heartbeat.
    first: Option<i64>,
    /// From when on rows are allowed, or not.
    open: Vec<(i64, bool)>,
}

impl Reader {
    pub(crate) fn new(config: FeatureConfig) -> Self {
        Self {
            config,
            eras: vec![(i64::MIN, Era::default())],
            seq: 0,
            covered: None,
            band: None,
            now: i64::MIN,
            live: false,
            phase: Phase::Continuous,
            updated_at: i64::MIN / 2,
            book: [BTreeMap::new(), BTreeMap::new()],
            first: None,
            open: Vec::new(),
        }
    }

    fn era(&mut self) -> &mut Era {
        &mut self.eras.last_mut().unwrap().1
    }

    fn state(&self) -> State {
        let side = |side: Side| &self.book[side.index()];
        let pair = |(price, lots): (&i64, &i64)| (*price, *lots);
        State {
            ts: self.now,
            seq: self.seq,
            live: self.live,
            continuous: self.phase == Phase::Continuous,
            updated_at: self.updated_at,
            bids: side(Side::Bid).iter().rev().take(10).map(pair).collect(),
            asks: side(Side::Ask).iter().take(10).map(pair).collect(),
            band: self.band,
        }
    }

    fn push_state(&mut self) {
        let state = self.state();
        self.era().states.push(state);
    }

    pub(crate) fn read(&mut self, received: &Received) {
        self.now = self.now.max(received.ts);
        self.seq += 1;
        let (now, seq) = (self.now, self.seq);
        match &received.event.data {
            MarketData::Book(batch) => self.read_batch(batch),
            MarketData::Trade(trade) if trade.condition == TradeCondition::Market => {
                let ts_event = received.event.ts_event.map(UnixNanos::get);
                let (lots, match_id) = (trade.lots.get(), trade.match_id);
                let (sign, price) = (trade.aggressor.sign(), trade.price.ticks());
                self.era().prints.push(Print {
                    ts: now,
                    seq,
                    ts_event,
                    sign,
                    price,
                    lots,
                    match_id,
                });
            }
            MarketData::Gap(gap) => {
                self.live = false;
                if gap.reason == GapReason::RecordingBoundary {
                    // The row at the end of the recording is its last.
                    self.open.push((gap.from.get() + 1, false));
                    self.eras.push((now, Era::default()));
                } else {
                    let loss = Loss { from: gap.from.get().min(now), noticed: now, to: None };
                    let gaps = &mut self.era().gaps;
                    if gaps.last().is_none_or(|last| last.to.is_some()) {
                        gaps.push(loss);
                    }
                }
                self.push_state();
            }
            MarketData::Status(phase) => {
                if self.phase == Phase::Closed && *phase != Phase::Closed {
                    self.eras.push((now, Era::default()));
                }
                self.phase = *phase;
                self.push_state();
            }
            MarketData::Heartbeat => return,
            _ => {}
        }
        self.era().first_event.get_or_insert(now);
        self.first.get_or_insert(now);
        self.open.push((now, self.phase == Phase::Continuous));
    }

    fn read_batch(&mut self, batch: &fluxo_core::BookBatch) {
        let (now, config) = (self.now, self.config);
        let before = self.state();
        if batch.kind == BatchKind::Snapshot {
            self.book = [BTreeMap::new(), BTreeMap::new()];
            self.live = true;
            if let Some(gap) = self.era().gaps.last_mut() {
                gap.to.get_or_insert(now);
            }
        } else if !self.live {
            return;
        }
        let is_snapshot = batch.kind == BatchKind::Snapshot;
        if is_snapshot {
            self.covered = covered_by(batch);
        }
        let mut changes = BTreeMap::new();
        for level in &batch.levels {
            let side = &mut self.book[level.side.index()];
            let held = side.remove(&level.price.ticks()).unwrap_or(0);
            let place = (level.side.index(), level.price.ticks());
            changes.entry(place).or_insert((held, 0)).1 = level.lots.get();
            if level.lots.get() > 0 {
                side.insert(level.price.ticks(), level.lots.get());
            }
        }
        self.updated_at = now;
        self.band = self.lots_in_band();
        let after = self.state();
        let valid = after.is_valid(now, &config);
        if valid {
            self.era().first_batch.get_or_insert(now);
        }
        let counts = !is_snapshot && valid && before.is_valid(now, &config);
        if counts {
            let e = flow_of(&before, &after);
            self.era().flow.push((now, e));
        }
        self.era().states.push(after.clone());
        let seq = self.seq;
        let batch = Batch { ts: now, seq, is_snapshot, counts, before, after, changes };
        self.era().batches.push(batch);
    }

    /// Lots within 5 bps of the mid, edges included: in half-ticks, and nothing is divided.
    fn lots_in_band(&self) -> Option<[i128; 2]> {
        let [bids, asks] = &self.book;
        let (lowest, highest) = self.covered?;
        let mid = bids.last_key_value()?.0 + asks.first_key_value()?.0;
        let inside = |price: i64| (2 * price - mid).abs() * 10_000 <= 5 * mid;
        let reaches = |price: i64| (2 * price - mid).abs() * 10_000 >= 5 * mid;
        if mid <= 0
            || 2 * lowest > mid
            || 2 * highest < mid
            || !reaches(lowest)
            || !reaches(highest)
        {
            return None;
        }
        // No price inside is farther from the mid than a thousandth of it.
        let near = mid / 2 - mid / 2000..=mid / 2 + mid / 2000 + 1;
        let sum = |book: &BTreeMap<i64, i64>| {
            let inside = book.range(near.clone()).filter(|(price, _)| inside(**price));
            inside.map(|(_, lots)| i128::from(*lots)).sum()
        };
        Some([sum(bids), sum(asks)])
    }

    /// Grid times from the first event on, while rows are allowed, until the watermark is `end`.
    pub(crate) fn row_times(&self, end: i64) -> Vec<i64> {
        let step = self.config.clock.step().expect("a clock of time").get();
        let Some(first) = self.first else { return Vec::new() };
        let start = first.div_euclid(step) + i64::from(first.rem_euclid(step) > 0);
        (start..)
            .map(|k| k * step)
            .take_while(|at| *at < end)
            .filter(|at| {
                let known = self.open.partition_point(|(from, _)| from <= at);
                self.open[known - 1].1
            })
            .collect()
    }
}
