//! The chain of depth updates: what waits, what bridges, what is applied, what broke.

use fluxo_core::{
    BatchKind, BookBatch, Gap, GapReason, LevelUpdate, MarketData, MarketEvent, Nanos, UnixNanos,
};

use super::{
    Outcome, SyncConfig, SyncState, Synchroniser,
    backlog::Backlog,
    rule::{self, Rule},
    units::Piece,
};
use crate::{Body, DepthSnapshot, DepthUpdate, Digits, Error, RawLevel};

/// The newest snapshot: kept whatever the state is, because the gap that it heals may not have been
/// noticed yet.
#[derive(Clone, Debug, Default)]
struct KeptSnapshot {
    last_id: Option<u64>,
    digits: Digits,
    levels: Vec<RawLevel>,
}

/// The end of the chain so far.
#[derive(Clone, Copy, Debug)]
struct ChainEnd {
    last_id: u64,
    /// When the update that led there was received.
    ts_recv: UnixNanos,
}

/// The depth stream of one instrument, and the memory that its batches use.
#[derive(Clone, Debug)]
pub(super) struct Depth {
    rule: Rule,
    state: SyncState,
    was_live: bool,
    end: Option<ChainEnd>,
    /// The end of the previous recording, until the first depth update of the next one.
    boundary: Option<UnixNanos>,
    snapshot: KeptSnapshot,
    backlog: Backlog,
    recycled: Vec<Vec<LevelUpdate>>,
    recycled_max: usize,
    recording_pause_max: Nanos,
}

impl Depth {
    pub(super) fn new(rule: Rule, config: SyncConfig) -> Self {
        Self {
            rule,
            state: SyncState::Unsynced,
            was_live: false,
            end: None,
            boundary: None,
            snapshot: KeptSnapshot::default(),
            backlog: Backlog::new(config.buffer_messages_max, config.buffer_levels_max),
            recycled: Vec::with_capacity(config.recycled_batches_max),
            recycled_max: config.recycled_batches_max,
            recording_pause_max: config.recording_pause_max,
        }
    }

    pub(super) const fn state(&self) -> SyncState {
        self.state
    }

    pub(super) fn recording_boundary(&mut self, ts_recv: UnixNanos) {
        if self.end.is_some() {
            self.boundary = Some(ts_recv);
        }
    }

    pub(super) fn recycle(&mut self, mut levels: Vec<LevelUpdate>) {
        if self.recycled.len() < self.recycled_max {
            levels.clear();
            self.recycled.push(levels);
        }
    }

    /// The feed was lost: the chain ends, and neither a snapshot nor updates of before it go on from
    /// here. The gap since what came last, if anything had come.
    fn lose(
        &mut self,
        ts_recv: UnixNanos,
        since: Option<UnixNanos>,
        reason: GapReason,
    ) -> Option<Gap> {
        (self.state, self.boundary, self.snapshot.last_id) = (SyncState::Unsynced, None, None);
        self.backlog.clear();
        let end = self.end.take()?;
        let from = since.unwrap_or(ts_recv).min(end.ts_recv).min(ts_recv);
        Some(Gap { from, to: ts_recv, reason })
    }

    /// Whether the updates that wait begin behind the snapshot: only a newer one can join them.
    pub(super) fn is_snapshot_too_old(&self) -> bool {
        let (Some(snapshot_id), Some(first)) =
            (self.snapshot.last_id, self.backlog.updates().first())
        else {
            return false;
        };
        self.state == SyncState::Buffering && !rule::bridges(snapshot_id, first.goes_on_from)
    }

    pub(super) fn empty_batch(&mut self) -> Vec<LevelUpdate> {
        self.recycled.pop().unwrap_or_default()
    }

    /// The gap before an update that does not follow, if there is one.
    fn gap_before(&mut self, ts_recv: UnixNanos, update: &DepthUpdate<'_>) -> Option<Gap> {
        let end = self.end?;
        let boundary = self.boundary.take();
        if self.rule.follows(end.last_id, update) {
            return None;
        }
        let sequence = GapReason::Sequence {
            expected: self.rule.expected(end.last_id),
            got: self.rule.got(update),
        };
        let (from, reason) = match boundary {
            Some(ended) => (ended.max(end.ts_recv), GapReason::RecordingBoundary),
            None => (end.ts_recv, sequence),
        };
        Some(Gap { from: from.min(ts_recv), to: ts_recv, reason })
    }

    /// The gap that a long silence after the end of a recording is, when something else than a depth
    /// update breaks it: without it, what follows would seem to go on from the old recording.
    fn gap_after_silence(&mut self, ts_recv: UnixNanos) -> Option<Gap> {
        let ended = self.boundary?.max(self.end?.ts_recv);
        if ts_recv <= ended || ts_recv - ended <= self.recording_pause_max {
            return None;
        }
        (self.boundary, self.end) = (None, None);
        // Its identifiers are those of the recording that ended: they say nothing about what follows.
        self.snapshot.last_id = None;
        Some(Gap { from: ended, to: ts_recv, reason: GapReason::RecordingBoundary })
    }

    /// The first waiting update that goes on where the snapshot ends.
    fn bridge(&self) -> Option<usize> {
        let snapshot_id = self.snapshot.last_id?;
        let updates = self.backlog.updates();
        let first = updates.partition_point(|held| self.rule.is_covered(snapshot_id, held.last_id));
        rule::bridges(snapshot_id, updates.get(first)?.goes_on_from).then_some(first)
    }
}

impl Synchroniser {
    /// Declares the end of a recording before a message that is no depth update.
    pub(super) fn break_silence(
        &mut self,
        ts_recv: UnixNanos,
        body: &Body<'_>,
        out: &mut Vec<MarketEvent>,
    ) {
        if matches!(body, Body::Depth(_)) {
            return;
        }
        if let Some(gap) = self.depth.gap_after_silence(ts_recv) {
            self.on_gap(gap, None, out);
        }
    }

    pub(super) fn on_loss(
        &mut self,
        ts_recv: UnixNanos,
        since: Option<UnixNanos>,
        reason: GapReason,
        out: &mut Vec<MarketEvent>,
    ) {
        if let Some(gap) = self.depth.lose(ts_recv, since, reason) {
            self.on_gap(gap, None, out);
            self.depth.state = SyncState::Unsynced;
        }
    }

    pub(super) fn on_snapshot(
        &mut self,
        ts_recv: UnixNanos,
        digits: Digits,
        snapshot: &DepthSnapshot<'_>,
        out: &mut Vec<MarketEvent>,
    ) -> Result<Outcome, Error> {
        self.counts.snapshots += 1;
        let kept = &mut self.depth.snapshot;
        // Requests can overtake each other: an older book never joins where a newer one waits.
        if kept.last_id.is_some_and(|waiting| waiting > snapshot.last_id)
            && self.depth.state != SyncState::Live
        {
            return Ok(Outcome::Stale);
        }
        kept.last_id = Some(snapshot.last_id);
        kept.digits = digits;
        kept.levels.clear();
        kept.levels.extend_from_slice(snapshot.levels);
        self.try_bridge(ts_recv, out)
    }

    pub(super) fn on_depth(
        &mut self,
        ts_recv: UnixNanos,
        digits: Digits,
        update: &DepthUpdate<'_>,
        out: &mut Vec<MarketEvent>,
    ) -> Result<Outcome, Error> {
        self.counts.depth_updates += 1;
        if self.depth.end.is_some_and(|end| update.last_id <= end.last_id) {
            self.counts.stale_depth += 1;
            return Ok(Outcome::Stale);
        }
        if let Some(gap) = self.depth.gap_before(ts_recv, update) {
            self.on_gap(gap, update.ts_event, out);
        }
        if self.depth.state == SyncState::Live {
            self.apply(ts_recv, digits, update, out)?;
            self.depth.end = Some(ChainEnd { last_id: update.last_id, ts_recv });
            return Ok(Outcome::Events);
        }
        self.depth.state = SyncState::Buffering;
        self.depth.end = Some(ChainEnd { last_id: update.last_id, ts_recv });
        let goes_on_from = self.depth.rule.goes_on_from(update);
        let dropped = self.depth.backlog.push(update, goes_on_from, digits);
        self.counts.dropped_depth += dropped as u64;
        self.try_bridge(ts_recv, out)
    }

    /// What came before the gap cannot be joined with what comes after it, except by a snapshot.
    fn on_gap(&mut self, gap: Gap, ts_event: Option<UnixNanos>, out: &mut Vec<MarketEvent>) {
        match gap.reason {
            GapReason::Sequence { .. } => self.counts.gaps += 1,
            GapReason::RecordingBoundary => self.counts.boundary_gaps += 1,
            GapReason::Disconnected | GapReason::Overrun => self.counts.losses += 1,
        }
        self.depth.backlog.clear();
        self.depth.state = SyncState::Buffering;
        self.emit(ts_event, MarketData::Gap(gap), out);
    }

    fn apply(
        &mut self,
        ts_recv: UnixNanos,
        digits: Digits,
        update: &DepthUpdate<'_>,
        out: &mut Vec<MarketEvent>,
    ) -> Result<(), Error> {
        let mut levels = self.depth.empty_batch();
        let piece = std::iter::once(Piece { digits, levels: update.levels });
        match self.units.convert(&piece, ts_recv, &mut levels) {
            Ok(change) => self.emit_change(change, update.ts_event, out),
            Err(error) => {
                self.depth.recycle(levels);
                return Err(error);
            }
        }
        self.counts.levels += levels.len() as u64;
        let batch = BookBatch { kind: BatchKind::Update, update_id: update.last_id, levels };
        self.emit(update.ts_event, MarketData::Book(batch), out);
        Ok(())
    }

    /// Goes live when the newest snapshot and the waiting updates belong together: snapshot and
    /// increments are one batch, so that nobody sees a state in between.
    fn try_bridge(
        &mut self,
        ts_recv: UnixNanos,
        out: &mut Vec<MarketEvent>,
    ) -> Result<Outcome, Error> {
        if self.depth.state == SyncState::Live {
            return Ok(Outcome::Kept);
        }
        let Some(first) = self.depth.bridge() else {
            return Ok(Outcome::Kept);
        };
        let mut levels = self.depth.empty_batch();
        let Depth { snapshot, backlog, .. } = &self.depth;
        let whole = Piece { digits: snapshot.digits, levels: &snapshot.levels };
        let increments = &backlog.updates()[first..];
        let pieces = std::iter::once(whole).chain(
            increments
                .iter()
                .map(|held| Piece { digits: held.digits, levels: backlog.levels(held) }),
        );
        let last = increments[increments.len() - 1];
        match self.units.convert(&pieces, ts_recv, &mut levels) {
            Ok(change) => self.emit_change(change, last.ts_event, out),
            Err(error) => {
                // No later update can mend a value that fits no grid: wait for the next snapshot.
                self.depth.snapshot.last_id = None;
                self.depth.recycle(levels);
                return Err(error);
            }
        }
        self.counts.levels += (levels.len() - self.depth.snapshot.levels.len()) as u64;
        self.counts.resyncs += u64::from(self.depth.was_live);
        self.depth.backlog.clear();
        (self.depth.state, self.depth.was_live) = (SyncState::Live, true);
        let batch = BookBatch { kind: BatchKind::Snapshot, update_id: last.last_id, levels };
        self.emit(last.ts_event, MarketData::Book(batch), out);
        Ok(Outcome::Events)
    }
}
