//! 100: runs of rows of the footprint on which one side overwhelmed the other (FEATURES 7.11).

use fluxo_core::{Side, Trade};
use serde::{Deserialize, Serialize};

use crate::catalogue::index;
use crate::coverage::Coverage;
use crate::grid::{MINUTE_NS, bucket, point};

use super::Slots;

/// An odd number, so that the mirror of the rows is rows again.
const ROWS: usize = 127;
/// Rows on either side of the centre.
const REACH: i64 = 63;
/// What counts as overwhelming: so many times the volume of the other side one row further.
const RATIO: i128 = 3;
/// The least volume of an imbalanced row, in size units.
const MIN_UNITS: i128 = 10;

/// The bar of one minute that is being filled, and what the one before it said.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Footprint {
    row_ticks: i64,
    min_lots: i128,
    /// The number of the bar that is being filled: it ends at that many minutes.
    bar: i64,
    /// The row of its first print, in the middle of `rows`.
    centre: Option<i64>,
    /// What hit the bids and the asks in each row, lowest price first.
    rows: Box<[[i128; 2]]>,
    /// Buy runs less sell runs of the last complete bar, if that was a whole one.
    stacked: Option<i64>,
    clipped: u64,
}

impl Footprint {
    pub(crate) fn new(row_ticks: i64, size_unit_lots: i64) -> Self {
        Self {
            row_ticks,
            min_lots: MIN_UNITS * i128::from(size_unit_lots),
            bar: i64::MIN,
            centre: None,
            rows: vec![[0; 2]; ROWS].into_boxed_slice(),
            stacked: None,
            clipped: 0,
        }
    }

    /// Forgets everything: a break.
    pub(crate) fn clear(&mut self) {
        self.empty();
        (self.bar, self.stacked) = (i64::MIN, None);
    }

    /// What rows and sizes are from now on; [`Footprint::clear`] what was counted in other ones.
    pub(crate) fn set_units(&mut self, row_ticks: i64, size_unit_lots: i64) {
        (self.row_ticks, self.min_lots) = (row_ticks, MIN_UNITS * i128::from(size_unit_lots));
    }

    /// Prints outside the rows of their bar, counted in its end rows.
    pub(crate) const fn clipped(&self) -> u64 {
        self.clipped
    }

    fn empty(&mut self) {
        if self.centre.take().is_some() {
            self.rows.fill([0; 2]);
        }
    }

    /// Completes every bar that ends before `ts`.
    pub(crate) fn advance(&mut self, ts: i64, coverage: &Coverage) {
        self.complete_through(bucket(ts, MINUTE_NS) - 1, coverage);
    }

    fn complete_through(&mut self, last: i64, coverage: &Coverage) {
        if last < self.bar {
            return;
        }
        // The first whole bar is the one that begins at or after the first event. Of several bars
        // that ended since, all but the first are empty.
        let begins = last.saturating_sub(1).saturating_mul(MINUTE_NS);
        let is_whole = coverage.first_event().is_some_and(|first| first <= begins);
        self.stacked = is_whole.then(|| if last == self.bar { self.longest_runs() } else { 0 });
        self.empty();
        self.bar = last + 1;
    }

    pub(crate) fn on_print(&mut self, trade: &Trade) {
        let Some(hit) = trade.aggressor.hit_side() else { return };
        let row = trade.price.ticks().div_euclid(self.row_ticks);
        let away = row - *self.centre.get_or_insert(row);
        let inside = away.clamp(-REACH, REACH);
        self.clipped += u64::from(inside != away);
        #[expect(clippy::cast_sign_loss, clippy::cast_possible_truncation, reason = "clamped")]
        let at = (inside + REACH) as usize;
        self.rows[at][hit.index()] += i128::from(trade.lots.get());
    }

    fn longest_runs(&self) -> i64 {
        let lots = |at: Option<usize>, hit: Side| {
            at.and_then(|at| self.rows.get(at)).map_or(0, |row| row[hit.index()])
        };
        let overwhelms = |here: i128, there: i128| here >= RATIO * there && here >= self.min_lots;
        let bought =
            |at: usize| overwhelms(lots(Some(at), Side::Ask), lots(at.checked_sub(1), Side::Bid));
        let sold = |at: usize| overwhelms(lots(Some(at), Side::Bid), lots(Some(at + 1), Side::Ask));
        longest_run((0..self.rows.len()).map(bought)) - longest_run((0..self.rows.len()).map(sold))
    }

    pub(crate) fn write(&mut self, at: i64, coverage: &Coverage, slots: &mut Slots<'_>) {
        self.complete_through(point(at, MINUTE_NS), coverage);
        slots.put(index::STACKED_IMBALANCE, self.stacked.map(|rows| rows as f64));
    }
}

fn longest_run(rows: impl Iterator<Item = bool>) -> i64 {
    let (mut run, mut longest) = (0, 0);
    for is_imbalanced in rows {
        run = if is_imbalanced { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}
