//! Rows with all their labels, for whoever writes them down.

use std::collections::VecDeque;

use fluxo_core::{InstrumentSpec, MarketEvent, UnixNanos};

use super::terms::RowTerms;
use super::{Label, Matured, TARGET_COUNT, TargetConfig, TargetEngine, Unlabelled};
use crate::{Error, FeatureConfig, FeatureRow};

/// The labels of one row, by target.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RowLabels {
    /// The time of the row.
    pub at: UnixNanos,
    /// What its bets cost and aim at.
    pub terms: RowTerms,
    /// What each target says.
    pub labels: [Result<Label, Unlabelled>; TARGET_COUNT],
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

/// Labels the rows of one instrument: a [`TargetEngine`] whose targets wait for each other.
///
/// Feed it beside a feature engine: every row when that gives it, every event when that takes it.
///
/// ```
/// # use fluxo_core::{MarketEvent, UnixNanos};
/// # use fluxo_features::{FeatureEngine, RowLabeller, RowLabels};
/// fn feed(
///     features: &mut FeatureEngine,
///     labeller: &mut RowLabeller,
///     ts_recv: UnixNanos,
///     event: &MarketEvent,
///     mut on_labels: impl FnMut(RowLabels),
/// ) {
///     let watermark = FeatureEngine::watermark_before(ts_recv, event);
///     while let Some(row) = features.next_row(watermark) {
///         labeller.on_row(row);
///     }
///     features.apply(ts_recv, event);
///     labeller.apply(ts_recv, event);
///     while let Some(labels) = labeller.next_labels() {
///         on_labels(labels);
///     }
/// }
/// ```
///
/// Labels come in the order of the rows, one set for every row.
#[derive(Clone, Debug)]
pub struct RowLabeller {
    targets: TargetEngine,
    rows: VecDeque<OpenRow>,
    /// The number of the first of them.
    first: u64,
}

#[derive(Clone, Copy, Debug)]
struct OpenRow {
    row: RowLabels,
    /// How many labels are not decided yet.
    open: usize,
}

impl RowLabeller {
    /// A labeller that has seen nothing.
    ///
    /// # Errors
    /// As [`TargetEngine::new`].
    pub fn new(
        config: FeatureConfig,
        targets: TargetConfig,
        spec: &InstrumentSpec,
    ) -> Result<Self, Error> {
        let targets = TargetEngine::new(config, targets, spec)?;
        Ok(Self { targets, rows: VecDeque::new(), first: 0 })
    }

    /// As [`TargetEngine::on_row`].
    ///
    /// # Panics
    /// When rows come closer than was configured.
    pub fn on_row(&mut self, row: &FeatureRow) {
        let terms = self.targets.on_row(row);
        // What is not decided yet stands here so until it is.
        let labels = [Err(Unlabelled::Unfinished); TARGET_COUNT];
        let row = RowLabels { at: row.ts, terms, labels };
        self.rows.push_back(OpenRow { row, open: TARGET_COUNT });
        self.gather();
    }

    /// As [`TargetEngine::apply`].
    pub fn apply(&mut self, ts_recv: UnixNanos, event: &MarketEvent) {
        self.targets.apply(ts_recv, event);
        self.gather();
    }

    /// As [`TargetEngine::finish`].
    pub fn finish(&mut self) {
        self.targets.finish();
        self.gather();
    }

    /// The labels of the next row, as soon as all of them are decided.
    pub fn next_labels(&mut self) -> Option<RowLabels> {
        let next = self.rows.pop_front_if(|row| row.open == 0)?;
        self.first += 1;
        Some(next.row)
    }

    /// How many rows wait for labels.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.rows.len()
    }

    fn gather(&mut self) {
        while let Some(Matured { row, target, label, .. }) = self.targets.next_matured() {
            let at = row.checked_sub(self.first).and_then(|at| usize::try_from(at).ok());
            let row =
                at.and_then(|at| self.rows.get_mut(at)).expect("the row waits for its labels");
            row.open = row.open.checked_sub(1).expect("a label is decided once");
            row.row.labels[target] = label;
        }
    }
}
