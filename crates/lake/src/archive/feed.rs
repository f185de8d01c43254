//! What the frames of one instrument amount to: its book is synchronised and audited, and counted.
//!
//! Nothing of it is written; the counts are evidence about the recording.

use fluxo_core::{
    Calendar, Decimal, FeatureUnits, InstrumentId, InstrumentSpec, Lots, MarketData, MarketEvent,
    SpecSource, UnixNanos,
};
use fluxo_market_data::{AuditConfig, BookAudit, Message, SyncConfig, SyncState, Synchroniser};

use super::decode::{Malformed, is_about};
use super::frame::Frame;
use super::gaps::NoticedGap;
use super::layout::Instrument;
use super::report::{Counts, FirstMalformed};
use crate::Error;

/// From whole units to eight digits after the point, which is as fine as a venue's grid gets.
const REFINEMENT_MAX: i64 = 100_000_000;

/// One instrument, over one or several recordings.
#[derive(Debug)]
pub(super) struct Feed {
    instrument: Instrument,
    synchroniser: Synchroniser,
    audit: BookAudit,
    events: Vec<MarketEvent>,
    /// Those that are counted here; the others are added when somebody asks.
    counts: Counts,
    first_malformed: Option<FirstMalformed>,
    last_ts_recv: Option<UnixNanos>,
    was_live: bool,
}

impl Feed {
    pub(super) fn new(instrument: Instrument) -> Result<Self, Error> {
        let spec = unit_spec(&instrument);
        let audit = BookAudit::new(&spec, AuditConfig::DEFAULT);
        let config = SyncConfig { refinement_max: REFINEMENT_MAX, ..SyncConfig::DEFAULT };
        let synchroniser = Synchroniser::new(InstrumentId::new(0), spec, config)
            .map_err(|source| Error::Unsupported { instrument: instrument.clone(), source })?;
        Ok(Self {
            instrument,
            synchroniser,
            audit,
            events: Vec::new(),
            counts: Counts::default(),
            first_malformed: None,
            last_ts_recv: None,
            was_live: false,
        })
    }

    /// Another recording begins, unless it is the first.
    pub(super) fn begin_recording(&mut self) {
        if let Some(last) = self.last_ts_recv {
            self.synchroniser.recording_boundary(last);
        }
    }

    /// Takes the next frame and what it decoded to.
    pub(super) fn on_frame(
        &mut self,
        source: &str,
        frame: &Frame<'_>,
        result: Result<&Message<'_>, Malformed>,
        gaps: &mut Vec<NoticedGap>,
    ) {
        self.counts.frames += 1;
        self.last_ts_recv = Some(frame.ts_recv);
        match result {
            Ok(message) if is_about(message, &self.instrument) => {
                self.on_message(frame, message, gaps);
            }
            Ok(_) => self.counts.foreign += 1,
            Err(what) => {
                self.counts.malformed += 1;
                self.first_malformed.get_or_insert_with(|| FirstMalformed {
                    source: source.to_owned(),
                    line: frame.line,
                    offset: frame.offset,
                    what,
                });
            }
        }
    }

    fn on_message(&mut self, frame: &Frame<'_>, message: &Message<'_>, gaps: &mut Vec<NoticedGap>) {
        let taken = self.synchroniser.on_message(frame.ts_recv, message, &mut self.events);
        self.counts.out_of_range += u64::from(taken.is_err());
        self.was_live |= self.is_live();
        for event in self.events.drain(..) {
            if let MarketData::Gap(gap) = event.data {
                gaps.push(NoticedGap { line: frame.line, gap });
            }
            self.audit.on_event(&event);
            self.synchroniser.recycle(event);
        }
    }

    /// Whether the book stands.
    pub(super) fn is_live(&self) -> bool {
        self.synchroniser.state() == SyncState::Live
    }

    /// Whether a book stood at some time.
    pub(super) const fn was_live(&self) -> bool {
        self.was_live
    }

    pub(super) const fn instrument(&self) -> &Instrument {
        &self.instrument
    }

    pub(super) const fn first_malformed(&self) -> Option<&FirstMalformed> {
        self.first_malformed.as_ref()
    }

    pub(super) fn counts(&self) -> Counts {
        let (feed, audit) = (self.synchroniser.counts(), self.audit.counts());
        Counts {
            depth_updates: feed.depth_updates,
            levels: feed.levels,
            trades: feed.trades,
            gaps: feed.gaps,
            resyncs: feed.resyncs,
            crossed: audit.crossed,
            book_ticker_compared: audit.compared,
            book_ticker_equal: audit.equal,
            ..self.counts
        }
    }
}

/// Whole units of both currencies: the synchroniser makes them as fine as the data, and no count
/// depends on them. So nothing has to be known about an instrument to archive it.
fn unit_spec(instrument: &Instrument) -> InstrumentSpec {
    InstrumentSpec {
        market: instrument.market,
        symbol: instrument.symbol.clone(),
        kind: instrument.market.kind(),
        base: String::new(),
        quote: String::new(),
        settle: String::new(),
        tick_size: Decimal::ONE,
        lot_size: Decimal::ONE,
        multiplier: Decimal::ONE,
        maker_fee: Decimal::ZERO,
        taker_fee: Decimal::ZERO,
        size_unit_lots: Lots::new(1),
        units: FeatureUnits::UNKNOWN,
        calendar: Calendar::AroundTheClock,
        valid_from: UnixNanos::default(),
        source: SpecSource::Inferred,
    }
}
