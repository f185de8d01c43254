//! Who asks for what gets it, and under which name.

use fluxo_venues::double::{Captures, Config, Double};
use serde_json::Value;

use crate::client::{Capture, Client, Heard, value};

/// The texts of a stream, without the last word.
fn played(client: Client) -> Vec<Value> {
    let (texts, end) = client.rest();
    let Heard::Closed(Some(close)) = end else { panic!("{end:?}") };
    assert_eq!(u16::from(close.code), 1001);
    let mut values: Vec<Value> = texts.iter().map(|text| value(text)).collect();
    let last = values.pop().unwrap();
    let shutdown = if last["data"].is_null() { &last } else { &last["data"] };
    assert_eq!(shutdown["e"], "serverShutdown");
    values
}

#[test]
fn a_raw_stream_is_bare_and_byte_for_byte() {
    let capture = Capture::synthetic(40);
    let double = capture.serve(40.0);
    let client = Client::open(&double, "/public/ws/btcusdt@depth@100ms");
    let (texts, _) = client.rest();
    let recorded = capture.lines.iter().filter(|line| line.payload.contains("depthUpdate"));
    let mut sent = 0;
    for (text, line) in texts.iter().zip(recorded) {
        assert!(line.payload.ends_with(&format!("{text}}}")), "{text} {}", line.payload);
        sent += 1;
    }
    assert_eq!((sent, texts.len()), (40, 41));
    let ended = double.wait();
    assert!(ended.fault.is_none());
    let summary = &ended.summary;
    assert_eq!((summary.frames, summary.unsent, summary.messages), (81, 1, 40));
}

#[test]
fn combined_streams_come_in_an_envelope_under_the_name_that_was_asked_for() {
    let capture = Capture::synthetic(40);
    let double = capture.serve(40.0);
    let path = "/market/stream?streams=btcusdt@trade/btcusdt@markPrice/ethusdt@trade";
    let values = played(Client::open(&double, path));
    assert!(values.iter().all(|value| value["stream"] == "btcusdt@trade"));
    let data: Vec<Value> = values.iter().map(|value| value["data"].clone()).collect();
    assert_eq!(data, capture.payloads("trade"));
}

#[test]
fn a_recording_without_aggregates_tells_each_print_as_one() {
    let capture = Capture::synthetic(60);
    let double = capture.serve(40.0);
    let aggregates = played(Client::open(&double, "/market/ws/btcusdt@aggTrade"));
    let trades = capture.payloads("trade");
    assert_eq!(aggregates.len(), trades.len());
    for (aggregate, trade) in aggregates.iter().zip(&trades) {
        assert_eq!((&aggregate["e"], &aggregate["s"]), (&"aggTrade".into(), &"BTCUSDT".into()));
        for key in ["E", "T", "p", "q", "m"] {
            assert_eq!(aggregate[key], trade[key], "{key}");
        }
        assert_eq!([&aggregate["a"], &aggregate["f"], &aggregate["l"]], [&trade["t"]; 3]);
    }
}

#[test]
fn recorded_aggregates_are_told_as_they_were() {
    let mut text = String::new();
    for (at, line) in Capture::synthetic(60).lines.iter().enumerate() {
        let payload = line.payload.replace("@trade\"", "@aggTrade\"");
        let payload =
            payload.replace("\"e\":\"trade\"", "\"e\":\"aggTrade\",\"f\":1,\"l\":2,\"a\":7");
        // One aggregate among the prints is enough to know that they were recorded.
        let payload = if at == 50 { &payload } else { &line.payload };
        text.push_str(&format!("{} {payload}\n", line.ts_recv));
    }
    let capture = Capture::written(&text);
    let double = capture.serve(40.0);
    let aggregates = played(Client::open(&double, "/market/ws/btcusdt@aggTrade"));
    assert_eq!(aggregates, capture.payloads("aggTrade"));
    assert_eq!(aggregates.len(), 1);
}

#[test]
fn who_subscribes_by_message_misses_nothing() {
    let capture = Capture::synthetic(40);
    let double = capture.serve(40.0);
    let mut client = Client::open(&double, "/public/ws");
    assert_eq!(client.headers["x-fluxo-clock"], "waiting");
    client.say(r#"{"method":"SUBSCRIBE","params":["btcusdt@depth"],"id":1}"#);
    assert_eq!(client.text(), r#"{"result":null,"id":1}"#);
    assert_eq!(played(client), capture.payloads("depthUpdate"));
}

#[test]
fn who_leaves_a_stream_hears_no_more_of_it() {
    let capture = Capture::synthetic(40);
    let double = capture.serve(2.0);
    let mut client = Client::open(&double, "/public/stream?streams=btcusdt@depth@500ms");
    assert_eq!(client.value()["stream"], "btcusdt@depth@500ms");
    client.say(r#"{"method":"UNSUBSCRIBE","params":["btcusdt@depth@500ms"],"id":9}"#);
    while client.value() != value(r#"{"id":9,"result":null}"#) {}
    assert!(played(client).is_empty());
}

#[test]
fn a_stream_on_the_wrong_endpoint_is_silent() {
    let capture = Capture::synthetic(40);
    let double = capture.serve(2.0);
    let silent: Vec<Client> = [
        "/market/ws/btcusdt@depth",
        "/public/ws/btcusdt@trade",
        "/ws/btcusdt@depth",
        "/stream?streams=btcusdt@depth/btcusdt@trade",
        "/public/ws/BTCUSDT@depth",
        "/public/ws/btcusdt@depth20",
    ]
    .into_iter()
    .map(|path| Client::open(&double, path))
    .collect();
    for client in silent {
        assert!(played(client).is_empty());
    }
}

#[test]
fn the_retired_endpoints_can_be_brought_back() {
    let capture = Capture::synthetic(10);
    let config = Config { retired_endpoints: true, ..capture.config(10.0) };
    let double = Double::start(config, capture.source()).unwrap();
    let both = Client::open(&double, "/ws/btcusdt@depth/btcusdt@trade");
    assert_eq!(played(both).len(), 20);
}

#[test]
fn two_clients_hear_the_same() {
    let capture = Capture::synthetic(40);
    let double = capture.serve(2.0);
    let mut one = Client::open(&double, "/public/ws/btcusdt@depth");
    one.text();
    let late = Client::open(&double, "/public/ws/btcusdt@depth");
    let (first, second) = (played(one), played(late));
    assert!(!second.is_empty() && second.len() < 40);
    assert_eq!(first[first.len() - second.len()..], second);
    assert_eq!(double.wait().summary.connections, 2);
}

#[test]
fn frames_without_an_envelope_and_streams_of_any_name_are_played() {
    let text = r#"1723161256000000000 {"lastUpdateId":5,"E":1,"T":1,"bids":[["10.0","1.000"]],"asks":[["10.1","1.000"]]}
1723161256000000001 {"e":"depthUpdate","E":2,"T":2,"s":"BTCUSDT","U":6,"u":7,"pu":5,"b":[["9.9","2.000"]],"a":[]}
1723161256000000002 {"stream":"btcusdt@kline_1m","data":{"e":"kline","E":3,"s":"BTCUSDT","k":{}}}
1723161256000000003 {"stream":"!markPrice@arr","data":[{"e":"markPriceUpdate","s":"ETHUSDT"}]}
1723161256000000004 not JSON at all
1723161256000000005 {"result":null,"id":1}
"#;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mixed.txt");
    std::fs::write(&path, text).unwrap();
    let spec = Capture::synthetic(5).spec;
    let config = Config { retired_endpoints: true, ..Config::new(spec) };
    let double = Double::start(config, Captures::new([path])).unwrap();
    let mut client = Client::open(&double, "/stream");
    client.say(
        r#"{"method":"SUBSCRIBE","params":["btcusdt@depth","btcusdt@kline_1m","!markPrice@arr"],"id":1}"#,
    );
    client.text();
    let values = played(client);
    let streams: Vec<&Value> = values.iter().map(|value| &value["stream"]).collect();
    assert_eq!(streams, ["btcusdt@depth", "btcusdt@kline_1m", "!markPrice@arr"]);
    assert_eq!(values[0]["data"]["u"], 7);
    assert_eq!(values[2]["data"][0]["s"], "ETHUSDT");
    let summary = double.wait().summary;
    assert_eq!((summary.frames, summary.malformed, summary.unsent), (6, 1, 2));
}
