//! A market of orders of our own, as LOBSTER and as market-by-order records say it.

use std::fmt::Write as _;

const START_NS: i64 = 1_723_161_256_000_000_000;
const STEP_NS: i64 = 50_000_000;
/// The price around which orders rest, in ticks.
const MID: i64 = 7_200;
/// Levels that LOBSTER shows.
const LEVELS: usize = 10;

/// Which recording it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Lobster,
    Mbo,
}

#[derive(Clone, Copy)]
struct Order {
    id: u64,
    /// 1 is a bid, -1 an ask.
    side: i64,
    ticks: i64,
    size: i64,
}

struct Market {
    format: Format,
    orders: Vec<Order>,
    next_id: u64,
    sequence: u64,
    random: u64,
    now: i64,
    lines: Vec<Vec<u8>>,
}

/// A recording of so many changes, a line or a few each; the first line names the instrument.
pub(crate) fn lines(format: Format, steps: usize) -> Vec<Vec<u8>> {
    let mut market = Market {
        format,
        orders: Vec::new(),
        next_id: 1,
        sequence: 1,
        random: 7,
        now: START_NS,
        lines: vec![if format == Format::Lobster { b"nasdaq".to_vec() } else { b"cme".to_vec() }],
    };
    market.begin();
    for level in 1..=8 {
        for side in [1, -1] {
            market.add(side, MID - side * level, 5 + level);
        }
    }
    for _ in 0..steps {
        market.now += STEP_NS;
        market.step();
    }
    market.lines
}

impl Market {
    fn draw(&mut self, below: u64) -> u64 {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.random >> 33) % below
    }

    /// Records begin with a cleared book.
    fn begin(&mut self) {
        if self.format == Format::Mbo {
            let ts = self.now;
            let cleared = "0,9223372036854775807,0,136,0,R,N,0,1,1,1";
            self.lines.push(format!("{ts} mbo ESH4 GLBX.MDP3;{ts},{cleared}").into_bytes());
        }
    }

    fn step(&mut self) {
        let side = if self.draw(2) == 0 { 1 } else { -1 };
        let count = self.orders.iter().filter(|order| order.side == side).count();
        let which = usize::try_from(self.draw(count.max(1) as u64)).unwrap();
        let at = (0..self.orders.len()).filter(|at| self.orders[*at].side == side).nth(which);
        match (self.draw(10), at) {
            (5..=6, Some(at)) if count > 4 => self.cancel(at, self.orders[at].size),
            (7, Some(at)) if self.orders[at].size > 1 => self.cancel(at, 1),
            (8..=9, Some(_)) if count > 4 => self.execute(side),
            _ => {
                let behind = i64::try_from(self.draw(8)).unwrap();
                let size = 1 + i64::try_from(self.draw(20)).unwrap();
                let opposite = self.best(-side).map_or(MID + side, |at| self.orders[at].ticks);
                self.add(side, opposite - side * (1 + behind), size);
            }
        }
    }

    /// The place of the first order at the best price of a side.
    fn best(&self, side: i64) -> Option<usize> {
        let of_side = (0..self.orders.len()).filter(|at| self.orders[*at].side == side);
        of_side.min_by_key(|at| (-side * self.orders[*at].ticks, self.orders[*at].id))
    }

    fn add(&mut self, side: i64, ticks: i64, size: i64) {
        let order = Order { id: self.next_id, side, ticks, size };
        self.next_id += 1;
        self.orders.push(order);
        self.say(1, 'A', order, size, true);
    }

    fn cancel(&mut self, at: usize, size: i64) {
        let order = self.take(at, size);
        let kind = if size == order.size { 3 } else { 2 };
        self.say(kind, 'C', order, size, true);
    }

    /// Half of the first order at the best price, or all of it.
    fn execute(&mut self, side: i64) {
        let Some(at) = self.best(side) else { return };
        let size = (self.orders[at].size + 1) / 2;
        let order = self.take(at, size);
        if self.format == Format::Mbo {
            let taker = Order { id: 0, side: -side, ..order };
            self.say(4, 'T', taker, size, false);
            self.say(4, 'F', order, size, false);
        }
        self.say(4, 'C', order, size, true);
    }

    /// Takes so much of an order, and returns it as it was.
    fn take(&mut self, at: usize, size: i64) -> Order {
        let order = self.orders[at];
        self.orders[at].size -= size;
        if self.orders[at].size == 0 {
            self.orders.remove(at);
        }
        order
    }

    fn say(&mut self, kind: u8, action: char, order: Order, size: i64, is_last: bool) {
        let Order { id, side, ticks, .. } = order;
        let line = match self.format {
            Format::Lobster => {
                let (seconds, price) =
                    ((self.now - START_NS) / 1_000_000_000 + 34_200, ticks * 100);
                let fraction = self.now % 1_000_000_000;
                let message = format!("{seconds}.{fraction:09},{kind},{id},{size},{price},{side}");
                format!("{} lobster GOOG {LEVELS};{message};{}", self.now, self.shown())
            }
            Format::Mbo => {
                let (ts, price) = (self.now, ticks * 250_000_000);
                let letter = if side > 0 { 'B' } else { 'A' };
                let flags = if is_last { 128 } else { 0 };
                self.sequence += 1;
                let sequence = self.sequence;
                format!(
                    "{ts} mbo ESH4 GLBX.MDP3;{ts},{id},{price},{size},{flags},0,{action},{letter},9,{sequence},1,1"
                )
            }
        };
        self.lines.push(line.into_bytes());
    }

    /// The best levels, as LOBSTER's book file has them.
    fn shown(&self) -> String {
        let [asks, bids] = [-1, 1].map(|side| self.levels(side));
        let mut text = String::new();
        for level in 0..LEVELS {
            for (side, none) in [(&asks, 9_999_999_999_i64), (&bids, -9_999_999_999)] {
                let (price, size) = side.get(level).map_or((none, 0), |(p, s)| (p * 100, *s));
                let comma = if text.is_empty() { "" } else { "," };
                write!(text, "{comma}{price},{size}").unwrap();
            }
        }
        text
    }

    /// Prices and sizes of a side, best first.
    fn levels(&self, side: i64) -> Vec<(i64, i64)> {
        let mut levels: std::collections::BTreeMap<i64, i64> = std::collections::BTreeMap::new();
        for order in self.orders.iter().filter(|order| order.side == side) {
            *levels.entry(-side * order.ticks).or_default() += order.size;
        }
        levels.into_iter().map(|(key, size)| (-side * key, size)).collect()
    }
}
