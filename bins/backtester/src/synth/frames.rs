//! A synthetic market as a recorder would have written it down: lines of a receive time and a
//! message of Binance.
//!
//! Every step changes the whole book in one message and tells the best prices; every trade is
//! printed, then shown in the book and in the best prices. The messages come in the order in which
//! they were received, and receive times never decrease.

use std::fmt::Write as _;
use std::io::{self, Read};

use fluxo_core::{Lots, Nanos, Side, UnixNanos};
use fluxo_market_data::Level;
use fluxo_sim::synthetic::{
    LEVELS, Latencies, Step, SyntheticConfig, SyntheticMarket, SyntheticTrade, instrument,
};
use fluxo_venues::wire::{
    self, AggregatedIds, BestPrices, Channel, DepthIds, Print, Times, Wire, combined,
};

/// Between two messages that leave together.
const SPACING: Nanos = Nanos::new(10_000);
/// The identifier of the book's state before the first message.
const FIRST_STATE: u64 = 1_000_000;

/// The text, made step by step as it is read.
#[derive(Clone)]
pub(super) struct Frames {
    market: SyntheticMarket,
    steps_left: u64,
    script: Script,
    /// The lines of the step at hand, and how much of them was read.
    text: String,
    read: usize,
}

impl Frames {
    pub(super) fn new(config: &SyntheticConfig, steps: u64) -> Result<Self, wire::Error> {
        Ok(Self {
            market: SyntheticMarket::new(config),
            steps_left: steps,
            script: Script::new(config)?,
            text: String::new(),
            read: 0,
        })
    }
}

impl Read for Frames {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.read == self.text.len() && self.steps_left > 0 {
            self.steps_left -= 1;
            self.text.clear();
            self.read = 0;
            self.script.step(&self.market.step(), &mut self.text);
        }
        let rest = &self.text.as_bytes()[self.read..];
        let length = rest.len().min(buffer.len());
        buffer[..length].copy_from_slice(&rest[..length]);
        self.read += length;
        Ok(length)
    }
}

/// What was said so far, as far as it matters for what is said next.
#[derive(Clone)]
struct Script {
    wire: Wire,
    streams: Streams,
    latencies: Latencies,
    /// The levels that the messages so far left in the book; `None` before the snapshot.
    book: Option<[[Level; LEVELS]; 2]>,
    state: u64,
    trades: u64,
    last_ts_recv: UnixNanos,
}

#[derive(Clone)]
struct Streams {
    depth: String,
    trade: String,
    ticker: String,
}

impl Script {
    fn new(config: &SyntheticConfig) -> Result<Self, wire::Error> {
        let wire = Wire::new(&instrument())?;
        let streams = Streams {
            depth: wire.stream(Channel::Depth { every_ms: Some(100) }),
            trade: wire.stream(Channel::AggTrade),
            ticker: wire.stream(Channel::BookTicker),
        };
        Ok(Self {
            wire,
            streams,
            latencies: Latencies::new(config),
            book: None,
            state: FIRST_STATE,
            trades: 0,
            last_ts_recv: UnixNanos::default(),
        })
    }

    /// Appends the lines of a step.
    fn step(&mut self, step: &Step, out: &mut String) {
        let levels = Side::BOTH.map(|side| *step.levels(side));
        self.receive(step.at);
        match self.book.replace(levels) {
            None => self.snapshot(step.at, &levels, out),
            Some(before) => {
                self.depth(step.at, [0, 1].map(|side| change(&before[side], &levels[side])), out);
                self.ticker(step.at, &levels, out);
            }
        }
        for trade in step.trades() {
            self.trade(step.at + trade.after, trade, out);
        }
    }

    /// The best level is what is left of it.
    fn trade(&mut self, at: UnixNanos, trade: &SyntheticTrade, out: &mut String) {
        self.receive(at);
        self.trades += 1;
        let (price, lots, aggressor) = (trade.price, trade.lots, trade.aggressor);
        let print = Print { id: self.trades, price, lots, aggressor, times: Times::at(at) };
        let ids = AggregatedIds { first: self.trades, last: self.trades };
        self.begin_line(out);
        combined(out, &self.streams.trade, |out| self.wire.agg_trade(out, &print, ids));
        out.push('\n');

        let left = Level { price, lots: trade.left };
        let hit = aggressor.hit_side().expect("the market knows who took");
        let mut levels = self.book.expect("trades come after a book");
        levels[hit.index()][0] = left;
        self.book = Some(levels);
        self.depth(at, Side::BOTH.map(|side| (side == hit).then_some(left).into_iter()), out);
        self.ticker(at, &levels, out);
    }

    fn snapshot(&mut self, at: UnixNanos, [bids, asks]: &[[Level; LEVELS]; 2], out: &mut String) {
        self.begin_line(out);
        // The venue's rule: the first update that follows begins at the snapshot's state, or before.
        let state = self.state + 1;
        self.wire.depth_snapshot(out, state, Times::at(at), *bids, *asks);
        out.push('\n');
    }

    fn depth<L: IntoIterator<Item = Level>>(
        &mut self,
        at: UnixNanos,
        [bids, asks]: [L; 2],
        out: &mut String,
    ) {
        self.begin_line(out);
        let previous = self.state;
        self.state += 2;
        let ids = DepthIds { first: previous + 1, last: self.state, previous };
        combined(out, &self.streams.depth, |out| {
            self.wire.depth_update(out, ids, Times::at(at), bids, asks);
        });
        out.push('\n');
    }

    fn ticker(&mut self, at: UnixNanos, [bids, asks]: &[[Level; LEVELS]; 2], out: &mut String) {
        self.begin_line(out);
        let best = BestPrices {
            update_id: self.state,
            bid: Some(bids[0]),
            ask: Some(asks[0]),
            times: Times::at(at),
        };
        combined(out, &self.streams.ticker, |out| self.wire.book_ticker(out, &best));
        out.push('\n');
    }

    /// Messages of that moment begin to arrive: not before those that were sent earlier.
    fn receive(&mut self, at: UnixNanos) {
        self.last_ts_recv = self.last_ts_recv.max(at + self.latencies.draw());
    }

    fn begin_line(&mut self, out: &mut String) {
        self.last_ts_recv = self.last_ts_recv + SPACING;
        let _infallible = write!(out, "{} ", self.last_ts_recv.get());
    }
}

/// The whole change from one side of a book to the next: what is left behind is removed.
fn change<'l>(
    before: &'l [Level; LEVELS],
    after: &'l [Level; LEVELS],
) -> impl Iterator<Item = Level> + use<'l> {
    let gone = before.iter().filter(|old| after.iter().all(|new| new.price != old.price));
    let removed = gone.map(|level| Level { lots: Lots::ZERO, ..*level });
    removed.chain(after.iter().copied())
}

#[cfg(test)]
mod tests {
    use fluxo_capture::CaptureReader;
    use fluxo_core::{InstrumentId, MarketData};
    use fluxo_market_data::{Book, BookConfig, Decoder, SyncConfig, Synchroniser};
    use fluxo_sim::synthetic::SyntheticKind;

    use super::*;

    const STEPS: u64 = 500;

    fn reader(config: &SyntheticConfig) -> CaptureReader {
        let frames = Frames::new(config, STEPS).unwrap();
        CaptureReader::made("synthetic".as_ref(), Box::new(frames))
    }

    /// The book that our own decoder and synchroniser make of the frames is the market's, after
    /// every single message: never crossed, no level left behind.
    #[test]
    fn what_is_read_back_is_the_market() {
        let config = SyntheticConfig::new(SyntheticKind::Planted, 5);
        let (mut market, mut step) = (SyntheticMarket::new(&config), None::<Step>);
        let spec = instrument();
        let mut synchroniser =
            Synchroniser::new(InstrumentId::new(0), spec, SyncConfig::DEFAULT).unwrap();
        let (mut decoder, mut book) = (Decoder::new(), Book::new(BookConfig::DEFAULT));
        let (mut events, mut last, mut trades) = (Vec::new(), 0, 0);
        let mut lines = reader(&config);
        while let Some(line) = lines.next_line().unwrap() {
            let stamp = line.stamp().unwrap();
            assert!(stamp.ts_recv.get() > last, "line {}", line.number);
            last = stamp.ts_recv.get();
            let message = decoder.decode(stamp.payload).unwrap();
            synchroniser.on_message(stamp.ts_recv, &message, &mut events).unwrap();
            for event in events.drain(..) {
                let behind = stamp.ts_recv - event.ts_event.unwrap();
                assert!((1_000_000..4_000_000).contains(&behind.get()), "{behind:?}");
                match event.data {
                    MarketData::Book(batch) => {
                        book.apply(&batch, |_| ());
                        if step.as_ref().is_none_or(|step| event.ts_event == Some(step_end(step))) {
                            step = Some(market.step());
                        }
                        check_book(&book, step.as_ref().unwrap(), event.ts_event.unwrap());
                    }
                    MarketData::Trade(print) => {
                        let step = step.as_ref().unwrap();
                        let at = event.ts_event.unwrap() - step.at;
                        let mut of_step = step.trades().iter();
                        assert!(of_step.any(|t| (t.after, t.lots) == (at, print.lots)));
                        trades += 1;
                    }
                    MarketData::Quote(quote) => {
                        assert_eq!(book.update_id(), Some(quote.update_id));
                        let best = Side::BOTH.map(|side| book.best(side).unwrap());
                        assert_eq!([quote.bid, quote.ask], best.map(|level| level.price));
                        assert_eq!([quote.bid_lots, quote.ask_lots], best.map(|level| level.lots));
                    }
                    MarketData::Gap(gap) => panic!("{gap:?}"),
                    _ => {}
                }
            }
        }
        assert_eq!(step.unwrap().index, STEPS - 1);
        let mut again = SyntheticMarket::new(&config);
        let expected: usize = (0..STEPS).map(|_| again.step().trades().len()).sum();
        assert_eq!(trades, expected);
    }

    fn step_end(step: &Step) -> UnixNanos {
        fluxo_sim::synthetic::step_time(step.index + 1)
    }

    fn check_book(book: &Book, step: &Step, at: UnixNanos) {
        assert!(!book.is_crossed());
        for side in Side::BOTH {
            let mut expected = *step.levels(side);
            for trade in step.trades().iter().filter(|trade| step.at + trade.after <= at) {
                if trade.aggressor.hit_side() == Some(side) {
                    expected[0].lots = trade.left;
                }
            }
            let levels: Vec<Level> = book.levels(side).collect();
            // Trades of one moment are shown one after the other.
            assert_eq!(levels[1..], expected[1..], "step {}", step.index);
            assert_eq!(levels[0].price, expected[0].price);
            assert!(levels[0].lots >= expected[0].lots, "step {}", step.index);
        }
    }

    #[test]
    fn a_seed_is_a_text() {
        let text = |kind, seed| {
            let mut text = String::new();
            let config = SyntheticConfig::new(kind, seed);
            Frames::new(&config, 50).unwrap().read_to_string(&mut text).unwrap();
            text
        };
        let planted = text(SyntheticKind::Planted, 1);
        assert_eq!(planted, text(SyntheticKind::Planted, 1));
        let first_line = |text: &str| text.lines().next().unwrap_or_default().to_owned();
        for other in [text(SyntheticKind::Planted, 2), text(SyntheticKind::NoSignal, 1)] {
            assert_ne!(first_line(&planted), first_line(&other));
        }
    }
}
