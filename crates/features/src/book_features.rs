//! The features that read the book besides its best levels: each batch, print and grid point is handed
//! to the groups that it concerns.

use fluxo_core::{BatchKind, BookBatch, FeatureUnits, InstrumentSpec, Nanos, Side};
use fluxo_market_data::Book;
use serde::{Deserialize, Serialize};

use crate::batch_changes::{BatchLog, BatchNoted, BatchNotes, Limits};
use crate::book_means::BookMeans;
use crate::book_state::{BookState, Top};
use crate::book_view::BookView;
use crate::coverage::Coverage;
use crate::grid::{FINE_NS, MINUTE_NS, SECOND_NS, bucket, point};
use crate::groups::{
    Accounting, Band, Depletion, Impact, Liquidity, MultiLevel, OrderFlow, Resiliency, Slots,
    Spreads, write_depth, write_microprice, write_shape,
};
use crate::near_book::{Depth, NearBook};
use crate::order_state::OrderFact;
use crate::parents::{ParentEvent, Print};
use crate::{Calibration, Error, FeatureConfig, MicroPriceTable};

/// After the last event or the last moment of a fresh book, so much longer until the points of the
/// grid of one second are all alike.
const SETTLED_AFTER_NS: i64 = 8 * SECOND_NS;

/// The groups, and what they share.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct BookFeatures {
    near: NearBook,
    /// The changes of the batch that is being applied.
    #[serde(skip)]
    log: BatchLog,
    means: BookMeans,
    micro_price: Option<MicroPriceTable>,
    order_flow: OrderFlow,
    liquidity: Liquidity,
    multi_level: MultiLevel,
    band: Band,
    accounting: Accounting,
    resiliency: Resiliency,
    impact: Impact,
    spreads: Spreads,
    depletion: Depletion,
    /// Whether the book was valid when it was last observed.
    was_valid: bool,
    /// The next point of the grid of one second.
    next_second: Option<i64>,
    /// No event and no staleness comes after it, as far as is known.
    busy_until: i64,
}

impl BookFeatures {
    /// # Errors
    /// When a unit of the specification is out of range.
    pub(crate) fn new(
        config: &FeatureConfig,
        spec: &InstrumentSpec,
        calibration: &Calibration,
    ) -> Result<Self, Error> {
        let FeatureUnits { depth_band_bps: bps, match_ttl, .. } = spec.units;
        if bps < 1 {
            return Err(Error::SpecUnit { name: "depth_band_bps", value: bps });
        }
        if match_ttl < Nanos::ZERO {
            return Err(Error::NegativeSpan { name: "match_ttl", span: match_ttl });
        }
        let has_orders = spec.market.is_order_by_order();
        Ok(Self {
            near: NearBook::new(),
            log: BatchLog::default(),
            means: BookMeans::new(),
            micro_price: calibration.micro_price.clone(),
            order_flow: OrderFlow::new(),
            liquidity: Liquidity::new(),
            multi_level: MultiLevel::new(),
            band: Band::new(bps, has_orders),
            accounting: Accounting::new(match_ttl.get(), config.parent_close.get(), has_orders),
            resiliency: Resiliency::new(),
            impact: Impact::new(),
            spreads: Spreads::new(),
            depletion: Depletion::new(),
            was_valid: false,
            next_second: None,
            busy_until: i64::MIN,
        })
    }

    /// Forgets everything but the book: a break. Tell it next what the book is.
    pub(crate) fn clear(&mut self) {
        self.means.clear();
        self.order_flow.clear();
        self.liquidity.clear();
        self.multi_level.clear();
        self.accounting.clear();
        self.resiliency.clear();
        self.impact.clear();
        self.spreads.clear();
        self.depletion.clear();
    }

    /// The book was lost.
    pub(crate) fn on_gap(&mut self, book: &Book) {
        self.accounting.reset();
        self.depletion.clear();
        self.replace(book);
    }

    /// Ticks and lots are other ones, by whole factors where the book could be restated.
    /// [`BookFeatures::clear`] what was counted in the old ones.
    pub(crate) fn respecify(
        &mut self,
        units: &FeatureUnits,
        price_factor: Option<i64>,
        book: &Book,
    ) {
        if price_factor != Some(1) {
            // Its spreads and moves are counted in ticks that are gone.
            self.micro_price = None;
        }
        self.band.rescale(price_factor.unwrap_or(1));
        self.band.set_bps(units.depth_band_bps.max(1));
        self.accounting.set_match_ttl(units.match_ttl.get().max(0));
        self.replace(book);
    }

    fn replace(&mut self, book: &Book) {
        self.near.replace(book);
        self.band.forget_sums();
    }

    /// The best ten levels of both sides as the last batch left them.
    pub(crate) const fn depth(&self) -> &Depth {
        self.near.depth()
    }

    /// Entries of the tables of credits and debits that were dropped for want of room.
    pub(crate) fn dropped_credits(&self) -> u64 {
        self.accounting.dropped()
    }

    /// A batch begins: its changes have to be taken down, and what was taken down brought back with its
    /// end.
    pub(crate) fn begin_batch(&mut self, ts: i64, batch: &BookBatch) -> BatchNotes<'_> {
        self.accounting.begin_batch(ts);
        let limits = Limits { near: self.near.reaches(), band: self.band.reaches() };
        self.log.begin(batch, limits)
    }

    /// The batch was applied. `before` is what the book showed before it, where it was valid.
    pub(crate) fn end_batch(
        &mut self,
        ts: i64,
        (batch, noted): (&BookBatch, BatchNoted),
        before: Option<Top>,
        market: &BookState,
    ) {
        let top = market.top_at(ts);
        let counts = before.is_some() && batch.kind == BatchKind::Update;
        self.accounting.settle_orders(counts && top.is_some());
        match batch.kind {
            BatchKind::Snapshot => {
                self.near.replace(market.book());
                self.band.on_snapshot(batch);
                self.accounting.reset();
                self.depletion.clear();
            }
            BatchKind::Update => {
                let changes = self.log.of(batch, noted);
                self.near.settle(&changes, market.book());
                self.band.on_update(changes.in_band());
                if let (Some(before), Some(after)) = (before, top) {
                    self.on_update(ts, &before, &after);
                }
            }
        }
        let is_touched = Side::BOTH.into_iter().any(|side| self.near.is_touched(side));
        self.observe_if(ts, market, is_touched);
        self.accounting.end_batch(ts);
    }

    /// An update led from one valid book to another.
    fn on_update(&mut self, ts: i64, before: &Top, after: &Top) {
        self.order_flow.on_update(before, after);
        self.multi_level.on_update(&self.near);
        let best = [before.bid, before.ask];
        let Self { near, accounting, depletion, .. } = self;
        near.for_each_change(|side, change| {
            accounting.on_change(ts, side, change);
            if change.price == best[side.index()] && change.after < change.before {
                depletion.on_outflow(ts, side, change.before - change.after);
            }
        });
    }

    /// Tells the groups what the book is, after anything but a batch that may have changed it or its
    /// validity.
    pub(crate) fn observe(&mut self, ts: i64, market: &BookState) {
        self.observe_if(ts, market, true);
    }

    fn observe_if(&mut self, ts: i64, market: &BookState, has_changed: bool) {
        let (top, until) = (market.top_at(ts), market.fresh_until());
        self.busy_until = self.busy_until.max(until).max(ts);
        self.accounting.observe(ts, top, until);
        if !has_changed && self.was_valid == top.is_some() {
            self.means.confirm(ts, until);
            return self.liquidity.confirm(ts, until);
        }
        self.was_valid = top.is_some();
        let depth = self.near.depth();
        self.means.observe(ts, top.as_ref().map(|top| (top, depth)), until);
        self.liquidity.observe(ts, top.map(|_| depth), until);
        if let Some(top) = top {
            self.resiliency.observe(depth);
            self.impact.observe(top.mid_half_ticks());
            self.spreads.observe(top.mid_half_ticks());
        }
    }

    /// An order event, before the batch of its message.
    pub(crate) fn on_order(&mut self, ts: i64, fact: &OrderFact) {
        let is_near = self.near.depth()[fact.side.index()].reaches(fact.side, fact.price);
        self.accounting.on_order(ts, fact, is_near);
    }

    /// A print of a known side, and what it did to a parent.
    pub(crate) fn on_print(&mut self, print: &Print, event: &ParentEvent) {
        self.busy_until = self.busy_until.max(print.ts);
        self.accounting.on_print(print.ts, print.hit, print.price, print.lots);
        self.impact.on_print(-print.hit.sign(), print.lots);
        self.spreads.on_print(print, matches!(event, ParentEvent::Started(_)));
    }

    pub(crate) fn on_parent(&mut self, event: &ParentEvent) {
        if let ParentEvent::Closed { parent, at } = event {
            self.busy_until = self.busy_until.max(*at);
            self.impact.on_parent_closed(parent);
        }
    }

    /// Rolls every grid up to its last boundary before `ts`. The grid of one second samples what was
    /// covered at its own points, so the coverage must not be ahead.
    pub(crate) fn advance(&mut self, ts: i64, market: &BookState, coverage: &mut Coverage) {
        self.sample_seconds(ts, market, coverage);
        self.spreads.sample_through(bucket(ts, FINE_NS) - 1);
        self.order_flow.advance(ts);
        self.multi_level.advance(ts);
        self.accounting.advance(ts);
    }

    /// Takes the samples of every second before `end`.
    fn sample_seconds(&mut self, end: i64, market: &BookState, coverage: &mut Coverage) {
        let first = || bucket(end, SECOND_NS) * SECOND_NS;
        let mut at = *self.next_second.get_or_insert_with(first);
        // The weights of the multi-level flow are made anew once a minute.
        let settled = bucket(self.busy_until.saturating_add(SETTLED_AFTER_NS), MINUTE_NS);
        let last = end.min(settled.saturating_mul(MINUTE_NS).saturating_add(1));
        while at < last {
            coverage.advance(at);
            coverage.count_gap_to(at);
            self.sample_second(at, market, coverage);
            at += SECOND_NS;
        }
        self.next_second = Some(at.max(first()));
    }

    fn sample_second(&mut self, at: i64, market: &BookState, coverage: &Coverage) {
        let (top, means) = (market.top_at(at), self.means.read(at));
        let view = BookView { at, top, depth: self.near.depth(), means, coverage };
        self.multi_level.sample(&view);
        self.resiliency.sample(&view);
        self.impact.sample(&view);
    }

    /// Writes the row of `at`, up to which everything has been seen.
    pub(crate) fn write(
        &mut self,
        at: i64,
        market: &BookState,
        coverage: &mut Coverage,
        slots: &mut Slots<'_>,
    ) {
        self.sample_seconds(at + 1, market, coverage);
        self.spreads.sample_through(point(at, FINE_NS));
        let (top, means) = (market.top_at(at), self.means.read(at));
        let view = BookView { at, top, depth: self.near.depth(), means, coverage };
        write_depth(view.valid_depth(), slots);
        write_microprice(self.micro_price.as_ref(), top, slots);
        self.order_flow.write(&view, slots);
        self.liquidity.write(&view, slots);
        self.multi_level.write(&view, slots);
        write_shape(view.valid_depth(), slots);
        self.band.write(top, market.book(), slots);
        self.accounting.write(&view, slots);
        self.resiliency.write(slots);
        self.impact.write(slots);
        self.spreads.write(slots);
        self.depletion.write(&view, slots);
    }
}
