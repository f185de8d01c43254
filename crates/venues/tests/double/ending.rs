//! Starts that fail and the ways in which a double ends.

use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use fluxo_core::UnixNanos;
use fluxo_venues::double::{Captures, Config, Double, Error};

use crate::client::{Capture, Client, Heard, get, now, value};

#[test]
fn the_end_of_the_recording_is_announced() {
    let capture = Capture::synthetic(10);
    let double = capture.serve(0.5);
    let bare = Client::open(&double, "/public/ws/btcusdt@depth");
    let combined = Client::open(&double, "/market/stream?streams=btcusdt@trade");
    for (client, path) in [(bare, ""), (combined, "/data")] {
        let (texts, end) = client.rest();
        let last = value(texts.last().unwrap());
        assert_eq!(last.pointer(&format!("{path}/e")).unwrap(), "serverShutdown");
        assert!(last.pointer(&format!("{path}/E")).unwrap().is_u64());
        let Heard::Closed(Some(frame)) = end else { panic!("{end:?}") };
        assert_eq!(u16::from(frame.code), 1001);
    }
    assert!(double.is_over_within(Duration::from_secs(5)));
    let address = double.address();
    let summary = double.wait().summary;
    assert_eq!((summary.frames, summary.connections, summary.requests), (21, 2, 0));
    assert_eq!(summary.to, UnixNanos::new(capture.lines.last().unwrap().ts_recv));
    // The place is free again.
    TcpListener::bind(address).unwrap();
}

#[test]
fn a_stop_tells_everybody_and_takes_no_time() {
    let capture = Capture::synthetic(10_000);
    let double = capture.serve(1.0);
    let mut client = Client::open(&double, "/public/ws/btcusdt@depth");
    client.text();
    get(&double, "/fapi/v1/ping");
    let (stopper, start) = (double.stopper(), now());
    let waiting = std::thread::spawn(move || double.wait());
    stopper.stop();
    let (texts, end) = client.rest();
    assert!(texts.last().unwrap().contains("serverShutdown"));
    assert!(matches!(end, Heard::Closed(Some(_))), "{end:?}");
    let ended = waiting.join().unwrap();
    assert!(ended.fault.is_none() && ended.summary.frames < 1_000);
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
}

#[test]
fn one_that_is_stopped_before_anybody_came_ends_too() {
    let capture = Capture::synthetic(10);
    let ended = capture.serve(1.0).stop();
    assert!(ended.fault.is_none());
    assert_eq!(ended.summary.frames, 0);
}

#[test]
fn a_dropped_double_says_nothing() {
    let capture = Capture::synthetic(1_000);
    let double = capture.serve(1.0);
    let mut client = Client::open(&double, "/public/ws/btcusdt@depth");
    client.text();
    drop(double);
    let (texts, end) = client.rest();
    assert!(texts.iter().all(|text| text.contains("depthUpdate")));
    assert!(matches!(end, Heard::Lost), "{end:?}");
}

#[test]
fn a_restart_goes_on_at_the_same_place() {
    let capture = Capture::synthetic(200);
    let double = capture.serve(5.0);
    let mut client = Client::open(&double, "/public/ws/btcusdt@depth");
    client.text();
    let (address, now) = (double.address(), double.market_time());
    drop(double);
    drop(client);
    let start = fluxo_venues::double::Start::At(now);
    let config = Config { listen: address, start, ..capture.config(40.0) };
    let double = Double::start(config, capture.source()).unwrap();
    assert_eq!((double.address(), double.market_time()), (address, now));
    let (texts, _) = Client::open(&double, "/public/ws/btcusdt@depth").rest();
    let first = value(&texts[0])["U"].as_u64().unwrap();
    assert!(first > 101 && texts.len() <= 200, "{first} {}", texts.len());
}

#[test]
fn an_address_that_is_taken_or_reachable_is_refused() {
    let capture = Capture::synthetic(5);
    let double = capture.serve(1.0);
    let config = Config { listen: double.address(), ..capture.config(1.0) };
    let error = Double::start(config, capture.source()).unwrap_err();
    assert!(matches!(error, Error::Listen { .. }), "{error}");
    let listen = SocketAddr::from(([0, 0, 0, 0], 0));
    let config = Config { listen, ..capture.config(1.0) };
    let error = Double::start(config.clone(), capture.source()).unwrap_err();
    assert!(matches!(error, Error::NotLoopback { .. }), "{error}");
    let config = Config { allow_remote: true, ..config };
    Double::start(config, capture.source()).unwrap();
}

#[test]
fn a_recording_without_frames_or_files_is_refused() {
    let capture = Capture::synthetic(5);
    let nothing = Captures::new([]);
    let error = Double::start(capture.config(1.0), nothing).unwrap_err();
    assert!(matches!(error, Error::Empty), "{error}");
    let missing = Captures::new([capture.path.with_file_name("missing")]);
    let error = Double::start(capture.config(1.0), missing).unwrap_err();
    let Error::Source(source) = error else { panic!("{error}") };
    assert!(source.downcast_ref::<fluxo_capture::Error>().is_some_and(|e| !e.is_damage()));
}

#[test]
fn a_file_that_is_damaged_in_its_middle_is_played_up_to_there() {
    use std::io::Write;
    let capture = Capture::synthetic(400);
    let text = std::fs::read(&capture.path).unwrap();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(&text).unwrap();
    let packed = packed.finish().unwrap();
    let path = capture.path.with_file_name("cut.gz");
    std::fs::write(&path, &packed[..packed.len() / 2]).unwrap();
    let double = Double::start(capture.config(100.0), Captures::new([path])).unwrap();
    let (texts, end) = Client::open(&double, "/public/ws/btcusdt@depth").rest();
    assert!(matches!(end, Heard::Closed(Some(_))), "{end:?}");
    assert!(texts.len() > 50 && texts.len() < 390, "{}", texts.len());
    let ended = double.wait();
    let Some(Error::Source(source)) = ended.fault else { panic!("{ended:?}") };
    assert!(source.downcast_ref::<fluxo_capture::Error>().unwrap().is_damage());
}
