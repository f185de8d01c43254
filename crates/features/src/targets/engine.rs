//! The target engine: market events and row times in, labels of rows out.

use fluxo_core::{Gap, InstrumentSpec, MarketData, MarketEvent, UnixNanos};

use super::horizon::Horizon;
use super::market::Market;
use super::rows::{OpenRows, RowLabels};
use super::volatility::GridReturns;
use super::{Label, Unlabelled};
use crate::grid::SECOND_NS;
use crate::{Error, FeatureConfig, FeatureRow};

/// The horizons of targets 0 to 7 in seconds: returns come first, directions after them.
const HORIZONS_S: [usize; 4] = [1, 5, 10, 30];

/// Labels the rows of one instrument.
///
/// Feed it beside a feature engine: every row when that gives it, every event when that takes it.
///
/// ```
/// # use fluxo_core::{MarketEvent, UnixNanos};
/// # use fluxo_features::{FeatureEngine, RowLabels, TargetEngine};
/// fn feed(
///     features: &mut FeatureEngine,
///     targets: &mut TargetEngine,
///     ts_recv: UnixNanos,
///     event: &MarketEvent,
///     mut on_labels: impl FnMut(RowLabels),
/// ) {
///     let watermark = FeatureEngine::watermark_before(ts_recv, event);
///     while let Some(row) = features.next_row(watermark) {
///         targets.on_row(row);
///     }
///     features.apply(ts_recv, event);
///     targets.apply(ts_recv, event);
///     while let Some(labels) = targets.next_labels() {
///         on_labels(labels);
///     }
/// }
/// ```
///
/// Labels come in the order of the rows, one set for every row.
#[derive(Clone, Debug)]
pub struct TargetEngine {
    market: Market,
    returns: GridReturns<{ HORIZONS_S.len() }>,
    horizons: [Horizon; HORIZONS_S.len()],
    rows: OpenRows,
    /// No event counts as earlier than this.
    watermark: i64,
    /// A label whose end no depth message confirmed for this long has none.
    silence_max: i64,
}

impl TargetEngine {
    /// An engine that has seen nothing.
    ///
    /// # Errors
    /// When the configuration or the grid of the specification is out of range.
    pub fn new(config: FeatureConfig, spec: &InstrumentSpec) -> Result<Self, Error> {
        config.check()?;
        let (tick, lot) = (spec.tick_size, spec.lot_size);
        if !tick.is_positive() || !lot.is_positive() {
            return Err(Error::SpecGrid { tick, lot });
        }
        Ok(Self {
            market: Market::new(&config, spec),
            returns: GridReturns::new(HORIZONS_S),
            horizons: core::array::from_fn(|at| {
                let seconds = i64::try_from(HORIZONS_S[at]).expect("a few seconds");
                Horizon::new(seconds * SECOND_NS, [at, HORIZONS_S.len() + at])
            }),
            rows: OpenRows::default(),
            watermark: i64::MIN,
            silence_max: config.stale_book_after.get(),
        })
    }

    /// A row that the feature engine gave: every event up to its time was applied, and none after it.
    pub fn on_row(&mut self, row: &FeatureRow) {
        self.watermark = self.watermark.max(row.known_at.get());
        let at = row.ts.get();
        self.pass(at);
        let number = self.rows.open(at);
        let mid = self.market.state().and_then(|_| self.market.mid().ok_or(Unlabelled::NoMid));
        for (place, horizon) in self.horizons.iter_mut().enumerate() {
            let sigma = self.returns.root_mean_square(place);
            horizon.open(number, at, mid, sigma, &mut self.rows);
        }
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
            MarketData::Spec(spec) => {
                let is_break = self.market.respecify(ts, spec);
                if is_break {
                    self.fail_open(Unlabelled::Respecified);
                }
                is_break
            }
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
        }
        if let Err(why) = self.market.state() {
            self.fail_open(why);
        }
    }

    /// The recording is over: what has not been decided by now has no label.
    pub fn finish(&mut self) {
        for horizon in &mut self.horizons {
            horizon.fail_all(Unlabelled::Unfinished, &mut self.rows);
        }
    }

    /// The labels of the next row, as soon as all of them are decided.
    pub fn next_labels(&mut self) -> Option<RowLabels> {
        self.rows.take()
    }

    /// How many rows wait for labels.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.rows.len()
    }

    /// Nothing happened up to `through`.
    fn pass(&mut self, through: i64) {
        self.returns.sample_through(through, &self.market);
        let unheard = through.saturating_sub(self.silence_max).saturating_sub(1);
        for horizon in &mut self.horizons {
            horizon.mature(through, self.market.mid());
            horizon.give_up(unheard, Unlabelled::Silent, &mut self.rows);
        }
    }

    /// Up to the gap's beginning all was whole; what came after is doubtful, though it seemed not to be.
    fn on_gap(&mut self, gap: &Gap) {
        self.confirm(gap.from.get());
        for horizon in &mut self.horizons {
            horizon.fail_all(Unlabelled::Gap, &mut self.rows);
        }
    }

    fn confirm(&mut self, moment: i64) {
        for horizon in &mut self.horizons {
            horizon.confirm(moment, &mut self.rows);
        }
    }

    fn fail_open(&mut self, why: Unlabelled) {
        for horizon in &mut self.horizons {
            horizon.fail_open(why, &mut self.rows);
        }
    }
}

impl RowLabels {
    /// The label of a target, where the row has one.
    ///
    /// # Panics
    /// When there is no such target.
    #[must_use]
    pub fn label(&self, target: usize) -> Option<Label> {
        self.labels[target].ok()
    }
}
