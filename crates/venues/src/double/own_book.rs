//! The double's own book: what the venue would answer at this moment of the recording.
//!
//! It is kept by the same decoder, synchroniser and book that a client of ours has, so that a
//! snapshot of it and the increments that are sent belong together. It also says what each frame is.

use axum::extract::ws::Utf8Bytes;
use bytes::Bytes;
use fluxo_core::{
    BatchKind, InstrumentId, InstrumentSpec, MarketData, MarketEvent, Side, Trade, TradeCondition,
    UnixNanos,
};
use fluxo_market_data::{Body, Book, BookConfig, Decoder, Message, SyncConfig, Synchroniser};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::Error;
use super::stream_name::{StreamName, Topic};
use crate::wire::{self, AggregatedIds, Print, Times, Wire};

/// A frame as it goes out.
#[derive(Clone, Debug)]
pub(super) struct Outgoing {
    pub(super) stream: StreamName,
    /// The payload without its envelope, byte for byte as it was recorded.
    pub(super) data: Utf8Bytes,
}

/// What a frame turned out to be.
#[derive(Debug)]
pub(super) enum Taken {
    /// Something that a stream says, and the aggregate that is made of it.
    Stream(Outgoing, Option<Outgoing>),
    /// Nothing that a stream says: an answer of REST, or a payload that names no stream.
    Unsent,
    /// No JSON of Binance.
    Malformed,
}

/// A frame's envelope, if it has one.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    stream: Option<std::borrow::Cow<'a, str>>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

/// The book of the recording's instrument.
#[derive(Debug)]
pub(super) struct OwnBook {
    decoder: Decoder,
    synchroniser: Synchroniser,
    spec: InstrumentSpec,
    wire: Wire,
    book: Book,
    /// Whether the book is the venue's: a snapshot came, and no gap since.
    is_whole: bool,
    times: Times,
    /// Whether every print is told as an aggregate of itself as well.
    makes_aggregates: bool,
    events: Vec<MarketEvent>,
}

impl OwnBook {
    pub(super) fn new(spec: InstrumentSpec) -> Result<Self, Error> {
        let never = Times::at(UnixNanos::new(0));
        Ok(Self {
            decoder: Decoder::new(),
            wire: Wire::new(&spec)?,
            synchroniser: Synchroniser::new(
                InstrumentId::new(0),
                spec.clone(),
                SyncConfig::DEFAULT,
            )?,
            spec,
            book: Book::new(BookConfig::DEFAULT),
            is_whole: false,
            times: never,
            makes_aggregates: false,
            events: Vec::new(),
        })
    }

    /// The recording tells prints one by one and never as aggregates, which the venue tells always.
    pub(super) fn make_aggregates(&mut self) {
        self.makes_aggregates = true;
    }

    /// One recording ended at `ts_recv`, and another one goes on from here.
    pub(super) fn boundary(&mut self, ts_recv: UnixNanos) {
        self.synchroniser.recording_boundary(ts_recv);
    }

    /// Takes a frame that was received at `ts_recv`.
    pub(super) fn take(&mut self, ts_recv: UnixNanos, payload: &Bytes) -> Taken {
        let times_of = |event: Option<UnixNanos>, sent: Option<UnixNanos>| Times {
            event: event.unwrap_or(ts_recv),
            sent: sent.or(event).unwrap_or(ts_recv),
        };
        let mut printed = None;
        let bare = self.decoder.decode_with(payload, |result| {
            let message = result.ok()?;
            match &message.body {
                Body::Depth(update) => self.times = times_of(update.ts_event, update.ts_sent),
                Body::Trade(trade) => printed = Some(times_of(trade.ts_event, trade.ts_sent)),
                _ => {}
            }
            // A value out of range is the feed's fault: the gap that it leaves is noticed.
            let _noticed = self.synchroniser.on_message(ts_recv, &message, &mut self.events);
            Some(bare_stream(&message, &self.spec.symbol))
        });
        let trade = self.apply_events();
        let Some(bare) = bare else { return Taken::Malformed };
        let Some(outgoing) = outgoing(payload, bare) else { return Taken::Unsent };
        let print = trade.zip(printed).filter(|_| self.makes_aggregates);
        Taken::Stream(outgoing, print.map(|(trade, times)| self.aggregate(&trade, times)))
    }

    /// The answer of `depth`; `None` while there is no whole book.
    pub(super) fn snapshot(&self, limit: usize) -> Option<String> {
        let last_update_id = self.book.update_id().filter(|_| self.is_whole)?;
        let mut text = String::new();
        let [bids, asks] = [Side::Bid, Side::Ask].map(|side| self.book.levels(side).take(limit));
        self.wire.depth_snapshot(&mut text, last_update_id, self.times, bids, asks);
        Some(text)
    }

    /// The answer of `exchangeInfo`.
    pub(super) fn exchange_info(&self, now: UnixNanos) -> String {
        let mut text = String::new();
        wire::exchange_info(&mut text, now, [&self.wire]);
        text
    }

    /// Brings the book up to date, and says which market print there was.
    fn apply_events(&mut self) -> Option<Trade> {
        let mut print = None;
        for event in std::mem::take(&mut self.events) {
            match &event.data {
                MarketData::Book(batch) => {
                    self.is_whole |= batch.kind == BatchKind::Snapshot;
                    self.book.apply(batch, |_| {});
                }
                MarketData::Gap(_) => self.is_whole = false,
                MarketData::Spec(spec) => self.refine(spec),
                MarketData::Trade(trade) if trade.condition == TradeCondition::Market => {
                    print = Some(*trade);
                }
                _ => {}
            }
            self.synchroniser.recycle(event);
        }
        print
    }

    /// A print as an aggregate of itself.
    fn aggregate(&self, trade: &Trade, times: Times) -> Outgoing {
        let Trade { trade_id: id, price, lots, aggressor, .. } = *trade;
        let mut text = String::new();
        let print = Print { id, price, lots, aggressor, times };
        self.wire.agg_trade(&mut text, &print, AggregatedIds { first: id, last: id });
        Outgoing { stream: StreamName::of(&self.spec.symbol, Topic::AggTrade), data: text.into() }
    }

    /// The grid became finer.
    fn refine(&mut self, spec: &InstrumentSpec) {
        let factors = self.spec.tick_size.multiple_of(spec.tick_size);
        let factors = factors.zip(self.spec.lot_size.multiple_of(spec.lot_size));
        let fits = factors
            .is_some_and(|(price_factor, lots)| self.book.rescale(price_factor, lots).is_ok());
        self.is_whole &= fits;
        // A finer grid of the same instrument is one that can be written, as far as 64 bits go.
        match Wire::new(spec) {
            Ok(wire) => self.wire = wire,
            Err(_) => self.is_whole = false,
        }
        self.spec = spec.clone();
    }
}

/// The stream of a message that names none; `None` for what no stream says.
fn bare_stream(message: &Message<'_>, symbol: &str) -> Option<StreamName> {
    let topic = match message.body {
        Body::Depth(_) => Topic::Depth,
        Body::Trade(_) => Topic::Trade,
        Body::AggTrade(_) => Topic::AggTrade,
        Body::Ticker(_) => Topic::BookTicker,
        Body::MarkPrice(_) => Topic::MarkPrice,
        Body::Snapshot(_) | Body::PartialDepth(_) | Body::Order(_) | Body::Other => return None,
    };
    Some(StreamName::of(message.symbol.unwrap_or(symbol), topic))
}

fn outgoing(payload: &Bytes, bare: Option<StreamName>) -> Option<Outgoing> {
    let envelope = serde_json::from_slice::<Envelope<'_>>(payload).ok();
    let (stream, data) = match envelope {
        Some(Envelope { stream: Some(stream), data: Some(data) }) => {
            (StreamName::parse(&stream), payload.slice_ref(data.get().as_bytes()))
        }
        _ => (bare?, payload.clone()),
    };
    Some(Outgoing { stream, data: Utf8Bytes::try_from(data).ok()? })
}
