//! The feature engine: market events in, rows out.

use fluxo_core::{
    BatchKind, BookBatch, Decimal, Gap, GapReason, InstrumentSpec, MarketData, MarketEvent, Phase,
    Trade, TradeCondition, UnixNanos,
};
use fluxo_market_data::{Book, OrderBookConfig};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::book_features::BookFeatures;
use crate::book_state::BookState;
use crate::counts::FeatureCounts;
use crate::coverage::Coverage;
use crate::grid::{FINE_NS, bucket, point};
use crate::groups::{MidReturns, Orders, Slots, write_clock, write_top};
use crate::nsmi::Nsmi;
use crate::order_state::OrderBookState;
use crate::parents::{ParentEvent, Parents, Print};
use crate::price_features::PriceFeatures;
use crate::print_features::PrintFeatures;
use crate::regime::Regime;
use crate::row::Exact;
use crate::row_clock::{DueRow, RowClock};
use crate::segments::{Place, Segments, is_recording_boundary};
use crate::sessions::Sessions;
use crate::snapshot::{self, Schema, SnapshotError};
use crate::{Calibration, Error, FeatureConfig, FeatureRow, schema_text};

/// Turns the market events of one instrument into rows.
///
/// For each event, first pull the rows that are due, then apply it:
///
/// ```
/// # use fluxo_core::{MarketEvent, UnixNanos};
/// # use fluxo_features::{FeatureEngine, FeatureRow};
/// fn feed(
///     engine: &mut FeatureEngine,
///     ts_recv: UnixNanos,
///     event: &MarketEvent,
///     mut on_row: impl FnMut(&FeatureRow),
/// ) {
///     let watermark = FeatureEngine::watermark_before(ts_recv, event);
///     while let Some(row) = engine.next_row(watermark) {
///         on_row(row);
///     }
///     engine.apply(ts_recv, event);
///     // A row that the event completed: there is none where time alone makes rows.
///     while let Some(row) = engine.next_row(watermark) {
///         on_row(row);
///     }
/// }
/// ```
///
/// Rows are a pure function of the events and the configuration. All state is made at construction
/// and never grows, except for book levels far from the touch.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FeatureEngine {
    /// What its rows mean, hashed.
    schema: Schema,
    clock: RowClock,
    segments: Segments,
    market: BookState,
    coverage: Coverage,
    sessions: Sessions,
    prices: PriceFeatures,
    mid_returns: MidReturns,
    book_features: BookFeatures,
    parents: Parents,
    prints: PrintFeatures,
    /// Where the feed tells every order: the orders, and what is made of them.
    orders: Option<(Box<OrderBookState>, Orders)>,
    regime: Regime,
    /// The last moment of the current 100 ms bucket: up to it no grid has to be rolled.
    bucket_end: i64,
    tick: Decimal,
    lot: Decimal,
    counts: FeatureCounts,
    /// The last row, and the same before it was narrowed: written anew for every row.
    #[serde(skip, default = "no_row")]
    row: FeatureRow,
    #[serde(skip)]
    exact: Exact,
}

fn no_row() -> FeatureRow {
    FeatureRow::undefined(UnixNanos::new(0), UnixNanos::new(0))
}

impl FeatureEngine {
    /// An engine that has seen nothing. The specification says what ticks and lots mean until a
    /// [`MarketData::Spec`] says otherwise.
    ///
    /// # Errors
    /// When the configuration or the grid of the specification is out of range.
    pub fn new(config: FeatureConfig, spec: &InstrumentSpec) -> Result<Self, Error> {
        Self::calibrated(config, spec, &Calibration::default())
    }

    /// An engine that has seen nothing, with what was fitted on earlier sessions.
    ///
    /// # Errors
    /// When the configuration, the grid or a unit of the specification, or the calibration is out of
    /// range.
    pub fn calibrated(
        config: FeatureConfig,
        spec: &InstrumentSpec,
        calibration: &Calibration,
    ) -> Result<Self, Error> {
        config.check()?;
        calibration.check()?;
        let (tick, lot) = (spec.tick_size, spec.lot_size);
        if !tick.is_positive() || !lot.is_positive() {
            return Err(Error::SpecGrid { tick, lot });
        }
        let schema = schema_text(&config, spec, calibration.sha256);
        Ok(Self {
            schema: Sha256::digest(schema).into(),
            clock: RowClock::new(config.clock),
            segments: Segments::new(config.warm_after.get(), spec),
            market: BookState::new(config.book, config.stale_book_after.get()),
            coverage: Coverage::new(),
            sessions: Sessions::new(spec),
            prices: PriceFeatures::new(),
            mid_returns: MidReturns::new(),
            book_features: BookFeatures::new(&config, spec, calibration)?,
            parents: Parents::new(config.parent_gap.get(), config.parent_close.get()),
            prints: PrintFeatures::new(spec, calibration)?,
            orders: spec
                .market
                .is_order_by_order()
                .then(|| (Box::new(OrderBookState::new(OrderBookConfig::DEFAULT)), Orders::new())),
            regime: Regime::new(config.regime_inputs),
            bucket_end: i64::MIN,
            tick,
            lot,
            counts: FeatureCounts::default(),
            row: no_row(),
            exact: Exact::UNDEFINED,
        })
    }

    /// Up to where rows are due before this event is applied: its receive time, but where a
    /// recording ended the end of that recording, because no row describes the time between two.
    #[must_use]
    pub fn watermark_before(ts_recv: UnixNanos, event: &MarketEvent) -> UnixNanos {
        match event.data {
            MarketData::Gap(Gap { from, reason: GapReason::RecordingBoundary, .. }) => {
                // The last moment of the recording is still whole.
                UnixNanos::new(from.get().saturating_add(1)).min(ts_recv)
            }
            _ => ts_recv,
        }
    }

    /// The next row, if one is left. By a clock of time it is one whose time lies before the watermark:
    /// every event up to its time has been applied, and none after it. By the other clocks it is the
    /// one that the last event completed, whatever the watermark. Timers call it without applying
    /// anything.
    pub fn next_row(&mut self, watermark: UnixNanos) -> Option<&FeatureRow> {
        self.clock.raise(watermark);
        let due = self.clock.take_due()?;
        self.write_row(due);
        Some(&self.row)
    }

    /// Takes the next event. A receive time before the watermark counts as the watermark.
    ///
    /// # Panics
    /// When a row before the event was not pulled: it would peek ahead.
    pub fn apply(&mut self, ts_recv: UnixNanos, event: &MarketEvent) {
        let before = Self::watermark_before(ts_recv, event).get();
        assert!(
            !self.clock.is_behind(before),
            "the rows before {before} must be pulled before the event is applied"
        );
        let ts = self.clock.admit(ts_recv);
        self.counts.late_events += u64::from(ts > ts_recv.get());
        self.segments.on_event(ts, &event.data);
        // The hole between two recordings is a break: its hours need not be sampled.
        if !is_recording_boundary(&event.data) {
            self.advance(ts);
        }
        let mut completes = false;
        match &event.data {
            MarketData::Book(batch) => completes = self.on_book(ts, batch),
            MarketData::Trade(trade) => completes = self.on_trade(ts, event.ts_event, trade),
            MarketData::Status(phase) => self.on_status(ts, *phase),
            MarketData::Gap(gap) => self.on_gap(ts, gap),
            MarketData::Spec(spec) => self.on_spec(ts, spec),
            // Time passed: that alone does not begin the rows.
            MarketData::Heartbeat => return,
            MarketData::OrderAdd(_)
            | MarketData::OrderReduce(_)
            | MarketData::OrderCancel(_)
            | MarketData::OrderExecute(_) => self.on_order(ts, &event.data),
            // They validate the book, or are made of what is here already.
            MarketData::Quote(_) | MarketData::Mark(_) | MarketData::Bar(_) => {}
        }
        self.coverage.on_event(ts);
        self.prices.begin(ts);
        self.regime.begin(ts);
        if self.market.phase() == Phase::Continuous {
            self.clock.open(ts);
        }
        if completes {
            self.clock.complete(ts);
        }
    }

    /// The whole state as one value: an engine that [restores](Self::restore) it and is fed the rest of
    /// the stream gives the same rows, bit by bit, as this one.
    #[must_use]
    pub fn snapshot(&self) -> Vec<u8> {
        snapshot::write(&self.schema, self)
    }

    /// Goes on from a snapshot of an engine that was made with the same configuration, of the same
    /// instrument, with the same calibration.
    ///
    /// # Errors
    /// Everything else; the engine is then as it was.
    pub fn restore(&mut self, bytes: &[u8]) -> Result<(), SnapshotError> {
        *self = snapshot::read(&self.schema, bytes)?;
        Ok(())
    }

    /// The book, as the events left it.
    #[must_use]
    pub const fn book(&self) -> &Book {
        self.market.book()
    }

    /// The regime as the last row saw it.
    #[must_use]
    pub const fn regime(&self) -> &Nsmi {
        self.regime.nsmi()
    }

    /// What the engine had to cope with.
    #[must_use]
    pub const fn counts(&self) -> &FeatureCounts {
        &self.counts
    }

    /// Lets time pass up to `ts`: what happens on the way happens at its own moment.
    fn advance(&mut self, ts: i64) {
        if let Some((at, closed)) = self.parents.close_by(ts) {
            self.roll(at);
            self.on_parent(&closed);
        }
        self.roll(ts);
    }

    /// Lets the grids pass up to `ts`; the regime is sampled at every second on the way.
    fn roll(&mut self, ts: i64) {
        if ts <= self.bucket_end {
            return;
        }
        if self.market.phase() == Phase::Closed {
            self.regime.skip_to(ts);
        }
        while let Some(second) = self.regime.due(ts) {
            self.roll_grids(second);
            self.compute(second);
            self.regime.step(second, &self.exact);
        }
        self.roll_grids(ts);
    }

    /// Rolls every grid up to its last boundary before `ts`.
    fn roll_grids(&mut self, ts: i64) {
        if ts <= self.bucket_end {
            return;
        }
        let bucket = bucket(ts, FINE_NS);
        self.bucket_end = bucket * FINE_NS;
        self.book_features.advance(ts, &self.market, &mut self.coverage);
        self.coverage.advance(ts);
        self.coverage.count_gap_to(ts);
        // What a closed phase leaves is forgotten when it ends: its hours need not be sampled.
        if self.market.phase() != Phase::Closed {
            self.prices.sample_through(bucket - 1);
        }
        self.prices.advance(ts);
        self.mid_returns.sample_through(bucket - 1);
        self.prints.advance(ts, &self.coverage);
        // Sessions open at the end of a bucket: none can open without passing here.
        if self.sessions.advance(ts) {
            self.open_session();
        }
    }

    /// What is counted from the opening of the session begins anew.
    fn open_session(&mut self) {
        self.prices.open_session();
        self.prints.open_session();
    }

    /// Says whether it completes a row.
    fn on_book(&mut self, ts: i64, batch: &BookBatch) -> bool {
        let before = self.market.top_at(ts);
        let shown = self.clock.is_of_book().then(|| *self.book_features.depth());
        let mut notes = self.book_features.begin_batch(ts, batch);
        let is_applied = self.market.apply(ts, batch, |change| notes.take(&change));
        let noted = notes.end();
        if !is_applied {
            self.counts.orphan_updates += 1;
            return false;
        }
        if batch.kind == BatchKind::Snapshot {
            self.coverage.end_gap(ts);
        }
        if let Some(top) = self.market.top_at(ts) {
            self.coverage.on_valid_batch(ts);
            self.mid_returns.observe(top.mid_half_ticks());
        }
        self.book_features.end_batch(ts, (batch, noted), before, &self.market);
        if let Some((orders, _)) = &mut self.orders {
            orders.set_levels(batch);
        }
        shown.is_some_and(|shown| shown != *self.book_features.depth())
    }

    /// Tells the groups what the book is, after anything else that may have changed its validity.
    fn observe_book(&mut self, ts: i64) {
        if let Some(top) = self.market.top_at(ts) {
            self.mid_returns.observe(top.mid_half_ticks());
        }
        self.book_features.observe(ts, &self.market);
    }

    /// Says whether it completes a row.
    fn on_trade(&mut self, ts: i64, ts_event: Option<UnixNanos>, trade: &Trade) -> bool {
        if trade.condition != TradeCondition::Market {
            return false;
        }
        self.coverage.on_trade(ts);
        self.prices.on_trade(trade);
        self.prints.on_print(ts, trade);
        self.counts.footprint_clipped = self.prints.clipped();
        if let Some(print) = Print::of(ts, ts_event.map(UnixNanos::get), trade) {
            let (closed, event) = self.parents.take(print);
            closed.iter().for_each(|closed| self.on_parent(closed));
            self.on_parent(&event);
            self.book_features.on_print(&print, &event);
            self.counts.dropped_credits = self.book_features.dropped_credits();
        }
        self.clock.fills(trade.lots.get())
    }

    /// Tells the groups what happened to a parent: at the moment of a print, or when time closes one.
    fn on_parent(&mut self, event: &ParentEvent) {
        self.prints.on_parent(event);
        self.book_features.on_parent(event);
    }

    /// The batch of the order's message comes after it: the book is still as it was before.
    fn on_order(&mut self, ts: i64, data: &MarketData) {
        let Some((book, orders)) = &mut self.orders else { return };
        if let Some(fact) = book.apply(ts, data) {
            orders.on_order(ts, &fact, self.book_features.depth());
            self.book_features.on_order(ts, &fact);
        }
    }

    fn on_status(&mut self, ts: i64, phase: Phase) {
        let reopens = self.market.phase() == Phase::Closed && phase != Phase::Closed;
        self.market.set_phase(phase);
        if reopens {
            self.restart();
        }
        if phase != Phase::Continuous {
            self.clock.close();
        }
        self.observe_book(ts);
    }

    fn on_gap(&mut self, ts: i64, gap: &Gap) {
        self.market.lose();
        self.book_features.on_gap(self.market.book());
        if let Some((orders, _)) = &mut self.orders {
            orders.lose();
        }
        match gap.reason {
            GapReason::Sequence { .. } | GapReason::Disconnected | GapReason::Overrun => {
                self.coverage.begin_gap(gap.from.get(), ts);
            }
            GapReason::RecordingBoundary => {
                self.restart();
                self.clock.close();
            }
        }
        self.observe_book(ts);
    }

    fn on_spec(&mut self, ts: i64, spec: &InstrumentSpec) {
        let factors =
            self.tick.multiple_of(spec.tick_size).zip(self.lot.multiple_of(spec.lot_size));
        (self.tick, self.lot) = (spec.tick_size, spec.lot_size);
        self.sessions.respecify(spec);
        if factors == Some((1, 1)) {
            return;
        }
        if let Some((_, lots)) = factors {
            self.clock.rescale(lots);
        }
        if !factors.is_some_and(|(price, lots)| self.market.rescale(price, lots)) {
            self.market.lose();
            self.counts.foreign_specs += 1;
        }
        if let Some((orders, _)) = &mut self.orders {
            match factors {
                Some((price, lots)) => orders.rescale(price, lots),
                None => orders.lose(),
            }
        }
        let (price_factor, lots_factor) = factors.unzip();
        self.prints.respecify(spec, lots_factor);
        self.book_features.respecify(&spec.units, price_factor, self.market.book());
        self.restart();
        self.observe_book(ts);
    }

    /// A break: everything but the book starts anew.
    fn restart(&mut self) {
        self.coverage.clear();
        self.prices.clear();
        self.mid_returns.clear();
        self.book_features.clear();
        self.parents.clear();
        self.prints.clear();
        if let Some((_, orders)) = &mut self.orders {
            orders.clear();
        }
        self.regime.on_break();
        // The cleared rings take up their place again with the next event.
        self.bucket_end = i64::MIN;
    }

    /// Where more events of the row's time may come, a grid point at that time must not be taken yet:
    /// the row is then read from a copy.
    fn write_row(&mut self, due: DueRow) {
        if due.is_over || due.at % FINE_NS != 0 {
            self.fill_row(due);
        } else {
            self.fill_row_ahead(due);
        }
    }

    /// Out of the way: a copy of the engine on the stack would be paid for by every row.
    #[cold]
    #[inline(never)]
    fn fill_row_ahead(&mut self, due: DueRow) {
        let mut ahead = self.clone();
        ahead.fill_row(due);
        (self.row, self.counts, self.segments) = (ahead.row, ahead.counts, ahead.segments);
        self.regime.take_votes(ahead.regime);
    }

    fn fill_row(&mut self, DueRow { at, .. }: DueRow) {
        self.advance(at);
        self.compute(at);
        self.counts.not_finite += self.row.set_features(&self.exact);
        if self.regime.due(at + 1) == Some(at) {
            self.regime.step(at, &self.exact);
        }
        let is_fit = self.regime.write(at, &self.exact, &mut self.row);
        self.counts.not_finite += u64::from(!is_fit);
        self.row.trend_sign = self.regime.nsmi().trend_sign();
        Place { segment: self.row.segment, is_warm: self.row.is_warm } = self.segments.on_row(at);
        self.row.is_partial_session = self.sessions.is_partial(self.coverage.first_event());
        let known_at = self.clock.known_at(at);
        (self.row.ts, self.row.known_at) = (UnixNanos::new(at), UnixNanos::new(known_at));
    }

    /// Computes the features of `at`: the grids were rolled to it, and everything up to it has
    /// been seen.
    fn compute(&mut self, at: i64) {
        self.prices.sample_through(point(at, FINE_NS));
        self.mid_returns.sample_through(point(at, FINE_NS));
        self.coverage.count_gap_to(at);
        let (exact, defects) = (&mut self.exact, &mut self.counts.not_finite);
        let mut slots = Slots { exact, defects };
        let top = self.market.top_at(at);
        write_top(top, &mut slots);
        self.prices.write(at, &self.coverage, &mut slots);
        write_clock(at, &mut self.sessions, &mut slots);
        self.mid_returns.write(at, &self.coverage, &mut slots);
        self.book_features.write(at, &self.market, &mut self.coverage, &mut slots);
        self.prints.write(at, &self.coverage, &mut slots);
        match &self.orders {
            Some((book, orders)) => {
                let depth = top.is_some().then(|| self.book_features.depth());
                orders.write(book, depth, &mut slots);
            }
            None => Orders::write_none(&mut slots),
        }
    }
}
