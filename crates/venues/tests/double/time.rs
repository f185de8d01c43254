//! The recording's time and the wall's.

use std::time::Duration;

use fluxo_core::{Nanos, UnixNanos};
use fluxo_venues::double::{Config, Double, Error, Start};

use crate::client::{Capture, Client, get, now, value};

/// What a busy machine may add.
const SLACK: Duration = Duration::from_millis(1_500);

#[test]
fn frames_come_at_the_recordings_pace_times_the_speed() {
    let (capture, speed) = (Capture::synthetic(60), 4.0);
    let double = capture.serve(speed);
    std::thread::sleep(Duration::from_millis(100));
    // Before anybody listens the clock stands.
    assert_eq!(double.market_time().get(), capture.lines[0].ts_recv);
    let start = now();
    let mut client = Client::open(&double, "/public/ws/btcusdt@depth");
    assert_eq!(client.headers["x-fluxo-speed"], "4");
    let late = client.time() - capture.lines[0].ts_recv;
    let (said, wall) = (Duration::from_nanos(late.unsigned_abs()), start.elapsed());
    assert!(late >= 0 && said <= wall.mul_f64(speed), "{late} ns");
    let depth = capture.lines.iter().filter(|line| line.payload.contains("depthUpdate"));
    for line in depth {
        client.text();
        let behind = u64::try_from(line.ts_recv - capture.lines[0].ts_recv).unwrap();
        let due = Duration::from_nanos(behind).div_f64(speed);
        // Counted from before the clock began: not even a microsecond early.
        let came = start.elapsed();
        assert!(came >= due && came <= due + SLACK, "due after {due:?}, came after {came:?}");
    }
    let summary = double.wait().summary;
    assert!(summary.behind_seconds_max < SLACK.as_secs_f64());
    assert_eq!(summary.from.get(), capture.lines[0].ts_recv);
}

#[test]
fn the_clock_runs_on_whoever_is_there() {
    let capture = Capture::synthetic(100);
    let double = capture.serve(4.0);
    drop(Client::open(&double, "/public/ws/btcusdt@depth"));
    std::thread::sleep(Duration::from_millis(50));
    let (before, wall) = (double.market_time(), now());
    let (_, headers, _) = get(&double, "/fapi/v1/time");
    let said: i64 = headers["x-fluxo-time"].to_str().unwrap().parse().unwrap();
    let gone = wall.elapsed().mul_f64(4.0);
    assert!(said >= before.get());
    assert!(u128::from((said - before.get()).unsigned_abs()) <= gone.as_nanos());
    assert!(before.get() - capture.lines[0].ts_recv >= 200_000_000);
}

#[test]
fn a_start_inside_the_recording_knows_what_came_before() {
    let capture = Capture::synthetic(100);
    let from = Nanos::from_millis(2_000);
    let start = UnixNanos::new(capture.lines[0].ts_recv + from.get());
    for at in [Start::After(from), Start::At(start)] {
        let config = Config { start: at, ..capture.config(40.0) };
        let double = Double::start(config, capture.source()).unwrap();
        // The book is there before the market moves, and it is the one of that moment.
        let (status, headers, text) = get(&double, "/fapi/v1/depth?symbol=BTCUSDT");
        assert_eq!(status, 200, "{text}");
        assert_eq!(headers["x-fluxo-time"], start.get().to_string().as_str());
        let updates = capture.payloads("depthUpdate");
        assert_eq!(value(&text)["lastUpdateId"], updates[39]["u"]);
        let (texts, _) = Client::open(&double, "/public/ws/btcusdt@depth").rest();
        let heard: Vec<_> = texts[..texts.len() - 1].iter().map(|text| value(text)).collect();
        assert_eq!(heard, updates[40..]);
        let summary = double.wait().summary;
        assert_eq!((summary.frames_before, summary.from), (81, start));
    }
}

#[test]
fn a_start_behind_the_end_is_refused() {
    let capture = Capture::synthetic(10);
    let start = Start::After(Nanos::SECOND);
    let config = Config { start, ..capture.config(1.0) };
    let error = Double::start(config, capture.source()).unwrap_err();
    assert!(matches!(error, Error::StartBehindEnd { .. }), "{error}");
}

#[test]
fn speeds_that_no_clock_has_are_refused() {
    let capture = Capture::synthetic(5);
    for speed in [0.0, -1.0, f64::NAN, f64::INFINITY, 2e5] {
        let error = Double::start(capture.config(speed), capture.source()).unwrap_err();
        assert!(matches!(error, Error::Speed { .. }), "{error}");
    }
}

#[test]
fn one_absurd_receive_time_makes_nobody_wait() {
    let capture = Capture::synthetic(20);
    let text: Vec<String> = capture
        .lines
        .iter()
        .enumerate()
        .map(|(at, line)| {
            let far = i64::from(at == 9) * 900_000_000_000_000_000;
            format!("{} {}\n", line.ts_recv + far, line.payload)
        })
        .collect();
    let capture = Capture::written(&text.concat());
    let double = capture.serve(20.0);
    let (texts, _) = Client::open(&double, "/public/ws/btcusdt@depth").rest();
    assert_eq!(texts.len(), 21);
}
