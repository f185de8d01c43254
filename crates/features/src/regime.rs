//! Slots 108 to 116: the regime vector on its own grid of one second, and the consensus of the rows before.

use fluxo_core::UnixNanos;
use serde::{Deserialize, Serialize};

use crate::consensus::{Consensus, built_in_votes};
use crate::grid::{SECOND_NS, bucket};
use crate::nsmi::{InputSet, Nsmi, NsmiConfig, inputs_from};
use crate::row::Exact;
use crate::{CONSENSUS_START, FeatureRow, REGIME_START};

/// What is made of features rather than of events.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Regime {
    inputs: InputSet,
    nsmi: Nsmi,
    consensus: Consensus,
    /// The next grid second; `None` before the first event since the start or a break.
    next_second: Option<i64>,
}

impl Regime {
    pub(crate) fn new(inputs: InputSet) -> Self {
        Self {
            inputs,
            nsmi: Nsmi::new(NsmiConfig::new(inputs)),
            consensus: Consensus::new(),
            next_second: None,
        }
    }

    pub(crate) const fn nsmi(&self) -> &Nsmi {
        &self.nsmi
    }

    /// Something happened at `ts`: the grid begins at or after it, unless it has begun.
    pub(crate) fn begin(&mut self, ts: i64) {
        self.next_second.get_or_insert_with(|| bucket(ts, SECOND_NS) * SECOND_NS);
    }

    /// A break: what is usual persists, everything else starts anew.
    pub(crate) fn on_break(&mut self) {
        self.nsmi.on_break();
        self.consensus.on_break();
        self.next_second = None;
    }

    /// The next grid second, where it lies before `end`.
    pub(crate) fn due(&self, end: i64) -> Option<i64> {
        self.next_second.filter(|next| *next < end)
    }

    /// The grid second at `at`, with the features of then.
    pub(crate) fn step(&mut self, at: i64, exact: &Exact) {
        let inputs = inputs_from(self.inputs, |slot| exact.get(slot));
        self.nsmi.step(at / SECOND_NS, &inputs);
        self.next_second = Some(at + SECOND_NS);
    }

    /// A grid second of a closed phase: nothing is sampled.
    pub(crate) fn skip_to(&mut self, ts: i64) {
        if self.next_second.is_some() {
            self.next_second = Some(bucket(ts, SECOND_NS) * SECOND_NS);
        }
    }

    /// The votes of a row that was read from a copy.
    pub(crate) fn take_votes(&mut self, copy: Self) {
        self.consensus = copy.consensus;
    }

    /// Writes the slots of the row, then keeps its votes for the rows after it.
    pub(crate) fn write(&mut self, at: i64, exact: &Exact, row: &mut FeatureRow) -> bool {
        let at = UnixNanos::new(at);
        let consensus = self.consensus.values(at);
        let consensus = [consensus.strength, Some(consensus.direction), Some(consensus.aligned)];
        let regime = (REGIME_START..).zip(self.nsmi.vector());
        let all = regime.chain((CONSENSUS_START..).zip(consensus));
        let is_fit = all.fold(true, |is_fit, (slot, value)| row.set(slot, value) && is_fit);
        self.consensus.publish(at, built_in_votes(|slot| exact.get(slot)));
        is_fit
    }
}
