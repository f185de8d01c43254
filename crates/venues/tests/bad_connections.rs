//! Bad connections in virtual time: whatever happens to them, the book is whole again afterwards,
//! and nothing is tried without end.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use fluxo_core::{
    Calendar, Decimal, FeatureUnits, GapReason, InstrumentId, InstrumentSpec, Lots, Market,
    MarketData, MarketEvent, Side, SpecSource, UnixNanos,
};
use fluxo_market_data::{
    Body, DepthSnapshot, DepthUpdate, Digits, Message, RawLevel, SyncConfig, SyncState,
    Synchroniser,
};
use fluxo_venues::client::{
    BookReport, BookState, ClientConfig, Connector, Endpoints, Input, Output, Plan, RestFault,
};

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// xorshift64: what goes wrong, and when.
struct Whims(u64);

impl Whims {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }

    fn one_in(&mut self, share: u64) -> bool {
        self.below(share) == 0
    }
}

/// What a frame of the venue means.
#[derive(Clone, Copy, Debug)]
enum Said {
    /// From after the first to the second number.
    Depth(u64, u64),
    Trade(u64),
    Ticker,
    Notice,
}

/// Something that will happen.
#[derive(Clone, Debug)]
enum Coming {
    Opened { link: usize, attempt: u64 },
    Closed { link: usize, attempt: u64 },
    Text { link: usize, attempt: u64, text: Vec<u8>, said: Said },
    Ping { link: usize, attempt: u64 },
    Answer { request: u64, answer: Result<u64, (u16, Option<u64>)> },
    Report(BookReport),
}

/// What a socket of the venue's side does.
#[derive(Clone, Copy, Debug)]
struct Socket {
    attempt: u64,
    subscribed: bool,
    silent: bool,
    /// The depth stream alone is silent, behind tickers.
    shallow: bool,
}

/// A venue that misbehaves until `fair_from`, and a consumer that joins the book.
struct World {
    now: Duration,
    whims: Whims,
    coming: BTreeMap<(Duration, u64), Coming>,
    order: u64,
    sockets: [Option<Socket>; 2],
    /// The end of the venue's chain of depth updates.
    update_id: u64,
    /// The number of the venue's last trade.
    trade: u64,
    /// The last trade that was heard.
    heard_trade: u64,
    /// Whether a loss was declared since.
    lost_since_trade: bool,
    /// Whether the venue said something that nobody heard, while the book was believed to be whole,
    /// and no loss was declared since.
    owes_a_loss: bool,
    /// Since when the book has been believed, while depth was made and none came.
    deaf_since: Option<Duration>,
    sync: Synchroniser,
    report: BookReport,
    fair_from: Duration,
    /// When each attempt was made.
    attempts: VecDeque<Duration>,
    attempts_in_window_max: usize,
    requests: Vec<Duration>,
    gaps: u64,
    connections: u64,
}

fn spec() -> InstrumentSpec {
    InstrumentSpec {
        market: Market::BinanceUsdm,
        symbol: "BTCUSDT".into(),
        kind: Market::BinanceUsdm.kind(),
        base: "BTC".into(),
        quote: "USDT".into(),
        settle: "USDT".into(),
        tick_size: Decimal::ONE,
        lot_size: Decimal::ONE,
        multiplier: Decimal::ONE,
        maker_fee: Decimal::ZERO,
        taker_fee: Decimal::ZERO,
        size_unit_lots: Lots::new(1),
        units: FeatureUnits::UNKNOWN,
        calendar: Calendar::AroundTheClock,
        valid_from: UnixNanos::new(0),
        source: SpecSource::Configured,
    }
}

const LEVEL: [RawLevel; 1] = [RawLevel { side: Side::Bid, price: 5, size: 1 }];

impl World {
    fn new(seed: u64, fair_from: Duration) -> Self {
        let sync = Synchroniser::new(InstrumentId::new(0), spec(), SyncConfig::DEFAULT).unwrap();
        Self {
            now: Duration::ZERO,
            whims: Whims(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1),
            coming: BTreeMap::new(),
            order: 0,
            sockets: [None; 2],
            update_id: 1_000,
            trade: 0,
            heard_trade: 0,
            lost_since_trade: false,
            owes_a_loss: false,
            deaf_since: None,
            sync,
            report: BookReport::default(),
            fair_from,
            attempts: VecDeque::new(),
            attempts_in_window_max: 0,
            requests: Vec::new(),
            gaps: 0,
            connections: 0,
        }
    }

    fn is_bad(&self) -> bool {
        self.now < self.fair_from
    }

    fn later(&mut self, wait: Duration, coming: Coming) {
        self.order += 1;
        self.coming.insert((self.now + wait, self.order), coming);
    }

    /// The venue and the machine between us do what was asked for, more or less.
    fn perform(&mut self, output: Output, at_hand: &Coming) {
        match output {
            Output::Connect { link, attempt } => self.connect(link, attempt),
            Output::Send { link, attempt, text } => {
                assert!(text.contains("SUBSCRIBE"), "{text}");
                if self.is_bad() && self.whims.one_in(12) {
                    let refused = br#"{"error":{"code":2,"msg":"no"},"id":1}"#.to_vec();
                    self.text(link, attempt, refused, Said::Notice);
                } else if !(self.is_bad() && self.whims.one_in(12)) {
                    let done = format!(r#"{{"result":null,"id":{attempt}}}"#).into_bytes();
                    self.text(link, attempt, done, Said::Notice);
                    self.sockets[link].as_mut().unwrap().subscribed = true;
                }
            }
            Output::Close { link, attempt } => {
                if self.sockets[link].is_some_and(|socket| socket.attempt == attempt) {
                    self.sockets[link] = None;
                }
            }
            Output::FetchSnapshot { request } => self.fetch(request),
            Output::Deliver => self.consume(at_hand),
            Output::DeclareLoss { since } => {
                assert!(since <= self.now);
                (self.lost_since_trade, self.owes_a_loss) = (true, false);
                let since = Some(UnixNanos::new(i64::try_from(since.as_nanos()).unwrap()));
                let mut events = Vec::new();
                self.sync.feed_lost(self.at(), since, GapReason::Disconnected, &mut events);
                self.report.losses += 1;
                self.after(&events);
            }
        }
    }

    fn connect(&mut self, link: usize, attempt: u64) {
        self.connections += 1;
        self.attempts.push_back(self.now);
        while self.attempts.front().is_some_and(|first| *first + ms(300_000) <= self.now) {
            self.attempts.pop_front();
        }
        self.attempts_in_window_max = self.attempts_in_window_max.max(self.attempts.len());
        match if self.is_bad() { self.whims.below(10) } else { 9 } {
            0 | 1 => self.later(ms(50), Coming::Closed { link, attempt }),
            // It hangs: nobody ever answers.
            2 => {}
            _ => {
                let silent = self.is_bad() && self.whims.one_in(12);
                let shallow = self.is_bad() && self.whims.one_in(12);
                self.sockets[link] = Some(Socket { attempt, subscribed: false, silent, shallow });
                self.later(ms(30), Coming::Opened { link, attempt });
            }
        }
    }

    fn text(&mut self, link: usize, attempt: u64, text: Vec<u8>, said: Said) {
        // The two connections are not ordered against each other; one is ordered in itself.
        let delay = if link == 0 { ms(20) } else { ms(3) };
        self.later(delay, Coming::Text { link, attempt, text, said });
    }

    fn fetch(&mut self, request: u64) {
        self.requests.push(self.now);
        let bad = self.is_bad();
        let fault = match if bad { self.whims.below(12) } else { 11 } {
            0 => Some((429, Some(2))),
            1 => Some((418, Some(5))),
            2 => Some((503, None)),
            3 => Some((500, None)),
            // It never comes.
            4 => return,
            _ => None,
        };
        let late = if bad && self.whims.one_in(4) { 5_000 } else { 0 };
        // A cache of the venue's may be behind by much: then it joins nothing.
        let behind = if bad && self.whims.one_in(3) { 400 } else { 0 };
        let answer = fault.map_or(Ok(self.update_id - behind), Err);
        let wait = ms(40 + late + self.whims.below(100));
        self.later(wait, Coming::Answer { request, answer });
    }

    /// A step of the venue: every 100 ms a depth update on one connection, a trade on the other.
    fn step(&mut self) {
        let previous = self.update_id;
        self.update_id += 1 + self.whims.below(5);
        self.trade += 1;
        let is_believed = self.sync.state() == SyncState::Live;
        for link in 0..2 {
            let said = self.say(link, previous);
            let is_depth_said = link == 0 && said;
            if link == 0 {
                let deaf = is_believed && !is_depth_said;
                self.deaf_since = deaf.then(|| self.deaf_since.unwrap_or(self.now));
                let deaf_for = self.deaf_since.map_or(Duration::ZERO, |since| self.now - since);
                assert!(deaf_for < ms(16_000), "depth is silent and nobody minds");
            } else if !said && is_believed {
                self.owes_a_loss = true;
            }
        }
    }

    /// What one connection says in a step; whether it says what it is there for.
    fn say(&mut self, link: usize, previous: u64) -> bool {
        let Some(socket) = self.sockets[link].filter(|socket| socket.subscribed) else {
            return false;
        };
        let attempt = socket.attempt;
        if self.is_bad() {
            match self.whims.below(400) {
                0 => {
                    self.sockets[link] = None;
                    self.later(ms(1), Coming::Closed { link, attempt });
                    return false;
                }
                1 => {
                    let notice = br#"{"e":"serverShutdown","E":1}"#.to_vec();
                    self.text(link, attempt, notice, Said::Notice);
                    return false;
                }
                2 => self.sockets[link].as_mut().unwrap().silent = true,
                // An update is swallowed: the chain of ids shows it.
                3 if link == 0 => return false,
                _ => {}
            }
        }
        if socket.silent {
            self.later(ms(1), Coming::Ping { link, attempt });
            return false;
        }
        let (stream, said) = match link {
            0 if socket.shallow => ("bookTicker", Said::Ticker),
            0 => ("depth@100ms", Said::Depth(previous, self.update_id)),
            _ => ("aggTrade", Said::Trade(self.trade)),
        };
        let text = format!("{{\"stream\":\"btcusdt@{stream}\",\"data\":{}}}", self.update_id);
        self.text(link, attempt, text.into_bytes(), said);
        !matches!(said, Said::Ticker)
    }

    fn at(&self) -> UnixNanos {
        UnixNanos::new(i64::try_from(self.now.as_nanos()).unwrap())
    }

    /// The consumer takes what was delivered.
    fn consume(&mut self, at_hand: &Coming) {
        let ts_event = None;
        let body = match at_hand {
            Coming::Text { said: Said::Depth(previous, last), .. } => Body::Depth(DepthUpdate {
                first_id: previous + 1,
                last_id: *last,
                previous_id: Some(*previous),
                ts_event,
                ts_sent: None,
                levels: &LEVEL,
            }),
            Coming::Text { said: Said::Trade(number), .. } => {
                let follows = *number == self.heard_trade + 1;
                assert!(follows || self.lost_since_trade || self.heard_trade == 0, "{number}");
                assert!(!self.owes_a_loss, "trade {number}: one before it was heard by nobody");
                (self.heard_trade, self.lost_since_trade) = (*number, false);
                Body::Other
            }
            Coming::Text { said: Said::Ticker, .. } => Body::Other,
            Coming::Answer { answer: Ok(last_id), .. } => {
                self.report.snapshots += 1;
                Body::Snapshot(DepthSnapshot {
                    last_id: *last_id,
                    ts_event,
                    ts_sent: None,
                    levels: &LEVEL,
                })
            }
            other => panic!("{other:?} is nothing to deliver"),
        };
        let message = Message {
            market: Some(Market::BinanceUsdm),
            symbol: Some("BTCUSDT"),
            digits: Digits::default(),
            body,
        };
        let mut events = Vec::new();
        self.sync.on_message(self.at(), &message, &mut events).unwrap();
        self.after(&events);
    }

    fn after(&mut self, events: &[MarketEvent]) {
        self.gaps += events.iter().filter(|e| matches!(e.data, MarketData::Gap(_))).count() as u64;
        let state = match self.sync.state() {
            SyncState::Unsynced => BookState::Empty,
            SyncState::Buffering if self.sync.is_snapshot_too_old() => BookState::TooOld,
            SyncState::Buffering => BookState::Waiting,
            SyncState::Live => BookState::Live,
        };
        self.report.state = state;
        // The word about it takes its time.
        let wait = ms(self.whims.below(30));
        self.later(wait, Coming::Report(self.report));
    }
}

fn run(seed: u64, fair_from: Duration, until: Duration) -> (World, Connector) {
    let endpoints = Endpoints::of(Market::BinanceUsdm).unwrap();
    let plan = Plan::new(Market::BinanceUsdm, "BTCUSDT", &endpoints).unwrap();
    let config = ClientConfig { seed, ..ClientConfig::DEFAULT };
    let mut connector = Connector::new(&plan, &config);
    let mut world = World::new(seed, fair_from);
    let (mut outputs, mut next_step) = (Vec::new(), ms(100));
    let (mut moment, mut at_moment) = (Duration::ZERO, 0);
    while world.now < until {
        let first = world.coming.first_key_value().map(|(key, _)| *key);
        let coming_at = first.map_or(Duration::MAX, |(at, _)| at);
        let at = coming_at.min(next_step).min(connector.wait_until()).max(world.now);
        (moment, at_moment) = if at == moment { (at, at_moment + 1) } else { (at, 0) };
        assert!(at_moment < 200, "seed {seed}: it spins at {at:?}");
        world.now = at;
        if next_step <= at {
            next_step += ms(100);
            world.step();
            continue;
        }
        let coming = match first.filter(|(due, _)| *due <= at) {
            Some(key) => world.coming.remove(&key),
            None => None,
        };
        let fault;
        let at_hand = coming.unwrap_or(Coming::Report(world.report));
        let input = match &at_hand {
            _ if coming_at > at => Input::Tick,
            Coming::Opened { link, attempt } => Input::Opened { link: *link, attempt: *attempt },
            Coming::Closed { link, attempt } => Input::Closed { link: *link, attempt: *attempt },
            Coming::Ping { link, attempt } => Input::Ping { link: *link, attempt: *attempt },
            Coming::Text { link, attempt, text, .. } => {
                Input::Text { link: *link, attempt: *attempt, text }
            }
            Coming::Answer { request, answer: Ok(_) } => {
                Input::Snapshot { request: *request, answer: Ok(()) }
            }
            Coming::Answer { request, answer: Err((status, retry_after)) } => {
                let retry_after = retry_after.map(Duration::from_secs);
                fault = RestFault::Status { status: *status, retry_after };
                Input::Snapshot { request: *request, answer: Err(&fault) }
            }
            Coming::Report(report) => Input::Book(*report),
        };
        connector.handle(at, &input, &mut outputs);
        for output in std::mem::take(&mut outputs) {
            world.perform(output, &at_hand);
        }
    }
    (world, connector)
}

#[test]
fn thousands_of_bad_connections_lead_back_to_a_whole_book() {
    let (mut connections, mut gaps, mut seed) = (0, 0, 0);
    while connections < 3_000 {
        seed += 1;
        let (bad, fair) = (ms(600_000), ms(400_000));
        let (world, connector) = run(seed, bad, bad + fair);
        assert!(connector.is_live(), "seed {seed}: {connector:?}");
        assert_eq!(world.sync.state(), SyncState::Live, "seed {seed}");
        assert!(world.attempts_in_window_max <= 300, "seed {seed}");
        for pair in world.requests.windows(2) {
            assert!(pair[1] - pair[0] >= ms(500), "seed {seed}: beyond the request weight");
        }
        // The waits grow: even these connections use less than half of the weight of a minute.
        for minute in world.requests.windows(61) {
            assert!(minute[60] - minute[0] >= ms(60_000), "seed {seed}: half of the weight");
        }
        let counts = connector.counts();
        assert_eq!(counts.attempts, world.connections);
        assert!(counts.losses <= counts.ended && counts.ended < counts.attempts);
        (connections, gaps) = (connections + world.connections, gaps + world.gaps);
    }
    assert!(gaps > 1_000, "the weather was not bad enough: {gaps} gaps");
}

#[test]
fn in_fair_weather_one_snapshot_is_enough_and_a_day_has_one_planned_cut_a_connection() {
    let day = Duration::from_secs(24 * 3_600);
    let (world, connector) = run(1, Duration::ZERO, day);
    assert!(connector.is_live());
    let counts = connector.counts();
    // Both connections reach their age in the same moment; each declares what it did not hear.
    assert_eq!((counts.attempts, counts.ended, counts.losses), (4, 2, 2));
    assert!(world.requests.len() <= 4, "{:?}", world.requests);
}
