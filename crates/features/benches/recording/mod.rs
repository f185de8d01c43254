//! A real capture of USD-M BTCUSDT as events, for the benches of the engine.

use fluxo_capture::CaptureReader;
use fluxo_core::{FeatureUnits, InstrumentId, InstrumentSpec, Lots, MarketEvent, Nanos, UnixNanos};
use fluxo_features::{FeatureEngine, FeatureRow};
use fluxo_market_data::{Decoder, Message, SpecInference, SyncConfig, Synchroniser};

const CAPTURE: &str = "usdm_btcusdt_20240808.gz";

pub(crate) struct Recording {
    pub(crate) spec: InstrumentSpec,
    pub(crate) events: Vec<(UnixNanos, MarketEvent)>,
}

/// The events of the whole capture; `None`, said loudly, without the data.
pub(crate) fn recording() -> Option<Recording> {
    let path = fluxo_test_data::capture(CAPTURE)?;
    let mut inference = SpecInference::new();
    for_each(&path, |_, message| {
        inference.observe(message);
    });
    let mut spec = inference.spec(UnixNanos::new(0)).unwrap();
    // FEATURES 14.
    spec.size_unit_lots = Lots::new(100);
    spec.units = FeatureUnits {
        profile_row_ticks: 100,
        footprint_row_ticks: 10,
        depth_band_bps: 5,
        match_ttl: Nanos::from_millis(250),
        ..spec.units
    };
    let instrument = InstrumentId::new(0);
    let mut sync = Synchroniser::new(instrument, spec.clone(), SyncConfig::DEFAULT).unwrap();
    let (mut events, mut out) = (Vec::new(), Vec::new());
    for_each(&path, |ts_recv, message| {
        sync.on_message(ts_recv, message, &mut out).unwrap();
        events.extend(out.drain(..).map(|event| (ts_recv, event)));
    });
    Some(Recording { spec, events })
}

fn for_each(path: &std::path::Path, mut f: impl FnMut(UnixNanos, &Message<'_>)) {
    let (mut reader, mut decoder) = (CaptureReader::open(path).unwrap(), Decoder::new());
    while let Some(line) = reader.next_line().unwrap() {
        let stamp = line.stamp().unwrap();
        f(stamp.ts_recv, &decoder.decode(stamp.payload).unwrap());
    }
}

/// A number that no row can be left out of.
pub(crate) fn checksum(row: &FeatureRow) -> u64 {
    row.values().iter().fold(0, |sum, value| sum.rotate_left(5) ^ u64::from(value.to_bits()))
}

/// Feeds events, and hands over the rows between them.
pub(crate) fn feed(
    engine: &mut FeatureEngine,
    events: &[(UnixNanos, MarketEvent)],
    mut on_row: impl FnMut(&FeatureRow),
) {
    for (ts_recv, event) in events {
        let watermark = FeatureEngine::watermark_before(*ts_recv, event);
        while let Some(row) = engine.next_row(watermark) {
            on_row(row);
        }
        engine.apply(*ts_recv, event);
    }
}

/// Feeds the whole recording and sums what its rows hold.
pub(crate) fn replay(engine: &mut FeatureEngine, recording: &Recording) -> u64 {
    let mut sum = 0_u64;
    feed(engine, &recording.events, |row| sum = sum.wrapping_add(checksum(row)));
    sum
}
