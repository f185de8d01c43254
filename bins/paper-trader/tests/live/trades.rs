//! A session on a fair day.

use fluxo_core::{Event, MarketData};

use crate::support::{Bench, events, replayed};

#[test]
fn a_session_trades_on_what_sockets_bring_and_replays_to_the_same_bytes() {
    let bench = Bench::new();
    let double = bench.double(&[]);
    let session = bench.session(double.address(), &["--strategy", "imbalance", "--for", "100s"]);
    let summary = session.output().summary();
    assert!(summary["orders"].as_u64().unwrap() > 10, "{summary}");
    assert!(summary["fills"].as_u64().unwrap() > 10, "{summary}");
    assert_eq!((&summary["gaps"], &summary["malformed"]), (&0.into(), &0.into()));
    let live = &summary["live"];
    assert_eq!((&live["connections"], &live["reconnects"]), (&2.into(), &0.into()));
    assert_eq!((&live["losses"], &live["dropped"]), (&0.into(), &0.into()));
    assert_eq!(live["speed"], 20.0);
    assert!((100.0..110.0).contains(&live["market_seconds"].as_f64().unwrap()), "{live}");
    assert!(live["read_to_actions_ns"]["p99"].as_u64().unwrap() > 0);
    let replay = replayed(&bench.journal());
    assert!(replay.finished);
    assert_eq!(summary["actions_sha256"], replay.actions_sha256.as_str());
    assert_eq!(summary["journal"]["sha256"], replay.journal_sha256.as_str());
    // The bookTickers and the depth of the recording came through, and time was told in between.
    let events = events(&bench.journal());
    let of = |is: fn(&MarketData) -> bool| {
        events.iter().filter(|e| matches!(e, Event::Market(e) if is(&e.data))).count()
    };
    assert!(of(|data| matches!(data, MarketData::Book(_))) > 1_500);
    assert!(of(|data| matches!(data, MarketData::Heartbeat)) > 500);
}
