//! Real captures: rows on every run that can be synchronised, in their ranges, equal to the slow
//! reference, and blind to the future.

use fluxo_capture::CaptureReader;
use fluxo_core::{InstrumentId, InstrumentSpec, UnixNanos};
use fluxo_features::catalogue::{FEATURES, index};
use fluxo_features::{
    FEATURE_COUNT, FeatureConfig, FeatureEngine, FeatureRow, FeatureSet, revision,
};
use fluxo_market_data::{Decoder, SpecInference, SyncConfig, Synchroniser};
use fluxo_test_data::{Run, synchronised_runs};

use crate::brute_force::check_row;
use crate::drive::{self, assert_same};
use crate::events::{Received, SECOND};
use crate::range;
use crate::reference::Reference;
use crate::reference_tape::Units;

/// A run as events, and the specification that its ticks and lots are of.
pub(crate) struct Recording {
    pub(crate) name: String,
    pub(crate) spec: InstrumentSpec,
    pub(crate) events: Vec<Received>,
}

impl Recording {
    fn of(run: &Run) -> Self {
        let spec = inferred_spec(run);
        let instrument = InstrumentId::new(0);
        let mut sync = Synchroniser::new(instrument, spec.clone(), SyncConfig::DEFAULT).unwrap();
        let (mut events, mut out, mut last) = (Vec::new(), Vec::new(), None);
        for (at, file) in run.files.iter().enumerate() {
            if let Some(last) = last.filter(|_| at > 0) {
                sync.recording_boundary(last);
            }
            for_each_message(file, |ts_recv, message| {
                sync.on_message(ts_recv, message, &mut out).unwrap();
                let ts = ts_recv.get();
                events.extend(out.drain(..).map(|event| Received { ts, event }));
                last = Some(ts_recv);
            });
        }
        Self { name: run.name(), spec, events }
    }

    fn rows(&self, events: &[Received], end: i64) -> Vec<FeatureRow> {
        let mut engine = FeatureEngine::new(FeatureConfig::default(), &self.spec).unwrap();
        let mut rows = Vec::new();
        events.iter().for_each(|received| drive::feed(&mut engine, received, &mut rows));
        drive::pull(&mut engine, end, &mut rows);
        let counts = engine.counts();
        assert_eq!((counts.not_finite, counts.orphan_updates), (0, 0), "{}", self.name);
        assert_eq!(counts.foreign_specs, 0, "{}", self.name);
        rows
    }
}

pub(crate) fn for_each_message(
    file: &std::path::Path,
    mut f: impl FnMut(UnixNanos, &fluxo_market_data::Message<'_>),
) {
    let (mut reader, mut decoder) = (CaptureReader::open(file).unwrap(), Decoder::new());
    while let Some(line) = reader.next_line().unwrap() {
        let stamp = line.stamp().unwrap();
        f(stamp.ts_recv, &decoder.decode(stamp.payload).unwrap());
    }
}

fn inferred_spec(run: &Run) -> InstrumentSpec {
    let mut inference = SpecInference::new();
    for file in &run.files {
        for_each_message(file, |_, message| {
            inference.observe(message);
        });
    }
    inference.spec(UnixNanos::new(0)).unwrap()
}

pub(crate) fn recordings() -> impl Iterator<Item = Recording> {
    synchronised_runs().into_iter().map(|run| Recording::of(&run))
}

fn last_ts(events: &[Received]) -> i64 {
    events.iter().map(|received| received.ts).max().unwrap()
}

#[test]
fn every_run_has_a_row_per_grid_time() {
    let step = SECOND / 10;
    for recording in recordings() {
        let (events, name) = (&recording.events, &recording.name);
        let (first, last) = (events[0].ts, last_ts(events));
        let rows = recording.rows(events, last + 1);
        let times: Vec<i64> = rows.iter().map(|row| row.ts.get()).collect();
        let wanted: Vec<i64> = (first.div_euclid(step) * step..=last)
            .step_by(100_000_000)
            .filter(|t| *t >= first)
            .collect();
        assert_eq!(times, wanted, "{name}");
        for row in &rows {
            range::check(row).unwrap_or_else(|error| panic!("{name}: {error}"));
        }
        check_shares(name, &rows);
    }
}

/// After how much valid book a feature is defined; `None` where that depends on how often somebody
/// trades, on what was fitted before, or on how deep the snapshot was.
fn warm_ms(slot: usize) -> Option<u32> {
    let window_ms = FEATURES[slot].window_ms;
    match slot {
        _ if slot < FeatureSet::TickOnly.len() => None,
        index::OFI_1S..=index::OFI_60M | index::MLOFI_2_5 | index::MLOFI_6_10 => {
            Some(window_ms.max(30_000))
        }
        index::SPREAD_QUALITY | index::LIQUIDITY_SCORE | index::BOOK_PRESSURE_EW => {
            Some(FEATURES[slot].half_life_ms)
        }
        // The first sample comes after 30 s, and the vector with the minute.
        index::OFI_INTEGRATED => Some(30_000 + 300_000 + 60_000),
        // Pairs of seconds, and responses of five.
        index::RESILIENCY | index::KYLE_LAMBDA => Some(122_000),
        index::HASBROUCK_IMPACT => Some(306_000),
        index::MICROPRICE_DEV
        | index::DEPTH_BPS_LOG
        | index::DEPTH_BPS_IMB
        | index::ADD_RATE..=index::CANCEL_IMBALANCE
        | index::AGGRESSION_RATIO.. => None,
        _ => Some(window_ms),
    }
}

/// How soon each feature is defined, and that it stays so: these captures have no gaps.
fn check_shares(name: &str, rows: &[FeatureRow]) {
    let synchronised = rows.iter().position(|row| row.value(index::SPREAD_ABS).is_some()).unwrap();
    assert!(synchronised < 300, "{name}: the book is valid from row {synchronised}");
    for slot in (0..FEATURE_COUNT).filter(|slot| revision(*slot) > 0) {
        let Some(warm_ms) = warm_ms(slot) else { continue };
        let defined = rows.iter().position(|row| row.value(slot).is_some());
        // Two rows more than the warm-up: the first events lie between two of them.
        let latest = synchronised + usize::try_from(warm_ms / 100).unwrap() + 2;
        let feature = FEATURES[slot].name;
        let Some(defined) = defined else {
            assert!(latest >= rows.len(), "{name}: {feature} is never defined");
            continue;
        };
        assert!(defined <= latest, "{name}: {feature} from {defined}");
        let lost = rows[defined..].iter().filter(|row| row.value(slot).is_none()).count();
        assert_eq!(lost, 0, "{name}: {feature} is lost in {lost} rows");
    }
}

#[test]
fn sampled_rows_agree_with_the_reference() {
    for recording in recordings() {
        let end = last_ts(&recording.events);
        let rows = recording.rows(&recording.events, end);
        let (units, config) = (Units::of(&recording.spec), FeatureConfig::default());
        let reference = Reference::in_units(units, config, &recording.events, end);
        for row in rows.iter().step_by(211) {
            let checked = check_row(row, &reference);
            checked.unwrap_or_else(|error| panic!("{}: {error}", recording.name));
        }
    }
}

/// TRAINING 10.4: rows up to a cut do not depend on what comes after it.
#[test]
fn two_hundred_cuts_of_a_capture_have_the_same_rows() {
    let Some(recording) = recordings().min_by_key(|recording| recording.events.len()) else {
        return;
    };
    let events = &recording.events;
    let whole = recording.rows(events, i64::MIN);
    let mut seed = 0x9e37_79b9_u64;
    for _ in 0..200 {
        // An LCG of Knuth's: any spread of cuts will do.
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let cut = usize::try_from(seed >> 33).unwrap() % events.len();
        let prefix = recording.rows(&events[..cut], i64::MIN);
        assert_same(&prefix, &whole[..prefix.len()]);
    }
}

/// The control of the test above: rows that look one row ahead do not survive a cut.
#[test]
fn rows_that_peek_do_not_survive_a_cut() {
    let Some(recording) = recordings().min_by_key(|recording| recording.events.len()) else {
        return;
    };
    let events = &recording.events;
    let peeking = |events: &[Received]| -> Vec<Option<u32>> {
        let rows = recording.rows(events, i64::MIN);
        let mid = |row: &FeatureRow| row.value(index::MID_PRICE).map(f32::to_bits);
        let ahead = rows.iter().skip(1).map(mid).chain([None]);
        rows.iter().zip(ahead).map(|(row, next)| mid(row).and(next)).collect()
    };
    let whole = peeking(events);
    let caught = (1..=20).filter(|cut| {
        let prefix = peeking(&events[..events.len() * cut / 21]);
        prefix[..] != whole[..prefix.len()]
    });
    assert!(caught.count() >= 15, "most cuts show that the rows peeked");
}

#[test]
fn a_cut_capture_has_the_same_rows() {
    for recording in recordings() {
        let events = &recording.events;
        let whole = recording.rows(events, i64::MIN);
        for share in [3, 29, 50, 71, 97] {
            let cut = events.len() * share / 100;
            let prefix = recording.rows(&events[..cut], i64::MIN);
            assert_same(&prefix, &whole[..prefix.len()]);
        }
    }
}
