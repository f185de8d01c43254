//! Pings, limits and control messages.

use std::time::Duration;

use fluxo_venues::double::{Config, Double, Limits};

use crate::client::{Capture, Client, Heard, value};

fn serve(capture: &Capture, change: impl FnOnce(&mut Limits)) -> Double {
    let mut config = capture.config(1.0);
    change(&mut config.limits);
    Double::start(Config { ..config }, capture.source()).unwrap()
}

/// The code and the reason with which a connection ends.
fn close(mut client: Client) -> (u16, String) {
    loop {
        match client.hear() {
            Heard::Text(_) => {}
            Heard::Closed(Some(frame)) => return (frame.code.into(), frame.reason.to_string()),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn who_does_not_answer_pings_is_sent_away() {
    let capture = Capture::synthetic(400);
    let double = serve(&capture, |limits| {
        limits.ping_every = Duration::from_millis(100);
        limits.pong_within = Duration::from_millis(600);
        limits.incoming_per_second_max = 100;
    });
    let mut reader = Client::open(&double, "/public/ws");
    let sleeper = Client::open(&double, "/public/ws");
    let mut chatter = Client::open(&double, "/public/ws");
    // Answers that copy no ping keep no connection alive.
    chatter.pong("");
    chatter.pong("7");
    // To read is to answer.
    let a_moment = Duration::from_millis(50);
    for _ in 0..200 {
        assert!(matches!(reader.hear_within(a_moment), Heard::Silence));
        if double.summary().expelled == 2 {
            break;
        }
    }
    let expected = (1008, "Pong timeout".to_owned());
    assert_eq!(close(sleeper), expected);
    assert_eq!(close(chatter), expected);
    reader.say(r#"{"method":"LIST_SUBSCRIPTIONS","id":3}"#);
    assert_eq!(reader.value(), value(r#"{"result":[],"id":3}"#));
    assert_eq!(double.summary().expelled, 2);
}

#[test]
fn who_says_too_much_is_sent_away() {
    let capture = Capture::synthetic(40);
    let double = serve(&capture, |_| ());
    let mut client = Client::open(&double, "/public/ws");
    for id in 0..11 {
        client.say(&format!(r#"{{"method":"LIST_SUBSCRIPTIONS","id":{id}}}"#));
    }
    assert_eq!(close(client), (1008, "Too many requests".to_owned()));
}

#[test]
fn nobody_stays_for_ever() {
    let capture = Capture::synthetic(40);
    let double = serve(&capture, |limits| limits.lifetime = Duration::from_millis(50));
    assert_eq!(close(Client::open(&double, "/public/ws")).0, 1001);
}

#[test]
fn nonsense_is_answered_and_the_connection_goes_on() {
    let capture = Capture::synthetic(40);
    let double = capture.serve(1.0);
    let mut client = Client::open(&double, "/public/ws");
    client.say("nonsense");
    assert_eq!(client.value()["code"], 3);
    client.say(r#"{"method":"SHOUT","id":1}"#);
    assert_eq!(client.value()["code"], 2);
    client.say(r#"{"method":"SET_PROPERTY","params":["combined",true],"id":2}"#);
    client.text();
    client.say(r#"{"method":"SUBSCRIBE","params":["btcusdt@depth"],"id":3}"#);
    assert_eq!(client.value()["id"], 3);
    assert_eq!(client.value()["stream"], "btcusdt@depth");
}

#[test]
fn the_limits_are_those_of_the_market() {
    use fluxo_core::Market::{BinanceSpot, BinanceUsdm};
    let (spot, futures) = (Limits::of(BinanceSpot), Limits::of(BinanceUsdm));
    assert_eq!((spot.ping_every.as_secs(), spot.pong_within.as_secs()), (20, 60));
    assert_eq!((futures.ping_every.as_secs(), futures.pong_within.as_secs()), (180, 600));
    assert_eq!((spot.incoming_per_second_max, futures.incoming_per_second_max), (5, 10));
}
