//! The stream of a market is that market: its books, its trades, in order of time, without end.

use fluxo_core::{MarketData, Nanos, Side};
use fluxo_market_data::{Book, BookConfig, Level};
use fluxo_sim::synthetic::{
    FIRST_STEP, SyntheticConfig, SyntheticKind, SyntheticMarket, SyntheticStream,
};
use fluxo_sim::{MarketSource, Recorded};

const PACE: Nanos = Nanos::from_millis(8);

fn stream(events: u64) -> SyntheticStream {
    SyntheticStream::new(&SyntheticConfig::new(SyntheticKind::Planted, 7), PACE, events)
}

fn next(stream: &mut SyntheticStream) -> Option<Recorded> {
    stream.next().unwrap()
}

/// The book after every event is the one that the market shows then, never crossed.
#[test]
fn the_events_of_each_step_lead_to_its_book() {
    let mut stream = stream(u64::MAX);
    let mut market = SyntheticMarket::new(&SyntheticConfig::new(SyntheticKind::Planted, 7));
    let mut book = Book::new(BookConfig::DEFAULT);
    let mut before = FIRST_STEP;
    for index in 0..2_000 {
        let step = market.step();
        let at = FIRST_STEP + Nanos::new(index * PACE.get());
        let mut levels = Side::BOTH.map(|side| *step.levels(side));
        let first = next(&mut stream).unwrap();
        assert_eq!(first.ts_recv, at);
        apply(&mut book, &first);
        check(&book, &levels);
        stream.recycle(first.event);
        for trade in step.trades() {
            let print = next(&mut stream).unwrap();
            assert!(print.ts_recv >= before && print.ts_recv < at + PACE);
            before = print.ts_recv;
            let MarketData::Trade(found) = print.event.data else { panic!("{print:?}") };
            assert_eq!(
                (found.price, found.lots, found.aggressor),
                (trade.price, trade.lots, trade.aggressor)
            );
            let left = next(&mut stream).unwrap();
            apply(&mut book, &left);
            levels[trade.aggressor.hit_side().unwrap().index()][0].lots = trade.left;
            check(&book, &levels);
            stream.recycle(left.event);
        }
    }
}

fn apply(book: &mut Book, recorded: &Recorded) {
    let MarketData::Book(batch) = &recorded.event.data else { panic!("{recorded:?}") };
    book.apply(batch, |_| ());
}

#[track_caller]
fn check(book: &Book, expected: &[[Level; 10]; 2]) {
    for side in Side::BOTH {
        let found: Vec<Level> = book.levels(side).collect();
        assert_eq!(found, expected[side.index()]);
    }
}

#[test]
fn it_ends_after_the_events_that_were_asked_for() {
    for events in [0, 1, 2, 1_000] {
        let mut stream = stream(events);
        let mut given = 0;
        while let Some(recorded) = next(&mut stream) {
            stream.recycle(recorded.event);
            given += 1;
        }
        assert_eq!(given, events);
    }
}
