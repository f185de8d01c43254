//! What REST answers.

use serde_json::Value;

use crate::client::{Capture, Client, get, value};

#[test]
fn the_market_introduces_itself() {
    let capture = Capture::synthetic(200);
    let double = capture.serve(1.0);
    let (status, headers, text) = get(&double, "/fapi/v1/exchangeInfo");
    assert_eq!(status, 200);
    assert_eq!(headers["x-fluxo-speed"], "1");
    assert_eq!(headers["x-fluxo-clock"], "waiting");
    assert!(headers["content-type"].to_str().unwrap().starts_with("application/json"));
    let info = &value(&text)["symbols"][0];
    assert_eq!(info["symbol"], "BTCUSDT");
    let filters = info["filters"].as_array().unwrap();
    let tick = filters.iter().find(|filter| filter["filterType"] == "PRICE_FILTER").unwrap();
    assert_eq!(tick["tickSize"], "0.1");
    assert_eq!(get(&double, "/fapi/v1/ping").2, "{}");
    let millis = capture.lines[0].ts_recv / 1_000_000;
    assert_eq!(value(&get(&double, "/fapi/v1/time").2)["serverTime"], millis);
    let nanos = capture.lines[0].ts_recv.to_string();
    assert_eq!(get(&double, "/fapi/v1/time").1["x-fluxo-time"], nanos.as_str());
}

#[test]
fn what_is_wrong_is_refused_as_the_venue_does() {
    let capture = Capture::synthetic(5);
    let double = capture.serve(1.0);
    for (path, status, code) in [
        ("/fapi/v1/depth", 400, -1102),
        ("/fapi/v1/depth?symbol=", 400, -1102),
        ("/fapi/v1/depth?symbol=NOSUCH", 400, -1121),
        ("/fapi/v1/depth?symbol=btcusdt", 400, -1100),
        ("/fapi/v1/depth?symbol=BTCUSDT&limit=x", 400, -1100),
        ("/fapi/v1/depth?symbol=BTCUSDT&limit=7", 400, -4021),
        // There is no book before the market moves.
        ("/fapi/v1/depth?symbol=BTCUSDT", 503, -1001),
        ("/fapi/v1/klines", 404, -5000),
        ("/api/v3/depth?symbol=BTCUSDT", 404, -5000),
    ] {
        let (got, headers, text) = get(&double, path);
        assert_eq!((got, &value(&text)["code"]), (status, &Value::from(code)), "{path}: {text}");
        assert!(value(&text)["msg"].is_string());
        assert_eq!(headers.contains_key("retry-after"), status == 503, "{path}");
        assert!(headers.contains_key("x-fluxo-time"));
    }
    assert_eq!(get(&double, "/public/ws").0, 400);
    assert_eq!(double.stop().summary.snapshots_refused, 1);
}

#[test]
fn the_book_is_the_one_of_its_moment() {
    let capture = Capture::synthetic(200);
    let double = capture.serve(5.0);
    let mut client = Client::open(&double, "/public/ws/btcusdt@depth");
    for _ in 0..50 {
        client.text();
    }
    let (status, headers, text) = get(&double, "/fapi/v1/depth?symbol=BTCUSDT&limit=5");
    assert_eq!((status, &headers["x-fluxo-clock"]), (200, &"running".parse().unwrap()));
    let book = value(&text);
    let id = book["lastUpdateId"].as_u64().unwrap();
    let updates = capture.payloads("depthUpdate");
    let last = updates.iter().find(|update| update["u"] == id).unwrap();
    assert_eq!((&book["E"], &book["T"]), (&last["E"], &last["T"]));
    // Fifty updates were heard, and the market went on a little.
    assert!(id >= updates[49]["u"].as_u64().unwrap());
    let depths = ["bids", "asks"].map(|side| book[side].as_array().unwrap().len());
    assert_eq!(depths.into_iter().max(), Some(5));
    // The best level is one that the update names.
    assert!(last["b"].as_array().unwrap().contains(&book["bids"][0]));
    assert!(last["a"].as_array().unwrap().contains(&book["asks"][0]));
}
