//! Whenever the synchroniser says that it is live, its book is the venue's, and it goes live as soon
//! as nothing is missing.

use std::collections::BTreeMap;

use fluxo_core::{
    Decimal, InstrumentId, LevelUpdate, Lots, Market, MarketData, Price, Side, UnixNanos,
};
use fluxo_market_data::{
    Body, Book, BookConfig, DepthSnapshot, DepthUpdate, Digits, Message, RawLevel, SyncConfig,
    SyncState, Synchroniser,
};
use proptest::prelude::*;

use crate::model::{Model, assert_same};
use crate::{side, spec};

/// What happens to one depth update on its way.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Arrives,
    IsLost,
    ArrivesTwice,
    /// A snapshot of the state that the venue had so many updates ago arrives after it.
    SnapshotBehind(usize),
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        12 => Just(Fate::Arrives),
        1 => Just(Fate::IsLost),
        1 => Just(Fate::ArrivesTwice),
        2 => (0..6_usize).prop_map(Fate::SnapshotBehind),
    ]
}

/// One change of the venue's book: how far the identifiers jump, and the levels.
type Step = (u64, u64, Vec<(Side, i64, i64)>, Fate);

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let level = (side(), 1..40_i64, 0..3_i64);
    let step = (1..4_u64, 0..3_u64, prop::collection::vec(level, 0..5), fate());
    prop::collection::vec(step, 1..60)
}

/// The venue's own book, and what it was at every update.
struct Venue {
    market: Market,
    id: u64,
    model: Model,
    states: Vec<(u64, [BTreeMap<i64, i64>; 2])>,
}

impl Venue {
    fn advance(&mut self, span: u64, jump: u64, raw: &[RawLevel]) -> (u64, u64, Option<u64>) {
        let previous = self.id;
        // Spot counts on without a hole; futures jump.
        let jump = if self.market == Market::BinanceSpot { 0 } else { jump };
        let first = previous + 1 + jump;
        self.id = first + span - 1;
        for level in raw {
            let (price, lots) = (Price::from_ticks(level.price), Lots::new(level.size));
            self.model.set(&LevelUpdate { side: level.side, price, lots });
        }
        self.states.push((self.id, self.model.0.clone()));
        (first, self.id, (self.market != Market::BinanceSpot).then_some(previous))
    }

    fn state(&self, id: u64) -> &[BTreeMap<i64, i64>; 2] {
        &self.states.iter().find(|(state, _)| *state == id).unwrap().1
    }
}

fn check_synchroniser(market: Market, steps: &[Step]) {
    let mut venue = Venue { market, id: 100, model: Model::default(), states: Vec::new() };
    let spec = spec(market, Decimal::ONE, Decimal::ONE);
    let config = SyncConfig { buffer_messages_max: 16, ..SyncConfig::DEFAULT };
    let mut sync = Synchroniser::new(InstrumentId::new(0), spec, config).unwrap();
    let mut book = Book::new(BookConfig { window_ticks: BookConfig::WINDOW_TICKS_MIN });
    let (mut events, mut now, mut lost, mut gaps, mut unbroken) = (Vec::new(), 0, 0, 0, 0);
    for (span, jump, levels, fate) in steps {
        let raw: Vec<RawLevel> = levels
            .iter()
            .map(|(side, price, size)| RawLevel { side: *side, price: *price, size: *size })
            .collect();
        let (first_id, last_id, previous_id) = venue.advance(*span, *jump, &raw);
        let (ts_event, ts_sent) = (None, None);
        let update =
            DepthUpdate { first_id, last_id, previous_id, ts_event, ts_sent, levels: &raw };
        let copies = match fate {
            Fate::IsLost => 0,
            Fate::ArrivesTwice => 2,
            Fate::Arrives | Fate::SnapshotBehind(_) => 1,
        };
        lost += u64::from(copies == 0);
        unbroken = if copies == 0 { 0 } else { unbroken + 1 };
        let mut bodies = vec![Body::Depth(update); copies];
        let snapshot_levels;
        if let Fate::SnapshotBehind(age) = fate {
            let at = venue.states.len().saturating_sub(1 + age);
            let (last_id, state) = &venue.states[at];
            snapshot_levels = Side::BOTH
                .iter()
                .flat_map(|side| {
                    let level = |(price, size): (&i64, &i64)| RawLevel {
                        side: *side,
                        price: *price,
                        size: *size,
                    };
                    state[side.index()].iter().map(level)
                })
                .collect::<Vec<_>>();
            let levels = &snapshot_levels;
            bodies.push(Body::Snapshot(DepthSnapshot {
                last_id: *last_id,
                ts_event,
                ts_sent,
                levels,
            }));
        }
        for body in bodies {
            now += 1;
            let digits = Digits::default();
            let message = Message { market: None, symbol: None, digits, body };
            sync.on_message(UnixNanos::new(now), &message, &mut events).unwrap();
            for event in events.drain(..) {
                match &event.data {
                    MarketData::Book(batch) => {
                        book.apply(batch, |_| ());
                        let expected = Model(venue.state(batch.update_id).clone());
                        assert_same(&book, &expected);
                    }
                    MarketData::Gap(_) => {
                        gaps += 1;
                        book.clear();
                    }
                    other => panic!("{other:?}"),
                }
                sync.recycle(event);
            }
            // The book is at the last update that arrived, and not behind it.
            if sync.state() == SyncState::Live && unbroken > 0 {
                assert_eq!(book.update_id(), Some(venue.id));
            }
        }
        // A snapshot of a state that was seen to come and, on spot, to be followed: nothing is
        // missing to go live.
        let first_update_needed = usize::from(market == Market::BinanceSpot);
        if let Fate::SnapshotBehind(age) = fate
            && (first_update_needed..unbroken).contains(age)
        {
            assert_eq!(sync.state(), SyncState::Live);
        }
    }
    assert!(sync.counts().gaps == gaps && gaps <= lost);
}

proptest! {
    #[test]
    fn a_live_spot_book_is_the_venues(steps in steps()) {
        check_synchroniser(Market::BinanceSpot, &steps);
    }

    #[test]
    fn a_live_futures_book_is_the_venues(steps in steps()) {
        check_synchroniser(Market::BinanceUsdm, &steps);
    }
}
