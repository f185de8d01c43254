//! The target engine: market events and rows in, decided targets of rows out.

use fluxo_core::{Gap, InstrumentSpec, MarketData, MarketEvent, Nanos, UnixNanos};
use sha2::{Digest, Sha256};

use super::barrier::{TripleBarrier, rows_within};
use super::bet::{BetSide, Bets};
use super::config::in_bps;
use super::decided::{Decided, RowKey};
use super::family::{FUT_RV, FUT_SPREAD, Family, TB_LABEL, TB_META};
use super::future_spread::{self, FutureSpread};
use super::future_volatility::{self, FutureVolatility};
use super::horizon::Horizon;
use super::market::Market;
use super::terms::{Barrier, RowTerms, SPAN_MAX_NS, round_trip_bps};
use super::volatility::GridReturns;
use super::{Matured, TARGET_COUNT, TargetConfig, Unlabelled, target_revision};
use crate::grid::SECOND_NS;
use crate::snapshot::{self, Schema, SnapshotError};
use crate::{Error, FeatureConfig, FeatureRow};

/// The horizons of targets 0 to 7 in seconds: returns come first, directions after them.
const HORIZONS_S: [usize; 4] = [1, 5, 10, 30];
/// A direction is measured against moves of the last hour or so, of which it takes some minutes.
const DIRECTION_HALF_LIFE_S: f64 = 1_800.0;
const DIRECTION_RETURNS_MIN: u64 = 600;
/// A barrier is measured against moves of the last minutes, of which it takes two.
const BARRIER_HALF_LIFE_S: f64 = 300.0;
const BARRIER_RETURNS_MIN: u64 = 120;

/// Says what came after the rows of one instrument, each target as soon as it is known.
///
/// Feed it beside a feature engine: every row when that gives it, every event when that takes it, and
/// take what has matured after each. [`RowLabeller`](crate::RowLabeller) gathers whole rows.
///
/// ```
/// # use fluxo_core::{MarketEvent, UnixNanos};
/// # use fluxo_features::{FeatureEngine, Matured, TargetEngine};
/// fn feed(
///     features: &mut FeatureEngine,
///     targets: &mut TargetEngine,
///     ts_recv: UnixNanos,
///     event: &MarketEvent,
///     mut on_matured: impl FnMut(Matured),
/// ) {
///     let watermark = FeatureEngine::watermark_before(ts_recv, event);
///     while let Some(row) = features.next_row(watermark) {
///         targets.on_row(row);
///     }
///     features.apply(ts_recv, event);
///     targets.apply(ts_recv, event);
///     while let Some(matured) = targets.next_matured() {
///         on_matured(matured);
///     }
/// }
/// ```
///
/// Every target of every row is decided once, with a label or without. Memory is that of the rows of
/// a quarter of an hour, taken at construction; the state can be saved and restored.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct TargetEngine {
    /// What its labels mean, hashed.
    schema: Schema,
    config: TargetConfig,
    /// The taker fee of the specification in force.
    fee_bps: f64,
    market: Market,
    /// What directions are measured against.
    returns: GridReturns,
    /// What barriers are measured against.
    recent_returns: GridReturns,
    horizons: [Horizon; HORIZONS_S.len()],
    barriers: TripleBarrier,
    bets: Bets,
    future_volatility: FutureVolatility,
    future_spread: FutureSpread,
    decided: Decided,
    /// How many rows there were.
    rows: u64,
    /// No event counts as earlier than this.
    watermark: i64,
    /// A label whose end no depth message confirmed for this long has none.
    silence_max: i64,
}

impl TargetEngine {
    /// An engine that has seen nothing.
    ///
    /// # Errors
    /// When a configuration or the grid of the specification is out of range.
    pub fn new(
        config: FeatureConfig,
        targets: TargetConfig,
        spec: &InstrumentSpec,
    ) -> Result<Self, Error> {
        config.check()?;
        targets.check()?;
        let (tick, lot) = (spec.tick_size, spec.lot_size);
        if !tick.is_positive() || !lot.is_positive() {
            return Err(Error::SpecGrid { tick, lot });
        }
        let silence_max = config.stale_book_after.get();
        // Room to begin with; where events make rows it may grow.
        let step = config.clock.step().unwrap_or(Nanos::from_millis(100));
        // A row waits for its end, and then for the proof.
        let rows = |span: i64| rows_within(span.saturating_add(silence_max), step);
        let horizons = core::array::from_fn(|at| {
            let span = i64::try_from(HORIZONS_S[at]).expect("a few seconds") * SECOND_NS;
            Horizon::new(span, [at, HORIZONS_S.len() + at], rows(span))
        });
        let barrier_rows = rows_within(SPAN_MAX_NS, step);
        let bet_rows = rows_within(SPAN_MAX_NS + 2 * targets.latency.get(), step);
        let revisions: Vec<u32> = (0..TARGET_COUNT).map(target_revision).collect();
        let meaning = format!("{}\n{revisions:?}\n{config:?}\n{targets:?}", spec.symbol);
        Ok(Self {
            schema: Sha256::digest(meaning).into(),
            config: targets,
            fee_bps: in_bps(spec.taker_fee),
            market: Market::new(&config, spec),
            returns: GridReturns::new(&HORIZONS_S, DIRECTION_HALF_LIFE_S, DIRECTION_RETURNS_MIN),
            recent_returns: GridReturns::new(&[1], BARRIER_HALF_LIFE_S, BARRIER_RETURNS_MIN),
            horizons,
            barriers: TripleBarrier::new(barrier_rows),
            bets: Bets::new(bet_rows, &targets),
            future_volatility: FutureVolatility::new(rows(future_volatility::SPAN_NS)),
            future_spread: FutureSpread::new(rows(future_spread::SPAN_NS)),
            // A gap decides everything at once.
            decided: Decided::with_capacity(
                2 * bet_rows + TARGET_COUNT * rows(future_volatility::SPAN_NS),
            ),
            rows: 0,
            watermark: i64::MIN,
            silence_max,
        })
    }

    /// The whole state as one value: an engine that [restores](Self::restore) it goes on as this one
    /// would.
    #[must_use]
    pub fn snapshot(&self) -> Vec<u8> {
        snapshot::write(&self.schema, self)
    }

    /// Goes on from a snapshot of an engine that was made with the same configurations, of the same
    /// instrument.
    ///
    /// # Errors
    /// Everything else; the engine is then as it was.
    pub fn restore(&mut self, bytes: &[u8]) -> Result<(), SnapshotError> {
        *self = snapshot::read(&self.schema, bytes)?;
        Ok(())
    }

    /// A row that the feature engine gave: every event up to its time was applied, and none after it.
    /// Returns what is known at the row of the bets on it.
    pub fn on_row(&mut self, row: &FeatureRow) -> RowTerms {
        self.watermark = self.watermark.max(row.known_at.get());
        let key = RowKey { number: self.rows, at: row.ts.get() };
        self.rows += 1;
        // A row that an event completed may be followed by more of the same moment.
        let is_over = row.known_at > row.ts;
        self.pass(if is_over { key.at } else { key.at.saturating_sub(1) });
        self.open_horizons(key);
        let mid = self.whole_mid();
        match mid {
            Ok(mid) => {
                self.future_volatility.open(key, mid);
                self.future_spread.open(key);
            }
            Err(why) => {
                for target in [FUT_RV, FUT_SPREAD] {
                    self.decided.push(key.matured(target, Err(why)));
                }
            }
        }
        let touch = self.market.touch_at(key.at);
        let cost_bps = touch.map(|touch| round_trip_bps(&touch, self.fee_bps, &self.config));
        let barrier = mid.and_then(|mid| {
            let cost_bps = cost_bps.ok_or(Unlabelled::NoSpread)?;
            let sigma_bps = self.recent_returns.root_mean_square(0).ok_or(Unlabelled::Cold)?;
            Ok((mid, Barrier::new(cost_bps, sigma_bps, self.config.c_cost)?))
        });
        match barrier {
            Ok((mid, barrier)) => self.open_barriers(key, mid, &barrier, BetSide::of(row)),
            Err(why) => {
                for target in [TB_LABEL, TB_META] {
                    self.decided.push(key.matured(target, Err(why)));
                }
            }
        }
        RowTerms { cost_bps, barrier: barrier.ok().map(|(_, barrier)| barrier) }
    }

    /// Takes the next event. A receive time before the watermark counts as the watermark.
    pub fn apply(&mut self, ts_recv: UnixNanos, event: &MarketEvent) {
        let ts = self.watermark.max(ts_recv.get());
        self.watermark = ts;
        self.pass(ts - 1);
        let is_break = match &event.data {
            MarketData::Book(batch) => {
                if self.market.apply(ts, batch) {
                    // An update whose chain is whole proves that everything before it was.
                    self.confirm(ts);
                }
                false
            }
            MarketData::Status(phase) => self.market.set_phase(ts, *phase),
            MarketData::Gap(gap) => {
                self.on_gap(gap);
                self.market.lose(ts, gap)
            }
            MarketData::Spec(spec) => self.respecify(ts, spec),
            // They are not the book.
            MarketData::Heartbeat
            | MarketData::Trade(_)
            | MarketData::Quote(_)
            | MarketData::Mark(_)
            | MarketData::Bar(_)
            | MarketData::OrderAdd(_)
            | MarketData::OrderReduce(_)
            | MarketData::OrderCancel(_)
            | MarketData::OrderExecute(_) => return,
        };
        if is_break {
            self.returns.clear();
            self.recent_returns.clear();
        }
        self.observe(ts);
    }

    /// The recording is over: what has not been decided by now has no label.
    pub fn finish(&mut self) {
        let (families, decided) = self.families();
        for family in families {
            family.fail_all(Unlabelled::Unfinished, decided);
        }
    }

    /// The next target that was decided.
    pub fn next_matured(&mut self) -> Option<Matured> {
        self.decided.take()
    }

    fn open_horizons(&mut self, key: RowKey) {
        let mid = self.market.state().and_then(|_| self.market.mid().ok_or(Unlabelled::NoMid));
        for (place, horizon) in self.horizons.iter_mut().enumerate() {
            match mid {
                Ok(mid) => horizon.open(key, mid, self.returns.root_mean_square(place)),
                Err(why) => horizon.refuse(key, why, &mut self.decided),
            }
        }
    }

    fn open_barriers(&mut self, key: RowKey, mid: i64, barrier: &Barrier, side: Option<BetSide>) {
        self.barriers.open(key, mid, barrier);
        match side {
            Some(side) => self.bets.open(key, side, self.fee_bps),
            None => self.decided.push(key.matured(TB_META, Err(Unlabelled::NoSide))),
        }
    }

    /// The mid for targets that a crossed book is no trouble for.
    fn whole_mid(&self) -> Result<i64, Unlabelled> {
        self.market.is_whole().and_then(|()| self.market.mid().ok_or(Unlabelled::NoMid))
    }

    /// Nothing happened up to `through`.
    fn pass(&mut self, through: i64) {
        self.returns.sample_through(through, &self.market);
        self.recent_returns.sample_through(through, &self.market);
        let mid = self.market.mid();
        self.horizons.iter_mut().for_each(|horizon| horizon.mature(through, mid));
        self.barriers.mature(through, &self.market, &mut self.bets);
        self.bets.mature(through, &self.market, &mut self.decided);
        self.future_volatility.mature(through, mid);
        self.future_spread.mature(through, &mut self.decided);
        let unheard = through.saturating_sub(self.silence_max).saturating_sub(1);
        let (families, decided) = self.families();
        for family in families {
            family.give_up(unheard, Unlabelled::Silent, decided);
        }
    }

    /// Up to the gap's beginning all was whole; what came after is doubtful, though it seemed not to be.
    fn on_gap(&mut self, gap: &Gap) {
        self.confirm(gap.from.get());
        let (families, decided) = self.families();
        for family in families {
            family.fail_all(Unlabelled::Gap, decided);
        }
    }

    /// Returns whether it was a break.
    fn respecify(&mut self, ts: i64, spec: &InstrumentSpec) -> bool {
        self.fee_bps = in_bps(spec.taker_fee);
        let is_break = self.market.respecify(ts, spec);
        if is_break {
            let (families, decided) = self.families();
            for family in families {
                family.fail_open(Unlabelled::Respecified, decided);
            }
        }
        is_break
    }

    /// The market is so from now on: what is wrong with it lies within every open label.
    fn observe(&mut self, ts: i64) {
        self.future_spread.observe(ts, &self.market);
        if let Err(why) = self.market.state() {
            for horizon in &mut self.horizons {
                horizon.fail_open(why, &mut self.decided);
            }
        }
        if let Err(why) = self.whole_mid() {
            self.barriers.fail_open(why, &mut self.decided);
            self.bets.fail_open(why, &mut self.decided);
            self.future_volatility.fail_open(why, &mut self.decided);
            self.future_spread.fail_open(why, &mut self.decided);
        }
    }

    fn confirm(&mut self, moment: i64) {
        let (families, decided) = self.families();
        for family in families {
            family.confirm(moment, decided);
        }
    }

    fn families(&mut self) -> ([&mut dyn Family; HORIZONS_S.len() + 4], &mut Decided) {
        let [one, two, three, four] = &mut self.horizons;
        let families: [&mut dyn Family; HORIZONS_S.len() + 4] = [
            one,
            two,
            three,
            four,
            &mut self.barriers,
            &mut self.bets,
            &mut self.future_volatility,
            &mut self.future_spread,
        ];
        (families, &mut self.decided)
    }
}
