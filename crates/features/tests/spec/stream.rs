//! Random markets with everything in them: silence, equal times, one-sided and crossed books, gaps,
//! halts, breaks, late events, sizes near 2^40. The same seed gives the same market.

use std::collections::BTreeSet;

use fluxo_core::{
    Aggressor, BatchKind, BestQuote, GapReason, LevelUpdate, Lots, MarketData, Phase, Price, Side,
    TradeCondition, UnixNanos,
};

use crate::events::{Received, SECOND, SEQUENCE, START, book, gap, level, received, trade};

/// Where prices wander around.
pub(crate) const CENTRE: i64 = 1_000_000;
const MS: i64 = SECOND / 1000;

/// SplitMix64: small, and its numbers are the same for ever.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number in `from..to`.
    fn range(&mut self, from: i64, to: i64) -> i64 {
        let span = u64::try_from(to - from).unwrap();
        from + i64::try_from(self.next() % span).unwrap()
    }

    fn one_in(&mut self, n: i64) -> bool {
        self.range(0, n) == 0
    }
}

/// How often things happen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Weather {
    pub(crate) seed: u64,
    pub(crate) events: usize,
    /// Usual time between events, at most.
    pub(crate) pause_ms: i64,
    /// One event in so many is a gap, a change of phase or a break.
    pub(crate) trouble_one_in: i64,
    /// One event in so many comes with an older time.
    pub(crate) late_one_in: i64,
}

struct Market {
    random: Random,
    weather: Weather,
    now: i64,
    mid: i64,
    phase: Phase,
    sides: [BTreeSet<i64>; 2],
    out: Vec<Received>,
}

/// The events of one market.
pub(crate) fn events(weather: Weather) -> Vec<Received> {
    let mut market = Market {
        random: Random(weather.seed),
        weather,
        now: START + 37 * MS,
        mid: CENTRE,
        phase: Phase::Continuous,
        sides: [BTreeSet::new(), BTreeSet::new()],
        out: Vec::new(),
    };
    while market.out.len() < weather.events {
        market.step();
    }
    market.out.truncate(weather.events);
    market.out
}

impl Market {
    fn step(&mut self) {
        self.pass_time();
        if self.random.one_in(self.weather.trouble_one_in) {
            return self.trouble();
        }
        match self.random.range(0, 20) {
            0..=9 => self.update(),
            10..=16 => self.trade(),
            17 => self.quote(),
            18 => self.push(MarketData::Heartbeat),
            _ if self.random.one_in(6) => self.snapshot(),
            _ => self.update(),
        }
    }

    fn pass_time(&mut self) {
        self.now += match self.random.range(0, 100) {
            0..=19 => 0,
            20..=29 => 100 * MS - self.now % (100 * MS),
            30..=97 => self.random.range(0, self.weather.pause_ms * MS),
            _ => self.random.range(0, 40 * self.weather.pause_ms * MS),
        };
    }

    fn push(&mut self, data: MarketData) {
        let late = self.random.one_in(self.weather.late_one_in);
        let ts = if late { self.now - self.random.range(0, 500 * MS) } else { self.now };
        self.out.push(received(ts, data));
    }

    fn trouble(&mut self) {
        match self.random.range(0, 6) {
            0 | 1 => {
                let from = self.now - self.random.range(0, 300 * MS);
                self.push(gap(from, self.now, SEQUENCE));
                self.now += self.random.range(0, 700 * MS);
                self.snapshot();
            }
            2 => {
                let from = self.now;
                self.now += self.random.range(1, 100) * SECOND + 7;
                self.out
                    .push(received(self.now, gap(from, self.now, GapReason::RecordingBoundary)));
                if self.random.one_in(2) {
                    self.trade();
                }
                self.snapshot();
            }
            _ => {
                let phases = [Phase::Auction, Phase::Halt, Phase::Closed];
                let calm = self.phase == Phase::Continuous;
                let other = phases[usize::try_from(self.random.range(0, 3)).unwrap()];
                self.phase = if calm { other } else { Phase::Continuous };
                self.push(MarketData::Status(self.phase));
            }
        }
    }

    fn lots(&mut self) -> i64 {
        let large = self.random.one_in(60);
        if large { (1 << 40) - self.random.range(0, 1_000) } else { self.random.range(1, 200) }
    }

    fn snapshot(&mut self) {
        self.sides = [BTreeSet::new(), BTreeSet::new()];
        let mut levels = Vec::new();
        for side in Side::BOTH {
            // Sometimes a side is empty, often it has fewer than ten levels.
            let mut of_side = Vec::new();
            for _ in 0..self.random.range(0, 16) {
                of_side.push(self.new_level(side));
            }
            // A venue lists each level once, the best one first, often far behind the touch; sometimes
            // we forget, and what was buffered behind a snapshot follows it.
            if !self.random.one_in(8) {
                of_side.sort_by_key(|level| -side.sign() * level.price.ticks());
                of_side.dedup_by_key(|level| level.price);
                of_side.retain(|level| level.lots.get() > 0);
            }
            if !of_side.is_empty() && !self.random.one_in(4) {
                let lots = self.lots();
                of_side.push(level(
                    side,
                    self.mid - side.sign() * self.random.range(480, 600),
                    lots,
                ));
            }
            levels.extend(of_side);
        }
        if self.random.one_in(3) {
            levels.push(self.new_level(Side::Bid));
        }
        self.push(book(BatchKind::Snapshot, levels));
    }

    fn update(&mut self) {
        if self.random.one_in(8) {
            self.mid += self.random.range(-3, 4);
        }
        let mut levels = Vec::new();
        for _ in 0..self.random.range(0, 6) {
            let side = Side::BOTH[usize::try_from(self.random.range(0, 2)).unwrap()];
            levels.push(self.new_level(side));
        }
        // A venue takes away what would cross; we sometimes forget.
        if !self.random.one_in(12) {
            for side in Side::BOTH {
                let mid = self.mid;
                let crossing = |price: &&i64| side.sign() * (**price - mid) >= 0;
                let gone: Vec<i64> =
                    self.sides[side.index()].iter().filter(crossing).copied().collect();
                for price in gone {
                    self.sides[side.index()].remove(&price);
                    levels.push(level(side, price, 0));
                }
            }
        }
        self.push(book(BatchKind::Update, levels));
    }

    fn new_level(&mut self, side: Side) -> LevelUpdate {
        let distance = self.random.range(1, 15);
        let price = self.mid - side.sign() * distance;
        let lots = if self.random.one_in(4) { 0 } else { self.lots() };
        if lots == 0 {
            self.sides[side.index()].remove(&price);
        } else {
            self.sides[side.index()].insert(price);
        }
        level(side, price, lots)
    }

    fn trade(&mut self) {
        let sides = [Aggressor::Buyer, Aggressor::Buyer, Aggressor::Seller, Aggressor::Unknown];
        let aggressor = sides[usize::try_from(self.random.range(0, 4)).unwrap()];
        let (price, lots) = (self.mid + self.random.range(-2, 3), self.lots());
        let mut trade = trade(aggressor, price, lots);
        if self.random.one_in(20) {
            trade.condition = TradeCondition::OffMarket;
        }
        if self.random.one_in(3) {
            trade.match_id = Some(self.random.next() % 3);
        }
        self.push(MarketData::Trade(trade));
        if self.random.one_in(2) {
            let venue = self.now + 1_200 * MS + self.random.range(-2 * MS, MS);
            self.out.last_mut().unwrap().event.ts_event = Some(UnixNanos::new(venue));
        }
    }

    fn quote(&mut self) {
        let price = |ticks| Price::from_ticks(ticks);
        let (bid, ask) = (price(self.mid - 1), price(self.mid + 1));
        let (bid_lots, ask_lots) = (Lots::new(5), Lots::new(6));
        self.push(MarketData::Quote(BestQuote { update_id: 0, bid, bid_lots, ask, ask_lots }));
    }
}

/// Weathers for properties: short markets, some of them long in time.
pub(crate) fn weathers() -> impl proptest::strategy::Strategy<Value = Weather> {
    use proptest::prelude::*;
    (any::<u64>(), 1_usize..800, 1_i64..4_000, 4_i64..800, 4_i64..100).prop_map(
        |(seed, events, pause_ms, trouble_one_in, late_one_in)| Weather {
            seed,
            events,
            pause_ms,
            trouble_one_in,
            late_one_in,
        },
    )
}
