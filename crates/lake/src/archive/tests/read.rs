//! What a lake gives back.

use std::path::Path;

use fluxo_core::UnixNanos;

use super::{btcusdt, import};
use crate::Error;
use crate::archive::{Importer, Instrument, Item, Lake, RawItem, Span};
use crate::testing::{START, Script, file, folder};

/// The stream of BTCUSDT as text: names of recordings and receive times after the start.
fn stream(lake: &Path, span: Span) -> Vec<String> {
    let lake = Lake::open(lake).unwrap();
    let instrument = btcusdt();
    let mut reader = lake.read(&instrument, span).unwrap();
    let mut items = Vec::new();
    while let Some(item) = reader.next_item().unwrap() {
        items.push(match item {
            Item::Recording { name } => name.to_owned(),
            Item::Message { ts_recv, .. } => (ts_recv.get() - START).to_string(),
        });
    }
    items
}

/// A recording of trades at those moments after the start.
fn trades(moments: &[i64]) -> Vec<u8> {
    let mut script = Script::new("BTCUSDT");
    script.wait(moments[0] - 1_000);
    for pair in moments.windows(2) {
        script.trade().wait(pair[1] - pair[0] - 1_000);
    }
    script.trade();
    script.text()
}

#[test]
fn recordings_come_in_the_order_of_time_whatever_the_order_of_import() {
    let (sources, lake) = (folder(), folder());
    let (late, early) = (trades(&[9_000, 10_000]), trades(&[1_000, 2_000]));
    import(lake.path(), &[&file(&sources, "late", &late), &file(&sources, "early", &early)])
        .unwrap();
    let expected = ["early", "1000", "2000", "late", "9000", "10000"];
    assert_eq!(stream(lake.path(), Span::default()), expected);
}

#[test]
fn recordings_that_overlap_are_merged() {
    let (sources, lake) = (folder(), folder());
    let files = [("a", vec![1_000, 5_000, 9_000]), ("b", vec![2_000, 5_000, 6_000, 20_000])];
    for (name, moments) in &files {
        import(lake.path(), &[&file(&sources, name, &trades(moments))]).unwrap();
    }
    let expected = ["a", "1000", "b", "2000", "5000", "5000", "6000", "9000", "20000"];
    assert_eq!(stream(lake.path(), Span::default()), expected);
}

#[test]
fn a_clock_that_goes_back_changes_no_order_within_a_recording() {
    let (sources, lake) = (folder(), folder());
    let back = trades(&[1_000, 5_000, 3_000, 4_000, 8_000]);
    import(lake.path(), &[&file(&sources, "a", &back)]).unwrap();
    import(lake.path(), &[&file(&sources, "b", &trades(&[4_500, 7_000]))]).unwrap();
    let expected = ["a", "1000", "b", "4500", "5000", "3000", "4000", "7000", "8000"];
    assert_eq!(stream(lake.path(), Span::default()), expected);
}

#[test]
fn a_span_holds_its_ends() {
    let (sources, lake) = (folder(), folder());
    let text = trades(&(1..=200).map(|k| k * 2_000).collect::<Vec<_>>());
    import(lake.path(), &[&file(&sources, "a", &text)]).unwrap();
    let span = |from: Option<i64>, to: Option<i64>| Span {
        from: from.map(|moment| UnixNanos::new(START + moment)),
        to: to.map(|moment| UnixNanos::new(START + moment)),
    };
    let middle = stream(lake.path(), span(Some(180_000), Some(184_000)));
    assert_eq!(middle, ["a", "180000", "182000", "184000"]);
    assert_eq!(stream(lake.path(), span(None, Some(2_000))), ["a", "2000"]);
    assert_eq!(stream(lake.path(), span(Some(400_000), None)), ["a", "400000"]);
    assert!(stream(lake.path(), span(Some(400_001), None)).is_empty());
}

#[test]
fn an_instrument_that_is_not_there_is_named() {
    let lake = folder();
    import(lake.path(), &[]).unwrap();
    let lake = Lake::open(lake.path()).unwrap();
    assert!(lake.holdings().is_empty());
    let other = Instrument { symbol: "DOGEUSDT".into(), ..btcusdt() };
    let error = lake.read(&other, Span::default()).map(drop).unwrap_err();
    assert!(matches!(error, Error::UnknownInstrument { .. }) && error.is_usage());
    assert!(error.to_string().contains("binance-spot DOGEUSDT"), "{error}");
}

#[test]
fn a_reader_and_an_import_do_not_hold_each_other_up() {
    let (sources, lake) = (folder(), folder());
    import(lake.path(), &[&file(&sources, "a", &trades(&[1_000, 2_000]))]).unwrap();
    let before = Lake::open(lake.path()).unwrap();
    assert_eq!(before.holdings()[0].unsealed_frames, Some(0));
    let importer = Importer::open(lake.path(), super::SMALL).unwrap();
    let during = Lake::open(lake.path()).unwrap();
    assert_eq!(during.holdings()[0].unsealed_frames, None);
    drop(importer);
    import(lake.path(), &[&file(&sources, "b", &trades(&[5_000, 6_000]))]).unwrap();
    let frames = |lake: &Lake| lake.holdings()[0].frames;
    assert_eq!((frames(&before), frames(&during)), (2, 2), "a lake is as it was opened");
    assert_eq!(frames(&Lake::open(lake.path()).unwrap()), 4);
}

#[test]
fn frames_come_back_as_they_were_received_also_what_cannot_be_decoded() {
    let (sources, lake) = (folder(), folder());
    let mut text = trades(&[1_000, 5_000, 9_000]);
    let malformed = format!("{} no message\nno receive time\n", START + 9_500);
    text.extend_from_slice(malformed.as_bytes());
    let late = trades(&[3_000, 20_000]);
    import(lake.path(), &[&file(&sources, "a", &text)]).unwrap();
    import(lake.path(), &[&file(&sources, "b", &late)]).unwrap();
    let (lake, instrument) = (Lake::open(lake.path()).unwrap(), btcusdt());
    let mut reader = lake.frames(&instrument).unwrap();
    let (mut items, mut lines) = (Vec::new(), Vec::new());
    while let Some(item) = reader.next_item().unwrap() {
        items.push(match item {
            RawItem::Recording { name } => name.to_owned(),
            RawItem::Frame { ts_recv, payload } => {
                lines.push(format!("{ts_recv} {}", String::from_utf8_lossy(payload)));
                (ts_recv.get() - START).to_string()
            }
        });
    }
    assert_eq!(items, ["a", "1000", "b", "3000", "5000", "9000", "9500", "20000"]);
    let mut received: Vec<String> = [text, late]
        .iter()
        .flat_map(|text| {
            String::from_utf8_lossy(text).lines().map(str::to_owned).collect::<Vec<_>>()
        })
        .filter(|line| line != "no receive time")
        .collect();
    received.sort();
    assert_eq!(lines, received);
    let other = Instrument { symbol: "ETHUSDT".into(), ..btcusdt() };
    assert!(matches!(lake.frames(&other), Err(Error::UnknownInstrument { .. })));
}
