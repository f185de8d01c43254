//! A recording of an order-by-order feed of our own, in the lines that an archive of LOBSTER becomes.

use std::fmt::Write;
use std::path::{Path, PathBuf};

/// 09:30 of 2012-06-21 in New York.
const OPEN_NS: i64 = 1_340_285_400_000_000_000;
const OPEN_SECONDS: i64 = 34_200;
const MOMENT_NS: i64 = 100_000_000;
/// The first best prices, in steps of a cent.
const START_CENTS: i64 = 58_000;
/// Orders that rest on each side at first, one at every price.
const DEPTH: i64 = 100;

/// One order of two shares at every price: the best ones are the last of each list.
struct Market {
    bids: Vec<Resting>,
    asks: Vec<Resting>,
    next_id: u64,
}

#[derive(Clone, Copy)]
struct Resting {
    id: u64,
    cents: i64,
    shares: i64,
}

/// Writes so many moments, a tenth of a second apart. At each of them a taker fills the best order of
/// one side with two prints, and an order joins the other side at that price: three messages of one
/// nanosecond, after which the mid has moved by a cent.
///
/// # Panics
/// When the file cannot be written.
#[must_use]
pub fn order_capture(folder: &Path, symbol: &str, moments: i64) -> PathBuf {
    let mut text = String::new();
    let mut market = Market { bids: Vec::new(), asks: Vec::new(), next_id: 1 };
    for level in (0..DEPTH).rev() {
        let at = (DEPTH - level) * 1_000;
        market.add(false, START_CENTS - level);
        market.say(&mut text, symbol, at, 1, market.bids[market.bids.len() - 1], false);
        market.add(true, START_CENTS + 1 + level);
        market.say(&mut text, symbol, at, 1, market.asks[market.asks.len() - 1], true);
    }
    let mut moved = 0_i64;
    for moment in 1..=moments {
        // A walk that neither stands still nor leaves the orders behind.
        let up = match moved {
            20.. => false,
            ..=-20 => true,
            _ => (moment * 7_919 + moment * moment * 31) % 3 > 0,
        };
        moved += if up { 1 } else { -1 };
        market.move_once(&mut text, symbol, moment * MOMENT_NS, up);
    }
    let path = folder.join(format!("{}.orders.txt", symbol.to_lowercase()));
    std::fs::write(&path, text).expect("the recording can be written");
    path
}

impl Market {
    fn side(&mut self, ask: bool) -> &mut Vec<Resting> {
        if ask { &mut self.asks } else { &mut self.bids }
    }

    fn add(&mut self, ask: bool, cents: i64) {
        let order = Resting { id: self.next_id, cents, shares: 2 };
        self.next_id += 1;
        self.side(ask).push(order);
    }

    fn move_once(&mut self, text: &mut String, symbol: &str, at: i64, up: bool) {
        let filled = *self.side(up).last().expect("there are orders enough");
        let part = Resting { shares: 1, ..filled };
        if let Some(best) = self.side(up).last_mut() {
            best.shares = 1;
        }
        self.say(text, symbol, at, 4, part, up);
        self.side(up).pop();
        self.say(text, symbol, at, 4, part, up);
        self.add(!up, filled.cents);
        let joined = *self.side(!up).last().expect("it was just added");
        self.say(text, symbol, at, 1, joined, !up);
    }

    /// One message, and the best levels behind it.
    fn say(&self, text: &mut String, symbol: &str, at: i64, kind: u8, order: Resting, ask: bool) {
        let (ts, seconds) = (OPEN_NS + at, OPEN_SECONDS * 1_000_000_000 + at);
        let (whole, part) = (seconds / 1_000_000_000, seconds % 1_000_000_000);
        let Resting { id, cents, shares } = order;
        let direction = if ask { -1 } else { 1 };
        let level = |side: &[Resting], none: i64| match side.last() {
            Some(best) => format!("{},{}", best.cents * 100, best.shares),
            None => format!("{none},0"),
        };
        let (ask, bid) = (level(&self.asks, 9_999_999_999), level(&self.bids, -9_999_999_999));
        let _infallible = writeln!(
            text,
            "{ts} lobster {symbol} 1;{whole}.{part:09},{kind},{id},{shares},{},{direction};{ask},{bid}",
            cents * 100,
        );
    }
}
