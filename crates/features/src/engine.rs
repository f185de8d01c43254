//! The feature engine: market events in, rows out.

use fluxo_core::{
    BatchKind, BookBatch, Calendar, Decimal, Gap, GapReason, InstrumentSpec, MarketData,
    MarketEvent, Phase, Trade, TradeCondition, UnixNanos,
};
use fluxo_market_data::Book;

use crate::book_features::BookFeatures;
use crate::book_state::BookState;
use crate::coverage::Coverage;
use crate::grid::{DAY_NS, FINE_NS, bucket, point};
use crate::groups::{MidReturns, Slots, write_top};
use crate::parents::{ParentEvent, Parents, Print};
use crate::print_features::PrintFeatures;
use crate::row_clock::RowClock;
use crate::{Calibration, Error, FeatureConfig, FeatureRow};

/// Turns the market events of one instrument into time-sampled rows.
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
/// }
/// ```
///
/// Rows are a pure function of the events and the configuration. All state is made at construction
/// and never grows, except for book levels far from the touch.
#[derive(Clone, Debug)]
pub struct FeatureEngine {
    clock: RowClock,
    market: BookState,
    coverage: Coverage,
    mid_returns: MidReturns,
    book_features: BookFeatures,
    parents: Parents,
    prints: PrintFeatures,
    /// The last moment of the session, where sessions are UTC days.
    session_end: i64,
    calendar: Calendar,
    /// The last moment of the current 100 ms bucket: up to it no grid has to be rolled.
    bucket_end: i64,
    tick: Decimal,
    lot: Decimal,
    counts: FeatureCounts,
    row: FeatureRow,
}

/// What the engine had to cope with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FeatureCounts {
    /// Events that came with a receive time before the watermark, and counted as at the watermark.
    pub late_events: u64,
    /// Book updates without a snapshot before them, ignored.
    pub orphan_updates: u64,
    /// Specifications that are no refinement of the one before: the book was lost.
    pub foreign_specs: u64,
    /// Prints outside the rows of their footprint bar, counted in its end rows.
    pub footprint_clipped: u64,
    /// Prints and depth changes that were dropped unmatched because too many waited for each other.
    pub dropped_credits: u64,
    /// Values that were not finite, written as undefined: each is a defect.
    pub not_finite: u64,
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
        Ok(Self {
            clock: RowClock::new(config.step),
            market: BookState::new(config.book, config.stale_book_after.get()),
            coverage: Coverage::new(),
            mid_returns: MidReturns::new(),
            book_features: BookFeatures::new(&config, spec, calibration)?,
            parents: Parents::new(config.parent_gap.get(), config.parent_close.get()),
            prints: PrintFeatures::new(spec, calibration)?,
            session_end: i64::MIN,
            calendar: spec.calendar,
            bucket_end: i64::MIN,
            tick,
            lot,
            counts: FeatureCounts::default(),
            row: FeatureRow::undefined(UnixNanos::new(0), UnixNanos::new(0)),
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

    /// The next row whose time lies before the watermark, if there is one left: every event up to
    /// its time has been applied, and none after it. Timers call it without applying anything.
    pub fn next_row(&mut self, watermark: UnixNanos) -> Option<&FeatureRow> {
        self.clock.raise(watermark);
        let at = self.clock.take_due()?;
        self.write_row(at);
        Some(&self.row)
    }

    /// Takes the next event. A receive time before the watermark counts as the watermark.
    ///
    /// # Panics
    /// When a row before the event was not pulled: it would peek ahead.
    pub fn apply(&mut self, ts_recv: UnixNanos, event: &MarketEvent) {
        let before = Self::watermark_before(ts_recv, event).get();
        assert!(
            self.clock.next().is_none_or(|next| next >= before),
            "the rows before {before} must be pulled before the event is applied"
        );
        let ts = self.clock.admit(ts_recv);
        self.counts.late_events += u64::from(ts > ts_recv.get());
        self.advance(ts);
        match &event.data {
            MarketData::Book(batch) => self.on_book(ts, batch),
            MarketData::Trade(trade) => self.on_trade(ts, event.ts_event, trade),
            MarketData::Status(phase) => self.on_status(ts, *phase),
            MarketData::Gap(gap) => self.on_gap(ts, gap),
            MarketData::Spec(spec) => self.on_spec(ts, spec),
            // Time passed: that alone does not begin the rows.
            MarketData::Heartbeat => return,
            // They validate, or serve features that are not built.
            MarketData::Quote(_)
            | MarketData::Mark(_)
            | MarketData::Bar(_)
            | MarketData::OrderAdd(_)
            | MarketData::OrderReduce(_)
            | MarketData::OrderCancel(_)
            | MarketData::OrderExecute(_) => {}
        }
        self.coverage.on_event(ts);
        if self.market.phase() == Phase::Continuous {
            self.clock.open(ts);
        }
    }

    /// The book, as the events left it.
    #[must_use]
    pub const fn book(&self) -> &Book {
        self.market.book()
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

    /// Rolls every grid up to its last boundary before `ts`.
    fn roll(&mut self, ts: i64) {
        if ts <= self.bucket_end {
            return;
        }
        let bucket = bucket(ts, FINE_NS);
        self.bucket_end = bucket * FINE_NS;
        self.book_features.advance(ts, &self.market, &mut self.coverage);
        self.coverage.advance(ts);
        self.coverage.count_gap_to(ts);
        self.mid_returns.sample_through(bucket - 1);
        self.prints.advance(ts, &self.coverage);
        if ts > self.session_end {
            self.open_session(ts);
        }
    }

    // SESSIONS: the one place that opens them, after the grids were rolled to their last boundary
    // before `ts`. A moment exactly at the roll belongs to the day that ends there (FEATURES 17.24).
    fn open_session(&mut self, ts: i64) {
        self.session_end = match self.calendar {
            Calendar::AroundTheClock => bucket(ts, DAY_NS) * DAY_NS,
            // Its sessions open after a closed phase, which starts everything anew.
            Calendar::B3 => i64::MAX,
        };
        self.prints.open_session();
    }

    fn on_book(&mut self, ts: i64, batch: &BookBatch) {
        let before = self.market.top_at(ts);
        self.book_features.begin_batch(ts, batch.kind);
        if !self.market.apply(ts, batch, |change| self.book_features.note(&change)) {
            self.counts.orphan_updates += 1;
            return;
        }
        if batch.kind == BatchKind::Snapshot {
            self.coverage.end_gap(ts);
        }
        if let Some(top) = self.market.top_at(ts) {
            self.coverage.on_valid_batch(ts);
            self.mid_returns.observe(top.mid_half_ticks());
        }
        self.book_features.end_batch(ts, batch, before, &self.market);
    }

    /// Tells the groups what the book is, after anything else that may have changed its validity.
    fn observe_book(&mut self, ts: i64) {
        if let Some(top) = self.market.top_at(ts) {
            self.mid_returns.observe(top.mid_half_ticks());
        }
        self.book_features.observe(ts, &self.market);
    }

    fn on_trade(&mut self, ts: i64, ts_event: Option<UnixNanos>, trade: &Trade) {
        if trade.condition != TradeCondition::Market {
            return;
        }
        self.coverage.on_trade(ts);
        self.prints.on_print(ts, trade);
        self.counts.footprint_clipped = self.prints.clipped();
        if let Some(print) = Print::of(ts, ts_event.map(UnixNanos::get), trade) {
            let (closed, event) = self.parents.take(print);
            closed.iter().for_each(|closed| self.on_parent(closed));
            self.on_parent(&event);
            self.book_features.on_print(&print, &event);
            self.counts.dropped_credits = self.book_features.dropped_credits();
        }
    }

    /// Tells the groups what happened to a parent: at the moment of a print, or when time closes one.
    fn on_parent(&mut self, event: &ParentEvent) {
        self.prints.on_parent(event);
        self.book_features.on_parent(event);
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
        if factors == Some((1, 1)) {
            return;
        }
        if !factors.is_some_and(|(price, lots)| self.market.rescale(price, lots)) {
            self.market.lose();
            self.counts.foreign_specs += 1;
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
        self.mid_returns.clear();
        self.book_features.clear();
        self.parents.clear();
        self.prints.clear();
        // The cleared rings take up their place again with the next event.
        self.bucket_end = i64::MIN;
    }

    fn write_row(&mut self, at: i64) {
        self.advance(at);
        self.mid_returns.sample_through(point(at, FINE_NS));
        self.coverage.count_gap_to(at);
        (self.row.ts, self.row.known_at) =
            (UnixNanos::new(at), UnixNanos::new(self.clock.watermark()));
        let mut slots = Slots { row: &mut self.row, defects: &mut self.counts.not_finite };
        let top = self.market.top_at(at);
        write_top(top, &mut slots);
        self.mid_returns.write(at, &self.coverage, &mut slots);
        self.book_features.write(at, &self.market, &mut self.coverage, &mut slots);
        self.prints.write(at, &self.coverage, &mut slots);
    }
}
