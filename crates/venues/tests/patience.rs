//! Attempts that hang are closed, a stop is not kept waiting, and proxies are not asked.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::Read;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::time::Duration;

use fluxo_core::Market;
use fluxo_venues::client::{
    ClientConfig, ConnectError, Endpoints, Inbox, InboxConfig, LiveFeed, Plan, SessionClock, Venue,
};

fn plan(listener: &TcpListener) -> Plan {
    let address = listener.local_addr().unwrap();
    let endpoints = Endpoints { ws: format!("ws://{address}"), rest: format!("http://{address}") };
    Plan::new(Market::BinanceSpot, "BTCUSDT", &endpoints).unwrap()
}

#[test]
fn an_attempt_that_never_opens_is_closed_when_it_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let plan = plan(&listener);
    let config = ClientConfig { open_within: Duration::from_millis(300), ..ClientConfig::DEFAULT };
    let feed = LiveFeed { plan, config, clock: SessionClock::begin(None), tls: None };
    let inbox = Arc::new(Inbox::<()>::new(InboxConfig::DEFAULT));
    let handle = feed.start(inbox).unwrap();
    let (mut stream, _) = listener.accept().unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    // It asks for the upgrade, gets none, and goes.
    let mut asked = Vec::new();
    stream.read_to_end(&mut asked).unwrap();
    assert!(asked.starts_with(b"GET /stream"), "{}", String::from_utf8_lossy(&asked));
    assert_eq!(handle.stop().opened, 0);
}

#[test]
fn a_stop_does_not_wait_for_a_venue_that_says_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let plan = plan(&listener);
    let stopped = Arc::new(AtomicBool::new(false));
    let (done, is_done) = channel();
    let is_stopped = Arc::clone(&stopped);
    std::thread::spawn(move || {
        let greeted =
            Venue::greet(&plan, &ClientConfig::DEFAULT, &|| is_stopped.load(Ordering::SeqCst));
        done.send(greeted.map(|_| ())).unwrap();
    });
    let _silent = listener.accept().unwrap();
    stopped.store(true, Ordering::SeqCst);
    let greeted = is_done.recv_timeout(Duration::from_secs(5)).unwrap();
    assert!(matches!(greeted, Err(ConnectError::Stopped { .. })), "{greeted:?}");
}

/// What the call of the next test connects to, in a process of its own.
const TARGET: &str = "FLUXO_TEST_TARGET";

#[test]
#[expect(clippy::disallowed_methods, reason = "what the child process of this test is told")]
fn a_proxy_of_the_environment_is_not_asked() {
    if let Ok(target) = std::env::var(TARGET) {
        let endpoints = Endpoints { ws: "ws://127.0.0.1:1".to_owned(), rest: target };
        let plan = Plan::new(Market::BinanceSpot, "BTCUSDT", &endpoints).unwrap();
        let config = ClientConfig { first_calls_max: 1, ..ClientConfig::DEFAULT };
        let _refused = Venue::greet(&plan, &config, &|| false);
        return;
    }
    let [venue, proxy] = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    let mut child = std::process::Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "a_proxy_of_the_environment_is_not_asked"]);
    for name in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"] {
        child.env(name, format!("http://{}", proxy.local_addr().unwrap()));
    }
    for name in ["no_proxy", "NO_PROXY"] {
        child.env_remove(name);
    }
    child.env(TARGET, format!("http://{}", venue.local_addr().unwrap()));
    let mut child = child.spawn().unwrap();
    proxy.set_nonblocking(true).unwrap();
    venue.set_nonblocking(true).unwrap();
    let mut asked = (false, false);
    for _ in 0..1_000 {
        asked.0 |= venue.accept().is_ok();
        asked.1 |= proxy.accept().is_ok();
        if asked.0 || asked.1 {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(child.wait().unwrap().success());
    assert_eq!(asked, (true, false), "the venue, and nobody else");
}
