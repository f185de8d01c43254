//! Prints the book and a few features of a recorded capture, once per second of its own time.
//!
//! ```text
//! zcat usdm_btcusdt_20240808.gz | cargo run --release
//! cargo run --release -- capture.txt
//! ```
//!
//! A capture has one message per line: the receive time (10, 13, 16 or 19 digits), a space, and the
//! venue's JSON. The instrument's grid is inferred from the first lines; values that do not fit it
//! later make it finer, and the features then start anew.

use std::error::Error;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};

use fluxo_features::catalogue::index;
use fluxo_features::fluxo_core::{
    Decimal, InstrumentId, InstrumentSpec, MarketEvent, Nanos, Side, UnixNanos,
};
use fluxo_features::{FeatureConfig, FeatureEngine, FeatureRow, SamplingClock, slot_name};
use fluxo_market_data::{Decoder, SpecInference, SyncConfig, Synchroniser};

/// So many lines are read before the grid is inferred.
const LINES_FOR_THE_GRID: usize = 2_000;
const SHOWN: [usize; 7] = [
    index::SPREAD_BPS,
    index::IMBALANCE,
    index::DEPTH_IMBALANCE,
    index::RET_1S,
    index::VOL_10S,
    index::OFI_5S,
    index::VOLUME_IMBALANCE,
];

fn main() -> Result<(), Box<dyn Error>> {
    let mut input: Box<dyn BufRead> = match std::env::args().nth(1) {
        Some(path) => Box::new(BufReader::new(File::open(path)?)),
        None => Box::new(io::stdin().lock()),
    };
    let first = first_lines(&mut *input)?;
    let spec = inferred_spec(&first).ok_or("the first lines name no instrument or no price")?;
    let mut feed = Feed::new(&spec)?;
    let mut out = BufWriter::new(io::stdout().lock());
    write_head(&mut out, &spec)?;
    for line in &first {
        feed.on_line(line, &mut out)?;
    }
    let mut line = Vec::new();
    while input.read_until(b'\n', &mut line)? > 0 {
        feed.on_line(&line, &mut out)?;
        line.clear();
    }
    out.flush()?;
    eprintln!("{} lines were no messages; {:?}", feed.unreadable, feed.sync.counts());
    Ok(())
}

/// One instrument on its way from bytes to rows.
struct Feed {
    decoder: Decoder,
    sync: Synchroniser,
    engine: FeatureEngine,
    events: Vec<MarketEvent>,
    unreadable: u64,
}

impl Feed {
    fn new(spec: &InstrumentSpec) -> Result<Self, Box<dyn Error>> {
        let config = FeatureConfig {
            clock: SamplingClock::Time { step: Nanos::SECOND },
            ..FeatureConfig::default()
        };
        Ok(Self {
            decoder: Decoder::new(),
            sync: Synchroniser::new(InstrumentId::new(0), spec.clone(), SyncConfig::DEFAULT)?,
            engine: FeatureEngine::new(config, spec)?,
            events: Vec::new(),
            unreadable: 0,
        })
    }

    fn on_line(&mut self, line: &[u8], out: &mut impl Write) -> io::Result<()> {
        let Some((ts_recv, payload)) = stamped(line) else {
            self.unreadable += 1;
            return Ok(());
        };
        let message = self.decoder.decode(payload);
        let Ok(message) = message.inspect_err(|_| self.unreadable += 1) else { return Ok(()) };
        if let Err(error) = self.sync.on_message(ts_recv, &message, &mut self.events) {
            eprintln!("{error}");
        }
        for event in self.events.drain(..) {
            let watermark = FeatureEngine::watermark_before(ts_recv, &event);
            // The row is copied, so that the engine can be asked for its book beside it.
            while let Some(row) = self.engine.next_row(watermark).cloned() {
                write_row(out, &row, &self.engine, self.sync.spec().tick_size)?;
            }
            self.engine.apply(ts_recv, &event);
            self.sync.recycle(event);
        }
        Ok(())
    }
}

fn first_lines(input: &mut dyn BufRead) -> io::Result<Vec<Vec<u8>>> {
    input.split(b'\n').take(LINES_FOR_THE_GRID).collect()
}

fn inferred_spec(lines: &[Vec<u8>]) -> Option<InstrumentSpec> {
    let (mut decoder, mut inference) = (Decoder::new(), SpecInference::new());
    for (_, payload) in lines.iter().filter_map(|line| stamped(line)) {
        if let Ok(message) = decoder.decode(payload) {
            inference.observe(&message);
        }
    }
    inference.spec(UnixNanos::new(0))
}

/// Splits a line into its receive time and its payload; the number of digits says the unit.
fn stamped(line: &[u8]) -> Option<(UnixNanos, &[u8])> {
    let text = line.trim_ascii_end();
    let at = text.iter().position(|byte| *byte == b' ')?;
    let unit = match at {
        10 => 1_000_000_000,
        13 => 1_000_000,
        16 => 1_000,
        19 => 1,
        _ => return None,
    };
    let digits: i64 = std::str::from_utf8(&text[..at]).ok()?.parse().ok()?;
    Some((UnixNanos::new(digits.checked_mul(unit)?), &text[at + 1..]))
}

fn write_head(out: &mut impl Write, spec: &InstrumentSpec) -> io::Result<()> {
    let (tick, lot) = (spec.tick_size, spec.lot_size);
    writeln!(out, "# {} on {}, tick {tick}, lot {lot}", spec.symbol, spec.market)?;
    write!(out, "{:>12} {:>14} {:>14}", "seconds", "bid", "ask")?;
    for slot in SHOWN {
        write!(out, " {:>17}", slot_name(slot))?;
    }
    writeln!(out)
}

fn write_row(
    out: &mut impl Write,
    row: &FeatureRow,
    engine: &FeatureEngine,
    tick: Decimal,
) -> io::Result<()> {
    write!(out, "{:>12}", row.ts.get() / Nanos::SECOND.get())?;
    for side in Side::BOTH {
        let best = engine.book().best(side);
        let price = best.map_or(f64::NAN, |level| level.price.ticks() as f64 * tick.to_f64());
        write!(out, " {price:>14.4}")?;
    }
    for slot in SHOWN {
        match row.value(slot) {
            Some(value) => write!(out, " {value:>17.4}")?,
            None => write!(out, " {:>17}", "-")?,
        }
    }
    writeln!(out)
}
