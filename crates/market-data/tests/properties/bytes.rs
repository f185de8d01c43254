//! No bytes hurt: what is no JSON is refused, what is refused is no JSON or no message, and nothing
//! panics on the way to the book.

use fluxo_core::{Decimal, InstrumentId, Market, UnixNanos};
use fluxo_market_data::{
    AuditConfig, Body, BookAudit, BookConfig, Decoder, Error, SyncConfig, Synchroniser,
};
use proptest::prelude::*;
use serde_json::Value;

use crate::decoding::decimal;
use crate::spec;

/// Frames of every kind, as venues send them.
const FRAMES: [&str; 10] = [
    r#"{"stream":"btcusdt@depth@0ms","data":{"e":"depthUpdate","E":1723161256299,"T":1723161256298,"s":"BTCUSDT","U":5123107832006,"u":5123107837557,"pu":5123107831937,"b":[["58710.20","0.014"],["61496.50","0.010"]],"a":[["61900.00","0.000"]]}}"#,
    r#"{"stream":"btcusdt@depth@0ms","data":{"e":"depthUpdate","E":1723161256309,"T":1723161256308,"s":"BTCUSDT","U":5123107837600,"u":5123107837657,"pu":5123107837557,"b":[],"a":[["61901.00","1.500"]]}}"#,
    r#"{"lastUpdateId":5123107837557,"E":1723161256501,"T":1723161256493,"bids":[["61800.20","2.909"],["61800.10","0.696"]],"asks":[["61800.30","2.909"]]}"#,
    r#"{"stream":"btcusdt@bookTicker","data":{"e":"bookTicker","u":5123107837657,"s":"BTCUSDT","b":"61800.20","B":"2.507","a":"61800.30","A":"2.510","T":1723161256313,"E":1723161256313}}"#,
    r#"{"stream":"btcusdt@trade","data":{"e":"trade","E":1723161256322,"T":1723161256322,"s":"BTCUSDT","t":5266583935,"p":"61800.30","q":"0.006","X":"MARKET","m":false}}"#,
    r#"{"e":"aggTrade","E":1633998523963,"s":"BTCUSDT","a":15683430,"p":"35280.1","q":"5.8","f":19862790,"l":19862790,"T":1633998523963,"m":false}"#,
    r#"{"e":"markPriceUpdate","E":1562305380000,"s":"BTCUSDT","p":"11794.15000000","i":"11784.62659091","P":"11784.2","r":"0.0003","T":1562306400000}"#,
    r#"{"e":"kline","E":1633998523963,"s":"BTCUSDT","k":{"t":1633998480000,"o":"0.35270000","n":30,"x":false,"q":["\u0041\ud83d\ude00",-1.5e10,null]}}"#,
    r#"{"stream":"btcusdt@trade","data":{"e":"trade","E":1723161255343,"s":"BTCUSDT","t":3735683259,"p":"61837.63000000","q":"0.02000000","T":1723161255342,"m":true,"M":true}}"#,
    r#"{"result":null,"id":1}"#,
];

/// A change of a frame. Digits for digits keep it well formed, so that values get out of hand.
#[derive(Clone, Debug)]
enum Mutation {
    Byte(prop::sample::Index, u8),
    Digit(prop::sample::Index, u8),
    Cut(prop::sample::Index, usize),
    Splice(prop::sample::Index, Vec<u8>),
    Repeat(prop::sample::Index, usize),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let at = any::<prop::sample::Index>;
    let tokens = prop_oneof![
        Just("\"u\":1,"),
        Just("[["),
        Just("]]"),
        Just("\"b\":[[\"1\",\"2\"]],"),
        Just("0000000"),
        Just("-"),
        Just("e9"),
        Just("."),
        Just("\\u00e9"),
        Just("{\"data\":"),
        Just(" "),
        Just("\u{e9}"),
    ];
    prop_oneof![
        1 => (at(), any::<u8>()).prop_map(|(at, byte)| Mutation::Byte(at, byte)),
        6 => (at(), b'0'..=b'9').prop_map(|(at, byte)| Mutation::Digit(at, byte)),
        1 => (at(), 1..20_usize).prop_map(|(at, length)| Mutation::Cut(at, length)),
        1 => (at(), tokens).prop_map(|(at, token)| Mutation::Splice(at, token.into())),
        1 => (at(), 1..30_usize).prop_map(|(at, length)| Mutation::Repeat(at, length)),
    ]
}

fn mutate(frame: &mut Vec<u8>, mutation: &Mutation) {
    if frame.is_empty() {
        return;
    }
    match mutation {
        Mutation::Byte(at, byte) => {
            let at = at.index(frame.len());
            frame[at] = *byte;
        }
        Mutation::Digit(at, byte) => {
            let digits: Vec<usize> =
                (0..frame.len()).filter(|at| frame[*at].is_ascii_digit()).collect();
            if !digits.is_empty() {
                frame[digits[at.index(digits.len())]] = *byte;
            }
        }
        Mutation::Cut(at, length) => {
            let start = at.index(frame.len());
            frame.drain(start..(start + length).min(frame.len()));
        }
        Mutation::Splice(at, bytes) => {
            let at = at.index(frame.len());
            frame.splice(at..at, bytes.iter().copied());
        }
        Mutation::Repeat(at, length) => {
            let start = at.index(frame.len());
            let piece = frame[start..(start + length).min(frame.len())].to_vec();
            frame.splice(start..start, piece);
        }
    }
}

fn mutated_frames() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let frame = (
        0..FRAMES.len(),
        prop_oneof![
            1 => Just(Vec::new()),
            4 => prop::collection::vec(mutation(), 1..6),
        ],
    );
    let frame = frame.prop_map(|(kind, mutations)| {
        let mut frame = FRAMES[kind].as_bytes().to_vec();
        mutations.iter().for_each(|mutation| mutate(&mut frame, mutation));
        frame
    });
    prop::collection::vec(frame, 1..60)
}

/// Whether an error is about the frame being JSON at all.
fn is_structural(error: Error) -> bool {
    matches!(
        error,
        Error::NotUtf8 { .. }
            | Error::UnexpectedEnd { .. }
            | Error::UnexpectedByte { .. }
            | Error::BadEscape { .. }
            | Error::TooDeep { .. }
    )
}

/// Through everything, on each market, as a session would do it.
fn feed(frames: &[Vec<u8>], market: Market) {
    let (tick, lot) = (Decimal::new(1, 1), Decimal::new(1, 3));
    let spec = spec(market, tick, lot);
    let mut audit = BookAudit::new(
        &spec,
        AuditConfig {
            book: BookConfig { window_ticks: BookConfig::WINDOW_TICKS_MIN },
            pending_quotes_max: 4,
        },
    );
    let config = SyncConfig {
        buffer_messages_max: 8,
        buffer_levels_max: 64,
        recycled_batches_max: 2,
        ..SyncConfig::DEFAULT
    };
    let mut sync = Synchroniser::new(InstrumentId::new(0), spec, config).unwrap();
    let (mut decoder, mut events) = (Decoder::new(), Vec::new());
    for (at, frame) in frames.iter().enumerate() {
        let now = UnixNanos::new(i64::try_from(at).unwrap());
        if at % 17 == 16 {
            sync.recording_boundary(now);
        }
        let Ok(message) = decoder.decode(frame) else { continue };
        let _ = sync.on_message(now, &message, &mut events);
        for event in events.drain(..) {
            audit.on_event(&event);
            sync.recycle(event);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn what_is_no_json_is_refused_and_what_is_json_is_not_called_broken(
        frames in mutated_frames(),
    ) {
        let mut decoder = Decoder::new();
        for frame in &frames {
            let ours = decoder.decode(frame).map(|_| ());
            let theirs = if ours.is_err_and(is_structural) {
                serde_json::from_slice::<Value>(frame).is_err()
            } else {
                // A `Value` also refuses numbers that no float can hold; the grammar does not.
                std::str::from_utf8(frame).is_ok()
                    && serde_json::from_slice::<serde::de::IgnoredAny>(frame).is_ok()
            };
            prop_assert!(theirs, "{:?} {}", ours, String::from_utf8_lossy(frame));
            if let Err(error) = ours {
                prop_assert!(error.at().is_some_and(|at| at <= frame.len()));
            }
        }
    }

    #[test]
    fn accepted_trades_say_what_the_json_says(frames in mutated_frames()) {
        let mut decoder = Decoder::new();
        for frame in &frames {
            let Ok(message) = decoder.decode(frame) else { continue };
            let Body::Trade(trade) = message.body else { continue };
            // A number that no float can hold is one that we skip.
            let Ok(value) = serde_json::from_slice::<Value>(frame) else { continue };
            let data = value.get("data").filter(|data| data.is_object()).unwrap_or(&value);
            let decimal = |field: &str| decimal(data[field].as_str().unwrap());
            prop_assert_eq!(data["t"].as_u64(), Some(trade.id));
            prop_assert_eq!(Decimal::new(trade.price, message.digits.price), decimal("p"));
            prop_assert_eq!(Decimal::new(trade.size, message.digits.size), decimal("q"));
            prop_assert_eq!(message.symbol, data["s"].as_str());
        }
    }

    #[test]
    fn mutated_frames_never_panic(frames in mutated_frames()) {
        for market in [Market::BinanceSpot, Market::BinanceUsdm, Market::BinanceCoinm] {
            feed(&frames, market);
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(
        frames in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..120), 1..10),
    ) {
        feed(&frames, Market::BinanceUsdm);
    }
}
