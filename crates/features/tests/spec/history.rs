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
    pub(crate) live: bool,
    pub(crate) continuous: bool,
    pub(crate) updated_at: i64,
    /// Price and lots, best first; at most ten.
    pub(crate) bids: Vec<(i64, i64)>,
    pub(crate) asks: Vec<(i64, i64)>,
}

pub(crate) struct Print {
    pub(crate) ts: i64,
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

/// What happened since the last break.
#[derive(Default)]
pub(crate) struct Era {
    pub(crate) states: Vec<State>,
    pub(crate) prints: Vec<Print>,
    /// Time and e of each batch that led from a valid book to a valid book.
    pub(crate) flow: Vec<(i64, i128)>,
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

/// Reads events in order into eras.
pub(crate) struct Reader {
    config: FeatureConfig,
    pub(crate) eras: Vec<(i64, Era)>,
    now: i64,
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
            live: self.live,
            continuous: self.phase == Phase::Continuous,
            updated_at: self.updated_at,
            bids: side(Side::Bid).iter().rev().take(10).map(pair).collect(),
            asks: side(Side::Ask).iter().take(10).map(pair).collect(),
        }
    }

    fn push_state(&mut self) {
        let state = self.state();
        self.era().states.push(state);
    }

    pub(crate) fn read(&mut self, received: &Received) {
        self.now = self.now.max(received.ts);
        let now = self.now;
        match &received.event.data {
            MarketData::Book(batch) => self.read_batch(batch),
            MarketData::Trade(trade) if trade.condition == TradeCondition::Market => {
                let ts_event = received.event.ts_event.map(UnixNanos::get);
                let (lots, match_id) = (trade.lots.get(), trade.match_id);
                let (sign, price) = (trade.aggressor.sign(), trade.price.ticks());
                self.era().prints.push(Print { ts: now, ts_event, sign, price, lots, match_id });
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
        for level in &batch.levels {
            let side = &mut self.book[level.side.index()];
            side.remove(&level.price.ticks());
            if level.lots.get() > 0 {
                side.insert(level.price.ticks(), level.lots.get());
            }
        }
        self.updated_at = now;
        let after = self.state();
        let valid = after.is_valid(now, &config);
        if valid {
            self.era().first_batch.get_or_insert(now);
        }
        if batch.kind == BatchKind::Update && valid && before.is_valid(now, &config) {
            let e = flow_of(&before, &after);
            self.era().flow.push((now, e));
        }
        self.era().states.push(after);
    }

    /// Grid times from the first event on, while rows are allowed, until the watermark is `end`.
    pub(crate) fn row_times(&self, end: i64) -> Vec<i64> {
        let step = self.config.step.get();
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
