//! Markets as text, one event per line, times in seconds from the start:
//!
//! ```text
//! 0.05 snapshot bid 100x10 99x20 ask 102x5
//! 0.1 update ask 102x0 103x7
//! 0.2 buy 30 at 102
//! 0.3 heartbeat
//! 0.4 gap from 0.35 | 0.4 boundary from 0.35 | 0.4 status closed
//! 0.4 to 10.0 every 0.4 sell 1 at 100
//! 0.4 to 10.0 every 0.4 sell 1 at 10000@-2 step 1
//! 0.5 add from 1 bid 100x5 100x5 ask 101x10
//! ```

use fluxo_core::{
    Aggressor, BatchKind, GapReason, LevelUpdate, MarketData, Phase, RestingOrder, Side,
    TradeCondition,
};

use crate::events::{Received, SECOND, SEQUENCE, START, book, gap, level, received, trade};

/// The events of a script, in its order.
pub(crate) fn events(text: &str) -> Vec<Received> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.flat_map(|line| events_of(line).unwrap_or_else(|| panic!("script: {line}"))).collect()
}

/// A time of a script, in nanoseconds.
pub(crate) fn time(seconds: &str) -> Option<i64> {
    let (whole, part) = seconds.split_once('.').unwrap_or((seconds, "0"));
    let nanos: i64 = format!("{part:0<9}").parse().ok()?;
    Some(START + whole.parse::<i64>().ok()? * SECOND + nanos)
}

fn events_of(line: &str) -> Option<Vec<Received>> {
    let words: Vec<&str> = line.split_whitespace().collect();
    if let [from, "to", to, "every", step, rest @ ..] = words.as_slice() {
        let (from, to, step) = (time(from)?, time(to)?, time(step)? - START);
        let mut all = Vec::new();
        for at in 0..=(to - from) / step {
            all.push(event(from + at * step, at, rest)?);
        }
        return Some(all);
    }
    let (at, rest) = words.split_first()?;
    match rest {
        ["add", "from", first_id, orders @ ..] => {
            let (ts, ids) = (time(at)?, first_id.parse().ok()?..);
            let orders = levels_of(orders)?.into_iter().zip(ids);
            Some(orders.map(|(order, id)| added(ts, id, &order)).collect())
        }
        _ => Some(vec![event(time(at)?, 0, rest)?]),
    }
}

fn added(ts: i64, id: u64, order: &LevelUpdate) -> Received {
    let LevelUpdate { side, price, lots } = *order;
    received(ts, MarketData::OrderAdd(RestingOrder { id, side, price, lots }))
}

/// A price in ticks; or `P@B`, the whole tick next to the price B bps above P, with `step S` S more at
/// each repetition of its line.
fn price(word: &str, step_bps: f64, repetition: i64) -> Option<i64> {
    let Some((ticks, bps)) = word.split_once('@') else { return word.parse().ok() };
    let bps = bps.parse::<f64>().ok()? + step_bps * repetition as f64;
    #[expect(clippy::cast_possible_truncation, reason = "prices of a script are small")]
    let price = (ticks.parse::<f64>().ok()? * libm::exp(bps / 1e4)).round() as i64;
    Some(price)
}

fn event(ts: i64, repetition: i64, words: &[&str]) -> Option<Received> {
    let data = match words {
        ["snapshot", levels @ ..] => book(BatchKind::Snapshot, levels_of(levels)?),
        ["update", levels @ ..] => book(BatchKind::Update, levels_of(levels)?),
        [side @ ("buy" | "sell" | "cross"), lots, "at", at, rest @ ..] => {
            let step_bps = match rest {
                ["step", bps] => bps.parse().ok()?,
                _ => 0.0,
            };
            let aggressor = match *side {
                "buy" => Aggressor::Buyer,
                "sell" => Aggressor::Seller,
                _ => Aggressor::Unknown,
            };
            let mut trade = trade(aggressor, price(at, step_bps, repetition)?, lots.parse().ok()?);
            if rest == ["off-market"] {
                trade.condition = TradeCondition::OffMarket;
            }
            MarketData::Trade(trade)
        }
        ["gap", "from", from] => gap(time(from)?, ts, SEQUENCE),
        ["boundary", "from", from] => gap(time(from)?, ts, GapReason::RecordingBoundary),
        ["status", phase] => MarketData::Status(match *phase {
            "continuous" => Phase::Continuous,
            "auction" => Phase::Auction,
            "halt" => Phase::Halt,
            "closed" => Phase::Closed,
            _ => return None,
        }),
        ["heartbeat"] => MarketData::Heartbeat,
        _ => return None,
    };
    Some(received(ts, data))
}

fn levels_of(words: &[&str]) -> Option<Vec<LevelUpdate>> {
    let (mut side, mut levels) = (None, Vec::new());
    for word in words {
        match *word {
            "bid" => side = Some(Side::Bid),
            "ask" => side = Some(Side::Ask),
            _ => {
                let (price, lots) = word.split_once('x')?;
                levels.push(level(side?, price.parse().ok()?, lots.parse().ok()?));
            }
        }
    }
    Some(levels)
}
