//! Every rule of the simulated venue, one small market each.
//!
//! A market is a line of steps, 1 ms apart, separated by `|`:
//! `snap b100x5 a102x3` and `book b100x4` are batches; `sold 3 at 100`, `bought`, `crossed` (nobody
//! knows who took) and `off` are prints, `late 5 sold 3 at 100` is one that was made 5 ms earlier;
//! `#1 buy 2 limit 100` is an order of ours (`post`, `ioc`, `market`), `cancel #1` its end; `gap`,
//! `halt`, `auction` and `open` are news; `finer 10 100` refines tick and lot; `wait 300` passes ms.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod arrivals;
mod beyond;
mod news;
mod queue;
#[path = "../support/script.rs"]
mod script;
#[path = "../support/mod.rs"]
mod support;
mod takers;

use std::fmt::Write as _;

use expect_test::Expect;
use fluxo_core::{InstrumentSpec, MarketEvent, Nanos, OrderEvent, UnixNanos};
use fluxo_sim::{SimVenue, VenueConfig, VenueTime};
use script::{INSTRUMENT, describe, id, market_data, number, order};

const STEP: Nanos = Nanos::from_millis(1);

struct Stage {
    venue: SimVenue,
    spec: InstrumentSpec,
    now: UnixNanos,
    answers: Vec<OrderEvent>,
}

impl Stage {
    fn new(config: VenueConfig) -> Self {
        let spec = support::spec();
        let venue = SimVenue::new(INSTRUMENT, &spec, config).unwrap();
        Self { venue, spec, now: UnixNanos::new(0), answers: Vec::new() }
    }

    fn play(&mut self, steps: &str) {
        for step in steps.split('|') {
            self.step(step);
        }
    }

    fn step(&mut self, text: &str) {
        self.now = self.now + STEP;
        let words: Vec<&str> = text.split_whitespace().collect();
        match words.as_slice() {
            ["wait", millis] => self.now = self.now + Nanos::from_millis(number(millis)),
            ["cancel", number] => self.venue.on_cancel(self.now, id(number), &mut self.answers),
            ["late", millis, rest @ ..] => {
                let stated = self.now - Nanos::from_millis(number(millis));
                self.market(VenueTime { now: self.now, stated }, rest);
            }
            [first, ..] if first.starts_with('#') => {
                self.venue.on_place(self.now, &order(&words), &mut self.answers);
            }
            words => self.market(VenueTime::prompt(self.now), words),
        }
    }

    fn market(&mut self, at: VenueTime, words: &[&str]) {
        let data = market_data(words, at.now, &mut self.spec);
        let event = MarketEvent { instrument: INSTRUMENT, ts_event: Some(at.stated), data };
        self.venue.on_market(at, &event, &mut self.answers);
    }

    /// The answers, then what still rests.
    fn show(&self) -> String {
        let mut text = String::new();
        for event in &self.answers {
            writeln!(text, "#{} {}", event.id, describe(&event.update)).unwrap();
        }
        for order in self.venue.open_orders() {
            let ahead = order.ahead.map_or("?".to_owned(), |ahead| ahead.get().to_string());
            let (remaining, price) = (order.remaining.get(), order.price.ticks());
            writeln!(text, "#{} rests {remaining} at {price} behind {ahead}", order.id).unwrap();
        }
        text
    }
}

fn check_with(config: VenueConfig, steps: &str, expected: &Expect) {
    let mut stage = Stage::new(config);
    stage.play(steps);
    expected.assert_eq(&stage.show());
}

#[expect(clippy::needless_pass_by_value, reason = "reads better at forty call sites")]
fn check(steps: &str, expected: Expect) {
    check_with(support::config().venue, steps, &expected);
}
