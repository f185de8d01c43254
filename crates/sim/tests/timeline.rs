//! When the venue learns, when we learn, and when orders and answers arrive.
//!
//! A tape is a line of recorded events, `recv@event words`, in ms; `recv@-` has no venue time. What
//! we send is `(ms, words)`: sent when the first event at or after that moment is shown.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/actions.rs"]
mod actions;
#[path = "support/script.rs"]
mod script;
mod support;

use std::fmt::Write as _;

use actions::{cancel, place};
use expect_test::{Expect, expect};
use fluxo_core::{
    Action, Decimal, Event, Gap, GapReason, InstrumentId, Lots, MarketData, MarketEvent, Nanos,
    Order, Side, Stamped, UnixNanos,
};
use fluxo_sim::{Arrival, Error, MarketSource, Recorded, SimConfig, Timeline, TimelineCounts};
use script::{INSTRUMENT, describe, id, market_data, number, order};

const MS: i64 = 1_000_000;

/// A recording in memory that breaks where it is told to.
struct Tape {
    events: std::vec::IntoIter<Recorded>,
    breaks_after: Option<usize>,
    recycled: usize,
}

#[derive(Debug, PartialEq)]
struct Broken;

impl MarketSource for Tape {
    type Error = Broken;

    fn next(&mut self) -> Result<Option<Recorded>, Broken> {
        if self.breaks_after == Some(0) {
            self.breaks_after = None;
            return Err(Broken);
        }
        self.breaks_after = self.breaks_after.map(|left| left - 1);
        Ok(self.events.next())
    }

    fn recycle(&mut self, _: MarketEvent) {
        self.recycled += 1;
    }
}

fn millis(word: &str) -> UnixNanos {
    UnixNanos::new(number(word) * MS)
}

fn tape(text: &str) -> Tape {
    let mut spec = support::spec();
    let recorded = |step: &str| {
        let words: Vec<&str> = step.split_whitespace().collect();
        let (recv, event) = words[0].split_once('@').unwrap();
        let ts_recv = millis(recv);
        let data = match words[1..] {
            ["boundary", from] => MarketData::Gap(Gap {
                from: millis(from),
                to: ts_recv,
                reason: GapReason::RecordingBoundary,
            }),
            ["tick"] => MarketData::Heartbeat,
            ref words => market_data(words, ts_recv, &mut spec),
        };
        let ts_event = (event != "-").then(|| millis(event));
        Recorded { ts_recv, event: MarketEvent { instrument: INSTRUMENT, ts_event, data } }
    };
    let events: Vec<Recorded> = text.split('|').map(recorded).collect();
    Tape { events: events.into_iter(), breaks_after: None, recycled: 0 }
}

fn action(text: &str) -> Action {
    let words: Vec<&str> = text.split_whitespace().collect();
    match words.as_slice() {
        ["cancel", number] => cancel(INSTRUMENT, id(number)),
        words => place(order(words)),
    }
}

/// `12 sold`, `15 #1 Accepted`, `100+1 timer`: ms, and ns beyond them.
fn describe_shown(shown: &Stamped) -> String {
    let what = match &shown.event {
        Event::Market(event) => match &event.data {
            MarketData::Book(_) => "book".to_owned(),
            MarketData::Trade(_) => "trade".to_owned(),
            MarketData::Gap(_) => "gap".to_owned(),
            MarketData::Spec(_) => "spec".to_owned(),
            _ => "tick".to_owned(),
        },
        Event::Order(event) => format!("#{} {}", event.id, describe(&event.update)),
        Event::Timer(_) => "timer".to_owned(),
        Event::Operator(_) => "operator".to_owned(),
    };
    let ts = shown.ts_recv.get();
    let beyond = if ts % MS == 0 { String::new() } else { format!("+{}", ts % MS) };
    format!("{}{beyond} {what}", ts / MS)
}

struct Run {
    timeline: Timeline<Tape>,
    log: String,
}

fn run_with(config: SimConfig, tape: Tape, sends: &[(i64, &str)]) -> Run {
    let mut timeline = Timeline::new(tape, &[support::spec()], config).unwrap();
    let (mut log, mut sequence, mut sends) = (String::new(), 0, sends.iter().peekable());
    while let Some(shown) = timeline.next().unwrap() {
        writeln!(log, "{}", describe_shown(shown)).unwrap();
        let now = shown.ts_recv;
        assert_eq!(shown.sequence, sequence);
        sequence += 1;
        while let Some((_, text)) = sends.next_if(|(ms, _)| ms * MS <= now.get()) {
            timeline.perform(&[action(text)]);
        }
    }
    Run { timeline, log }
}

fn run(text: &str, sends: &[(i64, &str)]) -> Run {
    run_with(SimConfig { row_clock: Nanos::SECOND, ..support::config() }, tape(text), sends)
}

#[expect(clippy::needless_pass_by_value, reason = "reads better where it is called")]
fn check(text: &str, sends: &[(i64, &str)], expected: Expect) -> Run {
    let run = run(text, sends);
    expected.assert_eq(&run.log);
    run
}

#[test]
fn an_order_travels_for_its_latency_and_so_does_the_answer() {
    check(
        "10@10 snap b99x5 a101x2 | 30@30 tick",
        &[(10, "#1 buy 3 ioc 101")],
        expect![[r#"
        10 book
        20 #1 Accepted
        20 #1 Took 2 at 101, 1 open
        20 #1 Expired 1
        30 tick
    "#]],
    );
}

#[test]
fn an_order_meets_what_the_venue_knows_and_not_what_we_were_shown() {
    // The second batch is 4 ms late: the venue knew it at 14, and our order arrives at 15.
    let sends = [(10, "#1 buy 1 ioc 101")];
    let tape = "1@1 tick | 10@10 snap b99x5 a101x2 | 18@14 book a101x0 | 40@40 tick";
    let run = check(
        tape,
        &sends,
        expect![[r#"
        1 tick
        10 book
        18 book
        20 #1 Accepted
        20 #1 Expired 1
        40 tick
    "#]],
    );
    assert_eq!(run.timeline.worst_arrival(), Some(Arrival { shown: 2, applied: 3 }));
}

#[test]
fn at_one_moment_the_venue_learns_then_orders_arrive_then_we_learn() {
    // At 15 #1 meets the batch of 15; at 20 its answer comes before the event of 20.
    let tape = "10@10 snap b99x5 a101x2 | 15@15 book a101x0 a102x9 | 20@20 tick | 30@30 tick";
    check(
        tape,
        &[(10, "#1 buy 1 market"), (15, "#2 buy 1 market")],
        expect![[r#"
        10 book
        15 book
        20 #1 Accepted
        20 #1 Took 1 at 102, 0 open
        20 tick
        25 #2 Accepted
        25 #2 Took 1 at 102, 0 open
        30 tick
    "#]],
    );
}

#[test]
fn without_latency_an_order_meets_exactly_what_we_were_shown() {
    let config = SimConfig {
        order_latency: Nanos::ZERO,
        response_latency: Nanos::ZERO,
        ..support::config()
    };
    let tape = tape("10@10 snap b99x5 a101x2 | 12@12 tick | 12@12 book a101x0 | 13@13 tick");
    let run = run_with(config, tape, &[(12, "#1 buy 1 market")]);
    expect![[r#"
        10 book
        12 tick
        12 #1 Accepted
        12 #1 Expired 1
        12 book
        13 tick
    "#]]
    .assert_eq(&run.log);
    // The venue learns of all that happens at 12 before we are shown the first of it.
    assert_eq!(run.timeline.worst_arrival(), Some(Arrival { shown: 2, applied: 3 }));
}

#[test]
fn a_maker_is_filled_by_prints_of_the_venue_time() {
    // The print of 16 reaches us at 40. An order that arrives at 15 is there, one of 17 is not.
    let tape = "1@1 tick | 10@5 snap b99x1 a101x2 | 12@12 tick | 40@16 sold 3 at 99 | 60@60 tick";
    check(
        tape,
        &[(10, "#1 buy 1 limit 99")],
        expect![[r#"
        1 tick
        10 book
        12 tick
        20 #1 Accepted
        21 #1 QueueReached 1 at 99, 0 open
        40 trade
        60 tick
    "#]],
    );
    check(
        tape,
        &[(12, "#1 buy 1 limit 99")],
        expect![[r#"
        1 tick
        10 book
        12 tick
        22 #1 Accepted
        40 trade
        60 tick
    "#]],
    );
}

#[test]
fn every_grid_time_is_closed_one_nanosecond_later() {
    let config = support::config();
    let tape = tape("250@250 tick | 300@300 tick | 410@410 gap | 600@600 tick | 601@601 tick");
    expect![[r#"
        250 tick
        300 tick
        300+1 timer
        400+1 timer
        410 gap
        500+1 timer
        600 tick
        600+1 timer
        601 tick
    "#]]
    .assert_eq(&run_with(config, tape, &[]).log);
}

#[test]
fn between_two_recordings_no_grid_time_is_closed() {
    let tape = tape("150@150 tick | 310@310 tick | 900@- boundary 310 | 1001@1001 tick");
    expect![[r#"
        150 tick
        200+1 timer
        300+1 timer
        310 tick
        900 gap
        900+1 timer
        1000+1 timer
        1001 tick
    "#]]
    .assert_eq(&run_with(support::config(), tape, &[]).log);
}

#[test]
fn the_venue_ends_with_the_recording() {
    // #1 arrives and is answered after the end; #2 and its cancel never arrive.
    let sends = [(10, "#1 buy 1 limit 99"), (16, "#2 buy 1 limit 99"), (16, "cancel #1")];
    let run = check(
        "10@10 snap b99x5 a101x2 | 16@16 tick",
        &sends,
        expect![[r#"
        10 book
        16 tick
        20 #1 Accepted
    "#]],
    );
    let counts = TimelineCounts { recorded: 2, arrived: 1, unarrived: 2, ..Default::default() };
    assert_eq!(run.timeline.counts(), counts);
    assert_eq!(run.timeline.into_source().recycled, 2);
}

#[test]
fn a_receive_time_that_goes_back_is_moved_up_and_counted() {
    let run = check(
        "10@10 tick | 8@8 tick | 12@12 tick | 11@3 tick",
        &[],
        expect![[r#"
        10 tick
        10 tick
        12 tick
        12 tick
    "#]],
    );
    assert_eq!(run.timeline.counts().late, 2);
}

#[test]
fn at_the_limit_the_venue_waits_for_us() {
    let config = SimConfig { look_ahead_max: 2, row_clock: Nanos::SECOND, ..support::config() };
    // The venue knew the last book at 12 already, but only two events fit between it and us.
    let text = "1@1 tick | 10@10 snap b99x5 a101x2 | 30@11 tick | 31@11 tick | \
                32@12 book a101x0 | 60@60 tick";
    let run = run_with(config, tape(text), &[(10, "#1 buy 1 market")]);
    expect![[r#"
        1 tick
        10 book
        20 #1 Accepted
        20 #1 Took 1 at 101, 0 open
        30 tick
        31 tick
        32 book
        60 tick
    "#]]
    .assert_eq(&run.log);
    assert_eq!(run.timeline.counts().look_ahead_full, 1);
    assert_eq!(run.timeline.worst_arrival(), Some(Arrival { shown: 2, applied: 4 }));
}

#[test]
fn at_the_limit_orders_do_not_leave_and_cancels_do() {
    let config = SimConfig { messages_in_flight_max: 1, ..support::config() };
    let sends = [
        (10, "#1 buy 1 limit 99"),
        (10, "#2 buy 1 limit 99"),
        (10, "cancel #1"),
        (16, "#3 buy 1 limit 99"),
    ];
    let run = run_with(config, tape("10@10 snap b99x5 a101x2 | 16@16 tick | 30@30 tick"), &sends);
    expect![[r#"
        10 book
        15 #2 MarketUnavailable
        16 tick
        20 #1 Accepted
        20 #1 Canceled 1
        26 #3 Accepted
        30 tick
    "#]]
    .assert_eq(&run.log);
    assert_eq!(run.timeline.counts().refused, 1);
}

#[test]
fn a_new_specification_reaches_everything_that_is_on_its_way() {
    // #1 is answered in old units and read in new ones; #2 leaves in old units and arrives in new ones.
    let tape = "10@10 snap b99x5 a101x2 | 16@16 sold 7 at 99 | 19@19 tick | \
                20@18 finer 10 100 | 21@19 book b990x700 | 40@40 tick";
    let sends = [(10, "#1 buy 3 limit 99"), (16, "#2 buy 1 ioc 101"), (21, "#3 buy 50 ioc 1010")];
    let run = check(
        tape,
        &sends,
        expect![[r#"
        10 book
        16 trade
        19 tick
        20 #1 Accepted
        20 spec
        21 #1 QueueReached 200 at 990, 100 open
        21 book
        26 #2 Accepted
        26 #2 Took 100 at 1010, 0 open
        31 #3 Accepted
        31 #3 Took 50 at 1010, 0 open
        40 tick
    "#]],
    );
    let venue = run.timeline.venue(INSTRUMENT);
    assert_eq!(venue.ledger().position, Lots::new(350));
}

#[test]
fn a_source_that_breaks_says_so_and_can_be_asked_again() {
    let mut broken = tape("10@10 tick | 20@20 tick");
    broken.breaks_after = Some(1);
    let mut timeline = Timeline::new(broken, &[support::spec()], support::config()).unwrap();
    assert_eq!(timeline.next().map(|_| ()), Err(Broken));
    assert_eq!(describe_shown(timeline.next().unwrap().unwrap()), "10 tick");
    assert_eq!(describe_shown(timeline.next().unwrap().unwrap()), "20 tick");
    assert_eq!(timeline.next(), Ok(None));
    assert_eq!(timeline.next(), Ok(None));
}

#[test]
fn what_comes_before_a_heartbeat_does_not_wait_for_what_comes_behind_it() {
    let tape = tape("10@10 snap b99x5 a101x2 | 20@15 book b98x1 | 21@- tick | 31@- tick");
    let mut timeline = Timeline::new(tape, &[support::spec()], support::config()).unwrap();
    let mut read = Vec::new();
    while let Some(shown) = timeline.next().unwrap() {
        let market = matches!(shown.event, Event::Market(_));
        let at = shown.ts_recv.get() / MS;
        if market {
            read.push((at, timeline.counts().recorded));
        }
    }
    // At 20 the batch is shown, and the heartbeat of 21 is all that was read behind it.
    assert_eq!(read, [(10, 2), (20, 3), (21, 4), (31, 4)]);
}

#[test]
fn what_a_person_asks_for_happens_now_and_has_its_place() {
    let tape = tape("10@10 snap b99x5 a101x2 | 20@20 tick");
    let mut timeline = Timeline::new(tape, &[support::spec()], support::config()).unwrap();
    timeline.next().unwrap();
    let halt = Event::Operator(fluxo_core::OperatorCommand::Halt);
    let asked = timeline.interject(halt.clone());
    assert_eq!((asked.ts_recv.get() / MS, asked.sequence, &asked.event), (10, 1, &halt));
    assert_eq!(timeline.next().unwrap().unwrap().sequence, 2);
}

#[test]
fn an_order_for_an_unknown_instrument_is_refused() {
    let mut timeline = {
        let tape = tape("10@10 tick | 30@30 tick");
        Timeline::new(tape, &[support::spec()], support::config()).unwrap()
    };
    timeline.next().unwrap();
    let (elsewhere, id) = (InstrumentId::new(7), id("#1"));
    let there = Order { instrument: elsewhere, ..order(&["#1", "buy", "1", "market"]) };
    timeline.perform(&[place(there), cancel(elsewhere, id)]);
    let answers: Vec<String> =
        (0..2).map(|_| describe_shown(timeline.next().unwrap().unwrap())).collect();
    assert_eq!(answers, ["20 #1 Invalid", "20 #1 CancelRejected"]);
}

#[test]
fn instruments_have_their_own_venues_and_clocks() {
    // The second instrument's recorder is 5 ms further from its venue.
    let mut tape = tape("10@10 snap b99x5 a101x2 | 15@10 snap b9x5 a11x2 | 20@15 book b9x7");
    let events: Vec<Recorded> = tape
        .events
        .by_ref()
        .enumerate()
        .map(|(at, recorded)| {
            let instrument = InstrumentId::new(u16::from(at > 0));
            Recorded { event: MarketEvent { instrument, ..recorded.event }, ..recorded }
        })
        .collect();
    tape.events = events.into_iter();
    let specs = [support::spec(), support::spec()];
    let mut timeline = Timeline::new(tape, &specs, support::config()).unwrap();
    while timeline.next().unwrap().is_some() {}
    for (index, bid) in [(0, 5), (1, 7)] {
        let best = timeline.venue(InstrumentId::new(index)).book().best(Side::Bid);
        assert_eq!(best.unwrap().lots, Lots::new(bid));
    }
}

#[test]
fn what_cannot_be_simulated_is_refused() {
    let none = Timeline::new(tape("1@1 tick"), &[], support::config());
    assert_eq!(none.err(), Some(Error::Instruments { got: 0 }));
    let mut spec = support::spec();
    spec.tick_size = Decimal::ZERO;
    let worthless = Timeline::new(tape("1@1 tick"), &[spec], support::config());
    assert!(matches!(worthless.err(), Some(Error::Spec { instrument: INSTRUMENT, .. })));
}

#[test]
#[should_panic(expected = "actions before the first event")]
fn nobody_decides_before_the_first_event() {
    let mut timeline =
        Timeline::new(tape("1@1 tick"), &[support::spec()], support::config()).unwrap();
    timeline.perform(&[action("#1 buy 1 market")]);
}
