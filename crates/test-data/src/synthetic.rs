//! A recording of a market of our own, for tests that need one of any length and no captures.

use std::fmt::Write;
use std::path::{Path, PathBuf};

const START_NS: i64 = 1_723_161_256_000_000_000;
const STEP_NS: i64 = 50_000_000;
/// The first mid price, in ticks of 0.1.
const START_TICKS: i64 = 600_000;

/// Writes a capture of a USD-M perpetual: a snapshot, then every 50 ms an increment that walks the
/// price by at most a tick and swings the imbalance of the best level, and a trade at the touch.
///
/// # Panics
/// When the file cannot be written.
#[must_use]
pub fn synthetic_capture(folder: &Path, symbol: &str, steps: i64) -> PathBuf {
    let stream = symbol.to_lowercase();
    let mut text = snapshot();
    let (mut id, mut mid) = (100_u64, START_TICKS);
    for step in 0..steps {
        let before = mid;
        // A walk that neither stands still nor leaves: the digits of a quadratic congruence.
        mid += (step * 7_919 + step * step * 31) % 3 - 1;
        depth(&mut text, &stream, symbol, step, id, (before, mid));
        id += 2;
        trade(&mut text, &stream, symbol, step, mid);
    }
    let path = folder.join(format!("{stream}.txt"));
    std::fs::write(&path, text).expect("the capture can be written");
    path
}

fn snapshot() -> String {
    let levels = |ticks: &mut dyn Iterator<Item = i64>| {
        ticks.map(|ticks| format!("[\"{}\",\"5.000\"]", price(ticks))).collect::<Vec<_>>().join(",")
    };
    let bids = levels(&mut (0..20).map(|level| START_TICKS - level));
    let asks = levels(&mut (1..21).map(|level| START_TICKS + level));
    let ms = START_NS / 1_000_000;
    format!(
        "{START_NS} {{\"lastUpdateId\":101,\"E\":{ms},\"T\":{ms},\"bids\":[{bids}],\"asks\":[{asks}]}}\n"
    )
}

fn depth(
    text: &mut String,
    stream: &str,
    symbol: &str,
    step: i64,
    id: u64,
    (before, mid): (i64, i64),
) {
    let (at, ms) = times(step, 0);
    let (bid_size, ask_size) = if step % 40 < 20 { ("9.003", "0.501") } else { ("0.501", "9.003") };
    let (mut bids, mut asks) = (Vec::new(), Vec::new());
    if mid > before {
        asks.push(format!("[\"{}\",\"0.000\"]", price(before + 1)));
    }
    if mid < before {
        bids.push(format!("[\"{}\",\"0.000\"]", price(before)));
    }
    bids.push(format!("[\"{}\",\"{bid_size}\"]", price(mid)));
    asks.push(format!("[\"{}\",\"{ask_size}\"]", price(mid + 1)));
    let (first, last, bids, asks) = (id + 1, id + 2, bids.join(","), asks.join(","));
    let _infallible = writeln!(
        text,
        "{at} {{\"stream\":\"{stream}@depth@0ms\",\"data\":{{\"e\":\"depthUpdate\",\"E\":{ms},\"T\":{ms},\"s\":\"{symbol}\",\"U\":{first},\"u\":{last},\"pu\":{id},\"b\":[{bids}],\"a\":[{asks}]}}}}"
    );
}

fn trade(text: &mut String, stream: &str, symbol: &str, step: i64, mid: i64) {
    let (at, ms) = times(step, 10_000_000);
    let (seller, id) = (step % 2 == 0, step + 1);
    let at_price = price(if seller { mid } else { mid + 1 });
    let _infallible = writeln!(
        text,
        "{at} {{\"stream\":\"{stream}@trade\",\"data\":{{\"e\":\"trade\",\"E\":{ms},\"T\":{ms},\"s\":\"{symbol}\",\"t\":{id},\"p\":\"{at_price}\",\"q\":\"6.000\",\"X\":\"MARKET\",\"m\":{seller}}}}}"
    );
}

fn times(step: i64, later: i64) -> (i64, i64) {
    let at = START_NS + step * STEP_NS + later;
    (at, at / 1_000_000)
}

fn price(ticks: i64) -> String {
    format!("{}.{}", ticks / 10, ticks % 10)
}
