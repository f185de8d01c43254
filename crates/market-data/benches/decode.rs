//! Frames per second of the decoder, on every frame of real captures.
#![expect(clippy::unwrap_used, reason = "a bench fails by panicking")]
#![expect(clippy::print_stdout, reason = "a bench shows its checksum")]

use std::hint::black_box;
use std::ops::Range;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use fluxo_capture::CaptureReader;
use fluxo_core::Side;
use fluxo_market_data::{Body, Decoder, Message, RawLevel};
use fluxo_test_data::capture;

/// The payloads of a capture, in one piece of memory as a socket would hand them over.
struct Frames {
    bytes: Vec<u8>,
    frames: Vec<Range<usize>>,
}

impl Frames {
    fn load(name: &str) -> Option<Self> {
        let mut reader = CaptureReader::open(&capture(name)?).unwrap();
        let (mut bytes, mut frames) = (Vec::new(), Vec::new());
        while let Some(line) = reader.next_line().unwrap() {
            let start = bytes.len();
            bytes.extend_from_slice(line.stamp().unwrap().payload);
            frames.push(start..bytes.len());
        }
        Some(Self { bytes, frames })
    }

    fn decode_all(&self, decoder: &mut Decoder) -> i64 {
        self.frames.iter().fold(0_i64, |sum, frame| {
            let message = decoder.decode(&self.bytes[frame.clone()]).unwrap();
            sum.wrapping_mul(31).wrapping_add(worth(&message))
        })
    }
}

/// A number that depends on every value of a message, so that nobody saves time by reading less.
fn worth(message: &Message<'_>) -> i64 {
    let level = |sum: i64, level: &RawLevel| {
        let sign = if level.side == Side::Bid { 1 } else { -1 };
        sum.wrapping_add(sign * level.price).wrapping_mul(7).wrapping_add(level.size)
    };
    match &message.body {
        Body::Depth(update) => update.levels.iter().fold(update.last_id.cast_signed(), level),
        Body::Snapshot(snapshot) => snapshot.levels.iter().fold(0, level),
        Body::Trade(trade) => trade.id.cast_signed() ^ trade.price ^ trade.size,
        Body::Ticker(ticker) => {
            (ticker.bid ^ ticker.ask).wrapping_add(ticker.bid_size - ticker.ask_size)
        }
        other => panic!("{other:?}"),
    }
}

fn decode(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("decode");
    for (name, file) in [
        ("usdm-btcusdt", "usdm_btcusdt_20240808.gz"),
        ("spot-btcusdt", "spot_btcusdt_20240808.gz"),
        ("coinm-btcusd", "cm_btcusd_perp_20240808.gz"),
    ] {
        let Some(frames) = Frames::load(file) else {
            continue;
        };
        let mut decoder = Decoder::new();
        let checksum = frames.decode_all(&mut decoder);
        println!("decode/{name}: {} messages, checksum {checksum:016x}", frames.frames.len());
        group.throughput(Throughput::Elements(frames.frames.len() as u64));
        group.bench_function(name, |bench| {
            bench.iter(|| black_box(frames.decode_all(&mut decoder)));
        });
    }
    group.finish();
}

criterion_group!(benches, decode);
criterion_main!(benches);
