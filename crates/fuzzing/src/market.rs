//! Any bytes, as a recording: decoded, synchronised, booked, turned into rows and labelled.
//!
//! A line is a frame, with its receive time before it or without one, or the name of something else
//! that can happen: [`HAPPENINGS`]. A first line `spot`, `usdm`, `coinm`, `nasdaq` or `cme` says what
//! trades; USD-M otherwise. A receive time far from the one before is not believed, as in a recording:
//! the rows between two would be without end.

use fluxo_core::{
    GapReason, InstrumentId, InstrumentSpec, MarketData, MarketEvent, Phase, UnixNanos,
};
use fluxo_features::catalogue::{CONSENSUS, FEATURES, REGIME, TARGETS};
use fluxo_features::{
    CONSENSUS_START, FEATURE_COUNT, FeatureConfig, FeatureEngine, FeatureRow, REGIME_START,
    ROW_SLOTS, Range, RowLabeller, RowLabels, TargetConfig, slot_name,
};
use fluxo_market_data::{Decoder, SyncConfig, Synchroniser};

use crate::instruments;

/// Where time begins when no frame says so.
const START_NS: i64 = 1_723_161_256_000_000_000;
/// The years that a first receive time is believed of: 2001 to 2128.
const BELIEVED_NS: std::ops::Range<i64> = 1_000_000_000_000_000_000..5_000_000_000_000_000_000;
/// A time this far from the one before is not believed.
const LEAP_NS: i64 = 10_000_000_000;
/// Between frames without a time that is believed.
const STEP_NS: i64 = 50_000_000;

/// What can happen besides frames, as a line of its own: a lost feed, the end of a recording, phases of
/// the market, time without data.
pub const HAPPENINGS: [&str; 6] =
    ["!lost", "!boundary", "!auction", "!closed", "!continuous", "!heartbeat"];

/// What came of the bytes: for tests, which must not be content with nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Came {
    /// Frames that could be decoded.
    pub messages: u64,
    /// Events that followed from them.
    pub events: u64,
    /// Rows.
    pub rows: u64,
    /// Values of rows that were defined.
    pub values: u64,
    /// Labels.
    pub labels: u64,
}

/// Runs the bytes through everything between a venue and a model's input.
///
/// # Panics
/// When something panics that bytes must not make panic, or when a value of a row or a label is
/// infinite, outside of its range, or NaN with its mask set.
pub fn market(bytes: &[u8]) -> Came {
    let mut lines = bytes.split(|byte| *byte == b'\n').peekable();
    let named = lines.peek().and_then(|line| instruments::named(line));
    if named.is_some() {
        lines.next();
    }
    let usdm = || instruments::named(b"usdm").expect("it is listed");
    let mut run = Run::new(&named.unwrap_or_else(usdm));
    let (mut decoder, mut clock, mut made) = (Decoder::new(), Clock::default(), Vec::new());
    for line in lines.filter(|line| !line.is_empty()) {
        let (stamp, payload) = stamped(line);
        let at = clock.observe(stamp);
        if let Some(event) = run.happening(payload, at, &mut made) {
            run.on_event(at, &event);
        }
        decoder.decode_with(payload, |result| {
            if let Ok(message) = result {
                run.came.messages += 1;
                // What it refuses it has counted.
                let _refused = run.synchroniser.on_message(at, &message, &mut made);
            }
        });
        for event in made.drain(..) {
            run.on_event(at, &event);
            run.synchroniser.recycle(event);
        }
    }
    run.finish(clock.at())
}

/// A line's receive time, where it has one, and the frame.
fn stamped(line: &[u8]) -> (Option<i64>, &[u8]) {
    let Some(space) = line.iter().position(|byte| *byte == b' ') else { return (None, line) };
    let digits = std::str::from_utf8(&line[..space]).ok();
    match digits.and_then(|digits| digits.parse().ok()) {
        Some(stamp) => (Some(stamp), &line[space + 1..]),
        None => (None, line),
    }
}

/// Receive times that are believed.
#[derive(Default)]
struct Clock {
    at: Option<i64>,
}

impl Clock {
    fn observe(&mut self, stamp: Option<i64>) -> UnixNanos {
        let at = match (self.at, stamp) {
            (None, Some(stamp)) if BELIEVED_NS.contains(&stamp) => stamp,
            (None, _) => START_NS,
            (Some(at), Some(stamp)) if at.abs_diff(stamp) <= LEAP_NS.unsigned_abs() => stamp,
            (Some(at), _) => at + STEP_NS,
        };
        // So many small steps would need more bytes than there are.
        self.at = Some(at.clamp(BELIEVED_NS.start - LEAP_NS, BELIEVED_NS.end + LEAP_NS));
        self.at()
    }

    fn at(&self) -> UnixNanos {
        UnixNanos::new(self.at.unwrap_or(START_NS))
    }
}

struct Run {
    synchroniser: Synchroniser,
    features: FeatureEngine,
    targets: RowLabeller,
    came: Came,
}

impl Run {
    fn new(spec: &InstrumentSpec) -> Self {
        let config = FeatureConfig::default();
        let fits = "the instruments of this crate are fit";
        Self {
            synchroniser: Synchroniser::new(
                InstrumentId::new(0),
                spec.clone(),
                SyncConfig::DEFAULT,
            )
            .expect(fits),
            features: FeatureEngine::new(config, spec).expect(fits),
            targets: RowLabeller::new(config, TargetConfig::default(), spec).expect(fits),
            came: Came::default(),
        }
    }

    /// What a line says that is no frame: as an event, or as those that the synchroniser makes of it.
    fn happening(
        &mut self,
        line: &[u8],
        at: UnixNanos,
        made: &mut Vec<MarketEvent>,
    ) -> Option<MarketEvent> {
        let data = match line {
            b"!lost" => {
                self.synchroniser.feed_lost(at, None, GapReason::Disconnected, made);
                return None;
            }
            b"!boundary" => {
                self.synchroniser.recording_boundary(at);
                return None;
            }
            b"!auction" => MarketData::Status(Phase::Auction),
            b"!closed" => MarketData::Status(Phase::Closed),
            b"!continuous" => MarketData::Status(Phase::Continuous),
            b"!heartbeat" => MarketData::Heartbeat,
            _ => return None,
        };
        Some(MarketEvent { instrument: InstrumentId::new(0), ts_event: None, data })
    }

    fn on_event(&mut self, at: UnixNanos, event: &MarketEvent) {
        self.take_rows(FeatureEngine::watermark_before(at, event));
        self.features.apply(at, event);
        self.targets.apply(at, event);
        self.came.events += 1;
        self.take_labels();
    }

    fn take_rows(&mut self, watermark: UnixNanos) {
        while let Some(row) = self.features.next_row(watermark) {
            self.came.values += check_row(row);
            self.came.rows += 1;
            self.targets.on_row(row);
        }
        let not_finite = self.features.counts().not_finite;
        assert_eq!(not_finite, 0, "values were computed that are not finite");
    }

    fn take_labels(&mut self) {
        while let Some(labels) = self.targets.next_labels() {
            self.came.labels += check_labels(&labels);
        }
    }

    /// A while after the last frame, so that what it did is in a row.
    fn finish(mut self, last: UnixNanos) -> Came {
        self.take_rows(UnixNanos::new(last.get() + 1_000_000_000));
        self.targets.finish();
        self.take_labels();
        self.came
    }
}

/// How many values the row has.
fn check_row(row: &FeatureRow) -> u64 {
    let mut values = 0;
    for slot in 0..ROW_SLOTS {
        let (raw, name) = (row.values()[slot], slot_name(slot));
        let Some(value) = row.value(slot) else {
            assert!(raw.is_nan(), "{name} is undefined and {raw}");
            continue;
        };
        assert!(range_of(slot).holds(value), "{name} is {value}");
        assert!(value.is_finite(), "{name} is {value}");
        values += 1;
    }
    values
}

fn range_of(slot: usize) -> Range {
    match slot {
        CONSENSUS_START.. => CONSENSUS[slot - CONSENSUS_START].range,
        FEATURE_COUNT.. => REGIME[slot - REGIME_START].range,
        _ => FEATURES[slot].range,
    }
}

/// How many labels the row has.
fn check_labels(labels: &RowLabels) -> u64 {
    let mut count = 0;
    for (target, label) in TARGETS.iter().zip(&labels.labels) {
        let Ok(label) = label else { continue };
        let (name, value) = (target.name, label.value);
        assert!(value.is_finite(), "{name} is {value}");
        let is_inside = target.range.min <= value && value <= target.range.max;
        assert!(is_inside, "{name} is {value}");
        assert!(label.t1 > labels.at, "{name} of {} ends at {}", labels.at, label.t1);
        count += 1;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_may_have_a_time_before_it() {
        assert_eq!(stamped(b"17 {\"a\":1}"), (Some(17), &b"{\"a\":1}"[..]));
        assert_eq!(stamped(b"{\"a\": 1}"), (None, &b"{\"a\": 1}"[..]));
        assert_eq!(stamped(b"99999999999999999999 {}"), (None, &b"99999999999999999999 {}"[..]));
    }

    #[test]
    fn a_time_far_away_is_not_believed() {
        let mut clock = Clock::default();
        assert_eq!(clock.observe(Some(i64::MAX)).get(), START_NS);
        assert_eq!(clock.observe(Some(START_NS + 7)).get(), START_NS + 7);
        assert_eq!(clock.observe(Some(i64::MIN)).get(), START_NS + 7 + STEP_NS);
        assert_eq!(clock.observe(Some(START_NS)).get(), START_NS, "late, and not far");
    }

    #[test]
    fn no_bytes_are_nothing() {
        assert_eq!(market(b""), Came { rows: 0, ..Came::default() });
        assert_eq!(market(b"spot\n"), Came::default());
    }
}
