//! Trouble on purpose, and clients that make some.

use std::fmt::Write;
use std::time::Duration;

use fluxo_core::Nanos;
use fluxo_venues::double::{Config, Double, Trouble};
use serde_json::Value;

use crate::client::{Capture, Client, Heard, value};

/// The places where a chain of updates breaks.
fn gaps(texts: &[String]) -> usize {
    let updates: Vec<Value> = texts.iter().map(|text| value(text)).collect();
    let updates: Vec<&Value> = updates.iter().filter(|u| u["e"] == "depthUpdate").collect();
    updates.windows(2).filter(|pair| pair[0]["u"] != pair[1]["pu"]).count()
}

#[test]
fn a_cut_ends_every_socket_without_a_word_and_the_market_goes_on() {
    let capture = Capture::synthetic(100);
    let double = capture.serve(4.0);
    let mut clients = [0; 2].map(|_| Client::open(&double, "/public/ws/btcusdt@depth"));
    let before = clients.each_mut().map(Client::value);
    assert_eq!(double.cut_sockets(), 2);
    for client in clients {
        let (_, end) = client.rest();
        assert!(matches!(end, Heard::Lost), "{end:?}");
    }
    let (texts, end) = Client::open(&double, "/public/ws/btcusdt@depth").rest();
    assert!(matches!(end, Heard::Closed(Some(_))), "{end:?}");
    assert_eq!(gaps(&texts), 0);
    assert!(before[0]["u"].as_u64() < value(&texts[0])["u"].as_u64());
    let summary = double.wait().summary;
    assert_eq!((summary.cut, summary.connections), (2, 3));
}

#[test]
fn a_lost_update_is_a_gap_for_everybody() {
    let capture = Capture::synthetic(100);
    let double = capture.serve(5.0);
    let mut client = Client::open(&double, "/public/ws/btcusdt@depth");
    let mut texts = vec![client.text()];
    double.lose_next_depth();
    texts.extend(client.rest().0);
    assert_eq!((gaps(&texts), texts.len()), (1, 100));
    assert_eq!(double.wait().summary.lost, 1);
}

#[test]
fn trouble_comes_at_its_time_of_the_recording() {
    let capture = Capture::synthetic(100);
    let at = |millis| Nanos::from_millis(millis);
    // A frame of depth comes every 50 ms: the losses are numbers 20 and 40, the cut is before 60.
    let troubles = vec![
        Trouble::Cut.after(at(2_975)),
        Trouble::LoseDepth.after(at(1_975)),
        Trouble::LoseDepth.after(at(975)),
    ];
    let config = Config { troubles, ..capture.config(5.0) };
    let double = Double::start(config, capture.source()).unwrap();
    let (texts, end) = Client::open(&double, "/public/ws/btcusdt@depth").rest();
    assert!(matches!(end, Heard::Lost));
    let updates = capture.payloads("depthUpdate");
    let heard: Vec<Value> = texts.iter().map(|text| value(text)).collect();
    let sent = [&updates[..20], &updates[21..40], &updates[41..60]].concat();
    // What was on its way when the socket was cut may be lost with it.
    assert!(heard.len() > 30, "{}", heard.len());
    assert_eq!(heard, sent[..heard.len()]);
}

#[test]
fn who_does_not_read_is_cut_and_nobody_else_is() {
    // What waits in the kernel is beyond our control, so there is a lot: 40 MB in two seconds.
    let level = "[\"60000.0\",\"1.000\"],".repeat(5_000);
    let mut text = String::new();
    for step in 0..400_u64 {
        let (at, id) = (1_723_161_256_000_000_000 + step * 10_000_000, 10 * step);
        writeln!(
            text,
            r#"{at} {{"stream":"btcusdt@depth","data":{{"e":"depthUpdate","E":1,"T":1,"s":"BTCUSDT","U":{},"u":{},"pu":{id},"b":[{level}["60000.0","2.000"]],"a":[]}}}}"#,
            id + 1,
            id + 10,
        )
        .unwrap();
    }
    let capture = Capture::written(&text);
    let mut config = capture.config(2.0);
    config.limits.queue_bytes_max = 16 << 20;
    let double = Double::start(config, capture.source()).unwrap();
    let sleeper = Client::open(&double, "/public/ws/btcusdt@depth");
    let (texts, end) = Client::open(&double, "/public/ws/btcusdt@depth").rest();
    assert!(matches!(end, Heard::Closed(Some(_))), "{end:?}");
    assert!(texts.len() > 390, "{}", texts.len());
    assert_eq!(gaps(&texts), 0);
    assert!(double.is_over_within(Duration::from_secs(20)));
    assert_eq!(double.wait().summary.slow, 1);
    let (texts, end) = sleeper.rest();
    assert!(matches!(end, Heard::Lost), "{end:?}");
    assert!(texts.len() < 400);
}
