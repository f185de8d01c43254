//! Fits on earlier sessions what rows take as given (FEATURES 7.4, 7.6, 15 and 17.28).
//!
//! It reads the events that the feature engine reads, and nothing of what comes after the sessions that
//! it was told. It promises the same file for the same recordings, and memory that grows by a few words
//! a session.

mod parents;
mod sessions;

use fluxo_core::{Decimal, InstrumentSpec, MarketData, MarketEvent, TradeCondition, UnixNanos};
use fluxo_features::{FeatureConfig, MicroPriceCounts};
use fluxo_lake::Digest;
use fluxo_session::{
    CALIBRATION_FORMAT, CalibratedInstrument, CalibrationFacts, EngineFile, Inputs, Instruments,
    MicroPriceFit, Recording, SessionsFitted,
};
use fluxo_sim::{MarketSource, Recorded};

use crate::Error;
use crate::write::source_sha256;
use parents::ParentSizes;
use sessions::Sessions;

/// Events between two words about progress.
const EVENTS_PER_WORD: u64 = 1 << 14;

/// What is fitted, and on what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Calibrating {
    /// Sessions from this one on, as yyyymmdd, are not looked at.
    pub before: Option<i32>,
    /// Whether the size unit is fitted too.
    pub size_unit: bool,
}

/// What was fitted.
#[derive(Clone, Debug, PartialEq)]
pub struct Calibrated {
    /// The content of the file.
    pub facts: CalibrationFacts,
    /// Events that counted.
    pub events: u64,
    /// What a person should know.
    pub warnings: Vec<String>,
}

/// Fits on a recording. `on_progress` is told of events.
///
/// # Errors
/// A recording or a configuration that cannot be used, or one without a trade before the session that
/// is named.
pub fn calibrate(
    inputs: &Inputs,
    instruments: &Instruments,
    engine: &EngineFile,
    wanted: Calibrating,
    on_progress: &mut dyn FnMut(u64),
) -> Result<Calibrated, Error> {
    let mut recording = Recording::open(inputs, instruments)?;
    let config = engine.feature_config()?;
    let mut fit = Fit::new(recording.spec().clone(), &config)?;
    while let Some(Recorded { ts_recv, event }) = recording.next()? {
        let session = fit.sessions.date_of(ts_recv);
        if wanted.before.is_some_and(|before| session >= before) {
            break;
        }
        fit.on_event(ts_recv, &event);
        recording.recycle(event);
        if fit.events.is_multiple_of(EVENTS_PER_WORD) {
            on_progress(fit.events);
        }
    }
    let mut warnings = recording.warnings();
    let source = source_sha256(&recording);
    let events = fit.events;
    let symbol = fit.spec.symbol.clone();
    let nothing = || Error::NothingToFit { instrument: symbol, before: wanted.before };
    let facts = fit.finish(source, wanted).ok_or_else(nothing)?;
    if !facts.volume_bucket.are_whole {
        warnings.push(
            "no session was recorded whole: the bucket of VPIN is smaller than a whole session's would be"
                .to_owned(),
        );
    }
    Ok(Calibrated { facts, events, warnings })
}

/// Everything that is counted on the way.
struct Fit {
    spec: InstrumentSpec,
    tick: Decimal,
    lot: Decimal,
    sessions: Sessions,
    parents: ParentSizes,
    micro_price: MicroPriceCounts,
    events: u64,
    until: UnixNanos,
}

impl Fit {
    fn new(spec: InstrumentSpec, config: &FeatureConfig) -> Result<Self, Error> {
        Ok(Self {
            tick: spec.tick_size,
            lot: spec.lot_size,
            sessions: Sessions::new(spec.calendar),
            parents: ParentSizes::new(config.parent_gap.get()),
            micro_price: MicroPriceCounts::new(config, &spec)?,
            events: 0,
            until: UnixNanos::new(i64::MIN),
            spec,
        })
    }

    fn on_event(&mut self, ts_recv: UnixNanos, event: &MarketEvent) {
        self.events += 1;
        self.until = self.until.max(ts_recv);
        self.sessions.on_event(ts_recv);
        self.micro_price.apply(ts_recv, event);
        match &event.data {
            MarketData::Trade(trade) if trade.condition == TradeCondition::Market => {
                self.sessions.on_trade(trade.lots.get());
                self.parents.on_trade(event.ts_event.unwrap_or(ts_recv).get(), trade);
            }
            MarketData::Gap(_) | MarketData::Status(_) => self.parents.close(),
            MarketData::Spec(spec) => self.on_spec(spec),
            _ => {}
        }
    }

    /// A finer lot makes more lots of what was traded; sizes start anew, and so does the micro-price.
    fn on_spec(&mut self, spec: &InstrumentSpec) {
        let factor = self.lot.multiple_of(spec.lot_size);
        if self.tick == spec.tick_size && factor == Some(1) {
            return;
        }
        (self.tick, self.lot) = (spec.tick_size, spec.lot_size);
        self.sessions.rescale(factor);
        self.parents.clear();
    }

    /// `None` when nothing was traded.
    fn finish(mut self, source_sha256: Digest, wanted: Calibrating) -> Option<CalibrationFacts> {
        self.parents.close();
        let (first, last) = self.sessions.span()?;
        let updates = self.micro_price.updates();
        let table = self.micro_price.table();
        Some(CalibrationFacts {
            format_version: CALIBRATION_FORMAT,
            instrument: CalibratedInstrument {
                lot_size: self.lot,
                market: self.spec.market,
                symbol: self.spec.symbol,
                tick_size: self.tick,
            },
            micro_price: table.map(|table| MicroPriceFit { updates, table }),
            sessions: SessionsFitted {
                count: self.sessions.count(),
                first,
                last,
                until_ns: self.until.get(),
            },
            size_unit: if wanted.size_unit { self.parents.median() } else { None },
            source_sha256,
            volume_bucket: self.sessions.volume_bucket()?,
        })
    }
}
