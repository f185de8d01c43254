//! Any messages come back as they went in.

use std::path::Path;

use fluxo_core::{Aggressor, Market, Side, TradeCondition, UnixNanos};
use fluxo_market_data::{
    Body, DepthSnapshot, DepthUpdate, Digits, Message, RawAggTrade, RawLevel, RawMarkPrice,
    RawTicker, RawTrade,
};
use proptest::prelude::*;

use super::reader::{Event, EventsReader};
use super::writer::EventsWriter;
use crate::Damage;
use crate::Error;
use crate::archive::layout::Instrument;
use crate::archive::restate::restate;

/// A message that owns its levels.
#[derive(Clone, Debug)]
struct Said {
    names_symbol: bool,
    tells_market: bool,
    digits: Digits,
    kind: u8,
    levels: Vec<RawLevel>,
    moments: [Option<UnixNanos>; 3],
    ids: [u64; 3],
    previous_id: Option<u64>,
    aggressor: Aggressor,
    off_market: bool,
    numbers: [i64; 4],
    has_index: bool,
}

impl Said {
    fn trade(&self) -> RawTrade {
        RawTrade {
            id: self.ids[2],
            price: self.numbers[0],
            size: self.numbers[1],
            aggressor: self.aggressor,
            condition: if self.off_market {
                TradeCondition::OffMarket
            } else {
                TradeCondition::Market
            },
            ts_event: self.moments[0],
            ts_sent: self.moments[1],
        }
    }

    fn body(&self) -> Body<'_> {
        let [first_id, last_id, _] = self.ids;
        let [ts_event, ts_sent, next_funding] = self.moments;
        let [bid, bid_size, ask, ask_size] = self.numbers;
        let (levels, previous_id) = (&self.levels[..], self.previous_id);
        let book = DepthSnapshot { last_id, ts_event, ts_sent, levels };
        match self.kind {
            0 => Body::Depth(DepthUpdate {
                first_id,
                last_id,
                previous_id,
                ts_event,
                ts_sent,
                levels,
            }),
            1 => Body::Snapshot(book),
            2 => Body::PartialDepth(book),
            3 => Body::Trade(self.trade()),
            4 => Body::AggTrade(RawAggTrade {
                trade: self.trade(),
                first_trade_id: first_id,
                last_trade_id: last_id,
            }),
            5 => Body::Ticker(RawTicker {
                update_id: last_id,
                bid,
                bid_size,
                ask,
                ask_size,
                ts_event,
                ts_sent,
            }),
            _ => Body::MarkPrice(RawMarkPrice {
                mark: bid,
                index: self.has_index.then_some(ask),
                next_funding,
                ts_event,
            }),
        }
    }

    fn message<'a>(&'a self, of: &'a Instrument) -> Message<'a> {
        Message {
            market: self.tells_market.then_some(of.market),
            symbol: self.names_symbol.then_some(&of.symbol),
            digits: self.digits,
            body: self.body(),
        }
    }
}

fn said() -> impl Strategy<Value = Said> {
    let number = -1_000_000_000_000_i64..1_000_000_000_000;
    let side = prop_oneof![Just(Side::Bid), Just(Side::Ask)];
    let level = (side, number.clone(), number.clone());
    let level = level.prop_map(|(side, price, size)| RawLevel { side, price, size });
    let moment = || prop::option::of(any::<i64>().prop_map(UnixNanos::new));
    let aggressor =
        prop_oneof![Just(Aggressor::Buyer), Just(Aggressor::Seller), Just(Aggressor::Unknown)];
    let digits = (0_u8..4, 0_u8..4).prop_map(|(price, size)| Digits { price, size });
    let whole = (
        (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>()),
        (0_u8..7, digits, aggressor),
        prop::collection::vec(level, 0..12),
        (moment(), moment(), moment()),
        (any::<[u64; 3]>(), prop::option::of(any::<u64>())),
        [number.clone(), number.clone(), number.clone(), number],
    );
    whole.prop_map(|(flags, (kind, digits, aggressor), levels, moments, ids, numbers)| Said {
        names_symbol: flags.0,
        tells_market: flags.1,
        digits,
        kind,
        levels,
        moments: [moments.0, moments.1, moments.2],
        ids: ids.0,
        previous_id: ids.1,
        aggressor,
        off_market: flags.2,
        numbers,
        has_index: flags.3,
    })
}

fn instrument() -> Instrument {
    Instrument { market: Market::BinanceCoinm, symbol: "BTCUSD_PERP".into() }
}

const PART: Digits = Digits { price: 5, size: 4 };

fn written(messages: &[Said]) -> EventsReader {
    let (path, of) = (Path::new("part.parquet"), instrument());
    let mut writer = EventsWriter::new(path, &of, "a.gz", PART).unwrap();
    for (line, said) in (1..).zip(messages) {
        writer.push(UnixNanos::new(-7), line, &said.message(&of)).unwrap();
    }
    let rows = writer.rows();
    let reader = EventsReader::new(path, writer.finish().unwrap().into(), &of).unwrap();
    assert_eq!(reader.rows(), rows);
    assert_eq!(reader.digits(), PART);
    reader
}

fn check(messages: &[Said]) {
    let of = instrument();
    let mut reader = written(messages);
    for (line, said) in (1..).zip(messages) {
        let (ts_recv, mut levels) = (UnixNanos::new(-7), Vec::new());
        let message = restate(&said.message(&of), PART, &mut levels).unwrap();
        assert_eq!(reader.peek().unwrap(), Some(ts_recv));
        assert_eq!(reader.next_event().unwrap(), Some(Event { ts_recv, line, message }));
    }
    assert_eq!(reader.next_event().unwrap(), None);
    assert_eq!(reader.peek().unwrap(), None);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn messages_come_back(messages in prop::collection::vec(said(), 0..40)) {
        check(&messages);
    }

    #[test]
    fn also_across_batches(said in said(), repeats in 600_usize..700) {
        check(&vec![said; repeats]);
    }
}

#[test]
fn also_across_row_groups() {
    let level = RawLevel { side: Side::Ask, price: 618_002, size: 7 };
    let said = Said {
        names_symbol: true,
        tells_market: true,
        digits: Digits { price: 1, size: 0 },
        kind: 0,
        levels: vec![level; 1_000],
        moments: [Some(UnixNanos::new(5)), None, None],
        ids: [1, 2, 3],
        previous_id: Some(0),
        aggressor: Aggressor::Buyer,
        off_market: false,
        numbers: [0; 4],
        has_index: false,
    };
    check(&vec![said; 600]);
}

#[test]
fn a_file_of_another_kind_is_no_table_of_events() {
    let path = Path::new("x.parquet");
    let result = EventsReader::new(path, b"PAR1 not PAR1".to_vec().into(), &instrument());
    assert!(matches!(result.map(drop), Err(Error::Parquet { .. })));
    let gap = crate::archive::gaps::encode(path, &instrument(), "a", &[]).unwrap();
    let result = EventsReader::new(path, gap.into(), &instrument());
    assert!(matches!(result.map(drop), Err(Error::Damaged { damage: Damage::Undecodable, .. })));
}
